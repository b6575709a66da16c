//! The feed over a WebSocket: each message is one event in JSON. It tells the same as the other ways; one that is
//! dropped is closed and says nothing more.

use std::rc::Rc;

use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{CloseEvent, Event, MessageEvent, WebSocket};

use super::feed::SourceEvent;
use crate::web::dom::Fault;

/// An open or opening socket.
#[derive(Debug)]
pub struct FeedSocket {
    raw: WebSocket,
    _on_open: Closure<dyn FnMut(Event)>,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
    _on_close: Closure<dyn FnMut(CloseEvent)>,
}

impl FeedSocket {
    /// Opens `url`, which begins with `http` as the page's own address does; `take` gets the text of each message.
    pub fn open(
        url: &str,
        tell: &Rc<dyn Fn(SourceEvent)>,
        mut take: impl FnMut(&str) + 'static,
    ) -> Result<FeedSocket, Fault> {
        let url = url.replacen("http", "ws", 1);
        let raw = WebSocket::new_with_str(&url, shared::feed::FEED_SUBPROTOCOL)?;
        let (opened, closed) = (Rc::clone(tell), Rc::clone(tell));
        let on_open = Closure::<dyn FnMut(Event)>::new(move |_| opened(SourceEvent::Opened));
        let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
            take(&event.data().as_string().unwrap_or_default());
        });
        let on_close =
            Closure::<dyn FnMut(CloseEvent)>::new(move |_| closed(SourceEvent::Lost { retries: false }));
        raw.set_onopen(Some(on_open.as_ref().unchecked_ref()));
        raw.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        raw.set_onclose(Some(on_close.as_ref().unchecked_ref()));
        Ok(FeedSocket { raw, _on_open: on_open, _on_message: on_message, _on_close: on_close })
    }
}

impl Drop for FeedSocket {
    fn drop(&mut self) {
        self.raw.set_onopen(None);
        self.raw.set_onmessage(None);
        self.raw.set_onclose(None);
        let _ = self.raw.close();
    }
}
