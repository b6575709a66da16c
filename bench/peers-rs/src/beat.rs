//! Thirty ticks a second at absolute times, so that a late tick does not make all that follow late.
//! The floors and the crowd keep it; times that have passed are left out.

use std::time::{Duration, Instant};

/// Ticks in a second of every peer.
pub const HZ: u32 = 30;

/// The length of a tick.
pub fn period() -> Duration {
    Duration::from_secs(1) / HZ
}

/// The times of ticks.
#[derive(Debug)]
pub struct Beat {
    next: Instant,
}

impl Beat {
    /// Ticks from now on.
    pub fn new() -> Beat {
        Beat { next: Instant::now() + period() }
    }

    /// Moves on to the next tick that has not passed, and returns its time.
    pub fn due(&mut self) -> Instant {
        let due = self.next;
        let late = Instant::now().saturating_duration_since(due);
        let missed = (late.as_nanos() / period().as_nanos()) as u32;
        self.next = due + period() * (missed + 1);
        due
    }

    /// Sleeps until the next tick.
    pub fn wait(&mut self) {
        let due = self.due();
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
    }
}

impl Default for Beat {
    fn default() -> Beat {
        Beat::new()
    }
}
