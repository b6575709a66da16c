//! Who sits where, for the routes of players without a WebSocket: the match of the address, the seat of the token, and
//! a link between them that is a mailbox. It reads no body and writes none.

use std::sync::Arc;

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use bytes::Bytes;
use shared::id::PlayerId;

use super::{
    bearer::{self, SeatToken},
    matches::find,
    origin,
    problem::Problem,
    visit::Visit,
};
use crate::{
    link::{
        Arrival, Link,
        mailbox::{Delivery, Mailbox},
    },
    matches::handle::MatchHandle,
    state::State,
    telemetry::rejected,
};

/// What every response with a player's messages says: bytes, for nobody else, not to be held back and not changed.
pub const HEAD: [(HeaderName, HeaderValue); 3] = [
    (header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream")),
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store, no-transform")),
    (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no")),
];

/// A player who asks.
#[derive(Debug)]
pub struct Seated {
    /// The match.
    pub game: MatchHandle,
    /// The seat of the token; whether it still exists only the match knows.
    pub player: PlayerId,
}

impl Seated {
    /// Who asks, by the token in the `Authorization` header. Fails for strange pages (403), unknown matches (404),
    /// without a good token (401), and with one for something else (403).
    pub fn read(state: &State, id: &str, headers: &HeaderMap, visit: &Visit) -> Result<Seated, Problem> {
        let game = find(state, id)?;
        origin::check(headers, visit, state)?;
        match bearer::seat(bearer::token(headers), &game, &state.signer)? {
            SeatToken::Good(player) => {
                game.callers().note_address(player, visit.caller.address);
                Ok(Seated { game, player })
            }
            SeatToken::Bad => {
                rejected("bad_token");
                Err(Problem::unauthorized("this token is not valid; join the match again"))
            }
        }
    }

    /// A new link for the seat; it replaces an older one, a spare only once it has answered. Fails while the server
    /// stops, and when the match is busy.
    pub fn link(&self, state: &State, delivery: Delivery, spare: bool) -> Result<Arc<Mailbox>, Problem> {
        if state.is_draining() {
            return Err(Problem::draining());
        }
        let (mailbox, end) = self.game.mailboxes().open(self.player, delivery, spare);
        // The connection, if there is one, has its own place among the allowed ones.
        let arrival = Arrival { link: Link::Mailbox(end), early: Bytes::new(), permit: Box::new(()) };
        let attached = if spare {
            self.game.attach_spare(self.player, arrival)
        } else {
            self.game.attach(self.player, arrival)
        };
        attached.map_err(|error| {
            rejected("queue_full");
            Problem::later("busy", error.to_string(), std::time::Duration::from_secs(1))
        })?;
        Ok(mailbox)
    }
}
