//! Two sides on the screen: their scores in the clock's plate, and the words for what happens to cores.
//! The own side comes first; watchers see the map's first side first.

use shared::event::CoreDeed;
use shared::mode::Team;
use web_sys::HtmlElement;

use crate::view::{Sides, View};
use crate::web::dom::{Changed, Fault, add, by_id, clear, document, toggle};

/// The scores of both sides.
#[derive(Debug)]
pub struct SideScores {
    line: HtmlElement,
    shown: Changed<(u16, u16, u16)>,
}

impl SideScores {
    /// The element that the page calls `id`.
    pub fn new(id: &str) -> Result<SideScores, Fault> {
        Ok(SideScores { line: by_id(id)?, shown: Changed::default() })
    }

    /// Shows the sides of `view`, the own one first.
    pub fn show(&mut self, view: &View, own: Team) -> Result<(), Fault> {
        if let Some(body) = document()?.body() {
            toggle(&body, "teams", view.sides.is_some());
        }
        let Some(sides) = view.sides else { return Ok(()) };
        let (ours, theirs) = totals(&sides, own);
        if self.shown.is_new((ours, theirs, sides.goal)) {
            clear(&self.line);
            add(&self.line, "b", "t1", &ours.to_string())?;
            add(&self.line, "span", "", &goal(sides.goal))?;
            add(&self.line, "b", "t2", &theirs.to_string())?;
        }
        Ok(())
    }
}

fn goal(goal: u16) -> String {
    if goal > 0 { format!("to {goal}") } else { ":".to_owned() }
}

/// What the own side and the other one have reached.
pub fn totals(sides: &Sides, own: Team) -> (u16, u16) {
    (sides.score_of(own), sides.score_of(own.other()))
}

/// What happened to a core, in words behind a name.
pub fn deed_words(deed: CoreDeed) -> &'static str {
    match deed {
        CoreDeed::Returned => "returned the core",
        CoreDeed::Taken => "took the core",
        CoreDeed::Dropped => "lost the core",
        CoreDeed::Captured => "captured the core",
    }
}
