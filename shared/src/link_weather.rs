//! When a made-up network is in its good and in its bad state: spells of chance length, the same for the same seed.
//! It depends on time alone and not on what is sent, so that both directions of a link share it. Only `link_lane` asks.

use std::collections::VecDeque;

use crate::link_profile::Losses;
use crate::random::Random;

/// The state of a network over time.
#[derive(Clone, Debug)]
pub struct Weather {
    losses: Losses,
    random: Random,
    /// The state before the first change that is kept.
    bad: bool,
    /// Times at which the state changes, in milliseconds, oldest first. They reach as far ahead as somebody asked.
    changes_ms: VecDeque<f64>,
    last_ms: f64,
}

impl Weather {
    /// Good weather at time 0.
    pub fn new(losses: Losses, seed: u64) -> Weather {
        Weather { losses, random: Random::new(seed), bad: false, changes_ms: VecDeque::new(), last_ms: 0.0 }
    }

    /// The chance that a segment sent at `at_ms` is lost, 0 to 1. `at_ms` may lie ahead, and may go back, but not to
    /// before what was forgotten.
    pub fn loss(&mut self, at_ms: f64) -> f32 {
        while self.changes_ms.back().is_none_or(|last| *last <= at_ms) {
            self.change();
        }
        let changes = self.changes_ms.iter().take_while(|change| **change <= at_ms).count();
        if self.bad ^ !changes.is_multiple_of(2) { self.losses.bad_loss } else { self.losses.good_loss }
    }

    /// Nobody will ask about a time before `before_ms` any more.
    pub fn forget(&mut self, before_ms: f64) {
        loop {
            match self.changes_ms.front() {
                None => self.change(),
                Some(first) if *first <= before_ms => {
                    self.changes_ms.pop_front();
                    self.bad = !self.bad;
                }
                Some(_) => return,
            }
        }
    }

    /// Draws the time of one more change.
    fn change(&mut self) {
        let bad = self.bad ^ !self.changes_ms.len().is_multiple_of(2);
        let mean_ms = if bad { self.losses.bad_ms } else { self.losses.good_ms };
        // Lengths without a memory: the inverse of the exponential distribution. The sum grows, whatever is drawn.
        let length_ms = -libm::log(1.0 - f64::from(self.random.unit())) * mean_ms;
        self.last_ms += length_ms.max(1.0);
        self.changes_ms.push_back(self.last_ms);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOSSES: Losses = Losses { good_ms: 900.0, bad_ms: 100.0, good_loss: 0.0, bad_loss: 1.0 };

    #[test]
    fn the_bad_state_has_its_share_and_its_length() {
        let mut weather = Weather::new(LOSSES, 3);
        let states: Vec<bool> = (0..2_000_000)
            .map(|ms| {
                weather.forget(f64::from(ms));
                weather.loss(f64::from(ms)) > 0.5
            })
            .collect();
        let bad = states.iter().filter(|bad| **bad).count() as f64;
        let spells = states.windows(2).filter(|w| !w[0] && w[1]).count() as f64;
        assert!((0.08..0.12).contains(&(bad / states.len() as f64)), "{bad}");
        assert!((85.0..115.0).contains(&(bad / spells)), "{}", bad / spells);
        assert!(weather.changes_ms.len() < 4);
    }

    #[test]
    fn it_is_the_same_however_it_is_asked() {
        let (mut early, mut late) = (Weather::new(LOSSES, 9), Weather::new(LOSSES, 9));
        let seen: Vec<f32> = (0..500).map(|i| early.loss(f64::from(i) * 37.0)).collect();
        late.loss(20_000.0);
        let again: Vec<f32> = (0..500)
            .map(|i| {
                late.forget(f64::from(i) * 37.0);
                late.loss(f64::from(i) * 37.0)
            })
            .collect();
        assert_eq!(seen, again);
        late.forget(3_600_000.0);
        assert!(late.changes_ms.len() < 3 && late.changes_ms[0] > 3_600_000.0);
    }
}
