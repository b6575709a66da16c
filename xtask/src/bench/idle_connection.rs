//! Connections that wait: one of every kind that the server keeps, opened by hand and then left alone, so that its
//! memory can be measured. It reads no more of an answer than opening the next thing needs. Called by `idle`.

use std::{
    io::{ErrorKind, Read as _, Write as _},
    net::TcpStream,
    time::Duration,
};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;

/// Longest wait for an answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// Time in which a match has heard that nobody looks, and a poll is answered if it is not held.
const SOON: Duration = Duration::from_millis(100);
/// "Nobody looks", as a player says it, behind its length: from then on nothing but heartbeats comes.
const HIDDEN: &[u8] = &[4, 0x81, 0xa1, b'h', 0xc3];
/// The same in a WebSocket frame whose mask changes nothing.
const HIDDEN_FRAME: &[u8] = &[0x82, 0x84, 0, 0, 0, 0, 0x81, 0xa1, b'h', 0xc3];
const UPGRADE: &str = "connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
    sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n";

/// What waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A spectator whose feed streams, by these header fields and below this path of the feed.
    Feed(&'static str, &'static str),
    /// A player over a WebSocket.
    Socket,
    /// A player over a stream.
    Stream,
    /// A player whose poll is held.
    Poll,
    /// Nobody: a connection between two requests.
    Rest,
}

/// Every kind, with its name.
pub(super) const KINDS: [(&str, Kind); 8] = [
    ("feed: sse", Kind::Feed("", "accept: text/event-stream\r\n")),
    ("feed: ndjson", Kind::Feed("", "accept: application/x-ndjson\r\n")),
    ("feed: websocket", Kind::Feed("/ws", "sec-websocket-protocol: starfray.feed.v1\r\n")),
    ("feed: long poll", Kind::Feed("/poll?wait=25", "")),
    ("seat: websocket", Kind::Socket),
    ("seat: stream", Kind::Stream),
    ("seat: poll", Kind::Poll),
    ("between requests", Kind::Rest),
];

/// Where to connect.
#[derive(Debug, Clone)]
pub(super) struct Door {
    /// Host and port.
    pub(super) address: String,
    /// The match.
    pub(super) id: String,
}

struct Answer {
    head: String,
    body: Vec<u8>,
}

impl Door {
    /// Opens a connection of this kind. Player number `number` takes a seat first, over a connection that ends.
    ///
    /// # Errors
    /// When the server refuses, or does not answer in time.
    pub(super) fn open(&self, kind: Kind, number: u32) -> Result<TcpStream> {
        let path = format!("/api/matches/{}", self.id);
        match kind {
            Kind::Feed(below, fields) => {
                let upgrade = if below == "/ws" { UPGRADE } else { "" };
                self.asked(&format!("GET {path}/feed{below}"), &format!("{upgrade}{fields}"), &[])
            }
            Kind::Rest => {
                let mut socket = self.asked("GET /healthz", "", &[])?;
                answer(&mut socket)?;
                Ok(socket)
            }
            Kind::Socket | Kind::Stream | Kind::Poll => {
                let bearer = format!("authorization: Bearer {}\r\n", self.take_seat(number)?);
                self.open_seat(kind, (&path, &bearer))
            }
        }
    }

    fn open_seat(&self, kind: Kind, (path, bearer): (&str, &str)) -> Result<TcpStream> {
        let hide = || -> Result<()> {
            let close = format!("{bearer}connection: close\r\n");
            let mut socket = self.asked(&format!("POST {path}/input"), &close, HIDDEN)?;
            answer(&mut socket).map(drop)
        };
        match kind {
            Kind::Poll => {
                let mut socket = self.asked(&format!("GET {path}/poll"), bearer, &[])?;
                let mut reply = Some(answer(&mut socket)?);
                hide()?;
                // One answer may still be made before the match has heard it.
                std::thread::sleep(SOON);
                while let Some(cursor) =
                    reply.as_ref().and_then(|reply| field(&reply.head, "starfray-cursor"))
                {
                    self.ask(&mut socket, &format!("GET {path}/poll?cursor={cursor}"), bearer, &[])?;
                    reply = answer_soon(&mut socket)?;
                }
                Ok(socket)
            }
            Kind::Stream => {
                let socket = self.asked(&format!("GET {path}/stream"), bearer, &[])?;
                // The route must have opened the link before its messages can be put in.
                std::thread::sleep(SOON);
                hide()?;
                Ok(socket)
            }
            _ => {
                let fields = format!("{bearer}{UPGRADE}sec-websocket-protocol: starfray.v1\r\n");
                let mut socket = self.asked(&format!("GET {path}/ws"), &fields, &[])?;
                socket.write_all(HIDDEN_FRAME)?;
                Ok(socket)
            }
        }
    }

    fn take_seat(&self, number: u32) -> Result<String> {
        let body = format!("{{\"name\":\"Idle {number}\"}}");
        let fields = "content-type: application/json\r\nconnection: close\r\n";
        let request = format!("POST /api/matches/{}/join", self.id);
        let answer = answer(&mut self.asked(&request, fields, body.as_bytes())?)?;
        let seat: Value = serde_json::from_slice(&answer.body).context("joining was refused")?;
        let token = seat.get("token").and_then(Value::as_str).context("joining gave no token")?;
        Ok(token.to_owned())
    }

    /// A new connection with one request on its way.
    fn asked(&self, request: &str, fields: &str, body: &[u8]) -> Result<TcpStream> {
        let mut socket = TcpStream::connect(&self.address).context("cannot connect")?;
        socket.set_nodelay(true)?;
        socket.set_read_timeout(Some(PATIENCE))?;
        self.ask(&mut socket, request, fields, body)?;
        Ok(socket)
    }

    fn ask(&self, socket: &mut TcpStream, request: &str, fields: &str, body: &[u8]) -> Result<()> {
        let length = match body.len() {
            0 => String::new(),
            length => format!("content-length: {length}\r\n"),
        };
        let head = format!("{request} HTTP/1.1\r\nhost: {}\r\n{fields}{length}\r\n", self.address);
        Ok(socket.write_all(&[head.as_bytes(), body].concat())?)
    }
}

/// An answer with a length.
fn answer(socket: &mut TcpStream) -> Result<Answer> {
    let mut bytes = Vec::new();
    let mut part = [0; 4096];
    loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n").map(|at| at + 4) {
            let head = String::from_utf8_lossy(bytes.get(..end).unwrap_or_default()).to_ascii_lowercase();
            let length = field(&head, "content-length").map_or(Ok(0), str::parse::<usize>)?;
            if bytes.len() >= end + length {
                ensure!(
                    head.starts_with("http/1.1 2"),
                    "refused: {}",
                    head.lines().next().unwrap_or_default()
                );
                return Ok(Answer { head, body: bytes.split_off(end) });
            }
        }
        match socket.read(&mut part)? {
            0 => bail!("the connection ended within an answer"),
            count => bytes.extend(part.iter().take(count)),
        }
    }
}

/// The answer if it comes soon; `None` if it is held.
fn answer_soon(socket: &mut TcpStream) -> Result<Option<Answer>> {
    socket.set_read_timeout(Some(SOON))?;
    let peeked = socket.peek(&mut [0]);
    socket.set_read_timeout(Some(PATIENCE))?;
    match peeked {
        Ok(_) => answer(socket).map(Some),
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn field<'h>(head: &'h str, name: &str) -> Option<&'h str> {
    head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_found_by_its_whole_name() {
        let head = "http/1.1 200 ok\r\nx-starfray-cursor: 9\r\nstarfray-cursor: 3.12\r\n\r\n";
        assert_eq!(field(head, "starfray-cursor"), Some("3.12"));
        assert_eq!(field(head, "content-length"), None);
    }
}
