//! The events of one feed that can still be read: a ring of events with dense numbers, bounded by bytes.
//! Who asks for something that is gone, or never was, gets the newest keyframe and what follows it.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::Thread;

use shared::protocol::CloseReason;

use crate::feed::cursor::Cursor;
use crate::feed::entry::Entry;

/// Events that are kept: most of a minute of a quiet match.
const ENTRIES_MAX: usize = 512;
/// Bytes that are kept, counting every form of an event: more than two keyframe intervals of the busiest feed.
const BYTES_MAX: usize = 4 << 20;
/// Bytes that nothing may exceed, not even the newest keyframe and what follows it.
const BYTES_LIMIT: usize = 2 * BYTES_MAX;

/// The readable part of a feed.
#[derive(Debug)]
pub struct FeedLog {
    epoch: u32,
    hello: Entry,
    watching: AtomicU32,
    following: AtomicU32,
    asks: AtomicU32,
    head: AtomicU64,
    ring: Mutex<Ring>,
    readers: Vec<Thread>,
}

#[derive(Debug, Default)]
struct Ring {
    entries: VecDeque<Arc<Entry>>,
    bytes: usize,
    /// The number of the newest keyframe; 0 without one.
    keyframe: u64,
    ended: Option<CloseReason>,
}

/// Somebody who watches; counted until it is dropped.
#[derive(Debug)]
pub struct Watching(Arc<FeedLog>);

impl Drop for Watching {
    fn drop(&mut self) {
        self.0.watching.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Who takes every event there is, but wakes nobody and counts as no spectator; until it is dropped.
#[derive(Debug)]
pub struct Following(Arc<FeedLog>);

impl Drop for Following {
    fn drop(&mut self) {
        self.0.following.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Ring {
    fn push(&mut self, entry: Entry) {
        self.bytes += entry.bytes_max();
        if entry.keyframe {
            self.keyframe = entry.seq;
        }
        self.entries.push_back(Arc::new(entry));
        // The newest keyframe stays as long as it can: without it a new reader would have to wait for the next one.
        while self.bytes > BYTES_MAX || self.entries.len() > ENTRIES_MAX {
            let Some(old) = self.entries.front() else { break };
            if old.seq == self.keyframe && self.bytes <= BYTES_LIMIT {
                break;
            }
            self.bytes -= old.bytes_max();
            self.entries.pop_front();
        }
    }

    /// The number of the newest keyframe that is still there.
    fn newest_keyframe(&self) -> Option<u64> {
        let first = self.entries.front()?.seq;
        Some(self.keyframe).filter(|keyframe| *keyframe >= first)
    }
}

impl FeedLog {
    /// A log that begins with `hello` for each reader; `readers` are woken by each event.
    pub fn new(epoch: u32, hello: &str, readers: Vec<Thread>) -> FeedLog {
        FeedLog {
            epoch,
            hello: Entry::new("hello", None, hello),
            watching: AtomicU32::new(0),
            following: AtomicU32::new(0),
            asks: AtomicU32::new(0),
            head: AtomicU64::new(0),
            ring: Mutex::default(),
            readers,
        }
    }

    fn open(&self) -> MutexGuard<'_, Ring> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What tells this log from others of the same match.
    pub fn epoch(&self) -> u32 {
        self.epoch
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

    /// Whether somebody takes every event of a match that is awake anyway.
    pub fn is_followed(&self) -> bool {
        self.following.load(Ordering::Relaxed) > 0
    }

    /// Adds one who does.
    pub fn follow(self: &Arc<Self>) -> Following {
        self.following.fetch_add(1, Ordering::Relaxed);
        Following(Arc::clone(self))
    }

    /// Notes that somebody asked who is not there between two questions.
    pub fn ask(&self) {
        self.asks.fetch_add(1, Ordering::Relaxed);
    }

    /// How often somebody asked; it wraps.
    pub fn asks(&self) -> u32 {
        self.asks.load(Ordering::Relaxed)
    }

    /// The first event of every reader.
    pub fn hello(&self) -> &Entry {
        &self.hello
    }

    /// Whether nothing will follow.
    pub fn ended(&self) -> bool {
        self.end_reason().is_some()
    }

    /// Why nothing will follow; `None` as long as something may.
    pub fn end_reason(&self) -> Option<CloseReason> {
        self.open().ended
    }

    /// Appends an event.
    pub fn publish(&self, name: &'static str, json: &str) {
        let seq = self.head() + 1;
        let entry = Entry::new(name, Some(Cursor { epoch: self.epoch, seq }), json);
        let mut ring = self.open();
        ring.push(entry);
        self.head.store(seq, Ordering::Release);
    }

    /// Lets the readers know that there is something new.
    pub fn wake(&self) {
        if self.watching() > 0 {
            self.readers.iter().for_each(Thread::unpark);
        }
    }

    /// Lets the readers know that there is somebody new.
    pub fn nudge(&self) {
        self.readers.iter().for_each(Thread::unpark);
    }

    /// Forgets all events: readers go on with the next keyframe.
    pub fn forget(&self) {
        let mut ring = self.open();
        ring.entries.clear();
        ring.bytes = 0;
    }

    /// Says that nothing will follow, and why.
    pub fn end(&self, reason: CloseReason) {
        self.open().ended = Some(reason);
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
        ring.newest_keyframe().unwrap_or(self.head() + 1)
    }

    /// Whether `next` is what follows `cursor`, so that its reader needs no hello.
    pub fn follows(&self, next: u64, cursor: Option<Cursor>) -> bool {
        cursor.is_some_and(|c| c.epoch == self.epoch && c.seq.checked_add(1) == Some(next))
    }

    /// Appends to `out` what a reader gets whose next event is `next`: all from there, or from the newest keyframe
    /// if `next` is gone, or nothing as long as that would not begin with a keyframe.
    pub fn read(&self, next: u64, out: &mut Vec<Arc<Entry>>) {
        let ring = self.open();
        let Some(first) = ring.entries.front().map(|e| e.seq) else { return };
        let from = if next < first { ring.newest_keyframe().unwrap_or(u64::MAX) } else { next };
        let skip = from.saturating_sub(first) as usize;
        out.extend(ring.entries.iter().skip(skip).cloned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feed::form::Form;
    use shared::random::Random;

    fn log(keyframes: &[u64], events: u64) -> FeedLog {
        let log = FeedLog::new(7, "{}", Vec::new());
        let name = |seq| if keyframes.contains(&seq) { "keyframe" } else { "delta" };
        (1..=events).for_each(|seq| log.publish(name(seq), "{}"));
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
        assert!(out[0].frame(Form::Sse).ends_with(b"event: delta\nid: 7.26\ndata: {}\n\n\r\n"));
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
        let events = ENTRIES_MAX as u64 + 500;
        let log = log(&[1, events - 300], events);
        assert_eq!(log.resume(Some(at(7, 300))), events - 300);
        let mut out = Vec::new();
        log.read(300, &mut out);
        assert_eq!(out.first().map(|e| (e.seq, e.keyframe)), Some((events - 300, true)));
    }

    #[test]
    fn the_ring_is_bounded_by_bytes_and_keeps_its_keyframe_as_long_as_it_can() {
        let log = FeedLog::new(7, "{}", Vec::new());
        let json = format!("\"{}\"", "x".repeat(100_000));
        log.publish("keyframe", &json);
        let mut kept = 0;
        for _ in 0..200 {
            log.publish("delta", &json);
            assert!(log.open().bytes <= BYTES_LIMIT, "{}", log.open().bytes);
            kept += u32::from(log.resume(None) == 1);
        }
        assert!(kept > 15, "{kept}");
        log.publish("keyframe", &json);
        log.publish("delta", &json);
        assert!(log.open().bytes <= BYTES_MAX);
        assert_eq!(log.resume(Some(at(7, 3))), 202);
    }

    /// A reader that comes back with cursors of its own or of strangers, while events are published and forgotten.
    fn one_life(random: &mut Random) {
        let log = FeedLog::new(7, "{}", Vec::new());
        let (mut next, mut last, mut needs_keyframe) = (log.resume(None), None, true);
        for _ in 0..40 {
            let strange = at(6 + random.below(3), u64::from(random.below(40)));
            match random.below(8) {
                0 => {
                    log.forget();
                    needs_keyframe = true;
                }
                1 => (next, last) = (log.resume(Some(strange)), Some(strange)),
                2 => next = log.resume(last),
                _ => {
                    let name = if needs_keyframe || random.below(9) == 0 { "keyframe" } else { "delta" };
                    needs_keyframe = false;
                    log.publish(name, "{}");
                }
            }
            let mut out = Vec::new();
            if random.below(3) > 0 {
                log.read(next, &mut out);
                let silent = out.is_empty() && log.head() >= next && !needs_keyframe;
                assert!(!silent, "nothing from {next} on, but {} is there", log.head());
            }
            for entry in out {
                assert!(entry.keyframe || log.follows(entry.seq, last), "{last:?} then {}", entry.seq);
                (last, next) = (entry.cursor(), entry.seq + 1);
            }
        }
    }

    #[test]
    fn whoever_comes_back_misses_nothing_and_gets_nothing_twice() {
        let mut random = Random::new(20);
        (0..10_000).for_each(|_| one_life(&mut random));
    }
}
