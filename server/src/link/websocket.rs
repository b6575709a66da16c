//! A WebSocket over a link, for an owner that reads and writes once a tick and never waits. Over a mailbox the frames
//! are the same; what reaches the client from there are messages behind their lengths.
//!
//! A frame goes out whole or not at all; the tail of one that was cut short goes first next time. Answers to pings go
//! out between frames, so that only one hand writes.

use std::io::{self, ErrorKind, Read, Write};
use std::time::Duration;

use shared::protocol::CloseReason;

use crate::link::frame::write_close;
use crate::link::frame_reader::{FrameReader, Incoming, PARTIAL_BYTES_MAX};
use crate::link::{Arrival, Link, Permit};
use crate::telemetry::Transport;

/// Bytes asked of the socket in one go, at least.
const READ_BYTES: usize = 4096;

/// Room to read into, shared by all links of an owner: one that is silent holds no buffer.
#[derive(Debug)]
pub struct ReadRoom(Vec<u8>);

impl Default for ReadRoom {
    fn default() -> Self {
        ReadRoom(vec![0; PARTIAL_BYTES_MAX + READ_BYTES])
    }
}

/// A WebSocket that never waits.
#[derive(Debug)]
pub struct WebSocketLink {
    link: Link,
    frames: FrameReader,
    /// What came behind the handshake and was not looked at yet.
    early: Vec<u8>,
    /// Whole frames, and the tail of one, that go out before anything else.
    owed: Vec<u8>,
    read_bytes: u64,
    _permit: Held,
}

/// What became of bytes to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// The link took them, or will before anything else.
    Taken,
    /// The link is full: nothing of them went out.
    Skipped,
    /// The peer is gone.
    Gone,
}

struct Held(#[expect(dead_code, reason = "it is kept only to be dropped")] Permit);

impl std::fmt::Debug for Held {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Held")
    }
}

impl WebSocketLink {
    /// Takes over a link whose handshake is done.
    pub fn new(arrival: Arrival) -> WebSocketLink {
        WebSocketLink {
            link: arrival.link,
            frames: FrameReader::default(),
            early: arrival.early.to_vec(),
            owed: Vec::new(),
            read_bytes: 0,
            _permit: Held(arrival.permit),
        }
    }

    /// Asks the socket once, and hands over every whole message that is there. `Err` is the end of the link.
    pub fn read(
        &mut self,
        room: &mut ReadRoom,
        mut take: impl FnMut(Incoming<'_>) -> Result<(), CloseReason>,
    ) -> Result<(), CloseReason> {
        if !self.early.is_empty() {
            let mut early = std::mem::take(&mut self.early);
            self.frames.read(&mut early, &mut self.owed, &mut take)?;
        }
        let kept = self.frames.partial().len();
        let Some((front, back)) = room.0.split_at_mut_checked(kept) else {
            return Err(CloseReason::Internal);
        };
        let count = match self.link.read(back) {
            Ok(0) => return Err(CloseReason::ConnectionLost),
            Ok(count) => count,
            Err(e) if is_full(&e) => return Ok(()),
            Err(_) => return Err(CloseReason::ConnectionLost),
        };
        self.read_bytes += count as u64;
        front.copy_from_slice(self.frames.partial());
        let bytes = room.0.get_mut(..kept + count).unwrap_or_default();
        self.frames.read(bytes, &mut self.owed, take)
    }

    /// The link itself, for whoever looks after the made-up network before it.
    pub fn link_mut(&mut self) -> &mut Link {
        &mut self.link
    }

    /// What carries it.
    pub fn transport(&self) -> Transport {
        self.link.transport()
    }

    /// How long the bytes of the last read, which was at `now`, had been here, if that is known.
    pub fn age(&self, now: Duration) -> Option<Duration> {
        self.link.age(now)
    }

    /// Bytes read since the last call.
    pub fn take_read_bytes(&mut self) -> u64 {
        std::mem::take(&mut self.read_bytes)
    }

    /// Whether something of earlier frames still waits for the socket.
    pub fn owes(&self) -> bool {
        !self.owed.is_empty() || self.link.owes()
    }

    /// Sends what is owed. `Skipped` means that the socket is still full.
    pub fn pay(&mut self) -> Sent {
        if self.owed.is_empty() {
            return match self.link.flush() {
                Ok(()) => Sent::Taken,
                Err(e) if is_full(&e) => Sent::Skipped,
                Err(_) => Sent::Gone,
            };
        }
        match self.link.write(&self.owed) {
            Ok(count) => {
                self.owed.drain(..count);
                if self.owes() { Sent::Skipped } else { Sent::Taken }
            }
            Err(e) if is_full(&e) => Sent::Skipped,
            Err(_) => Sent::Gone,
        }
    }

    /// Sends whole frames: all of them now, or their tail before anything else, or nothing.
    pub fn send(&mut self, frames: &[u8]) -> Sent {
        if self.owes() {
            let paid = self.pay();
            if paid != Sent::Taken {
                return paid;
            }
        }
        match self.link.write(frames) {
            Ok(count) => {
                self.owed.extend_from_slice(frames.get(count..).unwrap_or_default());
                Sent::Taken
            }
            Err(e) if is_full(&e) => Sent::Skipped,
            Err(_) => Sent::Gone,
        }
    }

    /// Says why the link ends and that nothing follows. What the socket cannot take now is lost.
    pub fn close(&mut self, last_frames: &[u8], reason: CloseReason) {
        let mut frames = std::mem::take(&mut self.owed);
        frames.extend_from_slice(last_frames);
        write_close(&mut frames, reason.code(), reason.word());
        self.link.close(&frames);
    }

    /// Reads and forgets. True when the peer has closed too.
    pub fn drained(&mut self) -> bool {
        let mut scrap = [0; READ_BYTES];
        match self.link.read(&mut scrap) {
            Ok(0) => true,
            Ok(_) => false,
            Err(e) => !is_full(&e),
        }
    }
}

fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}
