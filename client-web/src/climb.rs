//! When to try a better way again while a worse one works: soon at first, then ever more rarely, because whatever was
//! in the way rarely goes, and a browser complains in its console about each attempt that fails.
//! It knows no transports and no clock; `ladder` and `feed_way` ask it.

/// Time from the moment that a way works to the first attempt at a better one, in milliseconds.
const FIRST_MS: f64 = 15_000.0;
/// Longest time between two attempts.
const LONGEST_MS: f64 = 900_000.0;

/// Counts attempts and says when the next one is due.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Climb {
    due_ms: Option<f64>,
    attempts: u32,
}

impl Climb {
    /// A way that is not the best begins to work: the first attempt is due in a while. One that goes on keeps its count.
    pub fn begin(&mut self, now_ms: f64) {
        self.due_ms.get_or_insert(now_ms + FIRST_MS);
    }

    /// Whether an attempt is due; it counts as made. `chance`, 0 to 1, shortens the pause after it by up to a quarter.
    pub fn is_due(&mut self, now_ms: f64, chance: f64) -> bool {
        if self.due_ms.is_none_or(|due_ms| now_ms < due_ms) {
            return false;
        }
        self.attempts += 1;
        let pause_ms = (FIRST_MS * f64::from(1_u32 << self.attempts.min(8))).min(LONGEST_MS);
        self.due_ms = Some(now_ms + pause_ms * (1.0 - chance / 4.0));
        true
    }

    /// Attempts so far.
    pub fn attempts(&self) -> u32 {
        self.attempts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_grow_rare() {
        let mut climb = Climb::default();
        assert!(!climb.is_due(1e9, 0.5), "nothing works yet");
        climb.begin(0.0);
        climb.begin(9_000.0);
        let times: Vec<u32> = (0..7200).filter(|s| climb.is_due(f64::from(*s) * 1000.0, 0.0)).collect();
        assert_eq!(times, [15, 45, 105, 225, 465, 945, 1845, 2745, 3645, 4545, 5445, 6345]);
        assert_eq!(climb.attempts(), 12);
    }

    #[test]
    fn two_pages_drift_apart() {
        let second = |chance| {
            let mut climb = Climb::default();
            climb.begin(0.0);
            assert!(climb.is_due(15_000.0, chance));
            (15..60).find(|s| climb.is_due(f64::from(*s) * 1000.0, chance))
        };
        assert_eq!((second(0.0), second(1.0)), (Some(45), Some(38)));
    }
}
