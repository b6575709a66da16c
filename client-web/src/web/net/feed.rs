//! A spectator's `EventSource`. Events go to one closure; a feed that is dropped is closed.
//! The browser connects again by itself with the last cursor; when it gives up, it says so and we open a new one.

use std::rc::Rc;

use shared::feed::FeedEvent;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{Event, EventSource, MessageEvent};

use crate::web::dom::Fault;

/// The feed's events, by the names that the server gives them.
pub const NAMES: [&str; 15] = FeedEvent::NAMES;

/// What a feed tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SourceEvent {
    /// It is open.
    Opened,
    /// An event came.
    Message {
        /// Its name.
        name: &'static str,
        /// Its cursor; empty if it has none.
        cursor: String,
        /// Its JSON.
        data: String,
    },
    /// A request leaves. `EventSource` does not tell this, nor bytes.
    Asked,
    /// So many bytes of an answer came.
    Bytes(u32),
    /// The connection is lost; the browser tries again by itself if `retries`.
    Lost {
        /// Whether the browser tries again.
        retries: bool,
    },
}

/// An open or opening feed.
#[derive(Debug)]
pub struct Feed {
    raw: EventSource,
    _on_open: Closure<dyn FnMut(Event)>,
    _on_error: Closure<dyn FnMut(Event)>,
    _on_event: Vec<Closure<dyn FnMut(MessageEvent)>>,
}

impl Feed {
    /// Opens a match's feed at `url`; `tell` gets every event.
    pub fn open(url: &str, tell: &Rc<dyn Fn(SourceEvent)>) -> Result<Feed, Fault> {
        Feed::open_named(url, &NAMES, tell)
    }

    /// Opens `url`, whose events have these names.
    pub fn open_named(
        url: &str,
        names: &[&'static str],
        tell: &Rc<dyn Fn(SourceEvent)>,
    ) -> Result<Feed, Fault> {
        let raw = EventSource::new(url)?;
        let told = Rc::clone(tell);
        let on_open = Closure::<dyn FnMut(Event)>::new(move |_| told(SourceEvent::Opened));
        let (told, source) = (Rc::clone(tell), raw.clone());
        let on_error = Closure::<dyn FnMut(Event)>::new(move |_| {
            told(SourceEvent::Lost { retries: source.ready_state() != EventSource::CLOSED });
        });
        raw.set_onopen(Some(on_open.as_ref().unchecked_ref()));
        raw.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        let mut on_event = Vec::new();
        for &name in names {
            let told = Rc::clone(tell);
            let closure = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
                let data = event.data().as_string().unwrap_or_default();
                told(SourceEvent::Message { name, cursor: event.last_event_id(), data });
            });
            raw.add_event_listener_with_callback(name, closure.as_ref().unchecked_ref())?;
            on_event.push(closure);
        }
        Ok(Feed { raw, _on_open: on_open, _on_error: on_error, _on_event: on_event })
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        self.raw.set_onopen(None);
        self.raw.set_onerror(None);
        self.raw.close();
    }
}

/// The address of a match's feed over EventSource; `key` opens one with a password, `cursor` continues where another
/// feed ended.
pub fn address(match_id: &str, key: Option<&str>, cursor: Option<&str>) -> String {
    address_of(&format!("{match_id}/events"), key, cursor.unwrap_or_default())
}

/// The address of one of a match's ways to its feed; the cursor is the last parameter.
pub fn address_of(way: &str, key: Option<&str>, cursor: &str) -> String {
    let key = key.map_or_else(String::new, |key| format!("key={}&", js_sys::encode_uri_component(key)));
    format!("/api/matches/{way}?{key}cursor={cursor}")
}
