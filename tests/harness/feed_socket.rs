//! A spectator's raw connection: the request's bytes out, chunks of server-sent events or of JSON lines in.
//! It speaks just enough HTTP/1.1 to see what a proxy would see.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::sse::{SseEvent, SseReader};

/// Longest wait for one read.
const READ_WITHIN: Duration = Duration::from_millis(50);

/// A feed that is being read.
#[derive(Debug)]
pub struct FeedSocket {
    /// The response's head.
    pub head: String,
    /// The stream's reader, for `retry` and comments.
    pub sse: SseReader,
    /// Whether the body came to its proper end.
    pub finished: bool,
    /// Whether the connection ended.
    pub closed: bool,
    socket: TcpStream,
    raw: Vec<u8>,
    line: Vec<u8>,
    events: VecDeque<SseEvent>,
}

/// The event that one JSON object of a feed tells of, as the other readers have it.
pub fn event_of_record(record: &Value) -> Result<SseEvent> {
    let text = |key: &str| record[key].as_str().unwrap_or_default().to_owned();
    let name = text("event");
    ensure!(!name.is_empty(), "an event without a name: {record}");
    Ok(SseEvent { name, id: text("cursor"), data: record["data"].to_string() })
}

impl FeedSocket {
    /// Asks for `path` and waits for the head of the answer.
    pub fn open(address: SocketAddr, path: &str, headers: &[(&str, &str)]) -> Result<FeedSocket> {
        let mut socket = TcpStream::connect(address)?;
        let mut request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\n");
        for (name, value) in headers {
            write!(request, "{name}: {value}\r\n")?;
        }
        socket.write_all(format!("{request}\r\n").as_bytes())?;
        let mut feed = FeedSocket {
            head: String::new(),
            sse: SseReader::default(),
            finished: false,
            closed: false,
            socket,
            raw: Vec::new(),
            line: Vec::new(),
            events: VecDeque::new(),
        };
        let end = Instant::now() + Duration::from_secs(10);
        while feed.head.is_empty() {
            if Instant::now() > end || !feed.fill(READ_WITHIN)? {
                bail!("no head within ten seconds, but {:?}", String::from_utf8_lossy(&feed.raw));
            }
            if let Some(length) = feed.raw.windows(4).position(|w| w == b"\r\n\r\n") {
                let head: Vec<u8> = feed.raw.drain(..length + 4).collect();
                feed.head = String::from_utf8_lossy(&head).to_lowercase();
            }
        }
        Ok(feed)
    }

    /// Reads what is there, waiting a moment at most; false at the end of the connection.
    fn fill(&mut self, within: Duration) -> Result<bool> {
        self.socket.set_read_timeout(Some(within.clamp(Duration::from_micros(100), READ_WITHIN)))?;
        let mut room = [0; 16 * 1024];
        match self.socket.read(&mut room) {
            Ok(0) => {
                self.closed = true;
                Ok(false)
            }
            Ok(count) => {
                self.raw.extend_from_slice(room.get(..count).unwrap_or_default());
                Ok(true)
            }
            Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => Ok(true),
            Err(e) => Err(e.into()),
        }
    }

    /// Takes whole chunks off the raw bytes.
    fn unpack(&mut self) -> Result<()> {
        while let Some(line) = self.raw.windows(2).position(|w| w == b"\r\n") {
            let size = std::str::from_utf8(self.raw.get(..line).unwrap_or_default())?;
            let size =
                usize::from_str_radix(size, 16).with_context(|| format!("a chunk of {size:?} bytes"))?;
            let end = line + 2 + size;
            let Some(tail) = self.raw.get(end..end + 2) else { break };
            ensure!(tail == b"\r\n", "a chunk without an end");
            let chunk: Vec<u8> = self.raw.drain(..end + 2).skip(line + 2).take(size).collect();
            self.finished |= size == 0;
            if self.head.contains("content-type: application/x-ndjson") {
                self.take_lines(&chunk)?;
            } else {
                self.events.extend(self.sse.push(&chunk));
            }
        }
        Ok(())
    }

    /// Takes whole lines of JSON; heartbeats count as comments do.
    fn take_lines(&mut self, bytes: &[u8]) -> Result<()> {
        self.line.extend_from_slice(bytes);
        while let Some(end) = self.line.iter().position(|&b| b == b'\n') {
            let line: Vec<u8> = self.line.drain(..=end).collect();
            match event_of_record(&serde_json::from_slice(&line)?)? {
                event if event.name == "heartbeat" => self.sse.comments += 1,
                event => self.events.push_back(event),
            }
        }
        Ok(())
    }

    /// The next event; `None` if none comes within the time, or the connection ended.
    pub fn next(&mut self, within: Duration) -> Result<Option<SseEvent>> {
        let end = Instant::now() + within;
        loop {
            self.unpack()?;
            if let Some(event) = self.events.pop_front() {
                return Ok(Some(event));
            }
            let left = end.saturating_duration_since(Instant::now());
            let count = self.raw.len();
            let open = self.fill(left)?;
            if !open || (left.is_zero() && self.raw.len() == count) {
                self.unpack()?;
                return Ok(self.events.pop_front());
            }
        }
    }

    /// The next event with this name; others are passed over.
    pub fn next_named(&mut self, name: &str, within: Duration) -> Result<SseEvent> {
        let end = Instant::now() + within;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let event =
                self.next(left)?.with_context(|| format!("no {name} within {} s", within.as_secs_f64()))?;
            if event.name == name {
                return Ok(event);
            }
        }
    }
}
