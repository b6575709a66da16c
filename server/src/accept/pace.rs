//! How long a connection may take for what it is doing: sending a request's head, resting between requests, or
//! getting a response. hyper has one time for the first two, counted from when it begins to wait; this tells them apart.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Rest between two requests; longer than a page's polling, shorter than a proxy's patience.
const REST_MAX: Duration = Duration::from_secs(30);
/// Time in which at least something must move while a request is answered.
const STALL_MAX: Duration = Duration::from_secs(30);

/// What a connection is doing, and since when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Doing {
    /// A head is awaited or arriving.
    Head(Instant),
    /// A request is being worked on.
    Working(Instant),
    /// Its response is on the way.
    Answering(Instant),
    /// A response without a known end is on the way, and may pause.
    Streaming(Instant),
    /// Nothing, until the next request.
    Resting(Instant),
}

/// The record of a connection's pace; shared between the socket, the service and the driver.
#[derive(Debug)]
pub(super) struct Pace(Mutex<Doing>);

impl Pace {
    /// A new connection, whose first head is awaited.
    pub(super) fn new(now: Instant) -> Pace {
        Pace(Mutex::new(Doing::Head(now)))
    }

    /// Bytes came.
    pub(super) fn read(&self, now: Instant) {
        self.change(|doing| match doing {
            Doing::Resting(_) => Doing::Head(now),
            Doing::Working(_) => Doing::Working(now),
            other => other,
        });
    }

    /// Bytes left.
    pub(super) fn wrote(&self, now: Instant) {
        self.change(|doing| match doing {
            Doing::Answering(_) | Doing::Resting(_) => Doing::Answering(now),
            Doing::Streaming(_) => Doing::Streaming(now),
            other => other,
        });
    }

    /// All bytes so far have left.
    pub(super) fn flushed(&self, now: Instant) {
        self.change(|doing| match doing {
            Doing::Answering(_) => Doing::Resting(now),
            other => other,
        });
    }

    /// A request's head is complete.
    pub(super) fn asked(&self, now: Instant) {
        self.change(|_| Doing::Working(now));
    }

    /// A request's response is made. `is_open_ended` is that nobody knows how long it is: then all written is not all.
    pub(super) fn answered(&self, now: Instant, is_open_ended: bool) {
        self.change(|_| if is_open_ended { Doing::Streaming(now) } else { Doing::Answering(now) });
    }

    /// Whether no request is being worked on or answered.
    pub(super) fn is_between_requests(&self) -> bool {
        matches!(self.doing(), Doing::Head(_) | Doing::Resting(_))
    }

    /// Whether a head is awaited or arriving.
    pub(super) fn is_in_head(&self) -> bool {
        matches!(self.doing(), Doing::Head(_))
    }

    /// When patience ends, if nothing moves until then.
    pub(super) fn deadline(&self, head_max: Duration) -> Instant {
        match self.doing() {
            Doing::Head(since) => since + head_max,
            Doing::Working(since) | Doing::Answering(since) | Doing::Streaming(since) => since + STALL_MAX,
            Doing::Resting(since) => since + REST_MAX,
        }
    }

    fn doing(&self) -> Doing {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, next: impl FnOnce(Doing) -> Doing) {
        let mut doing = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *doing = next(*doing);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD_MAX: Duration = Duration::from_secs(5);

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_head_has_its_time_in_all_and_not_since_its_last_byte() {
        let start = Instant::now();
        let pace = Pace::new(start);
        (1..4).for_each(|second| pace.read(start + second * SECOND));
        assert_eq!(pace.deadline(HEAD_MAX), start + HEAD_MAX);
    }

    #[test]
    fn rest_is_longer_than_a_head() {
        let start = Instant::now();
        let pace = Pace::new(start);
        pace.asked(start + SECOND);
        assert!(!pace.is_between_requests());
        pace.answered(start + 2 * SECOND, false);
        pace.wrote(start + 3 * SECOND);
        assert_eq!(pace.deadline(HEAD_MAX), start + 3 * SECOND + STALL_MAX);
        pace.flushed(start + 4 * SECOND);
        assert!(pace.is_between_requests() && !pace.is_in_head());
        assert_eq!(pace.deadline(HEAD_MAX), start + 4 * SECOND + REST_MAX);
        pace.read(start + 5 * SECOND);
        assert_eq!(pace.deadline(HEAD_MAX), start + 5 * SECOND + HEAD_MAX);
    }

    #[test]
    fn a_stream_is_under_way_while_nothing_is_to_be_written() {
        let start = Instant::now();
        let pace = Pace::new(start);
        pace.asked(start);
        pace.answered(start, true);
        pace.wrote(start + SECOND);
        pace.flushed(start + SECOND);
        assert!(!pace.is_between_requests());
        assert_eq!(pace.deadline(HEAD_MAX), start + SECOND + STALL_MAX);
    }
}
