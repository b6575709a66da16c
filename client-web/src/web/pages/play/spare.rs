//! A way beside the one that plays: opened to climb to a better transport, or in time before a stream grows old. The
//! match goes on over the old one until the new one has brought its first message; one that never does is let go.

use std::rc::Rc;

use shared::codec::decode;
use shared::protocol::ServerMessage;

use super::Play;
use super::link::{Spare, Stand};
use crate::client::SERVER_MESSAGE_BYTES_MAX;
use crate::ladder::{FIRST_MESSAGE_MS, Transport};
use crate::web::dom::{after, now_ms};
use crate::web::net::socket::SocketEvent;
use crate::web::net::way::Way;

/// How long the old way is kept after the change: what was just sent on it is still under way.
const KEPT_MS: u32 = 1_000;
/// When a stream's successor is tried again that did not come.
const RENEW_AGAIN_S: u32 = 20;

impl Play {
    /// Tries a better transport, if one is due.
    pub(super) fn climb(&mut self) {
        if self.link.stand == Stand::Open
            && self.link.spare.is_none()
            && let Some(transport) = self.link.climb()
        {
            self.open_spare(transport);
        }
    }

    /// In `renew_s` the stream called `number` should have a successor.
    pub(super) fn renew_in(&self, number: u32, renew_s: u32) {
        let me = self.me.clone();
        after(renew_s.saturating_mul(1000), move || {
            let Some(play) = me.upgrade() else { return };
            let mut play = play.borrow_mut();
            if play.link.number == number && play.link.stand == Stand::Open {
                play.open_spare(Transport::Stream);
                // Nothing happens then if it has come.
                play.renew_in(number, RENEW_AGAIN_S);
            }
        });
    }

    fn open_spare(&mut self, transport: Transport) {
        let Some(seat) = self.link.seat.clone() else { return };
        self.link.tries += 1;
        let (number, me) = (self.link.tries, self.me.clone());
        let tell: Rc<dyn Fn(SocketEvent)> = Rc::new(move |event| {
            if let Some(play) = me.upgrade() {
                play.borrow_mut().heard_on(number, event);
            }
        });
        let way = Way::open((transport, true), &seat, &self.link.match_id, tell);
        self.link.spare = way.ok().map(|way| Spare { number, transport, way });
        let me = self.me.clone();
        after(2 * FIRST_MESSAGE_MS, move || {
            if let Some(play) = me.upgrade() {
                play.borrow_mut().link.spare.take_if(|spare| spare.number == number);
            }
        });
    }

    /// Something came on the spare.
    pub(super) fn heard_on_spare(&mut self, event: SocketEvent) {
        match event {
            SocketEvent::Opened => {}
            SocketEvent::RenewIn(renew_s) => {
                self.renew_in(self.link.spare.as_ref().map_or(0, |spare| spare.number), renew_s);
            }
            SocketEvent::Message(bytes) => {
                let message = decode::<ServerMessage>(&bytes, SERVER_MESSAGE_BYTES_MAX);
                // Anything else is a goodbye, which is for the spare alone.
                let Some(spare) =
                    self.link.spare.take_if(|_| matches!(message, Ok(ServerMessage::Welcome(_))))
                else {
                    return;
                };
                let older = self.link.take_over(spare);
                after(KEPT_MS, move || drop(older));
                self.client.link_moved(now_ms());
                self.heard(SocketEvent::Message(bytes));
            }
            SocketEvent::Closed(_) => self.link.spare = None,
        }
    }
}
