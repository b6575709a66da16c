//! The handshake of a player's WebSocket. It checks everything that can be checked before a match hears of it, and
//! answers what a page must be able to read by a close code, since a page sees nothing of a plain error.

use std::sync::Arc;

use axum::{
    Extension,
    extract::{Path, Query, State, rejection::QueryRejection},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Version, header},
    response::{IntoResponse, Response},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use serde::Deserialize;
use shared::protocol::{CloseReason, SUBPROTOCOL};
use tungstenite::handshake::derive_accept_key;

use super::{
    bearer::{self, SeatToken},
    handover::Handover,
    matches::find,
    origin,
    problem::Problem,
    visit::Visit,
};
use crate::{state, telemetry::rejected};

/// The only version of WebSocket that exists (RFC 6455).
const WEBSOCKET_VERSION: &str = "13";
const KEY_BYTES: usize = 16;

/// What stands behind the question mark.
#[derive(Debug, Deserialize)]
pub struct Parameters {
    token: Option<String>,
    spare: Option<u8>,
}

/// What must be known of the request's first line.
pub(super) type Line = (Method, Version);

/// `GET /api/matches/{id}/ws`
pub async fn connect(
    State(state): State<Arc<state::State>>,
    Path(id): Path<String>,
    Extension(visit): Extension<Visit>,
    parameters: Result<Query<Parameters>, QueryRejection>,
    request: axum::extract::Request,
) -> Result<Response, Problem> {
    let headers = request.headers();
    let game = find(&state, &id)?;
    origin::check(headers, &visit, &state)?;
    let key = handshake_key(&(request.method().clone(), request.version()), headers)
        .inspect_err(|_| rejected("bad_handshake"))?;
    let offer = offered(headers, SUBPROTOCOL).inspect_err(|_| rejected("protocol_version"))?;
    let parameters = parameters.map_err(|error| Problem::bad("bad_query", error.body_text()))?.0;
    let given = bearer::token(headers).or(parameters.token.as_deref().filter(|token| !token.is_empty()));
    let seat = bearer::seat(given, &game, &state.signer)?;
    if let SeatToken::Good(player) = seat {
        game.callers().note_address(player, visit.caller.address);
    }
    let handover = match (&offer, seat) {
        (Offer::Other(_), _) => {
            rejected("protocol_version");
            Handover::Refuse(CloseReason::ProtocolVersion)
        }
        (Offer::Ours(_), SeatToken::Bad) => {
            rejected("bad_token");
            // A page sees nothing of a 401, so it gets a close code; every other client gets the plain answer.
            if !headers.contains_key(header::ORIGIN) {
                return Err(Problem::unauthorized("this token is not valid; join the match again"));
            }
            Handover::Refuse(CloseReason::BadToken)
        }
        (Offer::Ours(_), SeatToken::Good(_)) if state.is_draining() => {
            Handover::Refuse(CloseReason::GoingAway)
        }
        (Offer::Ours(_), SeatToken::Good(player)) if parameters.spare == Some(1) => {
            Handover::Spare(game, player)
        }
        (Offer::Ours(_), SeatToken::Good(player)) => Handover::Play(game, player),
    };
    Ok(switching(&key, offer, handover))
}

/// The subprotocol that the connection will speak.
pub(super) enum Offer {
    /// Ours.
    Ours(&'static str),
    /// Only one of another version of ours.
    Other(HeaderValue),
}

/// Looks for our subprotocol `ours` among those that the client offers, or another version of it.
pub(super) fn offered(headers: &HeaderMap, ours: &'static str) -> Result<Offer, Problem> {
    // What comes behind this is the version.
    let stem = ours.trim_end_matches(|c: char| c.is_ascii_digit());
    let lines = headers.get_all(header::SEC_WEBSOCKET_PROTOCOL).iter();
    let names: Vec<&str> =
        lines.filter_map(|line| line.to_str().ok()).flat_map(|line| line.split(',')).map(str::trim).collect();
    if names.contains(&ours) {
        return Ok(Offer::Ours(ours));
    }
    let is_version = |name: &&&str| {
        let number = name.strip_prefix(stem).unwrap_or_default();
        !number.is_empty() && number.len() <= 5 && number.bytes().all(|b| b.is_ascii_digit())
    };
    let other = names.iter().find(is_version).and_then(|name| HeaderValue::from_str(name).ok());
    other.map(Offer::Other).ok_or_else(|| {
        Problem::bad("protocol_version", format!("offer the subprotocol {ours}, which this server speaks"))
    })
}

/// The client's key, if the request is a WebSocket's handshake in every respect.
pub(super) fn handshake_key((method, version): &Line, headers: &HeaderMap) -> Result<String, Problem> {
    let asks = *method == Method::GET
        && *version == Version::HTTP_11
        && lists(headers, &header::CONNECTION, "upgrade")
        && lists(headers, &header::UPGRADE, "websocket");
    if !asks {
        let message = "open this address as a WebSocket, over HTTP/1.1";
        return Err(Problem::new(StatusCode::UPGRADE_REQUIRED, "upgrade_required", message));
    }
    if !lists(headers, &header::SEC_WEBSOCKET_VERSION, WEBSOCKET_VERSION) {
        let message = "speak version 13 of the WebSocket protocol";
        return Err(Problem::new(StatusCode::UPGRADE_REQUIRED, "bad_handshake", message));
    }
    if has_body(headers) {
        return Err(Problem::bad("bad_handshake", "a handshake has no body"));
    }
    let key = headers.get(header::SEC_WEBSOCKET_KEY).and_then(|key| key.to_str().ok()).unwrap_or_default();
    let is_key = BASE64_STANDARD.decode(key).is_ok_and(|bytes| bytes.len() == KEY_BYTES);
    if !is_key {
        return Err(Problem::bad("bad_handshake", "Sec-WebSocket-Key must be 16 bytes in base64"));
    }
    Ok(key.to_owned())
}

/// Whether a request brings a body. Behind a handover its bytes would be taken for something else.
pub fn has_body(headers: &HeaderMap) -> bool {
    let length = headers.get(header::CONTENT_LENGTH);
    headers.contains_key(header::TRANSFER_ENCODING) || length.is_some_and(|length| length != "0")
}

/// Whether a field that is a list has `word` in it.
pub fn lists(headers: &HeaderMap, name: &HeaderName, word: &str) -> bool {
    let lines = headers.get_all(name).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).any(|item| item.trim().eq_ignore_ascii_case(word))
}

pub(super) fn switching(key: &str, offer: Offer, handover: Handover) -> Response {
    let protocol = match offer {
        Offer::Ours(name) => HeaderValue::from_static(name),
        Offer::Other(name) => name,
    };
    let mut response = StatusCode::SWITCHING_PROTOCOLS.into_response();
    let headers = response.headers_mut();
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(header::SEC_WEBSOCKET_PROTOCOL, protocol);
    if let Ok(accept) = HeaderValue::try_from(derive_accept_key(key.as_bytes())) {
        headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
    }
    response.extensions_mut().insert(handover);
    response
}
