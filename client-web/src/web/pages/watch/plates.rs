//! What the watch page shows over the arena: its plates, found once. It knows neither feed nor match; the page fills
//! them with every picture.

use std::cell::RefCell;
use std::rc::Rc;

use shared::id::PlayerId;
use shared::mode::Team;
use shared::phrases;
use web_sys::HtmlElement;

use super::roster::{Card, Roster};
use crate::spectator::Spectator;
use crate::view::{Freshness, Happening, View};
use crate::web::cast::side_class;
use crate::web::dom::{Changed, Fault, Text, by_id, find, toggle};
use crate::web::hud::callout::Callout;
use crate::web::hud::clock::Clock;
use crate::web::hud::kills::{Kills, Named};
use crate::web::hud::labels::Labels;
use crate::web::hud::notice::Notice;
use crate::web::hud::sides::{SideScores, deed_words};
use crate::web::hud::slots::Slots;
use crate::web::hud::table::Table;

/// The page's parts over the arena.
#[derive(Debug)]
pub struct Plates {
    pub(super) callout: Callout,
    pub(super) card: Card,
    pub(super) clock: Clock,
    pub(super) kills: Kills,
    pub(super) sides: SideScores,
    pub(super) labels: Labels,
    pub(super) notice: Notice,
    pub(super) roster: Roster,
    pub(super) slots: Slots,
    pub(super) table: Table,
    pub(super) leads: Text,
    pub(super) state: Text,
    pub(super) behind: Text,
    pub(super) way: Text,
    pub(super) title: Text,
    pub(super) copy: Text,
    pub(super) keys: HtmlElement,
    pub(super) mode: HtmlElement,
    pub(super) freshness: Changed<Freshness>,
    /// Whose phrases the spectator does not want to see.
    muted: Rc<RefCell<Vec<PlayerId>>>,
}

impl Plates {
    /// Tells what happened since the last picture, and the scores of sides.
    pub(super) fn tell(&mut self, view: &View, spectator: &Spectator, now: f64) -> Result<(), Fault> {
        let named = |id| Named {
            name: spectator.name_of(id).unwrap_or("Somebody"),
            own: false,
            side: side_class(Team::Azure, spectator.team_of(id)),
        };
        for happening in &view.happenings {
            match happening {
                Happening::Killed { victim, by, .. } if victim == by => {
                    self.kills.note(Some(named(*by)), "fell to a mate", now)?;
                }
                Happening::Killed { victim, by, .. } => self.kills.add(named(*by), named(*victim), now)?,
                Happening::Core { deed, by, .. } => {
                    self.kills.note(by.map(named), deed_words(*deed), now)?;
                }
                Happening::Said { by, phrase } => {
                    let Some(text) = phrases::words(*phrase).filter(|_| !self.muted.borrow().contains(by))
                    else {
                        continue;
                    };
                    let (by, muted) = (*by, Rc::clone(&self.muted));
                    self.labels.say(by, text, now);
                    self.kills.add_said(named(by), text, move || muted.borrow_mut().push(by), now)?;
                }
                Happening::Notice { text } => self.callout.announce(text, now)?,
                _ => {}
            }
        }
        self.kills.pass(now);
        self.callout.pass(now)?;
        self.sides.show(view, Team::Azure)
    }

    /// Finds all elements.
    pub(super) fn new() -> Result<Plates, Fault> {
        Ok(Plates {
            callout: Callout::new()?,
            card: Card::new()?,
            clock: Clock::new("watch-clock")?,
            kills: Kills::new("watch-kills")?,
            sides: SideScores::new("watch-sides")?,
            labels: Labels::new()?,
            notice: Notice::new()?,
            roster: Roster::new()?,
            slots: Slots::default(),
            table: Table::new()?,
            leads: Text::by_id("watch-leads")?,
            state: Text::by_id("watch-state")?,
            behind: Text::by_id("watch-behind")?,
            way: Text::by_id("watch-way")?,
            title: Text::by_id("watch-title")?,
            copy: Text::by_id("watch-copy-text")?,
            keys: by_id("watch-keys")?,
            mode: find(&by_id::<HtmlElement>("watching")?, ".mode")?,
            freshness: Changed::default(),
            muted: Rc::default(),
        })
    }

    /// Shows how fresh the picture is, or when the server restarts.
    pub(super) fn show_state(&mut self, view: &View) {
        for happening in &view.happenings {
            if let Happening::Closing { in_s } = happening {
                self.state.set(&format!("Restart in {in_s} s"));
            }
        }
        if self.freshness.is_new(view.freshness) {
            toggle(&self.mode, "late", matches!(view.freshness, Freshness::CatchingUp | Freshness::Waiting));
            toggle(&self.mode, "gone", view.freshness == Freshness::Lost);
            self.state.set(match view.freshness {
                Freshness::Waiting => "Connecting",
                Freshness::Live => "Live",
                Freshness::CatchingUp => "Catching up",
                Freshness::Lost => "Offline",
            });
        }
    }
}
