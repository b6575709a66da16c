//! The events of one feed that can still be read: a ring of ready frames with dense numbers.
//! Who asks for something that is gone, or never was, gets the newest keyframe and what follows it.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::Thread;

use bytes::Bytes;

use crate::feed::cursor::Cursor;

/// Events that are kept: more than two keyframe intervals of a busy match.
const ENTRIES_MAX: usize = 512;
/// Bytes that are kept.
const BYTES_MAX: usize = 4 << 20;

/// One event, ready to be written.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its number.
    pub seq: u64,
    /// Whether a reader can begin here.
    pub keyframe: bool,
    /// Its block of server-sent events.
    pub sse: Bytes,
}

/// The readable part of a feed.
#[derive(Debug)]
pub struct FeedLog {
    epoch: u32,
    hello: Bytes,
    watching: AtomicU32,
    head: AtomicU64,
    ring: Mutex<Ring>,
    readers: Vec<Thread>,
}

#[derive(Debug, Default)]
struct Ring {
    entries: VecDeque<Entry>,
    bytes: usize,
    ended: bool,
}

/// Somebody who watches; counted until it is dropped.
#[derive(Debug)]
pub struct Watching(Arc<FeedLog>);

impl Drop for Watching {
    fn drop(&mut self) {
        self.0.watching.fetch_sub(1, Ordering::Relaxed);
    }
}

impl FeedLog {
    /// A log that begins with `hello` for each reader; `readers` are woken by each event.
    pub fn new(epoch: u32, hello: &str, readers: Vec<Thread>) -> FeedLog {
        FeedLog {
            epoch,
            hello: sse_block("hello", None, hello),
            watching: AtomicU32::new(0),
            head: AtomicU64::new(0),
            ring: Mutex::default(),
            readers,
        }
    }

    fn open(&self) -> MutexGuard<'_, Ring> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The number of the last event; 0 before the first.
    pub fn head(&self) -> u64 {
        self.head.load(Ordering::Acquire)
    }

    /// People who watch.
    pub fn watching(&self) -> u32 {
        self.watching.load(Ordering::Relaxed)
    }

    /// Counts one more who watches.
    pub fn watch(self: &Arc<Self>) -> Watching {
        self.watching.fetch_add(1, Ordering::Relaxed);
        Watching(Arc::clone(self))
    }

    /// The first event of every reader.
    pub fn hello(&self) -> Bytes {
        self.hello.clone()
    }

    /// Whether nothing will follow.
    pub fn ended(&self) -> bool {
        self.open().ended
    }

    /// Appends an event and wakes the readers.
    pub fn publish(&self, name: &str, json: &str, keyframe: bool) {
        let mut ring = self.open();
        let seq = self.head() + 1;
        let cursor = Cursor { epoch: self.epoch, seq };
        let entry = Entry { seq, keyframe, sse: sse_block(name, Some(cursor), json) };
        ring.bytes += entry.sse.len();
        ring.entries.push_back(entry);
        while ring.entries.len() > ENTRIES_MAX || ring.bytes > BYTES_MAX {
            let Some(old) = ring.entries.pop_front() else { break };
            ring.bytes -= old.sse.len();
        }
        self.head.store(seq, Ordering::Release);
    }

    /// Lets the readers know that there is something new.
    pub fn wake(&self) {
        if self.watching() > 0 {
            self.readers.iter().for_each(Thread::unpark);
        }
    }

    /// Forgets all events: readers go on with the next keyframe.
    pub fn forget(&self) {
        let mut ring = self.open();
        ring.entries.clear();
        ring.bytes = 0;
    }

    /// Says that nothing will follow.
    pub fn end(&self) {
        self.open().ended = true;
        self.readers.iter().for_each(Thread::unpark);
    }

    /// The number from which a reader with `cursor` goes on: the one after it if all since are there, else the
    /// newest keyframe's, else the next event's, which will be a keyframe.
    pub fn resume(&self, cursor: Option<Cursor>) -> u64 {
        let ring = self.open();
        let first = ring.entries.front().map_or(self.head() + 1, |e| e.seq);
        let known = cursor.filter(|c| c.epoch == self.epoch && c.seq <= self.head() && c.seq + 1 >= first);
        if let Some(cursor) = known.filter(|c| c.seq > 0 && !ring.entries.is_empty()) {
            return cursor.seq + 1;
        }
        newest_keyframe(&ring).unwrap_or(self.head() + 1)
    }

    /// Appends to `out` what a reader gets whose next event is `next`: all from there, or from the newest keyframe
    /// if `next` is gone, or nothing as long as that would not begin with a keyframe.
    pub fn read(&self, next: u64, out: &mut Vec<Entry>) {
        let ring = self.open();
        let Some(first) = ring.entries.front().map(|e| e.seq) else { return };
        let from = if next < first { newest_keyframe(&ring).unwrap_or(u64::MAX) } else { next };
        let skip = from.saturating_sub(first) as usize;
        out.extend(ring.entries.iter().skip(skip).cloned());
    }
}

fn newest_keyframe(ring: &Ring) -> Option<u64> {
    ring.entries.iter().rev().find(|e| e.keyframe).map(|e| e.seq)
}

/// A block of server-sent events. `json` is one line: `serde_json` never writes a bare line break.
fn sse_block(name: &str, cursor: Option<Cursor>, json: &str) -> Bytes {
    let id = cursor.map(|c| format!("id: {c}\n")).unwrap_or_default();
    Bytes::from(format!("event: {name}\n{id}data: {json}\n\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(keyframes: &[u64], events: u64) -> FeedLog {
        let log = FeedLog::new(7, "{}", Vec::new());
        (1..=events).for_each(|seq| log.publish("delta", "{}", keyframes.contains(&seq)));
        log
    }

    fn at(epoch: u32, seq: u64) -> Cursor {
        Cursor { epoch, seq }
    }

    #[test]
    fn a_known_cursor_goes_on_exactly_after_it() {
        let log = log(&[1, 20], 30);
        assert_eq!(log.resume(Some(at(7, 25))), 26);
        assert_eq!(log.resume(Some(at(7, 30))), 31);
        let mut out = Vec::new();
        log.read(26, &mut out);
        assert_eq!(out.iter().map(|e| e.seq).collect::<Vec<_>>(), [26, 27, 28, 29, 30]);
        assert!(out[0].sse.starts_with(b"event: delta\nid: 7.26\ndata: {}\n\n"));
    }

    #[test]
    fn odd_cursors_get_the_newest_keyframe() {
        let log = log(&[1, 20], 30);
        for cursor in [None, Some(at(6, 25)), Some(at(7, 31)), Some(at(8, 5)), Some(at(7, u64::MAX))] {
            assert_eq!(log.resume(cursor), 20, "{cursor:?}");
        }
    }

    #[test]
    fn what_left_the_ring_begins_at_a_keyframe() {
        let log = log(&[1, 700], 1000);
        assert_eq!(log.resume(Some(at(7, 300))), 700);
        let mut out = Vec::new();
        log.read(300, &mut out);
        assert_eq!(out.first().map(|e| (e.seq, e.keyframe)), Some((700, true)));
    }

    #[test]
    fn a_forgotten_log_goes_on_with_the_next_event() {
        let log = log(&[1], 10);
        log.forget();
        assert_eq!(log.resume(Some(at(7, 9))), 11);
        log.publish("keyframe", "{}", true);
        assert_eq!(log.resume(Some(at(7, 9))), 11);
        assert_eq!(log.resume(Some(at(7, 10))), 11);
    }
}
