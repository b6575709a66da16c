//! What was given to the broker and not yet confirmed: one batch at a time, closed by a mark that the broker sends back.
//! So a broker that hangs holds one batch of old events and no more. Time comes in as an argument; it sends nothing.

use std::time::Duration;

use bytes::Bytes;

/// Bytes after which a batch takes no more.
pub const BATCH_BYTES: usize = 512 << 10;
/// Messages after which a batch takes no more.
pub const BATCH_MESSAGES: usize = 1000;

/// How much may be taken at once.
#[derive(Clone, Copy, Debug)]
pub struct Room {
    /// Bytes of all messages; the last one may go beyond.
    pub bytes: usize,
    /// Bytes that the broker takes as one message.
    pub payload_bytes: usize,
}

/// Messages for one subject, in order.
#[derive(Debug, Default)]
pub struct Taken {
    /// Their payloads.
    pub payloads: Vec<Bytes>,
    /// How many of them are events with a cursor.
    pub events: u64,
}

/// The batch that is being made, or waits for its mark.
#[derive(Debug, Default)]
pub struct Batch {
    number: u64,
    messages: usize,
    bytes: usize,
    events: u64,
    sent_at: Option<Duration>,
}

impl Batch {
    /// Whether more may be added: there is room, and no mark is awaited.
    pub fn is_open(&self) -> bool {
        self.sent_at.is_none() && self.bytes < BATCH_BYTES && self.messages < BATCH_MESSAGES
    }

    /// Bytes that may be added.
    pub fn room_bytes(&self) -> usize {
        BATCH_BYTES.saturating_sub(self.bytes)
    }

    /// Notes messages that go out with the batch.
    pub fn add(&mut self, messages: usize, bytes: usize, events: u64) {
        self.messages += messages;
        self.bytes += bytes;
        self.events += events;
    }

    /// Whether nothing was added.
    pub fn is_empty(&self) -> bool {
        self.messages == 0
    }

    /// Closes the batch at `now`; returns the number that its mark has to carry.
    pub fn close(&mut self, now: Duration) -> u64 {
        self.number += 1;
        self.sent_at = Some(now);
        self.number
    }

    /// How long the mark has been awaited at `now`; zero if none is.
    pub fn waits(&self, now: Duration) -> Duration {
        self.sent_at.map_or(Duration::ZERO, |at| now.saturating_sub(at))
    }

    /// The broker sent a mark back. If it is this batch's, begins the next and returns how many events were taken.
    pub fn confirm(&mut self, number: u64) -> Option<u64> {
        let awaited = self.sent_at.is_some() && number == self.number;
        awaited.then(|| self.begin())
    }

    /// Gives the batch up; returns how many events may be lost with it.
    pub fn give_up(&mut self) -> u64 {
        self.begin()
    }

    fn begin(&mut self) -> u64 {
        let events = self.events;
        *self = Batch { number: self.number, ..Batch::default() };
        events
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_added_while_a_mark_is_awaited() {
        let mut batch = Batch::default();
        assert!(batch.is_empty() && batch.is_open());
        batch.add(3, 900, 2);
        let mark = batch.close(Duration::from_secs(5));
        assert!(!batch.is_open());
        assert_eq!(batch.waits(Duration::from_secs(7)), Duration::from_secs(2));
        assert_eq!(batch.confirm(mark + 1), None, "a mark of nobody");
        assert_eq!(batch.confirm(mark), Some(2));
        assert_eq!(batch.confirm(mark), None, "a mark counts once");
        assert!(batch.is_open() && batch.is_empty());
        assert_eq!(batch.waits(Duration::from_secs(9)), Duration::ZERO);
    }

    #[test]
    fn a_batch_is_bounded_by_bytes_and_by_messages() {
        let mut batch = Batch::default();
        batch.add(1, BATCH_BYTES, 1);
        assert!(!batch.is_open());
        assert_eq!((batch.room_bytes(), batch.give_up()), (0, 1));
        batch.add(BATCH_MESSAGES, 10, 7);
        assert!(!batch.is_open());
        assert_eq!(batch.give_up(), 7);
    }
}
