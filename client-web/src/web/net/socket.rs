//! A player's WebSocket. Events go to one closure; a socket that is dropped is closed and says nothing more.
//! The browser bounds what waits to be sent by closing; we stop sending long before (see [`Socket::send`]).

use std::rc::Rc;

use js_sys::{ArrayBuffer, Uint8Array};
use shared::protocol::SUBPROTOCOL;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{BinaryType, CloseEvent, Event, MessageEvent, WebSocket};

use crate::web::dom::Fault;

/// Bytes that may wait in the browser; a message beyond is dropped, since input commands repeat themselves.
const WAITING_BYTES_MAX: u32 = 16_384;

/// The browser's own code for a socket that broke.
pub const BROKEN: u16 = 1006;
/// Our own code, which no server sends, for a way that does not get through.
pub const REFUSED: u16 = 1005;

/// What a socket tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SocketEvent {
    /// It is open.
    Opened,
    /// A message came.
    Message(Vec<u8>),
    /// It should make room for the next one like it in so many seconds.
    RenewIn(u32),
    /// It is closed, with this code.
    Closed(u16),
}

/// An open or opening WebSocket.
#[derive(Debug)]
pub struct Socket {
    raw: WebSocket,
    _on_open: Closure<dyn FnMut(Event)>,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
    _on_close: Closure<dyn FnMut(CloseEvent)>,
}

impl Socket {
    /// Opens `url`; `tell` gets every event.
    pub fn open(url: &str, tell: Rc<dyn Fn(SocketEvent)>) -> Result<Socket, Fault> {
        let raw = WebSocket::new_with_str(url, SUBPROTOCOL)?;
        raw.set_binary_type(BinaryType::Arraybuffer);
        let (on_open, on_message, on_close) = (Rc::clone(&tell), Rc::clone(&tell), tell);
        let on_open = Closure::<dyn FnMut(Event)>::new(move |_| on_open(SocketEvent::Opened));
        let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
            if let Ok(buffer) = event.data().dyn_into::<ArrayBuffer>() {
                on_message(SocketEvent::Message(Uint8Array::new(&buffer).to_vec()));
            }
        });
        let on_close = Closure::<dyn FnMut(CloseEvent)>::new(move |event: CloseEvent| {
            on_close(SocketEvent::Closed(event.code()));
        });
        raw.set_onopen(Some(on_open.as_ref().unchecked_ref()));
        raw.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        raw.set_onclose(Some(on_close.as_ref().unchecked_ref()));
        Ok(Socket { raw, _on_open: on_open, _on_message: on_message, _on_close: on_close })
    }

    /// Sends one message, unless the socket is not open or too much waits already.
    pub fn send(&self, bytes: &[u8]) {
        let open = self.raw.ready_state() == WebSocket::OPEN;
        if open && self.raw.buffered_amount() <= WAITING_BYTES_MAX {
            let _ = self.raw.send_with_u8_array(bytes);
        }
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.raw.set_onopen(None);
        self.raw.set_onmessage(None);
        self.raw.set_onclose(None);
        let _ = self.raw.close();
    }
}

/// The address of a seat's WebSocket; a spare leaves the seat's link alone until it has answered a ping.
pub fn address(base: &str, match_id: &str, token: &str, spare: bool) -> String {
    let base = match base.strip_prefix("http") {
        Some(rest) => format!("ws{rest}"),
        None => base.to_owned(),
    };
    let spare = if spare { "&spare=1" } else { "" };
    format!("{}/api/matches/{match_id}/ws?token={token}{spare}", base.trim_end_matches('/'))
}
