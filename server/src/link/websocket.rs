//! A WebSocket over a link, for an owner that reads and writes once a tick and never waits.
//!
//! Reading is tungstenite's parser. Writing is our own: a frame goes out whole or not at all; the tail of one that
//! was cut short goes first next time. What tungstenite wants to answer (pongs, the closing handshake) is caught and
//! goes out between our frames, so that only one hand writes.

use std::io::{self, ErrorKind, Read, Write};
use std::time::Duration;

use shared::protocol::{CLIENT_MESSAGE_BYTES_MAX, CloseReason};
use tungstenite::error::{CapacityError, Error, ProtocolError};
use tungstenite::protocol::{Role, WebSocket, WebSocketConfig};
use tungstenite::{Bytes, Message};

use crate::link::frame::write_close;
use crate::link::{Arrival, Link, Permit};

/// Bytes asked of the socket in one go.
const READ_BYTES: usize = 4096;
/// Times that a socket is asked in one go at most: the parser's buffer may have room for a few bytes only.
const READS: u8 = 2;
/// Most bytes of pongs and such that wait for the socket.
const REPLIES_BYTES_MAX: usize = 4096;

/// A WebSocket that never waits.
#[derive(Debug)]
pub struct WebSocketLink {
    socket: WebSocket<Pipe>,
    owed: Vec<u8>,
    read_bytes: u64,
    _permit: Held,
}

/// What came.
#[derive(Debug)]
pub enum Incoming {
    /// A binary message.
    Message(Bytes),
    /// The answer to a ping.
    Pong,
    /// A ping; it is answered already.
    Ping,
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
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BYTES)
            .write_buffer_size(0)
            .max_write_buffer_size(REPLIES_BYTES_MAX)
            .max_message_size(Some(CLIENT_MESSAGE_BYTES_MAX))
            .max_frame_size(Some(CLIENT_MESSAGE_BYTES_MAX));
        let pipe = Pipe { link: arrival.link, replies: Vec::new(), reads_left: 0, taken: 0 };
        let early = arrival.early.to_vec();
        let socket = WebSocket::from_partially_read(pipe, early, Role::Server, Some(config));
        WebSocketLink { socket, owed: Vec::new(), read_bytes: 0, _permit: Held(arrival.permit) }
    }

    /// Asks the socket once, and hands over every whole message that is there. `Err` is the end of the link.
    pub fn read(
        &mut self,
        mut take: impl FnMut(Incoming) -> Result<(), CloseReason>,
    ) -> Result<(), CloseReason> {
        self.socket.get_mut().reads_left = READS;
        loop {
            match self.socket.read() {
                Ok(Message::Binary(bytes)) => take(Incoming::Message(bytes))?,
                Ok(Message::Pong(_)) => take(Incoming::Pong)?,
                Ok(Message::Ping(_)) => take(Incoming::Ping)?,
                Ok(Message::Text(_) | Message::Frame(_)) => return Err(CloseReason::BadMessage),
                Ok(Message::Close(_)) => {}
                Err(Error::Io(e)) if e.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(reason_of(&error)),
            }
        }
    }

    /// How long the bytes of the last read, which was at `now`, had been here, if that is known.
    pub fn age(&self, now: Duration) -> Option<Duration> {
        self.socket.get_ref().link.age(now)
    }

    /// Bytes read since the last call.
    pub fn take_read_bytes(&mut self) -> u64 {
        let total = self.socket.get_ref().taken;
        let fresh = total - self.read_bytes;
        self.read_bytes = total;
        fresh
    }

    /// Whether something of earlier frames still waits for the socket.
    pub fn owes(&self) -> bool {
        !self.owed.is_empty() || !self.socket.get_ref().replies.is_empty()
    }

    /// Sends what is owed. `Skipped` means that the socket is still full.
    pub fn pay(&mut self) -> Sent {
        let replies = &mut self.socket.get_mut().replies;
        if self.owed.len() + replies.len() <= 2 * REPLIES_BYTES_MAX || self.owed.is_empty() {
            self.owed.append(replies);
        }
        if self.owed.is_empty() {
            return Sent::Taken;
        }
        match self.socket.get_mut().link.write(&self.owed) {
            Ok(count) => {
                self.owed.drain(..count);
                if self.owed.is_empty() { Sent::Taken } else { Sent::Skipped }
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
        match self.socket.get_mut().link.write(frames) {
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
        let link = &mut self.socket.get_mut().link;
        // A peer that is gone or full does not read the reason; the socket closes all the same.
        drop(link.write(&frames));
        link.finish();
    }

    /// Reads and forgets. True when the peer has closed too.
    pub fn drained(&mut self) -> bool {
        let mut scrap = [0; READ_BYTES];
        match self.socket.get_mut().link.read(&mut scrap) {
            Ok(0) => true,
            Ok(_) => false,
            Err(e) => !is_full(&e),
        }
    }
}

fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}

fn reason_of(error: &Error) -> CloseReason {
    match error {
        Error::ConnectionClosed
        | Error::AlreadyClosed
        | Error::Protocol(ProtocolError::ResetWithoutClosingHandshake)
        | Error::Io(_) => CloseReason::ConnectionLost,
        Error::Capacity(CapacityError::MessageTooLong { .. }) => CloseReason::TooLarge,
        Error::Protocol(_) => CloseReason::BadFrame,
        _ => CloseReason::BadMessage,
    }
}

/// What tungstenite takes for its stream: reads go to the link, a given number a tick; writes are caught.
#[derive(Debug)]
struct Pipe {
    link: Link,
    replies: Vec<u8>,
    reads_left: u8,
    taken: u64,
}

impl Read for Pipe {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.reads_left == 0 {
            return Err(ErrorKind::WouldBlock.into());
        }
        let count = self.link.read(into)?;
        // Only a read that filled its space can have left something, which must not wait for the next tick.
        self.reads_left = if count < into.len() { 0 } else { self.reads_left - 1 };
        self.taken += count as u64;
        Ok(count)
    }
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.replies.len() + bytes.len() > REPLIES_BYTES_MAX {
            return Err(ErrorKind::WouldBlock.into());
        }
        self.replies.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
