//! One headless spectator: a socket that asked for the feed over SSE, and a reader that finds its events.
//! Nothing is kept of what it reads but counts.

use std::io::{ErrorKind, Read, Write};

use anyhow::{Result, bail, ensure};
use mio::net::TcpStream;

use crate::load::feed_reader::{FeedEvent, FeedReader};
use crate::load::invitation::Invitation;

/// A headless spectator.
#[derive(Debug)]
pub(crate) struct Spectator {
    socket: TcpStream,
    reader: FeedReader,
    answered: bool,
    last_ms: Option<f64>,
    fed: bool,
}

impl Spectator {
    /// Asks for the feed.
    pub(crate) fn connect(invitation: &Invitation) -> Result<Spectator> {
        let mut socket = std::net::TcpStream::connect(&invitation.authority)?;
        let (id, host) = (&invitation.match_id, &invitation.authority);
        write!(
            socket,
            "GET /api/matches/{id}/events HTTP/1.1\r\nhost: {host}\r\naccept: text/event-stream\r\n\r\n"
        )?;
        socket.set_nonblocking(true)?;
        let socket = TcpStream::from_std(socket);
        Ok(Spectator { socket, reader: FeedReader::default(), answered: false, last_ms: None, fed: false })
    }

    /// The socket, to be registered.
    pub(crate) fn socket(&mut self) -> &mut TcpStream {
        &mut self.socket
    }

    /// Whether an event with a tick has come.
    pub(crate) fn fed(&self) -> bool {
        self.fed
    }

    /// Reads everything that is there. `on_event` gets each event and the time since the one before, for the first
    /// of those that came together. Returns the bytes read.
    pub(crate) fn receive(
        &mut self,
        now_ms: f64,
        scratch: &mut [u8],
        mut on_event: impl FnMut(FeedEvent, Option<f64>),
    ) -> Result<u64> {
        let mut bytes = 0;
        loop {
            match self.socket.read(scratch) {
                Ok(0) => bail!("the feed ended"),
                Ok(count) => {
                    self.take(scratch.get(..count).unwrap_or_default(), now_ms, &mut on_event)?;
                    bytes += count as u64;
                }
                Err(e) if e.kind() == ErrorKind::WouldBlock => return Ok(bytes),
                Err(e) => return Err(e.into()),
            }
        }
    }

    fn take(
        &mut self,
        part: &[u8],
        now_ms: f64,
        on_event: &mut impl FnMut(FeedEvent, Option<f64>),
    ) -> Result<()> {
        ensure!(self.answered || part.starts_with(b"HTTP/1.1 200"), "the feed was refused");
        self.answered = true;
        let Spectator { reader, last_ms, fed, .. } = self;
        reader.take(part, |event| {
            let gap = last_ms.map(|last| now_ms - last).filter(|gap| *gap > 0.0);
            *last_ms = Some(now_ms);
            *fed |= event.tick.is_some();
            on_event(event, gap);
        });
        Ok(())
    }
}
