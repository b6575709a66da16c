//! When to try again after a lost connection: full jitter, so that a crowd does not come back in one instant.
//! It knows no socket and no timer; whoever reconnects asks how long to wait and says when it worked.
//! After "Exponential Backoff And Jitter" (AWS Architecture Blog, 2015).

use shared::random::Random;

/// Shortest wait.
const DELAY_MIN_MS: u32 = 100;
/// Longest wait.
const DELAY_MAX_MS: u32 = 5_000;
/// The ceiling of the first wait; it doubles with every attempt.
const FIRST_CEILING_MS: u32 = 250;

/// Counts attempts and says how long to wait before each.
#[derive(Clone, Debug)]
pub struct Backoff {
    random: Random,
    attempt: u32,
}

impl Backoff {
    /// A fresh count; `seed` must differ between clients, or they all wait the same times.
    pub fn new(seed: u64) -> Backoff {
        Backoff { random: Random::new(seed), attempt: 0 }
    }

    /// Milliseconds to wait before the next attempt, 100 to 5,000, drawn by chance below a ceiling that doubles.
    pub fn next_delay_ms(&mut self) -> u32 {
        let doublings = self.attempt.min(8);
        self.attempt = self.attempt.saturating_add(1);
        let ceiling = (FIRST_CEILING_MS << doublings).min(DELAY_MAX_MS);
        DELAY_MIN_MS + self.random.below(ceiling - DELAY_MIN_MS + 1)
    }

    /// A connection stands: the next loss begins a new count.
    pub fn succeeded(&mut self) {
        self.attempt = 0;
    }

    /// Attempts since the last success.
    pub fn attempt(&self) -> u32 {
        self.attempt
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_stay_in_their_range() {
        let mut backoff = Backoff::new(7);
        let first: Vec<u32> = (0..40).map(|_| backoff.next_delay_ms()).collect();
        assert!(first.iter().all(|ms| (DELAY_MIN_MS..=DELAY_MAX_MS).contains(ms)), "{first:?}");
        assert!(first[0] <= FIRST_CEILING_MS);
        assert!(first[8..].iter().max().unwrap() > &2_500);
        assert_eq!(backoff.attempt(), 40);
        backoff.succeeded();
        assert!(backoff.attempt() == 0 && backoff.next_delay_ms() <= FIRST_CEILING_MS);
    }

    #[test]
    fn two_clients_wait_different_times() {
        let waits = |seed| {
            let mut backoff = Backoff::new(seed);
            (0..6).map(|_| backoff.next_delay_ms()).collect::<Vec<_>>()
        };
        assert_ne!(waits(1), waits(2));
    }
}
