//! Where a ship was in its last ticks, for lag compensation: a ring of places, the newest first, without gaps.
//! It begins anew with every life and after every jump, so that nobody is hit where only an older life was.
//! The simulation writes it once a tick and asks it for places; nobody else does.

use std::collections::VecDeque;

use glam::Vec2;
use serde::{Deserialize, Serialize};

use crate::rules::Rules;
use crate::tick::Rewind;

/// A ship's last places.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Trail(VecDeque<Vec2>);

impl Trail {
    /// The ship is at `place` after this tick's movement. What is farther back than lag compensation goes is dropped.
    pub fn note(&mut self, place: Vec2, rules: &Rules) {
        let jump = 2.0 * rules.fastest * rules.dt;
        if self.0.front().is_some_and(|last| last.distance(place) > jump) {
            self.0.clear();
        }
        let (whole, part) = rules.rewind_max.split();
        self.0.truncate(whole + usize::from(part > 0.0));
        self.0.push_front(place);
    }

    /// A new life: what was before it does not count.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Where the ship was `back` before the last noted tick, on the straight way between two ticks as clients draw it.
    /// Farther back than the trail reaches it is the oldest place; `None` if there is none at all.
    pub fn at(&self, back: Rewind) -> Option<Vec2> {
        let (whole, part) = back.split();
        let oldest = self.0.back().copied()?;
        let newer = self.0.get(whole).copied().unwrap_or(oldest);
        let older = self.0.get(whole + 1).copied().unwrap_or(newer);
        Some(newer.lerp(older, part))
    }

    /// All places, the newest first, in units.
    pub fn places(&self) -> impl Iterator<Item = Vec2> + '_ {
        self.0.iter().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule_book::RuleBook;
    use crate::tick::TickRate;

    fn rules(ms: u32) -> Rules {
        Rules::new(TickRate::DEFAULT, 1000).with_lag_compensation(ms)
    }

    fn straight(ticks: u16, rules: &Rules) -> Trail {
        let mut trail = Trail::default();
        (0..ticks).for_each(|i| trail.note(Vec2::new(f32::from(i) * 8.0, 0.0), rules));
        trail
    }

    #[test]
    fn places_are_found_between_ticks_and_no_farther_back_than_they_reach() {
        let trail = straight(30, &rules(300));
        assert_eq!(trail.at(Rewind(0)), Some(Vec2::new(232.0, 0.0)));
        assert_eq!(trail.at(Rewind(12)), Some(Vec2::new(220.0, 0.0)));
        assert_eq!(trail.at(Rewind(72)), Some(Vec2::new(160.0, 0.0)));
        assert_eq!(trail.at(Rewind(255)), Some(Vec2::new(160.0, 0.0)));
        assert_eq!(trail.places().count(), 10);
        assert_eq!(Trail::default().at(Rewind(9)), None);
    }

    #[test]
    fn without_lag_compensation_only_the_present_is_kept() {
        assert_eq!(straight(30, &rules(0)).places().count(), 1);
    }

    #[test]
    fn a_jump_begins_anew() {
        let rules = rules(300);
        let mut trail = straight(20, &rules);
        trail.note(Vec2::new(500.0, 0.0), &rules);
        assert_eq!(trail.at(Rewind(40)), Some(Vec2::new(500.0, 0.0)));
        trail.note(Vec2::new(500.0 + rules.book.ship.dash_speed * rules.dt, 0.0), &rules);
        assert_eq!(trail.at(Rewind(40)), Some(Vec2::new(500.0, 0.0)), "a dash is no jump");
    }

    #[test]
    fn fast_flight_is_no_jump() {
        let mut book = RuleBook::STANDARD;
        book.ship.drag = 0.2;
        let rules = Rules::of(&book, TickRate::DEFAULT, 1000);
        let mut trail = Trail::default();
        for tick in 0..9_u8 {
            trail.note(Vec2::new(f32::from(tick) * rules.speed_max * rules.dt, 0.0), &rules);
        }
        assert_eq!(trail.places().count(), 9);
    }
}
