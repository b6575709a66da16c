//! The spectator feed as HTML5 Event Source: the head of a response whose body a spectators' thread writes.
//! Open to every page without credentials; a match with a password asks for the key that its watch address holds.

use std::sync::Arc;

use axum::{
    extract::{Path, Query, Request, State, rejection::QueryRejection},
    http::{HeaderMap, HeaderName, HeaderValue, Method, Version, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;

use super::{handover::Handover, matches::find, problem::Problem, socket::has_body};
use crate::{feed::cursor::Cursor, state};

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// The head's fields. The last two ask proxies not to hold the feed back and not to change it.
const HEAD: [(HeaderName, &str); 4] = [
    (header::CONTENT_TYPE, "text/event-stream; charset=utf-8"),
    (header::CONNECTION, "close"),
    (header::CACHE_CONTROL, "no-store, no-transform"),
    (HeaderName::from_static("x-accel-buffering"), "no"),
];

/// What stands behind the question mark.
#[derive(Debug, Deserialize)]
pub struct Parameters {
    key: Option<String>,
    last_event_id: Option<String>,
    cursor: Option<String>,
}

/// `GET /api/matches/{id}/events`
pub async fn watch(
    State(state): State<Arc<state::State>>,
    Path(id): Path<String>,
    parameters: Result<Query<Parameters>, QueryRejection>,
    request: Request,
) -> Result<Response, Problem> {
    let game = find(&state, &id)?;
    let parameters = parameters.map_err(|error| Problem::bad("bad_query", error.body_text()))?.0;
    if !game.feed_key_fits(parameters.key.as_deref()) {
        return Err(match parameters.key.as_deref() {
            None | Some("") => {
                Problem::unauthorized("the feed of this match needs ?key=, which its watch_url holds")
            }
            Some(_) => Problem::forbidden("this key does not open the feed of this match"),
        });
    }
    if has_body(request.headers()) {
        return Err(Problem::bad("bad_request", "this request has no body"));
    }
    let chunked = request.version() >= Version::HTTP_11;
    let resume = cursor(request.headers(), &parameters);
    let mut response = ().into_response();
    for (name, value) in HEAD {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    if request.method() == Method::HEAD {
        return Ok(response);
    }
    if chunked {
        response.headers_mut().insert(header::TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
    }
    response.extensions_mut().insert(Handover::Watch { game, resume, chunked });
    Ok(response)
}

/// Where the spectator stands, from the first place that says something. What makes no sense is no cursor, so that
/// its owner gets a keyframe.
fn cursor(headers: &HeaderMap, parameters: &Parameters) -> Option<Cursor> {
    let header = headers.get(LAST_EVENT_ID).and_then(|value| value.to_str().ok());
    let places = [header, parameters.last_event_id.as_deref(), parameters.cursor.as_deref()];
    places.into_iter().flatten().find(|text| !text.is_empty()).and_then(Cursor::parse)
}
