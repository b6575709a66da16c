//! How a connection leaves HTTP: a route puts a `Handover` among its response's extensions, and the accept loop
//! writes the response's head and brings the socket here. From then on a match or a spectators' thread owns it.

use shared::{id::PlayerId, protocol::CloseReason};

use crate::{
    feed::{cursor::Cursor, form::Form},
    link::{Arrival, farewell},
    matches::handle::{MatchHandle, WatchRequest},
    telemetry::rejected,
};

/// Who gets the socket.
#[derive(Clone, Debug)]
pub enum Handover {
    /// A match, as the WebSocket of a seat.
    Play(MatchHandle, PlayerId),
    /// The same beside the link that the seat has, until it has answered a ping.
    Spare(MatchHandle, PlayerId),
    /// A match's spectators' thread.
    Watch {
        /// The match.
        game: MatchHandle,
        /// The event that was seen last.
        resume: Option<Cursor>,
        /// The form of the events.
        form: Form,
        /// Whether an HTTP body is chunked; else it ends with the connection.
        chunked: bool,
    },
    /// Nobody: a WebSocket that only learns why not. A plain error would be invisible to a page.
    Refuse(CloseReason),
}

impl Handover {
    /// Brings the socket to its owner. A queue that is full ends the connection; its peer comes back by itself.
    pub async fn deliver(self, arrival: Arrival) {
        let taken = match self {
            Handover::Play(game, player) => game.attach(player, arrival),
            Handover::Spare(game, player) => game.attach_spare(player, arrival),
            Handover::Watch { game, resume, form, chunked } => {
                game.watch(WatchRequest { arrival, resume, form, chunked })
            }
            Handover::Refuse(reason) => {
                farewell::refuse(arrival, reason).await;
                Ok(())
            }
        };
        if taken.is_err() {
            rejected("queue_full");
        }
    }
}
