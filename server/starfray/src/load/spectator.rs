//! One headless spectator: a socket that asked for the feed over one of its transports, and a reader that finds events.
//! Nothing is kept of what it reads but counts and, for polls, the cursor.

use std::io::{ErrorKind, Read, Write};

use anyhow::{Result, bail, ensure};
use mio::net::TcpStream;
use shared::feed::FEED_SUBPROTOCOL;

use crate::load::feed_reader::{Feed, FeedEvent, FeedReader, Reply};
use crate::load::invitation::Invitation;
use crate::load::wire::Wire;

/// An empty pong as clients send it, masked with zeros.
const PONG: [u8; 6] = [0x8a, 0x80, 0, 0, 0, 0];

/// When a spectator that pulls asks next, and how often.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_field_names, reason = "all of them are times, and their names say so")]
struct Pull {
    every_ms: f64,
    /// `None` while an answer is under way.
    due_ms: Option<f64>,
    asked_ms: f64,
}

/// A headless spectator.
#[derive(Debug)]
pub(crate) struct Spectator {
    wire: Wire,
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
    /// Asks for the feed at `now_ms`. With `pull_every_ms` it polls so often and no answer is held.
    pub(crate) fn connect(
        invitation: &Invitation,
        (feed, pull_every_ms): (Feed, Option<f64>),
        now_ms: f64,
    ) -> Result<Spectator> {
        let mut wire = invitation.target.connect()?;
        let (path, host) = (format!("/api/matches/{}/feed", invitation.match_id), &invitation.authority);
        let request = match feed {
            Feed::Sse => get(&path, host, "accept: text/event-stream\r\n"),
            Feed::Ndjson => get(&path, host, "accept: application/x-ndjson\r\n"),
            Feed::Poll => poll(&path, host, (wait_s(pull_every_ms.is_some()), "")),
            Feed::Websocket => {
                let upgrade = format!(
                    "connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
                     sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\nsec-websocket-protocol: {FEED_SUBPROTOCOL}\r\n"
                );
                get(&format!("{path}/ws"), host, &upgrade)
            }
        };
        wire.write_all(request.as_bytes())?;
        wire.never_wait(true)?;
        Ok(Spectator {
            wire,
            target: (path, host.clone()),
            reader: FeedReader::new(feed),
            cursor: String::new(),
            pull: pull_every_ms.map(|every_ms| Pull { every_ms, due_ms: None, asked_ms: now_ms }),
            answered: false,
            last_ms: None,
            fed: false,
            up: request.len() as u64,
            requests: 1,
        })
    }

    /// The socket, to be registered.
    pub(crate) fn socket(&mut self) -> &mut TcpStream {
        self.wire.socket()
    }

    /// Whether an event with a tick has come.
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
        let Some(pull) = &mut self.pull else { return Ok(()) };
        let Some(due_ms) = pull.due_ms.filter(|due| *due <= now_ms) else { return Ok(()) };
        (pull.due_ms, pull.asked_ms) = (None, due_ms.max(now_ms - pull.every_ms));
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
        let mut bytes = 0;
        loop {
            match self.wire.read(scratch) {
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
        ensure!(self.answered || welcome.iter().any(|w| part.starts_with(w)), "the feed was refused");
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
                        pull.due_ms = Some(pull.asked_ms + pull.every_ms);
                        Ok(())
                    }
                    None => self.ask(),
                }
            }
        }
    }

    /// Sends a few bytes; a socket that has no room for them is one that the server does not read.
    fn send(&mut self, bytes: &[u8]) -> Result<()> {
        let sent = self.wire.write(bytes)?;
        ensure!(sent == bytes.len(), "the server does not read");
        self.up += sent as u64;
        Ok(())
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
