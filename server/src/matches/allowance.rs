//! How much a player may send: a token bucket on the match's own clock.
//! A burst is forgiven, a flood is not; nobody else pays for either.

use std::time::Duration;

/// A bucket of tokens that refills with time.
#[derive(Clone, Debug)]
pub struct Allowance {
    tokens: f32,
    capacity: f32,
    per_s: f32,
    filled_at: Duration,
}

impl Allowance {
    /// A full bucket that refills by `per_s` tokens a second and holds two seconds' worth.
    pub fn new(per_s: u32, now: Duration) -> Allowance {
        let capacity = per_s as f32 * 2.0;
        Allowance { tokens: capacity, capacity, per_s: per_s as f32, filled_at: now }
    }

    /// A full bucket of `capacity` tokens; one comes back in each `every`.
    pub fn of_one(capacity: u32, every: Duration, now: Duration) -> Allowance {
        let (tokens, per_s) = (capacity as f32, 1.0 / every.as_secs_f32().max(f32::MIN_POSITIVE));
        Allowance { tokens, capacity: tokens, per_s, filled_at: now }
    }

    /// Takes one token; false if there is none.
    pub fn take(&mut self, now: Duration) -> bool {
        let passed = now.saturating_sub(self.filled_at).as_secs_f32();
        self.filled_at = now;
        self.tokens = (self.tokens + passed * self.per_s).min(self.capacity);
        if self.tokens < 1.0 {
            return false;
        }
        self.tokens -= 1.0;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_forgiven_and_a_flood_is_not() {
        let mut allowance = Allowance::new(10, Duration::ZERO);
        assert_eq!((0..100).filter(|_| allowance.take(Duration::ZERO)).count(), 20);
        assert_eq!((0..100).filter(|_| allowance.take(Duration::from_secs(1))).count(), 10);
    }
}
