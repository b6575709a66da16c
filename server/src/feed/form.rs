//! The forms that an event takes on the wire: server-sent events and lines of JSON in HTTP chunks, and WebSocket frames.
//! It makes bytes out of names and JSON, and knows no socket; `entry` keeps what it makes, so that all readers share it.

use bytes::Bytes;

use crate::feed::cursor::Cursor;
use crate::link::frame::{HEAD_BYTES_MAX, Opcode, write_frame};
use crate::telemetry::Transport;

/// What carries a feed that streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// HTML5 Event Source.
    Sse,
    /// Newline-delimited JSON.
    NdJson,
    /// JSON in text frames of a WebSocket.
    WebSocket,
}

/// An event before it has a form.
#[derive(Clone, Copy, Debug)]
pub struct Told<'a> {
    /// Its name.
    pub name: &'a str,
    /// Where it stands; `None` if it is for one connection alone.
    pub cursor: Option<Cursor>,
    /// What it says: one line, since `serde_json` never writes a bare line break.
    pub json: &'a str,
}

impl Form {
    /// All forms.
    pub const ALL: [Form; 3] = [Form::Sse, Form::NdJson, Form::WebSocket];

    /// The form's name among transports.
    pub fn transport(self) -> Transport {
        match self {
            Form::Sse => Transport::Sse,
            Form::NdJson => Transport::NdJson,
            Form::WebSocket => Transport::FeedWebSocket,
        }
    }

    /// The bytes of an event, with the framing of an HTTP chunk or of a WebSocket frame.
    pub fn frame(self, told: Told<'_>) -> Bytes {
        match self {
            Form::Sse => chunk(&sse_block(told)),
            Form::NdJson => chunk(&(record(told) + "\n")),
            Form::WebSocket => socket_frame(Opcode::Text, record(told).as_bytes()),
        }
    }

    /// What is sent so that a silent connection stays open: a comment, a record without a cursor, or a ping.
    pub fn heartbeat(self) -> Bytes {
        match self {
            Form::Sse => Bytes::from_static(b"3\r\n:\n\n\r\n"),
            Form::NdJson => Bytes::from_static(b"16\r\n{\"event\":\"heartbeat\"}\n\r\n"),
            Form::WebSocket => Bytes::from_static(&[0x89, 0]),
        }
    }

    /// The same bytes for a reader whose body is not chunked: HTTP/1.0, as some proxies speak it.
    pub fn unchunked(self, frame: &Bytes) -> Bytes {
        let head = frame.iter().position(|&b| b == b'\n').map_or(0, |end| end + 1);
        match (self, frame.len().checked_sub(2)) {
            (Form::Sse | Form::NdJson, Some(end)) if head <= end => frame.slice(head..end),
            _ => frame.clone(),
        }
    }
}

/// An event as one JSON object, the same in a line, in a frame and in the answer to a poll.
pub fn record(told: Told<'_>) -> String {
    let Told { name, cursor, json } = told;
    match cursor {
        Some(cursor) => format!("{{\"event\":\"{name}\",\"cursor\":\"{cursor}\",\"data\":{json}}}"),
        None => format!("{{\"event\":\"{name}\",\"data\":{json}}}"),
    }
}

fn sse_block(told: Told<'_>) -> String {
    let Told { name, cursor, json } = told;
    let id = cursor.map(|c| format!("id: {c}\n")).unwrap_or_default();
    format!("event: {name}\n{id}data: {json}\n\n")
}

/// `text` as one HTTP chunk.
pub fn chunk(text: &str) -> Bytes {
    Bytes::from(format!("{:x}\r\n{text}\r\n", text.len()))
}

fn socket_frame(opcode: Opcode, payload: &[u8]) -> Bytes {
    let mut frame = Vec::with_capacity(HEAD_BYTES_MAX + payload.len());
    write_frame(&mut frame, opcode, payload);
    Bytes::from(frame)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_has_three_forms() {
        let cursor = Some(Cursor { epoch: 3, seq: 812 });
        let told = Told { name: "delta", cursor, json: "{\"tick\":1}" };
        let sse = b"29\r\nevent: delta\nid: 3.812\ndata: {\"tick\":1}\n\n\r\n";
        assert_eq!(Form::Sse.frame(told), &sse[..]);
        let line = "{\"event\":\"delta\",\"cursor\":\"3.812\",\"data\":{\"tick\":1}}";
        assert_eq!(Form::NdJson.frame(told), format!("{:x}\r\n{line}\n\r\n", line.len() + 1));
        assert_eq!(Form::WebSocket.frame(told)[..2], [0x81, line.len() as u8]);
        assert_eq!(Form::WebSocket.frame(told)[2..], *line.as_bytes());
    }

    #[test]
    fn a_reader_without_chunks_gets_the_bare_text() {
        let told = Told { name: "hello", cursor: None, json: "{}" };
        assert_eq!(Form::Sse.unchunked(&Form::Sse.frame(told)), "event: hello\ndata: {}\n\n");
        assert_eq!(Form::Sse.unchunked(&Form::Sse.heartbeat()), ":\n\n");
        assert_eq!(Form::NdJson.unchunked(&Form::NdJson.heartbeat()), "{\"event\":\"heartbeat\"}\n");
    }
}
