//! The handshake of a spectator's WebSocket. Unlike a player's it is open to pages of every origin, since everything
//! in a feed is public; the key of a match with a password is the only secret.

use std::sync::Arc;

use axum::{
    extract::{Path, Request, State},
    http::{HeaderName, HeaderValue, header},
    response::Response,
};
use shared::{feed::FEED_SUBPROTOCOL, protocol::CloseReason};

use super::{
    feed_ask::FeedAsk,
    handover::Handover,
    problem::Problem,
    socket::{Offer, handshake_key, offered, switching},
};
use crate::{feed::form::Form, state, telemetry::rejected};

/// Asks proxies not to hold the feed back.
const UNBUFFERED: HeaderName = HeaderName::from_static("x-accel-buffering");

/// `GET /api/matches/{id}/feed/ws`
pub async fn connect(
    State(state): State<Arc<state::State>>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let headers = request.headers();
    let line = (request.method().clone(), request.version());
    let key = handshake_key(&line, headers).inspect_err(|_| rejected("bad_handshake"))?;
    let offer = offered(headers, FEED_SUBPROTOCOL).inspect_err(|_| rejected("protocol_version"))?;
    let handover = match (&offer, FeedAsk::read(&state, &id, request.uri(), headers)) {
        (Offer::Other(_), _) => {
            rejected("protocol_version");
            Handover::Refuse(CloseReason::ProtocolVersion)
        }
        (Offer::Ours(_), Ok(FeedAsk { game, cursor, .. })) => {
            Handover::Watch { game, resume: cursor, form: Form::WebSocket, chunked: true }
        }
        // A page sees nothing of a plain error, so it gets a close code.
        (Offer::Ours(_), Err(problem)) if is_key(&problem) && headers.contains_key(header::ORIGIN) => {
            Handover::Refuse(CloseReason::BadToken)
        }
        (Offer::Ours(_), Err(problem)) => return Err(problem),
    };
    let mut response = switching(&key, offer, handover);
    response.headers_mut().insert(UNBUFFERED, HeaderValue::from_static("no"));
    Ok(response)
}

/// Whether the key is what was wrong.
fn is_key(problem: &Problem) -> bool {
    matches!(problem.status.as_u16(), 401 | 403)
}
