//! Who of load's players is in trouble, and of what kind: a bad network, or a program that stands still for a while.
//! It only answers questions about players' numbers and times; `crowd` acts on them.

use std::ops::Range;

use shared::link_profile::LinkProfile;

/// What troubles some players.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Trouble {
    /// The network of those who are concerned; others have a clean one.
    pub(crate) profile: &'static LinkProfile,
    /// Share of players that are concerned, 0 to 100.
    pub(crate) percent: u32,
    /// When they stand still: seconds after the window's begin, and for how many.
    pub(crate) stop_s: Option<(u64, u64)>,
}

impl Trouble {
    /// Whether player number `index` is concerned. They are spread evenly, and number 0 is the last of all: it is whole
    /// even with `--light`, and what it sees shall be a healthy player's view as long as there is one.
    pub(crate) fn concerns(&self, index: usize) -> bool {
        let percent = self.percent.min(100) as usize;
        let is_trouble = !self.profile.is_clean() || self.stop_s.is_some();
        is_trouble && (index + 1) * percent / 100 > index * percent / 100
    }

    /// How many of the first `players` players are concerned.
    pub(crate) fn count(&self, players: u32) -> u32 {
        (0..players as usize).filter(|&index| self.concerns(index)).count() as u32
    }

    /// The times between which they stand still, if the window begins at `window_ms`.
    pub(crate) fn stop_ms(&self, window_ms: f64) -> Option<Range<f64>> {
        let (after_s, for_s) = self.stop_s?;
        let begin = window_ms + after_s as f64 * 1000.0;
        Some(begin..begin + for_s as f64 * 1000.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_spread_evenly() {
        let trouble =
            |name, percent| Trouble { profile: LinkProfile::named(name).unwrap(), percent, stop_s: None };
        let tenth: Vec<usize> = (0..40).filter(|&i| trouble("mobile", 10).concerns(i)).collect();
        assert_eq!(tenth, [9, 19, 29, 39]);
        assert_eq!((trouble("mobile", 100).count(77), trouble("mobile", 0).count(77)), (77, 0));
        assert_eq!(trouble("mobile", 25).count(1000), 250);
        assert!(!trouble("mobile", 99).concerns(0));
        assert_eq!(trouble("clean", 100).count(77), 0, "a clean network is no trouble");
    }

    #[test]
    fn a_stop_has_its_time() {
        let trouble =
            Trouble { profile: LinkProfile::named("clean").unwrap(), percent: 10, stop_s: Some((5, 10)) };
        assert!(trouble.concerns(9) && !trouble.concerns(0));
        assert_eq!(trouble.stop_ms(1500.0), Some(6500.0..16_500.0));
    }
}
