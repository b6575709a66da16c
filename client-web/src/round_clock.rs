//! What is left of the phase, between two words of the server about it.
//! It counts the match's ticks and knows no time of its own.

use shared::tick::{Tick, TickRate};
use shared::world::{Phase, Round};

/// The round's clock as last set.
#[derive(Clone, Copy, Debug, Default)]
pub struct RoundClock {
    round: Round,
    set_at: Tick,
}

impl RoundClock {
    /// The clock said `round` at tick `at`.
    pub fn new(round: Round, at: Tick) -> RoundClock {
        RoundClock { round, set_at: at }
    }

    /// The phase as last set.
    pub fn phase(&self) -> Phase {
        self.round.phase
    }

    /// The round's number, from 1; 0 before the first.
    pub fn number(&self) -> u16 {
        self.round.number
    }

    /// Seconds left at `tick`; `None` if the phase has no end.
    pub fn left_s(&self, tick: f64, rate: TickRate) -> Option<f32> {
        let stands = self.round.phase == Phase::Paused;
        let passed = if stands { 0.0 } else { (tick - f64::from(self.set_at.0)).max(0.0) };
        let left = (f64::from(self.round.ticks_left) - passed).max(0.0);
        (self.round.ticks_left > 0).then_some((left * rate.period_ms() / 1000.0) as f32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_counts_down_and_stays_at_zero() {
        let clock = RoundClock::new(Round { number: 1, phase: Phase::Playing, ticks_left: 60 }, Tick(100));
        assert_eq!(clock.left_s(130.0, TickRate::DEFAULT), Some(1.0));
        assert_eq!(clock.left_s(999.0, TickRate::DEFAULT), Some(0.0));
        assert_eq!(RoundClock::default().left_s(5.0, TickRate::DEFAULT), None);
    }
}
