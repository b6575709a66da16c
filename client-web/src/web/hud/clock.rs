//! The round's clock, and the own place among all.
//! One plate for players; watchers see who leads instead of a place.

use shared::world::Phase;

use crate::view::{Freshness, View};
use crate::web::dom::{Fault, Text, toggle};

/// The clock's plate.
#[derive(Debug)]
pub struct Clock {
    time: Text,
}

impl Clock {
    /// The clock of the element that the page calls `id`.
    pub fn new(id: &str) -> Result<Clock, Fault> {
        Ok(Clock { time: Text::by_id(id)? })
    }

    /// Shows what is left of the phase.
    pub fn show(&mut self, view: &View) {
        let text = match (view.phase, view.phase_left_s) {
            (Phase::Playing | Phase::Results | Phase::Countdown | Phase::Paused, Some(left_s)) => {
                minutes(left_s)
            }
            _ if view.freshness == Freshness::Waiting => String::new(),
            (Phase::Lobby, _) => "Warm-up".to_owned(),
            (Phase::Ended, _) => "Over".to_owned(),
            _ => String::new(),
        };
        let last = view.phase == Phase::Playing && view.phase_left_s.is_some_and(|s| s <= 10.0);
        toggle(self.time.element(), "last", last);
        self.time.set(&text);
    }
}

/// Minutes and seconds, rounded up as a clock that runs down shows them.
pub fn minutes(seconds: f32) -> String {
    let whole = seconds.max(0.0).ceil() as u32;
    format!("{}:{:02}", whole / 60, whole % 60)
}

/// 1st, 2nd, 3rd, 4th.
pub fn ordinal(place: usize) -> String {
    let ending = match (place % 10, place % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{place}{ending}")
}
