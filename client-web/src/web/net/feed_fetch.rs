//! The feed without `EventSource`: lines of JSON out of a response that streams, or answers to long polls. Both tell
//! the same events as `feed`; whoever drops one is told nothing more.

use std::cell::Cell;
use std::rc::Rc;

use js_sys::futures::{JsFuture, spawn_local};
use js_sys::{Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{ReadableStreamDefaultReader, RequestInit, Response};

use super::feed::{NAMES, SourceEvent};
use super::json::Json;
use crate::web::dom::window;

/// Who is told; nobody once `open` is false.
#[derive(Clone)]
struct Listener {
    tell: Rc<dyn Fn(SourceEvent)>,
    open: Rc<Cell<bool>>,
}

/// A feed that is being read.
#[derive(Debug)]
pub struct Fetched(Rc<Cell<bool>>);

impl Drop for Fetched {
    fn drop(&mut self) {
        self.0.set(false);
    }
}

/// Reads `url` as lines of JSON.
pub fn lines(url: String, tell: &Rc<dyn Fn(SourceEvent)>) -> Fetched {
    run(tell, |listener| async move { read_lines(&url, &listener).await })
}

/// Polls `url`, whose last parameter is the cursor, from `cursor` on.
pub fn polls(url: String, cursor: String, tell: &Rc<dyn Fn(SourceEvent)>) -> Fetched {
    run(tell, |listener| async move { poll(&url, cursor, &listener).await })
}

fn run<F: Future<Output = Option<()>> + 'static>(
    tell: &Rc<dyn Fn(SourceEvent)>,
    work: impl FnOnce(Listener) -> F,
) -> Fetched {
    let listener = Listener { tell: Rc::clone(tell), open: Rc::new(Cell::new(true)) };
    let fetched = Fetched(Rc::clone(&listener.open));
    let working = work(listener.clone());
    spawn_local(async move {
        working.await;
        listener.tell(SourceEvent::Lost { retries: false });
    });
    fetched
}

impl Listener {
    fn tell(&self, event: SourceEvent) {
        if self.open.get() {
            (self.tell)(event);
        }
    }

    /// Tells of an event; heartbeats and what is unknown are passed over.
    fn tell_record(&self, record: &Json) {
        let name = record.get("event").text().unwrap_or_default();
        let Some(name) = NAMES.into_iter().find(|known| *known == name) else { return };
        let cursor = record.get("cursor").text().unwrap_or_default();
        let data = record.get("data").to_text().unwrap_or_default();
        self.tell(SourceEvent::Message { name, cursor, data });
    }
}

/// The answer to a request, if it is a good one.
async fn fetch(url: &str) -> Option<Response> {
    let options = RequestInit::new();
    options.set_headers(&Json::object().with("accept", "application/x-ndjson").into_js());
    let answer = JsFuture::from(window().ok()?.fetch_with_str_and_init(url, &options)).await.ok()?;
    answer.dyn_into::<Response>().ok().filter(Response::ok)
}

/// Ends with the stream, or when nobody listens any more.
async fn read_lines(url: &str, listener: &Listener) -> Option<()> {
    let response = fetch(url).await?;
    listener.tell(SourceEvent::Opened);
    let reader: ReadableStreamDefaultReader = response.body()?.get_reader().unchecked_into();
    let mut kept = Vec::new();
    while listener.open.get() {
        let part = JsFuture::from(reader.read()).await.ok()?;
        let value = Reflect::get(&part, &JsValue::from_str("value")).ok()?;
        kept.extend(value.dyn_into::<Uint8Array>().ok()?.to_vec());
        while let Some(end) = kept.iter().position(|&byte| byte == b'\n') {
            let line: Vec<u8> = kept.drain(..=end).collect();
            if let Some(record) = Json::parse(std::str::from_utf8(&line).ok()?) {
                listener.tell_record(&record);
            }
        }
    }
    // The answer is not waited for: the stream is over for us.
    let _ = reader.cancel();
    None
}

/// Ends with the first answer that is none.
async fn poll(url: &str, mut cursor: String, listener: &Listener) -> Option<()> {
    listener.tell(SourceEvent::Opened);
    while listener.open.get() {
        let response = fetch(&format!("{url}{cursor}")).await?;
        let text = JsFuture::from(response.text().ok()?).await.ok()?.as_string()?;
        // Without content nothing has happened.
        if let Some(answer) = Json::parse(&text) {
            cursor = answer.get("cursor").text()?;
            answer.get("events").entries().iter().for_each(|record| listener.tell_record(record));
        }
    }
    None
}
