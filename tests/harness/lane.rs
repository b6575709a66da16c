//! One direction of a made-up network: messages arrive later than they were sent, in order, as over TCP.
//! It knows no bytes' meaning and no clock; whoever owns it says what time it is.

use std::collections::VecDeque;

use shared::random::Random;

/// How long messages take on one way.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Delay {
    /// What every message takes, in milliseconds.
    pub fixed_ms: f64,
    /// What chance adds, 0 to this many milliseconds.
    pub jitter_ms: f64,
}

/// Messages on their way.
#[derive(Clone, Debug)]
pub struct Lane {
    delay: Delay,
    random: Random,
    under_way: VecDeque<(f64, Vec<u8>)>,
    last_due_ms: f64,
}

impl Lane {
    /// An empty lane; `seed` decides its jitter.
    pub fn new(delay: Delay, seed: u64) -> Lane {
        Lane { delay, random: Random::new(seed), under_way: VecDeque::new(), last_due_ms: 0.0 }
    }

    /// Sends a message at `now_ms`.
    pub fn send(&mut self, message: Vec<u8>, now_ms: f64) {
        let way_ms = self.delay.fixed_ms + f64::from(self.random.unit()) * self.delay.jitter_ms;
        self.last_due_ms = self.last_due_ms.max(now_ms + way_ms);
        self.under_way.push_back((self.last_due_ms, message));
    }

    /// When the next message arrives.
    pub fn next_due_ms(&self) -> Option<f64> {
        self.under_way.front().map(|(due, _)| *due)
    }

    /// The next message and the time of its arrival, if that is before `until_ms`.
    pub fn receive(&mut self, until_ms: f64) -> Option<(f64, Vec<u8>)> {
        if self.next_due_ms()? < until_ms { self.under_way.pop_front() } else { None }
    }

    /// Loses everything that is under way.
    pub fn clear(&mut self) {
        self.under_way.clear();
    }
}
