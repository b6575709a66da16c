//! A player's HUD as one thing: every part of it, fed once per picture.
//! It reads the client and never changes it.

use std::cell::RefCell;
use std::rc::Rc;

use shared::event::CoreDeed;
use shared::id::PlayerId;
use shared::mode::Team;
use shared::phrases::words;
use shared::world::Phase;

use crate::client::Client;
use crate::ladder::Transport;
use crate::view::{Freshness, Happening, Score, View};
use crate::web::cast::{Cast as _, side_class};
use crate::web::dom::{Fault, Text, document, toggle};
use crate::web::hud::bars::Bars;
use crate::web::hud::callout::Callout;
use crate::web::hud::clock::Clock;
use crate::web::hud::figures::Figures;
use crate::web::hud::hints::Hints;
use crate::web::hud::kills::{Kills, Named};
use crate::web::hud::labels::Labels;
use crate::web::hud::minimap::Minimap;
use crate::web::hud::net::Net;
use crate::web::hud::score::ScoreBoard;
use crate::web::hud::sides::{SideScores, deed_words};
use crate::web::hud::slots::Slots;
use crate::web::hud::table::{Occasion, Table};
use crate::web::input::Found;
use crate::web::pages::tagging::{self, Naming};
use crate::web::stage::Stage;

/// Scores are read this often; they change with kills only.
const SCORES_EVERY_MS: f64 = 150.0;

/// All parts of a player's HUD.
#[derive(Debug)]
pub struct Overlay {
    bars: Bars,
    board: ScoreBoard,
    callout: Callout,
    clock: Clock,
    /// Figures of the link.
    pub figures: Figures,
    hints: Hints,
    kills: Kills,
    labels: Labels,
    minimap: Minimap,
    net: Net,
    sides: SideScores,
    slots: Slots,
    table: Table,
    title: Text,
    scores: Vec<Score>,
    scores_ms: f64,
    killer: Option<String>,
    /// Whose phrases are not shown, until the page is loaded again.
    muted: Rc<RefCell<Vec<PlayerId>>>,
}

/// What the overlay needs besides the client.
#[derive(Clone, Copy, Debug)]
pub struct Around {
    /// The page's clock.
    pub now_ms: f64,
    /// Controls that the player has found.
    pub found: Found,
    /// What carries the messages.
    pub transport: Transport,
    /// Whether all scores are asked for.
    pub wants_scores: bool,
}

impl Overlay {
    /// Finds all elements.
    pub fn new() -> Result<Overlay, Fault> {
        Ok(Overlay {
            bars: Bars::new()?,
            board: ScoreBoard::new()?,
            callout: Callout::new()?,
            clock: Clock::new("clock")?,
            figures: Figures::new()?,
            hints: Hints::new()?,
            kills: Kills::new("kills")?,
            labels: Labels::new()?,
            minimap: Minimap::new()?,
            net: Net::new()?,
            sides: SideScores::new("sides")?,
            slots: Slots::default(),
            table: Table::new()?,
            title: Text::by_id("match-title")?,
            scores: Vec::new(),
            scores_ms: f64::NEG_INFINITY,
            killer: None,
            muted: Rc::default(),
        })
    }

    /// Shows one view.
    pub fn show(
        &mut self,
        client: &Client,
        view: &View,
        stage: &mut Stage,
        around: Around,
    ) -> Result<(), Fault> {
        let now_ms = around.now_ms;
        if now_ms - self.scores_ms > SCORES_EVERY_MS {
            self.scores_ms = now_ms;
            self.scores = client.scores();
            self.board.show(&self.scores, client.player())?;
        }
        self.tell(client, view, now_ms)?;
        self.clock.show(view);
        self.title.set(client.match_name());
        self.net.show(view, client.gauge().trouble(), around.transport, now_ms);
        self.figures.show(client, now_ms);
        self.bars.show(view.own.as_ref());
        self.hints.show(around.found, now_ms);
        self.minimap.show(view, client, stage.camera(), now_ms);
        self.sides.show(view, client.own_side())?;
        self.show_table(client, view, around)?;
        let leader = self.scores.first().filter(|s| s.score > 0).map(|s| s.id);
        let naming = Naming { leader, me: client.player(), watching: false, now_ms };
        tagging::show((&mut self.labels, &mut self.slots), stage, view, client, naming);
        Ok(())
    }

    fn show_table(&mut self, client: &Client, view: &View, around: Around) -> Result<(), Fault> {
        let over =
            matches!(view.phase, Phase::Results | Phase::Ended) && view.freshness != Freshness::Waiting;
        let occasion = match (over, around.wants_scores) {
            (true, _) => Some(Occasion::RoundOver(view.phase_left_s.map(|s| s.ceil() as u32))),
            (false, true) => Some(Occasion::Asked(client.match_name().to_owned())),
            (false, false) => None,
        };
        if let Some(occasion) = occasion {
            self.table.link(view.round)?;
            return self.table.show(&self.scores, (client.player(), view.sides), &occasion);
        }
        self.table.hide();
        Ok(())
    }

    fn tell_kill(
        &mut self,
        client: &Client,
        (by, victim): (PlayerId, PlayerId),
        now_ms: f64,
    ) -> Result<(), Fault> {
        let me = client.player();
        let name = |id| client.name_of(id).unwrap_or("Somebody");
        if by == victim {
            // A mate did it.
            return self.kills.note(Some(named(client, victim)), "fell to a mate", now_ms);
        }
        self.kills.add(named(client, by), named(client, victim), now_ms)?;
        if Some(victim) == me {
            self.killer = Some(name(by).to_owned());
        } else if Some(by) == me {
            self.callout.took_out(name(victim), now_ms)?;
        }
        Ok(())
    }

    fn tell_said(&mut self, client: &Client, (by, phrase): (PlayerId, u8), now_ms: f64) -> Result<(), Fault> {
        let Some(text) = words(phrase).filter(|_| !self.muted.borrow().contains(&by)) else { return Ok(()) };
        let own = Some(by) == client.player();
        let muted = Rc::clone(&self.muted);
        let mute = move || {
            if !own {
                muted.borrow_mut().push(by);
            }
        };
        self.labels.say(by, text, now_ms);
        self.kills.add_said(named(client, by), text, mute, now_ms)
    }

    /// What the match waits for: its host, or a countdown.
    fn tell_phase(&mut self, view: &View, now_ms: f64) -> Result<(), Fault> {
        match (view.phase, view.phase_left_s) {
            (Phase::Countdown, Some(left_s)) => {
                let words = format!("The round begins in {}", left_s.ceil().max(1.0) as u32);
                self.callout.stay(&words, now_ms)
            }
            (Phase::Paused, _) => self.callout.stay("The host has paused the match", now_ms),
            _ => Ok(()),
        }
    }

    fn tell_core(
        &mut self,
        client: &Client,
        (core, deed, by): (Team, CoreDeed, Option<PlayerId>),
        now_ms: f64,
    ) -> Result<(), Fault> {
        let ours = core == client.own_side();
        let words = match (deed, ours) {
            (CoreDeed::Taken, true) => "They have your core",
            (CoreDeed::Taken, false) => "Your side has their core",
            (CoreDeed::Dropped, true) => "Your core lies in the field",
            (CoreDeed::Dropped, false) => "Their core lies in the field",
            (CoreDeed::Returned, true) => "Your core is home",
            (CoreDeed::Returned, false) => "Their core is home",
            (CoreDeed::Captured, true) => "They captured your core",
            (CoreDeed::Captured, false) => "Core captured",
        };
        self.callout.say(words, now_ms)?;
        by.map_or(Ok(()), |by| self.kills.note(Some(named(client, by)), deed_words(deed), now_ms))
    }

    /// Kills, deaths, the start of a round.
    fn tell(&mut self, client: &Client, view: &View, now_ms: f64) -> Result<(), Fault> {
        for happening in &view.happenings {
            match happening {
                Happening::Killed { victim, by, .. } => self.tell_kill(client, (*by, *victim), now_ms)?,
                Happening::Said { by, phrase } => self.tell_said(client, (*by, *phrase), now_ms)?,
                Happening::Resumed => self.callout.say("Go on", now_ms)?,
                Happening::Core { core, deed, by } => self.tell_core(client, (*core, *deed, *by), now_ms)?,
                Happening::Closing { in_s } => {
                    let words = format!("The server restarts in {in_s} s. You keep your seat");
                    self.callout.say(&words, now_ms)?;
                }
                Happening::Notice { text } => self.callout.announce(text, now_ms)?,
                Happening::RoundStarted => self.callout.say("A new round begins", now_ms)?,
                _ => {}
            }
        }
        let down = view.own.is_none() && view.freshness == Freshness::Live && view.phase == Phase::Playing;
        if down && view.respawn_s > 0.0 {
            self.callout.taken_out(self.killer.as_deref(), view.respawn_s, now_ms)?;
        } else if view.own.is_some() {
            self.killer = None;
        }
        self.tell_phase(view, now_ms)?;
        if let Some(body) = document()?.body() {
            toggle(&body, "down", down && self.killer.is_some());
        }
        self.callout.pass(now_ms)?;
        self.kills.pass(now_ms);
        Ok(())
    }
}

/// Somebody as the list of kills names them.
fn named(client: &Client, id: PlayerId) -> Named<'_> {
    let me = client.player();
    let side = side_class(client.own_side(), client.team_of(id));
    Named { name: client.name_of(id).unwrap_or("Somebody"), own: Some(id) == me, side }
}
