//! The fixed step of the simulation: its number, its rate, and the way from milliseconds to ticks.
//! Nothing here reads a clock; whoever owns a clock turns it into ticks with [`TickRate`].

use std::ops::{Add, AddAssign, Sub};

use serde::{Deserialize, Serialize};

/// One fixed step of a match, and its number. Tick 0 is the world before its first step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Tick(pub u32);

impl Tick {
    /// Ticks from `earlier` to `self`; 0 if `earlier` is not earlier.
    pub fn since(self, earlier: Tick) -> u32 {
        self.0.saturating_sub(earlier.0)
    }

    /// Signed distance in ticks: positive if `self` is the later one.
    pub fn distance(self, other: Tick) -> i64 {
        i64::from(self.0) - i64::from(other.0)
    }

    /// The tick after this one.
    #[must_use]
    pub fn next(self) -> Tick {
        self + 1
    }
}

impl Add<u32> for Tick {
    type Output = Tick;
    fn add(self, ticks: u32) -> Tick {
        Tick(self.0.saturating_add(ticks))
    }
}

impl AddAssign<u32> for Tick {
    fn add_assign(&mut self, ticks: u32) {
        *self = *self + ticks;
    }
}

impl Sub<u32> for Tick {
    type Output = Tick;
    fn sub(self, ticks: u32) -> Tick {
        Tick(self.0.saturating_sub(ticks))
    }
}

/// How long before its own tick an act looks at others, in eighths of a tick, 0 to 255: the act's tick less this is its
/// view tick, the moment that its player saw. Lag compensation goes back by it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Rewind(pub u8);

impl Rewind {
    /// Parts of a tick in which it is counted.
    pub const PARTS: u8 = 8;

    /// The same in ticks.
    pub fn ticks(self) -> f32 {
        f32::from(self.0) / f32::from(Self::PARTS)
    }

    /// Whole ticks, and the part of the next one, 0 to 1.
    pub fn split(self) -> (usize, f32) {
        let (whole, part) = (self.0 / Self::PARTS, self.0 % Self::PARTS);
        (usize::from(whole), f32::from(part) / f32::from(Self::PARTS))
    }
}

/// Ticks in a second, fixed for a match: 10 to 60.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct TickRate(u8);

/// A tick rate outside 10 to 60.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be 10 to 60 ticks a second, not {0}")]
pub struct TickRateError(pub u32);

impl TickRate {
    /// The slowest rate that still feels like a game.
    pub const MIN_HZ: u8 = 10;
    /// The fastest rate that one core can give many matches.
    pub const MAX_HZ: u8 = 60;
    /// What a match gets if its host says nothing.
    pub const DEFAULT: TickRate = TickRate(30);

    /// A rate in hertz.
    pub fn new(hz: u32) -> Result<TickRate, TickRateError> {
        let whole = u8::try_from(hz).map_err(|_| TickRateError(hz))?;
        if (Self::MIN_HZ..=Self::MAX_HZ).contains(&whole) {
            Ok(TickRate(whole))
        } else {
            Err(TickRateError(hz))
        }
    }

    /// Ticks in a second.
    pub fn hz(self) -> u32 {
        u32::from(self.0)
    }

    /// Length of a tick in seconds.
    pub fn period_s(self) -> f32 {
        1.0 / f32::from(self.0)
    }

    /// Length of a tick in milliseconds.
    pub fn period_ms(self) -> f64 {
        1000.0 / f64::from(self.0)
    }

    /// The ticks that last at least `ms` milliseconds; at least one for any time above zero.
    pub fn ticks_in(self, ms: u32) -> u32 {
        (u64::from(ms) * u64::from(self.0)).div_ceil(1000) as u32
    }
}

impl TryFrom<u8> for TickRate {
    type Error = TickRateError;
    fn try_from(hz: u8) -> Result<Self, Self::Error> {
        TickRate::new(u32::from(hz))
    }
}

impl From<TickRate> for u8 {
    fn from(rate: TickRate) -> u8 {
        rate.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn milliseconds_round_up_to_whole_ticks() {
        let rate = TickRate::DEFAULT;
        assert_eq!(rate.ticks_in(0), 0);
        assert_eq!(rate.ticks_in(1), 1);
        assert_eq!(rate.ticks_in(400), 12);
        assert_eq!(rate.ticks_in(401), 13);
    }

    #[test]
    fn rates_outside_the_range_are_refused() {
        assert_eq!(TickRate::new(9), Err(TickRateError(9)));
        assert_eq!(TickRate::new(61), Err(TickRateError(61)));
        assert_eq!(TickRate::new(1000), Err(TickRateError(1000)));
        assert!(TickRate::new(10).is_ok() && TickRate::new(60).is_ok());
    }

    #[test]
    fn distances_never_wrap() {
        assert_eq!(Tick(5).since(Tick(9)), 0);
        assert_eq!(Tick(5).distance(Tick(9)), -4);
        assert_eq!(Tick(2) - 5, Tick(0));
    }
}
