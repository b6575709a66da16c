//! The feed without `EventSource`: lines of JSON out of a response that streams, answers to polls, messages of a
//! WebSocket. All tell the same events as `feed`; whoever drops one is told nothing more.

use std::cell::Cell;
use std::rc::Rc;

use js_sys::futures::{JsFuture, spawn_local};
use js_sys::{Promise, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{ReadableStreamDefaultReader, RequestInit, Response};

use super::feed::{Feed, NAMES, SourceEvent, address, address_of};
use super::feed_socket::FeedSocket;
use super::json::Json;
use crate::feed_way::FeedWay;
use crate::web::dom::{Fault, after, window};

/// Time between two questions of who only pulls.
const PULL_EVERY_MS: u32 = 1_000;

/// How far reading is, and who is told; nobody once `open` is false.
struct Reading {
    tell: Rc<dyn Fn(SourceEvent)>,
    open: Rc<Cell<bool>>,
    cursor: String,
    kept: Vec<u8>,
}

/// A feed that is being read.
#[derive(Debug)]
pub struct Fetched(Rc<Cell<bool>>);

impl Drop for Fetched {
    fn drop(&mut self) {
        self.0.set(false);
    }
}

/// A feed on any way; it ends when it is dropped.
#[derive(Debug)]
pub enum AnyFeed {
    /// The browser's own.
    Source(Feed),
    /// Read by us.
    Fetched(Fetched),
    /// A WebSocket.
    Socket(FeedSocket),
}

/// Opens a match's feed on a way: its id, the key if it needs one, and the cursor to go on from.
pub fn open(
    way: FeedWay,
    (id, key, cursor): (&str, Option<&str>, &str),
    tell: &Rc<dyn Fn(SourceEvent)>,
) -> Result<AnyFeed, Fault> {
    let route = match way {
        FeedWay::EventSource => {
            return Feed::open(&address(id, key, Some(cursor)), tell).map(AnyFeed::Source);
        }
        FeedWay::Lines => "feed",
        FeedWay::Poll | FeedWay::Pull => "feed/poll",
        FeedWay::WebSocket => "feed/ws",
    };
    let mut url = address_of(&format!("{id}/{route}"), key, "");
    if way == FeedWay::Pull {
        url = url.replace("cursor=", "wait=0&cursor=");
    }
    let open = Rc::new(Cell::new(true));
    let mut reading = Reading {
        tell: Rc::clone(tell),
        open: Rc::clone(&open),
        cursor: cursor.to_owned(),
        kept: Vec::new(),
    };
    if way == FeedWay::WebSocket {
        let url = format!("{}{url}{cursor}", window()?.location().origin()?);
        return FeedSocket::open(&url, tell, move |text| {
            reading.tell(SourceEvent::Bytes(text.len() as u32));
            reading.take_text(text);
        })
        .map(AnyFeed::Socket);
    }
    spawn_local(reading.read(url, way));
    Ok(AnyFeed::Fetched(Fetched(open)))
}

impl Reading {
    /// Reads `url`, whose last parameter is the cursor: a stream once, or one answer after the other.
    async fn read(mut self, url: String, way: FeedWay) {
        self.tell(SourceEvent::Opened);
        while self.response(&url).await.is_some() && way != FeedWay::Lines && self.open.get() {
            if way == FeedWay::Pull {
                pause(PULL_EVERY_MS).await;
            }
        }
        self.tell(SourceEvent::Lost { retries: false });
    }

    fn tell(&self, event: SourceEvent) {
        if self.open.get() {
            (self.tell)(event);
        }
    }

    fn take_text(&mut self, text: &str) {
        if let Some(line) = Json::parse(text) {
            self.take(&line);
        }
    }

    /// Takes in one line: an event, or an answer full of them. Heartbeats and what is unknown are passed over.
    fn take(&mut self, line: &Json) {
        if let Some(cursor) = line.get("cursor").text() {
            self.cursor = cursor;
        }
        let answered = line.get("events").entries();
        for record in answered.iter().chain([line]) {
            let name = record.get("event").text().unwrap_or_default();
            let Some(name) = NAMES.into_iter().find(|known| *known == name) else { continue };
            let cursor = record.get("cursor").text().unwrap_or_default();
            let data = record.get("data").to_text().unwrap_or_default();
            self.tell(SourceEvent::Message { name, cursor, data });
        }
    }

    /// Reads one response to its end, or until nobody listens any more. `None` if it is no good one.
    async fn response(&mut self, url: &str) -> Option<()> {
        let options = RequestInit::new();
        options.set_headers(&Json::object().with("accept", "application/x-ndjson").into_js());
        self.tell(SourceEvent::Asked);
        let asked = window().ok()?.fetch_with_str_and_init(&format!("{url}{}", self.cursor), &options);
        let response: Response = JsFuture::from(asked).await.ok()?.dyn_into().ok()?;
        if !response.ok() {
            return None;
        }
        // Without content nothing has happened.
        let Some(body) = response.body() else { return Some(()) };
        let reader: ReadableStreamDefaultReader = body.get_reader().unchecked_into();
        while self.open.get() {
            let part = JsFuture::from(reader.read()).await.ok()?;
            let value = Reflect::get(&part, &JsValue::from_str("value")).ok()?;
            // No value is the end.
            let Ok(bytes) = value.dyn_into::<Uint8Array>() else { return Some(()) };
            self.tell(SourceEvent::Bytes(bytes.length()));
            self.kept.extend(bytes.to_vec());
            while let Some(end) = self.kept.iter().position(|&byte| byte == b'\n') {
                let line: Vec<u8> = self.kept.drain(..=end).collect();
                self.take_text(std::str::from_utf8(&line).unwrap_or_default());
            }
        }
        // The answer is not waited for: the stream is over for us.
        let _ = reader.cancel();
        None
    }
}

/// Waits.
async fn pause(pause_ms: u32) {
    let waited = Promise::new(&mut |resolve, _| {
        after(pause_ms, move || {
            let _ = resolve.call0(&JsValue::UNDEFINED);
        });
    });
    // It is never refused.
    let _ = JsFuture::from(waited).await;
}
