//! The feed without `EventSource`: lines of JSON out of a response that streams, or answers to long polls. Both tell
//! the same events as `feed`; whoever drops one is told nothing more.

use std::cell::Cell;
use std::rc::Rc;

use js_sys::futures::{JsFuture, spawn_local};
use js_sys::{Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{ReadableStreamDefaultReader, RequestInit, Response};

use super::feed::{Feed, NAMES, SourceEvent, address, address_of};
use super::json::Json;
use crate::feed_way::FeedWay;
use crate::web::dom::{Fault, window};

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
        FeedWay::Poll => "feed/poll",
    };
    let url = address_of(&format!("{id}/{route}"), key, "");
    Ok(AnyFeed::Fetched(read(url, cursor.to_owned(), way == FeedWay::Poll, tell)))
}

/// Reads `url`, whose last parameter is the cursor, from `cursor` on: a stream once, or one answer after the other if it
/// `polls`. Both are lines of JSON.
fn read(url: String, cursor: String, polls: bool, tell: &Rc<dyn Fn(SourceEvent)>) -> Fetched {
    let open = Rc::new(Cell::new(true));
    let mut reading = Reading { tell: Rc::clone(tell), open: Rc::clone(&open), cursor, kept: Vec::new() };
    spawn_local(async move {
        reading.tell(SourceEvent::Opened);
        while reading.response(&url).await.is_some() && polls && reading.open.get() {}
        reading.tell(SourceEvent::Lost { retries: false });
    });
    Fetched(open)
}

impl Reading {
    fn tell(&self, event: SourceEvent) {
        if self.open.get() {
            (self.tell)(event);
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
            self.kept.extend(bytes.to_vec());
            while let Some(end) = self.kept.iter().position(|&byte| byte == b'\n') {
                let line: Vec<u8> = self.kept.drain(..=end).collect();
                if let Some(line) = std::str::from_utf8(&line).ok().and_then(Json::parse) {
                    self.take(&line);
                }
            }
        }
        // The answer is not waited for: the stream is over for us.
        let _ = reader.cancel();
        None
    }
}
