//! How the crowd steers: a new heading every fifteen inputs, an aim that drifts, a trigger held in alternate seconds,
//! even and odd players in turn. Thirty inputs a second, each a little off its time as people's are.

use std::f32::consts::TAU;
use std::time::{Duration, Instant};

use bench_peers::beat::{HZ, period};

/// Inputs between two headings.
const HEADING_INPUTS: u32 = 15;
/// The most by which an input is late, as a share of the period.
const JITTER: f32 = 0.1;

/// One player's hands.
#[derive(Debug)]
pub(crate) struct Steering {
    chance: u64,
    odd: bool,
    start: Instant,
    due: Instant,
    count: u32,
    /// The way to move, of length 1.
    way: (f32, f32),
    /// Where to point, in radians from 0.
    aim: f32,
}

/// What is held now.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Input {
    /// Its number, from 1.
    pub(crate) sequence: u32,
    /// The way to move, of length 1.
    pub(crate) way: (f32, f32),
    /// Where to point, in radians from 0.
    pub(crate) aim: f32,
    /// Whether the trigger is held.
    pub(crate) fire: bool,
}

impl Steering {
    /// The hands of player number `index`, which begin at a phase of their own.
    pub(crate) fn new(index: usize, now: Instant) -> Steering {
        let chance = (index as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mut steering = Steering {
            chance,
            odd: index % 2 == 1,
            start: now,
            due: now,
            count: 0,
            way: (1.0, 0.0),
            aim: 0.0,
        };
        steering.start = now + period().mul_f32(steering.unit());
        steering.due = steering.start;
        steering.aim = steering.unit() * TAU;
        steering
    }

    /// The input that is due by `now`, if one is. Inputs that were missed are left out.
    pub(crate) fn input(&mut self, now: Instant) -> Option<Input> {
        if now < self.due {
            return None;
        }
        if self.count.is_multiple_of(HEADING_INPUTS) {
            let (y, x) = (self.unit() * TAU).sin_cos();
            self.way = (x, y);
        }
        self.aim = (self.aim + 0.2 * (self.unit() - 0.5)).rem_euclid(TAU);
        let fire = (self.count / HZ).is_multiple_of(2) != self.odd;
        let passed = now.saturating_duration_since(self.start);
        let begun = (passed.as_nanos() / period().as_nanos()) as u32 + 1;
        self.count = begun.max(self.count + 1);
        let late: Duration = period().mul_f32(JITTER * self.unit());
        self.due = self.start + period() * self.count + late;
        Some(Input { sequence: self.count, way: self.way, aim: self.aim, fire })
    }

    /// A number from 0 to 1 by xorshift.
    fn unit(&mut self) -> f32 {
        self.chance ^= self.chance << 13;
        self.chance ^= self.chance >> 7;
        self.chance ^= self.chance << 17;
        (self.chance >> 40) as f32 / 16_777_216.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thirty_inputs_leave_in_a_second_even_when_asked_late() {
        let start = Instant::now();
        let mut steering = Steering::new(3, start);
        let asked = (0..4000).map(|ms| start + Duration::from_millis(ms) + Duration::from_millis(40));
        let count = asked.filter_map(|now| steering.input(now)).count();
        assert!((118..=122).contains(&count), "{count}");
    }
}
