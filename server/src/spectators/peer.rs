//! What comes from a spectator: nothing over HTTP, and answers to pings over a WebSocket.
//! It finds out who went away, and over a WebSocket also who fell silent. It writes nothing itself.

use std::io::{ErrorKind, Read};
use std::time::Duration;

use shared::protocol::CloseReason;

use crate::link::Link;
use crate::link::frame_reader::{FrameReader, Incoming, PARTIAL_BYTES_MAX};

/// Bytes that are read of a spectator in one go.
const READ_BYTES: usize = 2048;

/// Room to read into, shared by all spectators of a thread.
#[derive(Debug)]
pub struct Room(Vec<u8>);

impl Default for Room {
    fn default() -> Self {
        Room(vec![0; PARTIAL_BYTES_MAX + READ_BYTES])
    }
}

/// The reading side of a spectator's link.
#[derive(Debug)]
pub enum Peer {
    /// It has nothing to say.
    Http,
    /// It answers pings.
    WebSocket {
        /// Its frames.
        frames: FrameReader,
        /// Answers to its own pings, to be written.
        replies: Vec<u8>,
        /// When it last said something, since the thread began.
        heard_at: Duration,
        /// When it was pinged last, since the thread began.
        pinged_at: Duration,
    },
}

impl Peer {
    /// A peer with a WebSocket.
    pub fn web_socket(now: Duration) -> Peer {
        let frames = FrameReader::default();
        Peer::WebSocket { frames, replies: Vec::new(), heard_at: now, pinged_at: now }
    }

    /// Reads what came behind the request, before anything else.
    pub fn read_early(&mut self, early: &[u8]) -> Result<(), CloseReason> {
        match self {
            Peer::Http => Ok(()),
            Peer::WebSocket { frames, replies, .. } => {
                frames.read(&mut early.to_vec(), replies, |incoming| take(&incoming))
            }
        }
    }

    /// Reads once what is there. Returns the bytes read; `Err` is the end of the link.
    pub fn read(&mut self, link: &mut Link, room: &mut Room, now: Duration) -> Result<usize, CloseReason> {
        let kept = match self {
            Peer::Http => 0,
            Peer::WebSocket { frames, .. } => frames.partial().len(),
        };
        let Some((front, back)) = room.0.split_at_mut_checked(kept) else {
            return Err(CloseReason::Internal);
        };
        let count = match link.read(back) {
            Ok(0) => return Err(CloseReason::ConnectionLost),
            Ok(count) => count,
            Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => return Ok(0),
            Err(_) => return Err(CloseReason::ConnectionLost),
        };
        if let Peer::WebSocket { frames, replies, heard_at, .. } = self {
            *heard_at = now;
            front.copy_from_slice(frames.partial());
            let bytes = room.0.get_mut(..kept + count).unwrap_or_default();
            frames.read(bytes, replies, |incoming| take(&incoming))?;
        }
        Ok(count)
    }

    /// Answers that are to be written.
    pub fn take_replies(&mut self) -> Vec<u8> {
        match self {
            Peer::Http => Vec::new(),
            Peer::WebSocket { replies, .. } => std::mem::take(replies),
        }
    }

    /// Whether a ping is due; saying so counts as having sent it.
    pub fn ping_due(&mut self, every: Duration, now: Duration) -> bool {
        match self {
            Peer::WebSocket { pinged_at, .. } if now.saturating_sub(*pinged_at) >= every => {
                *pinged_at = now;
                true
            }
            _ => false,
        }
    }

    /// Whether it should have said something for longer than `limit`.
    pub fn is_silent(&self, limit: Duration, now: Duration) -> bool {
        match self {
            Peer::Http => false,
            Peer::WebSocket { heard_at, .. } => now.saturating_sub(*heard_at) > limit,
        }
    }
}

/// A spectator says nothing but that it is there.
fn take(incoming: &Incoming<'_>) -> Result<(), CloseReason> {
    match incoming {
        Incoming::Message(_) => Err(CloseReason::BadMessage),
        Incoming::Ping | Incoming::Pong => Ok(()),
    }
}
