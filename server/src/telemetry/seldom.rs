//! Pauses between warnings of one kind: the log is not the place where a flood shows, the metrics are.
//! Whoever warns of something that strangers cause keeps one; it knows nothing of what is said.

use std::time::{Duration, Instant};

/// Says something at most once in a while, for warnings that a stranger could cause a thousand times a second.
#[derive(Debug)]
pub struct Seldom {
    every: Duration,
    last: Option<Instant>,
}

impl Seldom {
    /// At most once in `every`.
    pub fn new(every: Duration) -> Seldom {
        Seldom { every, last: None }
    }

    /// Whether it is time again; saying yes begins the next pause.
    pub fn now(&mut self) -> bool {
        let due = self.last.is_none_or(|last| last.elapsed() >= self.every);
        if due {
            self.last = Some(Instant::now());
        }
        due
    }
}
