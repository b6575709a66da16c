//! A pair of links in memory: what one end writes the other reads, with a capacity as a socket buffer has.
//! Tests drive a match through it without sockets, with short writes, stalls and ends at will.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// One direction.
#[derive(Debug, Default)]
struct Lane {
    bytes: VecDeque<u8>,
    finished: bool,
    /// When the newest bytes arrived, if the writer says so.
    arrived_at: Option<Duration>,
}

/// One end of a pair.
#[derive(Debug)]
pub struct MemoryLink {
    inward: Arc<Mutex<Lane>>,
    outward: Arc<Mutex<Lane>>,
    capacity: usize,
    now: Option<Duration>,
    read_at: Option<Duration>,
}

/// A pair of ends; each direction holds at most `capacity` bytes.
pub fn pair(capacity: usize) -> (MemoryLink, MemoryLink) {
    let (a, b) = (Arc::new(Mutex::new(Lane::default())), Arc::new(Mutex::new(Lane::default())));
    let end = |inward: &Arc<Mutex<Lane>>, outward: &Arc<Mutex<Lane>>| MemoryLink {
        inward: Arc::clone(inward),
        outward: Arc::clone(outward),
        capacity,
        now: None,
        read_at: None,
    };
    (end(&a, &b), end(&b, &a))
}

fn open(lane: &Mutex<Lane>) -> MutexGuard<'_, Lane> {
    lane.lock().unwrap_or_else(PoisonError::into_inner)
}

impl MemoryLink {
    /// What is written from now on arrives at `now` of the reader's clock.
    pub fn set_now(&mut self, now: Duration) {
        self.now = Some(now);
    }

    /// How long the bytes that were read last had been here at `now`, if their writer said when they arrived.
    pub fn age(&self, now: Duration) -> Option<Duration> {
        self.read_at.map(|at| now.saturating_sub(at))
    }

    /// Says that nothing more will be written.
    pub fn finish(&mut self) {
        open(&self.outward).finished = true;
    }
}

impl Read for MemoryLink {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let mut lane = open(&self.inward);
        if lane.bytes.is_empty() {
            return if lane.finished { Ok(0) } else { Err(ErrorKind::WouldBlock.into()) };
        }
        self.read_at = lane.arrived_at;
        let count = lane.bytes.len().min(into.len());
        for (place, byte) in into.iter_mut().zip(lane.bytes.drain(..count)) {
            *place = byte;
        }
        Ok(count)
    }
}

impl Write for MemoryLink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut lane = open(&self.outward);
        if lane.finished || Arc::strong_count(&self.outward) < 2 {
            return Err(ErrorKind::BrokenPipe.into());
        }
        let count = (self.capacity - lane.bytes.len()).min(bytes.len());
        if count == 0 && !bytes.is_empty() {
            return Err(ErrorKind::WouldBlock.into());
        }
        lane.arrived_at = self.now.or(lane.arrived_at);
        lane.bytes.extend(bytes.iter().take(count));
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for MemoryLink {
    fn drop(&mut self) {
        self.finish();
    }
}
