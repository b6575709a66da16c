//! A WebSocket of the browser with its listeners: one that is dropped is closed and says nothing more.
//! It knows no message; `socket` and `feed_socket` say what goes over it.

use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{BinaryType, CloseEvent, Event, MessageEvent, WebSocket};

use crate::web::dom::Fault;

/// An open or opening WebSocket.
#[derive(Debug)]
pub struct RawSocket {
    raw: WebSocket,
    _on_open: Closure<dyn FnMut(Event)>,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
    _on_close: Closure<dyn FnMut(CloseEvent)>,
}

impl RawSocket {
    /// Opens `url` with one subprotocol. Binary messages come as buffers.
    pub fn open(
        url: &str,
        subprotocol: &str,
        mut opened: impl FnMut() + 'static,
        mut message: impl FnMut(&MessageEvent) + 'static,
        mut closed: impl FnMut(u16) + 'static,
    ) -> Result<RawSocket, Fault> {
        let raw = WebSocket::new_with_str(url, subprotocol)?;
        raw.set_binary_type(BinaryType::Arraybuffer);
        let on_open = Closure::<dyn FnMut(Event)>::new(move |_| opened());
        let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |event| message(&event));
        let on_close = Closure::<dyn FnMut(CloseEvent)>::new(move |event: CloseEvent| closed(event.code()));
        raw.set_onopen(Some(on_open.as_ref().unchecked_ref()));
        raw.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        raw.set_onclose(Some(on_close.as_ref().unchecked_ref()));
        Ok(RawSocket { raw, _on_open: on_open, _on_message: on_message, _on_close: on_close })
    }

    /// Sends one message, unless the socket is not open or more than `waiting_bytes_max` wait already.
    pub fn send(&self, bytes: &[u8], waiting_bytes_max: u32) {
        let open = self.raw.ready_state() == WebSocket::OPEN;
        if open && self.raw.buffered_amount() <= waiting_bytes_max {
            let _ = self.raw.send_with_u8_array(bytes);
        }
    }
}

impl Drop for RawSocket {
    fn drop(&mut self) {
        self.raw.set_onopen(None);
        self.raw.set_onmessage(None);
        self.raw.set_onclose(None);
        let _ = self.raw.close();
    }
}
