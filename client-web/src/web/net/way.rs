//! A seat's way to the server, whatever carries it. The page decides which; from then on it only sends and hears.
//! What the bytes mean is the netcode's.

use std::rc::Rc;

use super::mail::{Mail, Route};
use super::socket::{Socket, SocketEvent, address};
use crate::ladder::Transport;
use crate::web::dom::Fault;
use crate::web::storage::Seat;

/// An open or opening way.
#[derive(Debug)]
pub enum Way {
    /// A WebSocket.
    Socket(Socket),
    /// Requests.
    Mail(Mail),
}

impl Way {
    /// Opens the way to a seat in a match; `tell` gets every event. A `spare` leaves the way that the seat has alone until
    /// its first message comes; a poll is never one.
    pub fn open(
        (transport, spare): (Transport, bool),
        seat: &Seat,
        match_id: &str,
        tell: Rc<dyn Fn(SocketEvent)>,
    ) -> Result<Way, Fault> {
        if transport == Transport::WebSocket {
            return Socket::open(&address(&seat.base, match_id, &seat.token, spare), tell).map(Way::Socket);
        }
        let base = seat.base.trim_end_matches('/');
        let route = match (transport, spare) {
            (Transport::Poll, _) => Route::Poll,
            (_, false) => Route::Stream("stream"),
            (_, true) => Route::Stream("stream?spare=1"),
        };
        Mail::open(format!("{base}/api/matches/{match_id}"), seat.token.clone(), route, tell).map(Way::Mail)
    }

    /// Sends one message, unless too much waits already. The `last` one waits for no other.
    pub fn send(&self, bytes: &[u8], last: bool) {
        match self {
            Way::Socket(socket) => socket.send(bytes),
            Way::Mail(mail) => mail.send(bytes, last),
        }
    }
}
