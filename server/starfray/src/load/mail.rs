//! A headless player's messages over plain HTTP: a stream or polls on one connection, POSTs on another, as a page
//! without WebSocket sends them. It sees messages and bytes; who plays is the player's business.

use std::io::{ErrorKind, Read, Write};

use anyhow::{Context, Result, bail};
use shared::length_prefix::{MessageReader, put_message};

use crate::load::args::Transport;
use crate::load::comeback::Refused;
use crate::load::http_reader::{HttpReader, Part};
use crate::load::invitation::{Invitation, Seat};
use crate::load::road::Socket;
use crate::load::wire::Wire;

/// Longest message from a server.
const MESSAGE_BYTES_MAX: usize = 1 << 20;
/// Bytes asked of a connection in one go.
const READ_BYTES: usize = 8192;
/// Requests with inputs under way at a time, as in the page.
const POSTS_MAX: u32 = 3;
/// Bytes that wait at most; inputs that find no room for seconds are of no use to anybody.
const WAITING_BYTES_MAX: usize = 4096;

/// One connection: what it brings, and what it has not taken yet.
struct Line {
    socket: Socket,
    reader: HttpReader,
    unsent: Vec<u8>,
}

/// A seat's link.
pub(crate) struct Mail {
    down: Line,
    up: Line,
    polls: bool,
    /// What stands in every request behind its first line.
    fields: String,
    path: String,
    cursor: String,
    messages: MessageReader,
    waiting: Vec<u8>,
    posts: u32,
}

impl Line {
    fn over(wire: Wire) -> Line {
        Line { socket: Socket::new(wire), reader: HttpReader::default(), unsent: Vec::new() }
    }

    fn flush(&mut self) -> Result<()> {
        while !self.unsent.is_empty() {
            match self.socket.write(&self.unsent) {
                Ok(count) => drop(self.unsent.drain(..count)),
                Err(e) if e.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(e) => return Err(e.into()),
            }
        }
        Ok(())
    }

    /// Reads everything that is there.
    fn read(&mut self, mut take: impl FnMut(Part<'_>) -> Result<()>) -> Result<()> {
        let mut bytes = [0; READ_BYTES];
        loop {
            match self.socket.read(&mut bytes) {
                Ok(0) => bail!("the server closed the connection"),
                Ok(count) => self.reader.read(bytes.get(..count).unwrap_or_default(), &mut take)?,
                Err(e) if e.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(e) => return Err(e.into()),
            }
        }
    }
}

impl Mail {
    /// Opens the link of a seat over two connections that never wait, and may not stand yet.
    pub(crate) fn open(
        invitation: &Invitation,
        seat: &Seat,
        (down, up): (Wire, Wire),
        transport: Transport,
    ) -> Result<Mail> {
        let fields = format!("host: {}\r\nauthorization: Bearer {}\r\n", invitation.authority, seat.token);
        let mut mail = Mail {
            down: Line::over(down),
            up: Line::over(up),
            polls: transport == Transport::Poll,
            fields,
            path: format!("/api/matches/{}", invitation.match_id),
            cursor: String::new(),
            messages: MessageReader::default(),
            waiting: Vec::new(),
            posts: 0,
        };
        mail.ask()?;
        Ok(mail)
    }

    /// Both connections' sockets.
    pub(crate) fn sockets(&mut self) -> [&mut Socket; 2] {
        [&mut self.down.socket, &mut self.up.socket]
    }

    /// Bytes received and sent so far.
    pub(crate) fn bytes(&self) -> (u64, u64) {
        let (down, up) = (&self.down.socket, &self.up.socket);
        (down.down + up.down, down.up + up.up)
    }

    fn ask(&mut self) -> Result<()> {
        let Mail { path, fields, cursor, .. } = self;
        let request = if self.polls {
            format!("GET {path}/poll?cursor={cursor} HTTP/1.1\r\n{fields}\r\n")
        } else {
            format!("GET {path}/stream HTTP/1.1\r\n{fields}\r\n")
        };
        self.down.unsent.extend_from_slice(request.as_bytes());
        self.down.flush()
    }

    /// Reads everything that is there and hands each message to `take`.
    pub(crate) fn receive(&mut self, mut take: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
        let (mut answered, mut odd, mut heartbeats) = (false, None, 0);
        let Mail { down, messages, cursor, .. } = self;
        down.read(|part| {
            match part {
                Part::Head(200 | 204, next) => *cursor = next.unwrap_or_default(),
                Part::Head(status, _) => return Err(Refused(status).into()),
                Part::Body(bytes) => messages.read(bytes, MESSAGE_BYTES_MAX, |message| {
                    if message.is_empty() {
                        heartbeats += 1;
                    } else if let Err(error) = take(message) {
                        odd.get_or_insert(error);
                    }
                })?,
                Part::End => answered = true,
            }
            Ok(())
        })?;
        if let Some(error) = odd {
            return Err(error);
        }
        for _ in 0..heartbeats {
            self.send(&[]);
        }
        if answered && !self.polls {
            bail!("the stream ended");
        }
        if answered {
            self.ask()?;
        }
        let posts = &mut self.posts;
        self.up.read(|part| {
            match part {
                Part::Head(204, _) => *posts = posts.checked_sub(1).context("an answer to nothing")?,
                Part::Head(status, _) => bail!("inputs were answered {status}"),
                _ => {}
            }
            Ok(())
        })?;
        self.flush()
    }

    /// Puts a message among those that wait.
    pub(crate) fn send(&mut self, message: &[u8]) {
        if self.waiting.len() < WAITING_BYTES_MAX {
            put_message(message, &mut self.waiting);
        }
    }

    /// Sends what waits, unless enough is under way.
    pub(crate) fn flush(&mut self) -> Result<()> {
        if !self.waiting.is_empty() && self.posts < POSTS_MAX {
            let Mail { path, fields, waiting, up, .. } = self;
            let length = waiting.len();
            let head = format!("POST {path}/input HTTP/1.1\r\n{fields}content-length: {length}\r\n\r\n");
            up.unsent.extend_from_slice(head.as_bytes());
            up.unsent.append(waiting);
            self.posts += 1;
        }
        self.down.flush()?;
        self.up.flush()
    }
}
