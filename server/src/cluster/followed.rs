//! One match's feed as the bridge follows it: the next event, and whether consumers can only go on with a keyframe.
//! The feed's own ring is the buffer; what leaves it before it was published is counted. No clock and no broker here.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use crate::cluster::batch::{Room, Taken};
use crate::feed::entry::Entry;
use crate::feed::log::{FeedLog, Following};

/// A feed and how far it was published.
#[derive(Debug)]
pub struct Followed {
    /// The match's id.
    pub id: String,
    /// Where its events go.
    pub subject: String,
    log: Arc<FeedLog>,
    _following: Following,
    next: u64,
    needs_keyframe: bool,
    /// When it was found to have ended, in the bridge's time.
    pub ended_at: Option<Duration>,
    read: Vec<Arc<Entry>>,
}

impl Followed {
    /// Follows `log` from its first event on.
    pub fn new(id: String, subject: String, log: Arc<FeedLog>) -> Followed {
        let following = log.follow();
        Followed {
            id,
            subject,
            log,
            _following: following,
            next: 1,
            needs_keyframe: true,
            ended_at: None,
            read: Vec::new(),
        }
    }

    /// The feed.
    pub fn log(&self) -> &FeedLog {
        &self.log
    }

    /// Consumers may have missed something: goes on with the newest keyframe. Returns how many events it passes over.
    pub fn begin_again(&mut self) -> u64 {
        let from = self.log.resume(None);
        let passed_over = from.saturating_sub(self.next);
        (self.next, self.needs_keyframe) = (from, true);
        passed_over
    }

    /// Whether there is something to publish.
    pub fn has_news(&self) -> bool {
        self.log.head() >= self.next
    }

    /// The number of events that were not published.
    pub fn behind(&self) -> u64 {
        (self.log.head() + 1).saturating_sub(self.next)
    }

    /// Whether everything was published and nothing will follow.
    pub fn is_done(&self) -> bool {
        // In this order: the last event comes before the end.
        self.log.ended() && !self.has_news()
    }

    /// Adds what comes next to `out` and takes it as published, as far as there is room. Before each keyframe stands the
    /// hello. Returns how many events had to be left out; the next one after them is a keyframe.
    pub fn take(&mut self, room: Room, out: &mut Taken) -> u64 {
        let (mut left_out, mut bytes) = (0, 0);
        if self.has_news() {
            self.log.read(self.next, &mut self.read);
        }
        for entry in self.read.drain(..) {
            if bytes >= room.bytes {
                break;
            }
            left_out += entry.seq.saturating_sub(self.next);
            self.needs_keyframe |= entry.seq > self.next;
            self.next = entry.seq + 1;
            let payload = Bytes::from(entry.record());
            let hello = entry.keyframe.then(|| Bytes::from(self.log.hello().record()));
            let fits = hello.iter().chain([&payload]).all(|payload| payload.len() <= room.payload_bytes);
            self.needs_keyframe = !fits || (self.needs_keyframe && !entry.keyframe);
            if !fits || (self.needs_keyframe && entry.name() != "bye") {
                left_out += 1;
                continue;
            }
            bytes += payload.len();
            out.payloads.extend(hello.into_iter().chain([payload]));
            out.events += 1;
        }
        left_out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use shared::protocol::CloseReason;

    fn log() -> Arc<FeedLog> {
        Arc::new(FeedLog::new(7, "{}", Vec::new()))
    }

    fn follow(log: &Arc<FeedLog>) -> Followed {
        Followed::new("m".to_owned(), "starfray.feed.m".to_owned(), Arc::clone(log))
    }

    const ROOM: Room = Room { bytes: usize::MAX, payload_bytes: 10_000 };

    /// Names and cursors of what is published next, and how much is left out.
    fn next(followed: &mut Followed) -> (String, u64) {
        let mut out = Taken::default();
        let left_out = followed.take(ROOM, &mut out);
        let word = |payload: &Bytes| {
            let value: serde_json::Value = serde_json::from_slice(payload).unwrap();
            let seq = value["cursor"].as_str().map(|c| c.replace("7.", "")).unwrap_or_default();
            format!("{}{seq}", &value["event"].as_str().unwrap()[..1])
        };
        (out.payloads.iter().map(word).collect::<Vec<_>>().join(" "), left_out)
    }

    #[test]
    fn everything_is_published_once_with_a_hello_before_each_keyframe() {
        let log = log();
        let mut followed = follow(&log);
        assert!(log.is_followed() && log.watching() == 0);
        for name in ["keyframe", "delta", "delta", "keyframe"] {
            log.publish(name, "{}");
        }
        assert_eq!(next(&mut followed), ("h k1 d2 d3 h k4".to_owned(), 0));
        assert_eq!(next(&mut followed), (String::new(), 0));
        log.publish("delta", "{}");
        assert_eq!(next(&mut followed), ("d5".to_owned(), 0));
        log.publish("bye", "{}");
        log.end(CloseReason::MatchEnded);
        assert!(!followed.is_done());
        assert_eq!(next(&mut followed), ("b6".to_owned(), 0));
        assert!(followed.is_done());
        drop(followed);
        assert!(!log.is_followed());
    }

    #[test]
    fn after_a_break_it_goes_on_with_the_newest_keyframe() {
        let log = log();
        let mut followed = follow(&log);
        log.publish("keyframe", "{}");
        assert_eq!(next(&mut followed).0, "h k1");
        for name in ["delta", "delta", "keyframe", "delta"] {
            log.publish(name, "{}");
        }
        assert_eq!((followed.behind(), followed.begin_again()), (4, 2));
        assert_eq!(next(&mut followed), ("h k4 d5".to_owned(), 0));
        assert_eq!(followed.begin_again(), 0, "what is published again is not lost");
        assert_eq!(next(&mut followed), ("h k4 d5".to_owned(), 0));
    }

    #[test]
    fn what_left_the_ring_is_counted_and_followed_by_a_keyframe() {
        let log = log();
        let mut followed = follow(&log);
        log.publish("keyframe", "{}");
        next(&mut followed);
        for seq in 2..=1000 {
            log.publish(if seq == 990 { "keyframe" } else { "delta" }, "{}");
        }
        let (told, left_out) = next(&mut followed);
        assert!(told.starts_with("h k990 d991"), "{told}");
        assert_eq!(left_out, 988);
    }

    #[test]
    fn a_batch_takes_only_what_has_room() {
        let log = log();
        let mut followed = follow(&log);
        ["keyframe", "delta", "delta"].iter().for_each(|name| log.publish(name, "{}"));
        let mut out = Taken::default();
        followed.take(Room { bytes: 1, ..ROOM }, &mut out);
        assert_eq!((out.events, out.payloads.len()), (1, 2));
        assert_eq!(next(&mut followed).0, "d2 d3");
    }
    #[test]
    fn after_what_is_too_big_for_the_broker_comes_a_keyframe() {
        let log = log();
        let mut followed = follow(&log);
        let big = format!("\"{}\"", "x".repeat(10_000));
        for (name, json) in
            [("keyframe", "{}"), ("delta", &big), ("delta", "{}"), ("keyframe", "{}"), ("delta", "{}")]
        {
            log.publish(name, json);
        }
        assert_eq!(next(&mut followed), ("h k1 h k4 d5".to_owned(), 2));
        for (name, json) in [("keyframe", big.as_str()), ("delta", "{}"), ("bye", "{}")] {
            log.publish(name, json);
        }
        assert_eq!(next(&mut followed), ("b8".to_owned(), 2));
    }
}
