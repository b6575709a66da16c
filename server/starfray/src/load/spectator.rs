//! One headless spectator: a socket that asked for the feed over one of its transports, and a reader that finds events.
//! Nothing is kept of what it reads but counts and, for polls, the cursor.

use std::io::{ErrorKind, Read, Write};

use anyhow::{Result, bail, ensure};
use mio::net::TcpStream;
use shared::feed::FEED_SUBPROTOCOL;

use crate::load::comeback::{Comeback, Refused, is_final};
use crate::load::feed_reader::{Feed, FeedEvent, FeedReader, Reply};
use crate::load::invitation::Invitation;
use crate::load::wire::Wire;

/// An empty pong as clients send it, masked with zeros.
const PONG: [u8; 6] = [0x8a, 0x80, 0, 0, 0, 0];

/// How often a spectator pulls, and when it did.
#[derive(Clone, Copy, Debug)]
struct Pull {
    every_ms: f64,
    asked_ms: f64,
    /// Whether the answer has come.
    answered: bool,
}

/// A headless spectator.
#[derive(Debug)]
pub(crate) struct Spectator {
    /// The connection, while there is one.
    wire: Option<Wire>,
    /// What the connection has not taken yet, because it does not stand.
    unsent: Vec<u8>,
    feed: Feed,
    /// Its way back after its connection ended.
    pub(crate) comeback: Comeback,
    /// The match's address and this server's name, for polls.
    target: (String, String),
    reader: FeedReader,
    /// Where polls go on.
    cursor: String,
    /// Whether it pulls, and when.
    pull: Option<Pull>,
    answered: bool,
    last_ms: Option<f64>,
    fed: bool,
    /// Bytes sent since they were counted last.
    up: u64,
    /// Requests sent since they were counted last.
    requests: u64,
}

impl Spectator {
    /// Asks for the feed at `now_ms`. With `pull_every_ms` it polls so often and no answer is held. `index` is its
    /// number among all clients.
    pub(crate) fn connect(
        invitation: &Invitation,
        (feed, pull_every_ms): (Feed, Option<f64>),
        index: usize,
        now_ms: f64,
    ) -> Result<Spectator> {
        let mut wire = invitation.target.connect()?;
        wire.never_wait(true)?;
        let path = format!("/api/matches/{}/feed", invitation.match_id);
        let mut spectator = Spectator {
            wire: Some(wire),
            unsent: Vec::new(),
            feed,
            comeback: Comeback::new(index),
            target: (path, invitation.authority.clone()),
            reader: FeedReader::new(feed),
            cursor: String::new(),
            pull: pull_every_ms.map(|every_ms| Pull { every_ms, asked_ms: now_ms, answered: false }),
            answered: false,
            last_ms: None,
            fed: false,
            up: 0,
            requests: 0,
        };
        spectator.begin()?;
        Ok(spectator)
    }

    /// Asks for the feed over a new connection, from where it was.
    fn begin(&mut self) -> Result<()> {
        let (path, host) = &self.target;
        let resume = if self.cursor.is_empty() { String::new() } else { format!("?cursor={}", self.cursor) };
        let stream = |accept| get(&format!("{path}{resume}"), host, &format!("accept: {accept}\r\n"));
        let request = match self.feed {
            Feed::Sse => stream("text/event-stream"),
            Feed::Ndjson => stream("application/x-ndjson"),
            Feed::Poll => poll(path, host, (wait_s(self.pull.is_some()), &self.cursor)),
            Feed::Websocket => {
                let upgrade = format!(
                    "connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
                     sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\nsec-websocket-protocol: {FEED_SUBPROTOCOL}\r\n"
                );
                get(&format!("{path}/ws{resume}"), host, &upgrade)
            }
        };
        self.unsent = request.into_bytes();
        self.requests += 1;
        self.flush()
    }

    /// Sends what the connection takes of what waits.
    fn flush(&mut self) -> Result<()> {
        let (Some(wire), false) = (&mut self.wire, self.unsent.is_empty()) else { return Ok(()) };
        match wire.write(&self.unsent) {
            Ok(sent) => {
                self.unsent.drain(..sent);
                self.up += sent as u64;
                Ok(())
            }
            Err(e) if e.kind() == ErrorKind::WouldBlock => Ok(()),
            Err(e) => Err(e.into()),
        }
    }

    /// The connection ended, or a try to come back failed, with `error`. False if there is no way back.
    pub(crate) fn lose(&mut self, now_ms: f64, error: Option<&anyhow::Error>) -> bool {
        let place = self.reader.place();
        if error.is_some_and(is_final) || place.retry_ms == Some(0) {
            return false;
        }
        if place.cursor.is_some() {
            self.cursor = place.cursor();
        }
        self.comeback.lost(now_ms, place.retry_ms.unwrap_or(0));
        self.wire = None;
        true
    }

    /// Begins a try to come back to where it was in the feed.
    pub(crate) fn try_again(&mut self, invitation: &Invitation, now_ms: f64) -> Result<()> {
        self.wire = Some(invitation.target.dial()?);
        self.reader = FeedReader::new(self.feed);
        (self.answered, self.last_ms, self.fed) = (false, None, false);
        if let Some(pull) = &mut self.pull {
            (pull.answered, pull.asked_ms) = (false, now_ms);
        }
        self.begin()
    }

    /// The socket, to be registered.
    pub(crate) fn socket(&mut self) -> Option<&mut TcpStream> {
        self.wire.as_mut().map(Wire::socket)
    }

    /// Whether an event with a tick has come over this connection.
    pub(crate) fn fed(&self) -> bool {
        self.fed
    }

    /// Bytes sent since the last call.
    pub(crate) fn take_up(&mut self) -> u64 {
        std::mem::take(&mut self.up)
    }

    /// Requests sent since the last call.
    pub(crate) fn take_requests(&mut self) -> u64 {
        std::mem::take(&mut self.requests)
    }

    /// Gives pulls a time of their own between two, so that a crowd does not ask in one instant; `share` is 0 to 1.
    pub(crate) fn spread(&mut self, share: f64) {
        if let Some(pull) = &mut self.pull {
            pull.asked_ms -= share * pull.every_ms;
        }
    }

    /// Asks again if it is time. One that is not there any more shows at its next read.
    pub(crate) fn advance(&mut self, now_ms: f64) -> Result<()> {
        let Some(pull) = self.pull.as_mut().filter(|_| self.wire.is_some()) else { return Ok(()) };
        let due_ms = pull.asked_ms + pull.every_ms;
        if !pull.answered || due_ms > now_ms {
            return Ok(());
        }
        (pull.answered, pull.asked_ms) = (false, due_ms.max(now_ms - pull.every_ms));
        self.ask()
    }

    fn ask(&mut self) -> Result<()> {
        self.requests += 1;
        let wait = wait_s(self.pull.is_some());
        let request = poll(&self.target.0, &self.target.1, (wait, &self.cursor));
        self.send(request.as_bytes())
    }

    /// Reads everything that is there. `on_event` gets each event and the time since the one before, for the first
    /// of those that came together. Returns the bytes read.
    pub(crate) fn receive(
        &mut self,
        now_ms: f64,
        scratch: &mut [u8],
        mut on_event: impl FnMut(FeedEvent, Option<f64>),
    ) -> Result<u64> {
        self.flush()?;
        let mut bytes = 0;
        loop {
            let Some(wire) = &mut self.wire else { return Ok(bytes) };
            match wire.read(scratch) {
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
        let welcome = [&b"HTTP/1.1 200"[..], b"HTTP/1.1 204", b"HTTP/1.1 101"];
        if !self.answered && !welcome.iter().any(|w| part.starts_with(w)) {
            let status = part.get(9..12).and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok());
            return Err(Refused(status.unwrap_or_default()).into());
        }
        self.answered = true;
        let Spectator { reader, last_ms, fed, .. } = self;
        let reply = reader.take(part, |event| {
            let gap = last_ms.map(|last| now_ms - last).filter(|gap| *gap > 0.0);
            *last_ms = Some(now_ms);
            *fed |= event.tick.is_some();
            on_event(event, gap);
        })?;
        match reply {
            None => Ok(()),
            Some(Reply::Pong) => self.send(&PONG),
            Some(Reply::Poll(cursor)) => {
                if !cursor.is_empty() {
                    self.cursor = cursor;
                }
                match &mut self.pull {
                    Some(pull) => {
                        pull.answered = true;
                        Ok(())
                    }
                    None => self.ask(),
                }
            }
        }
    }

    /// Sends a few bytes; a socket that had no room for the last ones is one that the server does not read.
    fn send(&mut self, bytes: &[u8]) -> Result<()> {
        ensure!(self.unsent.is_empty(), "the server does not read");
        self.unsent.extend_from_slice(bytes);
        self.flush()
    }
}

fn get(path: &str, host: &str, headers: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: {host}\r\n{headers}\r\n")
}

fn wait_s(pulls: bool) -> u32 {
    if pulls { 0 } else { 25 }
}

fn poll(path: &str, host: &str, (wait_s, cursor): (u32, &str)) -> String {
    get(&format!("{path}/poll?wait={wait_s}&cursor={cursor}"), host, "")
}
