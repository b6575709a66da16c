//! A spectator on any of the ways that a feed can be read: each opened at a cursor, each giving events one by one.
//! What they hold is the reader's business; this only carries.

use std::collections::VecDeque;
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use shared::feed::FEED_SUBPROTOCOL;
use tungstenite::{Message, WebSocket};

use crate::feed_socket::{FeedSocket, event_of_record};
use crate::http::get;
use crate::pilot::handshake;
use crate::sse::SseEvent;

/// What carries a feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// HTML5 Event Source.
    Sse,
    /// Lines of JSON.
    NdJson,
    /// Long polling.
    Poll,
    /// A WebSocket.
    WebSocket,
}

/// All ways.
pub const WAYS: [Way; 4] = [Way::Sse, Way::NdJson, Way::Poll, Way::WebSocket];

/// A feed that is being read.
#[derive(Debug)]
pub struct WayReader {
    address: SocketAddr,
    path: String,
    carrier: Carrier,
    events: VecDeque<SseEvent>,
    /// How a WebSocket was closed.
    pub close: Option<(u16, String)>,
    /// Requests that were made.
    pub requests: u32,
}

#[derive(Debug)]
enum Carrier {
    Stream(Box<FeedSocket>),
    /// Asks again from this cursor, or from none.
    Poll(String),
    Socket(Box<WebSocket<TcpStream>>),
}

impl WayReader {
    /// Opens the feed of the match `id` behind `cursor`, if there is one.
    pub fn open(address: SocketAddr, id: &str, way: Way, cursor: &str) -> Result<WayReader> {
        let path = format!("/api/matches/{id}/feed");
        let carrier = match way {
            Way::Sse | Way::NdJson => {
                let media = if way == Way::Sse { "text/event-stream" } else { "application/x-ndjson" };
                let query = format!("{path}?cursor={cursor}");
                let socket = FeedSocket::open(address, &query, &[("Accept", media)])?;
                ensure!(socket.head.contains(&format!("content-type: {media}")), "{}", socket.head);
                Carrier::Stream(Box::new(socket))
            }
            Way::Poll => Carrier::Poll(cursor.to_owned()),
            Way::WebSocket => {
                let query = format!("{path}/ws?cursor={cursor}");
                let socket = handshake(address, &query, &[FEED_SUBPROTOCOL])?;
                Carrier::Socket(Box::new(socket))
            }
        };
        Ok(WayReader { address, path, carrier, events: VecDeque::new(), close: None, requests: 1 })
    }

    /// The next event; `None` if none comes within the time, or the feed ended.
    pub fn next(&mut self, within: Duration) -> Result<Option<SseEvent>> {
        let end = Instant::now() + within;
        loop {
            if let Some(event) = self.events.pop_front() {
                return Ok(Some(event));
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() || self.close.is_some() {
                return Ok(None);
            }
            match &mut self.carrier {
                Carrier::Stream(socket) => return socket.next(left),
                Carrier::Poll(_) => self.poll(left)?,
                Carrier::Socket(_) => self.listen(left)?,
            }
        }
    }

    /// Whether the connection has ended; a poll has none of its own.
    pub fn ended(&self) -> bool {
        let stream_ended =
            matches!(&self.carrier, Carrier::Stream(socket) if socket.finished || socket.closed);
        stream_ended || self.close.is_some()
    }

    fn poll(&mut self, left: Duration) -> Result<()> {
        let Carrier::Poll(cursor) = &mut self.carrier else { return Ok(()) };
        let wait = left.as_secs().min(5);
        let url = format!("http://{}{}/poll?wait={wait}&cursor={cursor}", self.address, self.path);
        self.requests += 1;
        let answer = get(&url, &[])?;
        match answer.status {
            200 => {
                *cursor = answer.word("cursor")?;
                for record in answer.json()["events"].as_array().into_iter().flatten() {
                    self.events.push_back(event_of_record(record)?);
                }
            }
            204 => ensure!(answer.text.is_empty(), "{answer:?}"),
            404 => self.close = Some((404, answer.error())),
            _ => anyhow::bail!("{url}: {answer:?}"),
        }
        Ok(())
    }

    fn listen(&mut self, left: Duration) -> Result<()> {
        let Carrier::Socket(socket) = &mut self.carrier else { return Ok(()) };
        socket
            .get_mut()
            .set_read_timeout(Some(left.clamp(Duration::from_millis(1), Duration::from_millis(50))))?;
        match socket.read() {
            Ok(Message::Text(text)) => {
                self.events.push_back(event_of_record(&serde_json::from_str(&text)?)?);
            }
            Ok(Message::Close(frame)) => {
                self.close =
                    Some(frame.map_or((1005, String::new()), |f| (f.code.into(), f.reason.to_string())));
            }
            Ok(Message::Ping(_) | Message::Pong(_)) => {}
            Ok(other) => anyhow::bail!("the feed sent {other:?}"),
            Err(tungstenite::Error::Io(e))
                if matches!(e.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut) => {}
            Err(e) => return Err(e.into()),
        }
        Ok(())
    }
}
