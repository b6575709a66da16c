//! What a playground has beside other matches: a made-up network before its players' links, and a short life.
//! The lobby makes a match one by its first message; a match asks it what to do with a new link and when to end.

use std::time::Duration;

use crate::conditions::Conditions;
use crate::link::Arrival;

/// Time without anybody after which it ends. A lost player is somebody until the seat is free.
const EMPTY_MAX: Duration = Duration::from_secs(10);
/// Longest life: whoever still plays with it then opens another.
const LIFE_MAX: Duration = Duration::from_secs(30 * 60);

/// A playground's own part of a match.
#[derive(Clone, Debug)]
pub struct Playground {
    conditions: Conditions,
    began: Duration,
    empty_since: Option<Duration>,
}

impl Playground {
    /// One that begins at `now`, with a perfect network.
    pub fn new(now: Duration) -> Playground {
        Playground { conditions: Conditions::default(), began: now, empty_since: None }
    }

    /// Its conditions from now on.
    pub fn set_conditions(&mut self, conditions: Conditions) {
        self.conditions = conditions;
    }

    /// Whether shots count where their shooter saw the target.
    pub fn lag_compensation(&self) -> bool {
        self.conditions.lag_compensation
    }

    /// A new link, behind the network. `seed` decides its chances.
    pub fn take_in(&self, arrival: Arrival, seed: u64, now: Duration) -> Arrival {
        Arrival { link: arrival.link.weathered(&self.conditions.network, seed, now), ..arrival }
    }

    /// Whether it is to end; `empty` says that nobody has a seat.
    pub fn is_over(&mut self, empty: bool, now: Duration) -> bool {
        let since = if empty { Some(*self.empty_since.get_or_insert(now)) } else { None };
        self.empty_since = since;
        let left = since.is_some_and(|since| now.saturating_sub(since) >= EMPTY_MAX);
        left || now.saturating_sub(self.began) >= LIFE_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_ends_soon_after_the_last_one_left_and_at_last_anyway() {
        let at = Duration::from_secs;
        let mut playground = Playground::new(at(100));
        assert!(!playground.is_over(true, at(100)) && !playground.is_over(true, at(109)));
        assert!(!playground.is_over(false, at(110)) && !playground.is_over(true, at(111)));
        assert!(playground.is_over(true, at(121)));
        assert!(!playground.is_over(false, at(1899)) && playground.is_over(false, at(1900)));
    }
}
