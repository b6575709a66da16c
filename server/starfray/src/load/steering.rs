//! How load's players steer: a heading that changes every half second, an aim that drifts, a trigger held in
//! alternate seconds, even and odd players in turn. The workload `arena-30` of the comparison with other servers.

use client_web::client::Controls;
use shared::angle::Angle;
use shared::random::Random;

/// Time between two headings in milliseconds: 15 inputs at 30 Hz.
const HEADING_MS: f64 = 500.0;
/// Largest turn of the aim in one decision, in steps of a 65,536th turn.
const DRIFT_STEPS: u32 = 1200;

/// One player's hands.
#[derive(Clone, Debug)]
pub(crate) struct Steering {
    random: Random,
    odd: bool,
    heading: Angle,
    heading_until_ms: f64,
    aim: Angle,
}

impl Steering {
    /// The hands of player number `index`.
    pub(crate) fn new(index: usize) -> Steering {
        let mut random = Random::new(index as u64 + 1);
        let aim = Angle(random.next_u32() as u16);
        Steering { random, odd: index % 2 == 1, heading: aim, heading_until_ms: 0.0, aim }
    }

    /// What is held at `now_ms`.
    pub(crate) fn controls(&mut self, now_ms: f64) -> Controls {
        if now_ms >= self.heading_until_ms {
            self.heading = Angle(self.random.next_u32() as u16);
            self.heading_until_ms = now_ms + HEADING_MS;
        }
        self.aim = self.aim.turned(self.random.below(2 * DRIFT_STEPS) as i32 - DRIFT_STEPS as i32);
        let second = (now_ms / 1000.0) as u64;
        let fire = second.is_multiple_of(2) != self.odd;
        Controls { thrust: self.heading.direction(), aim: self.aim, fire, rail: false, dash: false }
    }
}
