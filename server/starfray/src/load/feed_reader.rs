//! Finds the events in what a feed's transport brings, without keeping more than the beginning of each. It knows as
//! much of the feed as load needs: where an event ends, which tick it tells of, and what a reader has to answer.

use std::str::FromStr;

use anyhow::{Result, bail, ensure};
use clap::ValueEnum;
use serde::Deserialize;

/// Bytes of a line or of a frame's payload that are kept: enough for its name, its cursor and its tick.
const BEGINNING_BYTES: usize = 160;
/// Longest answer to a poll that is read.
const ANSWER_BYTES_MAX: usize = 8 << 20;

/// What carries the feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Feed {
    /// HTML5 Event Source.
    Sse,
    /// Lines of JSON.
    Ndjson,
    /// Long polling.
    Poll,
    /// A WebSocket.
    Websocket,
}

/// One event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FeedEvent {
    /// The tick that it tells of, if it names one first.
    pub(crate) tick: Option<u32>,
}

/// What a reader needs to come back to a feed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    /// The newest event's cursor: epoch and number.
    pub(crate) cursor: Option<(u32, u64)>,
    /// The pause that the server asked for, in milliseconds; 0 from a goodbye is for ever.
    pub(crate) retry_ms: Option<u32>,
}

impl Place {
    /// The cursor as it is sent; empty before the first event.
    pub(crate) fn cursor(&self) -> String {
        self.cursor.map_or(String::new(), |(epoch, seq)| format!("{epoch}.{seq}"))
    }

    /// Learns from a line, or from a frame's text.
    fn note(&mut self, text: &[u8]) {
        if let Some(id) = text.strip_prefix(b"id: ") {
            self.cursor = cursor_in(id);
        } else if let Some(pause) = text.strip_prefix(b"retry: ") {
            self.retry_ms = number(pause);
        } else {
            if let Some(cursor) = after(text, b"\"cursor\":\"") {
                self.cursor = cursor_in(cursor);
            }
            if let Some(pause) = after(text, b"{\"reason\":").and_then(|bye| after(bye, b"\"retry_ms\":")) {
                self.retry_ms = number(pause);
            }
        }
    }
}

/// A feed's reader: what it reads, and what it learned of its place.
#[derive(Clone, Debug)]
pub(crate) struct FeedReader {
    reading: Reading,
    place: Place,
}

/// A feed's reading state.
#[derive(Clone, Debug)]
enum Reading {
    /// Server-sent events or lines of JSON.
    Lines {
        /// The line's beginning.
        line: Vec<u8>,
    },
    /// Frames of a WebSocket, behind the handshake.
    Frames {
        /// Whether the handshake's answer was read.
        open: bool,
        /// What is not whole yet: a head, and the beginning of a payload.
        kept: Vec<u8>,
        /// Payload bytes still to come.
        left: u64,
    },
    /// Answers to polls.
    Answers(Vec<u8>),
}

/// What a reader wants to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reply {
    /// The answer to a ping.
    Pong,
    /// The next poll, from this cursor; from none if it is empty.
    Poll(String),
}

#[derive(Deserialize)]
struct Answer {
    cursor: String,
    events: Vec<Record>,
}

#[derive(Deserialize)]
struct Record {
    data: Told,
}

#[derive(Deserialize)]
struct Told {
    tick: Option<u32>,
    retry_ms: Option<u32>,
}

impl FeedReader {
    /// A reader at the beginning of a connection.
    pub(crate) fn new(feed: Feed) -> FeedReader {
        let reading = match feed {
            Feed::Sse | Feed::Ndjson => Reading::Lines { line: Vec::new() },
            Feed::Websocket => Reading::Frames { open: false, kept: Vec::new(), left: 0 },
            Feed::Poll => Reading::Answers(Vec::new()),
        };
        FeedReader { reading, place: Place::default() }
    }

    /// Where it is, to come back there.
    pub(crate) fn place(&self) -> Place {
        self.place
    }

    /// Takes in bytes and calls `on_event` for each event; returns what is to be answered.
    pub(crate) fn take(
        &mut self,
        bytes: &[u8],
        mut on_event: impl FnMut(FeedEvent),
    ) -> Result<Option<Reply>> {
        match &mut self.reading {
            Reading::Lines { line } => {
                take_lines((line, &mut self.place), bytes, on_event);
                Ok(None)
            }
            Reading::Frames { .. } => self.take_frames(bytes, &mut on_event),
            Reading::Answers(kept) => {
                kept.extend_from_slice(bytes);
                ensure!(kept.len() <= ANSWER_BYTES_MAX, "an answer without an end");
                take_answer((kept, &mut self.place), &mut on_event)
            }
        }
    }

    fn take_frames(
        &mut self,
        mut bytes: &[u8],
        on_event: &mut impl FnMut(FeedEvent),
    ) -> Result<Option<Reply>> {
        let FeedReader { reading: Reading::Frames { open, kept, left }, place } = self else {
            return Ok(None);
        };
        let mut reply = None;
        while !bytes.is_empty() {
            let taken = if *open && frame_head(kept).is_some() {
                bytes.len().min(usize::try_from(*left).unwrap_or(usize::MAX))
            } else {
                1
            };
            let (part, rest) = bytes.split_at(taken);
            bytes = rest;
            if !*open {
                kept.extend_from_slice(part);
                *open = kept.ends_with(b"\r\n\r\n");
                if *open {
                    kept.clear();
                }
                continue;
            }
            let had_head = frame_head(kept).is_some();
            // Of a long payload only the beginning is looked at.
            let room = BEGINNING_BYTES.saturating_sub(kept.len()).min(part.len());
            kept.extend_from_slice(part.get(..room).unwrap_or_default());
            let Some((start, length)) = frame_head(kept) else { continue };
            *left = if had_head { *left - taken as u64 } else { length };
            if *left > 0 {
                continue;
            }
            match kept.first().map(|first| first & 0x0f) {
                Some(1) => {
                    let text = kept.get(start..).unwrap_or_default();
                    place.note(text);
                    on_event(FeedEvent { tick: tick_of(text) });
                }
                Some(9) => reply = Some(Reply::Pong),
                _ => bail!("the feed was closed"),
            }
            kept.clear();
        }
        Ok(reply)
    }
}

/// Where a frame's payload begins and how long it is; `None` if the head is not whole.
fn frame_head(bytes: &[u8]) -> Option<(usize, u64)> {
    let length = *bytes.get(1)?;
    match length {
        126 => Some((4, u64::from(u16::from_be_bytes(*bytes.get(2..)?.first_chunk()?)))),
        127 => Some((10, u64::from_be_bytes(*bytes.get(2..)?.first_chunk()?))),
        _ => Some((2, u64::from(length))),
    }
}

/// Chunk heads, names and heartbeats are lines without a cursor.
fn take_lines((line, place): (&mut Vec<u8>, &mut Place), bytes: &[u8], mut on_event: impl FnMut(FeedEvent)) {
    for &byte in bytes {
        match byte {
            b'\n' => {
                place.note(line);
                if line.starts_with(b"data: ") || line.starts_with(b"{\"event\":") && !is_heartbeat(line) {
                    on_event(FeedEvent { tick: tick_of(line) });
                }
                line.clear();
            }
            b'\r' => {}
            _ if line.len() < BEGINNING_BYTES => line.push(byte),
            _ => {}
        }
    }
}

fn is_heartbeat(line: &[u8]) -> bool {
    line.starts_with(b"{\"event\":\"heartbeat\"")
}

/// Takes a whole answer off `kept`, if there is one.
fn take_answer(
    (kept, place): (&mut Vec<u8>, &mut Place),
    on_event: &mut impl FnMut(FeedEvent),
) -> Result<Option<Reply>> {
    let Some(head_bytes) = kept.windows(4).position(|w| w == b"\r\n\r\n").map(|at| at + 4) else {
        return Ok(None);
    };
    let head = String::from_utf8_lossy(kept.get(..head_bytes).unwrap_or_default()).to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
    let length: usize = length.unwrap_or(0);
    if kept.len() < head_bytes + length {
        return Ok(None);
    }
    let body: Vec<u8> = kept.drain(..head_bytes + length).skip(head_bytes).collect();
    if head.starts_with("http/1.1 204") {
        return Ok(Some(Reply::Poll(String::new())));
    }
    ensure!(head.starts_with("http/1.1 200"), "a poll was refused: {}", String::from_utf8_lossy(&body));
    let answer: Answer = serde_json::from_slice(&body)?;
    for record in &answer.events {
        place.retry_ms = record.data.retry_ms.or(place.retry_ms);
        on_event(FeedEvent { tick: record.data.tick });
    }
    place.cursor = cursor_in(answer.cursor.as_bytes());
    Ok(Some(Reply::Poll(answer.cursor)))
}

/// The first number behind `{"tick":`, near the beginning.
fn tick_of(text: &[u8]) -> Option<u32> {
    number(after(text, b"{\"tick\":")?)
}

/// What follows `key`, near the beginning.
fn after<'a>(text: &'a [u8], key: &[u8]) -> Option<&'a [u8]> {
    let start = text.windows(key.len()).position(|w| w == key)? + key.len();
    text.get(start..)
}

/// The number at the beginning.
fn number<T: FromStr>(text: &[u8]) -> Option<T> {
    let end = text.iter().position(|b| !b.is_ascii_digit()).unwrap_or(text.len());
    std::str::from_utf8(text.get(..end)?).ok()?.parse().ok()
}

/// Epoch and number of the cursor at the beginning.
fn cursor_in(text: &[u8]) -> Option<(u32, u64)> {
    let dot = text.iter().position(|&b| b == b'.')?;
    Some((number(text)?, number(text.get(dot + 1..)?)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_knows_where_to_come_back_and_when() {
        let bye = "{\"reason\":\"going_away\",\"retry_ms\":777}";
        let sse = format!(
            "retry: 2000\n\nevent: delta\nid: 7.12\ndata: {{\"tick\":42}}\n\nevent: bye\ndata: {bye}\n"
        );
        let line = "{\"event\":\"delta\",\"cursor\":\"7.12\",\"data\":{\"tick\":42}}\n";
        let lines = format!("{line}{{\"event\":\"bye\",\"data\":{bye}}}\n");
        for (feed, text) in [(Feed::Sse, sse), (Feed::Ndjson, lines)] {
            let mut reader = FeedReader::new(feed);
            assert_eq!(reader.place().cursor(), "");
            reader.take(text.as_bytes(), |_| ()).unwrap();
            assert_eq!((reader.place().cursor(), reader.place().retry_ms), ("7.12".to_owned(), Some(777)));
        }
    }

    /// The ticks found when the stream comes in pieces, and the last reply.
    fn read(feed: Feed, stream: &[u8], piece: usize) -> (Vec<Option<u32>>, Option<Reply>) {
        let (mut reader, mut ticks, mut last) = (FeedReader::new(feed), Vec::new(), None);
        for part in stream.chunks(piece) {
            let reply = reader.take(part, |e| ticks.push(e.tick)).unwrap();
            last = reply.or(last);
        }
        (ticks, last)
    }

    #[test]
    fn events_are_found_in_pieces_and_between_chunk_heads() {
        let sse = b"HTTP/1.1 200 OK\r\n\r\n2f\r\nretry: 2000\n\nevent: hello\ndata: {}\n\n\r\n\
            20\r\nevent: delta\nid: 7.1\ndata: {\"tick\":42,\"moved\":[1]}\n\n\r\n5\r\n:\n\n\r\n";
        let lines = b"HTTP/1.1 200 OK\r\n\r\n2f\r\n{\"event\":\"hello\",\"data\":{}}\n\r\n\
            16\r\n{\"event\":\"heartbeat\"}\n\r\n20\r\n\
            {\"event\":\"delta\",\"cursor\":\"7.1\",\"data\":{\"tick\":42,\"moved\":[1]}}\n\r\n";
        for piece in [1, 3, 1000] {
            assert_eq!(read(Feed::Sse, sse, piece).0, [None, Some(42)], "pieces of {piece}");
            assert_eq!(read(Feed::Ndjson, lines, piece).0, [None, Some(42)], "pieces of {piece}");
        }
    }

    #[test]
    fn frames_of_all_lengths_are_found_and_pings_answered() {
        let mut stream = b"HTTP/1.1 101 Switching\r\n\r\n".to_vec();
        for (tick, filling) in [(1, 10), (2, 400), (3, 70_000)] {
            let filling = "1".repeat(filling);
            let text = format!(
                "{{\"event\":\"delta\",\"cursor\":\"7.1\",\"data\":{{\"tick\":{tick},\"moved\":[{filling}]}}}}"
            );
            stream.push(0x81);
            match text.len() {
                n @ ..126 => stream.push(n as u8),
                n @ ..65_536 => stream.extend([&[126][..], &(n as u16).to_be_bytes()].concat()),
                n => stream.extend([&[127][..], &(n as u64).to_be_bytes()].concat()),
            }
            stream.extend(text.as_bytes());
        }
        stream.extend([0x89, 0]);
        for piece in [1, 7, 1000, 1 << 20] {
            let (ticks, reply) = read(Feed::Websocket, &stream, piece);
            assert_eq!(ticks, [Some(1), Some(2), Some(3)], "pieces of {piece}");
            assert_eq!(reply, Some(Reply::Pong));
        }
        let mut reader = FeedReader::new(Feed::Websocket);
        assert!(reader.take(b"x\r\n\r\n\x88\x02\x03\xe8", |_| ()).is_err());
    }

    #[test]
    fn answers_are_followed_by_the_next_poll() {
        let body = "{\"cursor\":\"7.2\",\"events\":[{\"event\":\"hello\",\"data\":{\"version\":1}},\
            {\"event\":\"delta\",\"cursor\":\"7.2\",\"data\":{\"tick\":9,\"moved\":[1,2]}}]}\n";
        let stream = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        for piece in [1, 50, 1000] {
            let (ticks, reply) = read(Feed::Poll, stream.as_bytes(), piece);
            assert_eq!(ticks, [None, Some(9)]);
            assert_eq!(reply, Some(Reply::Poll("7.2".into())));
        }
        let nothing = read(Feed::Poll, b"HTTP/1.1 204 No Content\r\n\r\n", 1000);
        assert_eq!(nothing, (vec![], Some(Reply::Poll(String::new()))));
        assert!(FeedReader::new(Feed::Poll).take(b"HTTP/1.1 503 No\r\n\r\n", |_| ()).is_err());
    }
}
