//! A link without a socket of its own: the match writes and reads frames here as on a WebSocket, and a route of HTTP
//! takes the messages out and puts the client's in, each with its length before it. Both ends are bounded and neither
//! waits for the other; a full mailbox is a full socket. It knows no route and no match.
//!
//! An empty message is a heartbeat: to the client it stands for a ping, from the client for the answer.

use std::io::{self, ErrorKind, Read, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use bytes::Bytes;
use shared::length_prefix::{put_message, split_first};
use shared::protocol::CLIENT_MESSAGE_BYTES_MAX;
use thiserror::Error;

use crate::link::frame::{Opcode, read_server_frame, write_client_frame};
use crate::link::replies::{Presented, Replies, Reply};

/// Bytes for the client from which on the mailbox is full. What is written while it is not full is taken whole.
const DOWN_BYTES_FULL: usize = 4096;
/// Bytes from the client that wait for the match at most.
const UP_BYTES_MAX: usize = 16 * 1024;
/// Room that is kept for them while there are none: for the inputs of a tick.
const UP_BYTES_KEPT: usize = 256;

/// How a mailbox is emptied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// By one response that goes on as long as the link.
    Stream,
    /// By a request for each batch.
    Poll,
}

/// Why messages of a client were not taken; none of them was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum PutError {
    /// A length does not fit what follows it.
    #[error("the last message is not whole, or a length does not fit")]
    Broken,
    /// A message is longer than a client may send.
    #[error("a message has at most {CLIENT_MESSAGE_BYTES_MAX} bytes")]
    TooLarge,
    /// The match has not read what came before.
    #[error("the match has not read your earlier messages yet")]
    Full,
    /// The link has ended.
    #[error("this link has ended")]
    Closed,
}

/// What became of a poll.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Polled {
    /// Messages.
    Reply(Reply),
    /// The cursor was never given, or is too old.
    Unknown,
    /// A later poll took the place of this one.
    Superseded,
    /// The link has ended, and all was delivered.
    Over,
}

/// The end of a mailbox that routes hold.
#[derive(Debug)]
pub struct Mailbox {
    /// Tells a seat's mailboxes apart.
    pub number: u64,
    /// How it is emptied.
    pub delivery: Delivery,
    lanes: Mutex<Lanes>,
}

/// The end of a mailbox that a match holds.
#[derive(Debug)]
pub struct MailboxLink {
    mailbox: Arc<Mailbox>,
    age: Option<Duration>,
}

#[derive(Debug, Default)]
struct Lanes {
    /// Messages for the client, with their lengths.
    down: Vec<u8>,
    /// The beginning of a frame of the match whose end has not come.
    partial: Vec<u8>,
    /// Whether the match writes no more.
    ended: bool,
    /// Frames for the match.
    up: Vec<u8>,
    /// When the newest of them came.
    came_at: Option<Instant>,
    /// Whether the client is gone.
    hung_up: bool,
    replies: Replies,
    /// Counts polls, so that only the newest is answered.
    turn: u64,
    waker: Option<Waker>,
}

/// A new mailbox called `number` of its seat: the end for routes, and the end for the match.
pub fn open(delivery: Delivery, number: u64) -> (Arc<Mailbox>, MailboxLink) {
    let mailbox = Arc::new(Mailbox { number, delivery, lanes: Mutex::default() });
    (Arc::clone(&mailbox), MailboxLink { mailbox, age: None })
}

impl Mailbox {
    fn lanes(&self) -> MutexGuard<'_, Lanes> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a client's messages in, each with its length before it: all of them or none.
    pub fn put(&self, messages: &[u8]) -> Result<(), PutError> {
        let mut frames = Vec::with_capacity(messages.len() * 2);
        let mut rest = messages;
        while !rest.is_empty() {
            let first = split_first(rest, CLIENT_MESSAGE_BYTES_MAX).map_err(|_| PutError::TooLarge)?;
            let (message, behind) = first.ok_or(PutError::Broken)?;
            let opcode = if message.is_empty() { Opcode::Pong } else { Opcode::Binary };
            write_client_frame(&mut frames, opcode, message);
            rest = behind;
        }
        let mut lanes = self.lanes();
        if lanes.is_closed() {
            return Err(PutError::Closed);
        }
        if lanes.up.len() + frames.len() > UP_BYTES_MAX {
            return Err(PutError::Full);
        }
        lanes.up.extend_from_slice(&frames);
        lanes.came_at = Some(Instant::now());
        Ok(())
    }

    /// Everything for the client that is there. `None` is the end. For a mailbox that is streamed.
    pub fn poll_take(&self, cx: &Context<'_>) -> Poll<Option<Bytes>> {
        let mut lanes = self.lanes();
        if !lanes.down.is_empty() {
            return Poll::Ready(Some(Bytes::from(std::mem::take(&mut lanes.down))));
        }
        if lanes.ended {
            return Poll::Ready(None);
        }
        lanes.waker = Some(cx.waker().clone());
        Poll::Pending
    }

    /// Begins a poll: it ends those that wait already. Returns its turn.
    pub fn begin_poll(&self) -> u64 {
        let mut lanes = self.lanes();
        lanes.turn += 1;
        if let Some(waker) = lanes.waker.take() {
            waker.wake();
        }
        lanes.turn
    }

    /// What the client gets that presents `cursor` in a poll of this `turn`.
    pub fn poll_reply(&self, cursor: u64, turn: u64, cx: &Context<'_>) -> Poll<Polled> {
        let mut lanes = self.lanes();
        if lanes.turn != turn {
            return Poll::Ready(Polled::Superseded);
        }
        match lanes.replies.present(cursor) {
            Presented::Unknown => return Poll::Ready(Polled::Unknown),
            Presented::Again(reply) => return Poll::Ready(Polled::Reply(reply)),
            Presented::Current { is_answer: false } => {}
            Presented::Current { is_answer: true } => lanes.answer_ping(),
        }
        let Lanes { replies, down, .. } = &mut *lanes;
        if let Some(reply) = replies.make(down) {
            return Poll::Ready(Polled::Reply(reply));
        }
        if lanes.ended {
            return Poll::Ready(Polled::Over);
        }
        lanes.waker = Some(cx.waker().clone());
        Poll::Pending
    }

    /// The client is gone.
    pub fn hang_up(&self) {
        self.lanes().hung_up = true;
    }

    /// Whether the match or the client has ended it.
    pub fn is_closed(&self) -> bool {
        self.lanes().is_closed()
    }
}

impl Lanes {
    fn is_closed(&self) -> bool {
        self.ended || self.hung_up
    }

    /// A client that polls on has got the ping; a full lane has signs of life enough.
    fn answer_ping(&mut self) {
        if self.up.len() < UP_BYTES_MAX {
            write_client_frame(&mut self.up, Opcode::Pong, &[]);
            self.came_at = Some(Instant::now());
        }
    }

    /// Takes frames of the match apart. Room is kept for the end of a frame that was cut short, and for nothing else: a
    /// mailbox waits longer than it works.
    fn take_frames(&mut self, bytes: &[u8]) {
        let kept = std::mem::take(&mut self.partial);
        if kept.is_empty() {
            self.partial = self.take_whole(bytes).to_vec();
        } else {
            let joined = [&kept, bytes].concat();
            self.partial = self.take_whole(&joined).to_vec();
        }
    }

    /// Takes the whole frames of `bytes`; returns what stands behind them.
    fn take_whole<'b>(&mut self, bytes: &'b [u8]) -> &'b [u8] {
        let mut rest = bytes;
        while let Some((opcode, payload, behind)) = read_server_frame(rest) {
            match opcode {
                Opcode::Binary => put_message(payload, &mut self.down),
                Opcode::Ping => put_message(&[], &mut self.down),
                // The message before a close says the same; a pong has nothing to answer here, and players get no text.
                Opcode::Close | Opcode::Pong | Opcode::Text => {}
            }
            rest = behind;
        }
        rest
    }
}

impl MailboxLink {
    /// How it is emptied.
    pub fn delivery(&self) -> Delivery {
        self.mailbox.delivery
    }

    /// How long the newest of the bytes that were read last had been here.
    pub fn age(&self) -> Option<Duration> {
        self.age
    }

    /// Takes the last bytes, full or not, and nothing after them.
    pub fn close(&mut self, last: &[u8]) {
        self.mailbox.lanes().take_frames(last);
        self.finish();
    }

    /// Says that nothing more will be written.
    pub fn finish(&mut self) {
        let mut lanes = self.mailbox.lanes();
        lanes.ended = true;
        if let Some(waker) = lanes.waker.take() {
            waker.wake();
        }
    }
}

impl Read for MailboxLink {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let mut lanes = self.mailbox.lanes();
        if lanes.up.is_empty() {
            return if lanes.hung_up { Ok(0) } else { Err(ErrorKind::WouldBlock.into()) };
        }
        self.age = lanes.came_at.map(|at| at.elapsed());
        let count = lanes.up.len().min(into.len());
        for (place, byte) in into.iter_mut().zip(lanes.up.drain(..count)) {
            *place = byte;
        }
        if lanes.up.is_empty() {
            lanes.up.shrink_to(UP_BYTES_KEPT);
        }
        Ok(count)
    }
}

impl Write for MailboxLink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut lanes = self.mailbox.lanes();
        if lanes.is_closed() {
            return Err(ErrorKind::BrokenPipe.into());
        }
        if lanes.down.len() >= DOWN_BYTES_FULL {
            return Err(ErrorKind::WouldBlock.into());
        }
        lanes.take_frames(bytes);
        if let Some(waker) = lanes.waker.take() {
            waker.wake();
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for MailboxLink {
    fn drop(&mut self) {
        self.finish();
    }
}

#[cfg(test)]
mod tests;
