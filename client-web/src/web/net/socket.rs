//! A player's WebSocket. Events go to one closure; a socket that is dropped is closed and says nothing more.
//! The browser bounds what waits to be sent by closing; we stop sending long before (see [`Socket::send`]).

use std::rc::Rc;

use js_sys::{ArrayBuffer, Uint8Array};
use shared::protocol::SUBPROTOCOL;
use wasm_bindgen::JsCast;

use super::raw_socket::RawSocket;
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
pub struct Socket(RawSocket);

impl Socket {
    /// Opens `url`; `tell` gets every event.
    pub fn open(url: &str, tell: Rc<dyn Fn(SocketEvent)>) -> Result<Socket, Fault> {
        let (opened, heard, closed) = (Rc::clone(&tell), Rc::clone(&tell), tell);
        let raw = RawSocket::open(
            url,
            SUBPROTOCOL,
            move || opened(SocketEvent::Opened),
            move |event| {
                if let Ok(buffer) = event.data().dyn_into::<ArrayBuffer>() {
                    heard(SocketEvent::Message(Uint8Array::new(&buffer).to_vec()));
                }
            },
            move |code| closed(SocketEvent::Closed(code)),
        )?;
        Ok(Socket(raw))
    }

    /// Sends one message, unless the socket is not open or too much waits already.
    pub fn send(&self, bytes: &[u8]) {
        self.0.send(bytes, WAITING_BYTES_MAX);
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
