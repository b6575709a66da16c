//! Happenings that wait until the picture reaches their moment, so that a blast is seen with the ship that bursts.
//! What concerns the own ship needs no waiting and goes straight through.

use crate::view::Happening;

/// Most happenings that wait; beyond it the oldest is dropped.
const WAITING_MAX: usize = 256;

/// Happenings and the ticks at which they are to be seen.
#[derive(Clone, Debug, Default)]
pub struct Schedule {
    waiting: Vec<(f64, Happening)>,
}

impl Schedule {
    /// To be seen when the picture reaches `tick`.
    pub fn at(&mut self, tick: f64, happening: Happening) {
        if self.waiting.len() >= WAITING_MAX {
            self.waiting.remove(0);
        }
        self.waiting.push((tick, happening));
    }

    /// To be seen at once.
    pub fn now(&mut self, happening: Happening) {
        self.at(f64::NEG_INFINITY, happening);
    }

    /// What is to be seen now that the picture has reached `tick`. What is older than `stale_ticks` is dropped instead:
    /// a reader that catches up shall not see a minute's blasts in one flash.
    pub fn take(&mut self, tick: f64, stale_ticks: f64) -> Vec<Happening> {
        let mut due = Vec::new();
        self.waiting.retain(|(at, happening)| {
            let fresh = *at == f64::NEG_INFINITY || *at >= tick - stale_ticks;
            if *at <= tick && fresh {
                due.push(happening.clone());
            }
            *at > tick
        });
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_told_once_and_in_time() {
        let mut schedule = Schedule::default();
        schedule.at(10.0, Happening::RoundEnded);
        schedule.now(Happening::RoundStarted);
        assert_eq!(schedule.take(9.5, 30.0), [Happening::RoundStarted]);
        assert_eq!(schedule.take(10.5, 30.0), [Happening::RoundEnded]);
        assert!(schedule.take(10.5, 30.0).is_empty());
        schedule.at(10.0, Happening::RoundEnded);
        assert!(schedule.take(80.0, 30.0).is_empty(), "too old to be shown");
        (0..999).for_each(|_| schedule.now(Happening::RoundEnded));
        assert_eq!(schedule.take(0.0, 30.0).len(), WAITING_MAX);
    }
}
