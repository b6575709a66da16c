//! A pair of links in memory: what one end writes the other reads, with a capacity as a socket buffer has.
//! Tests drive a match through it without sockets, with short writes, stalls and ends at will.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// One direction.
#[derive(Debug, Default)]
struct Lane {
    bytes: VecDeque<u8>,
    finished: bool,
}

/// One end of a pair.
#[derive(Debug)]
pub struct MemoryLink {
    inward: Arc<Mutex<Lane>>,
    outward: Arc<Mutex<Lane>>,
    capacity: usize,
}

/// A pair of ends; each direction holds at most `capacity` bytes.
pub fn pair(capacity: usize) -> (MemoryLink, MemoryLink) {
    let (a, b) = (Arc::new(Mutex::new(Lane::default())), Arc::new(Mutex::new(Lane::default())));
    let one = MemoryLink { inward: Arc::clone(&a), outward: Arc::clone(&b), capacity };
    (one, MemoryLink { inward: b, outward: a, capacity })
}

fn open(lane: &Mutex<Lane>) -> MutexGuard<'_, Lane> {
    lane.lock().unwrap_or_else(PoisonError::into_inner)
}

impl MemoryLink {
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
