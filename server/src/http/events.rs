//! The spectator feed as a response that streams: HTML5 Event Source, or lines of JSON. This is its head; a
//! spectators' thread writes the body, over HTTP/1.1 into the socket itself and over HTTP/2 into a lane that hyper
//! empties. Open to every page without credentials.

use std::{sync::Arc, time::Duration};

use axum::{
    extract::{Path, Request, State},
    http::{HeaderName, HeaderValue, Method, StatusCode, Version, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;

use super::{feed_ask::FeedAsk, handover::Handover, media, pour::pour, problem::Problem};
use crate::{
    feed::form::Form,
    link::{Arrival, Link, streamed},
    matches::handle::WatchRequest,
    state,
    telemetry::rejected,
};

const SSE: &str = "text/event-stream";
const NDJSON: &str = "application/x-ndjson";

/// The head's fields. The last two ask proxies not to hold the feed back and not to change it.
const HEAD: [(HeaderName, &str); 2] =
    [(header::CACHE_CONTROL, "no-store, no-transform"), (HeaderName::from_static("x-accel-buffering"), "no")];

/// `GET /api/matches/{id}/events`
pub async fn watch(
    State(state): State<Arc<state::State>>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    stream(&state, &id, &request, Form::Sse)
}

/// `GET /api/matches/{id}/feed`, by `Accept`
pub async fn watch_any(
    State(state): State<Arc<state::State>>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let form = match media::preferred(request.headers(), &[SSE, NDJSON]) {
        Some(0) => Form::Sse,
        Some(_) => Form::NdJson,
        None => {
            let message = format!("the feed comes as {SSE} or {NDJSON}; accept one of them");
            return Err(Problem::new(StatusCode::NOT_ACCEPTABLE, "not_acceptable", message));
        }
    };
    let mut response = stream(&state, &id, &request, form)?;
    response.headers_mut().append(header::VARY, HeaderValue::from_static("Accept"));
    Ok(response)
}

fn stream(state: &state::State, id: &str, request: &Request, form: Form) -> Result<Response, Problem> {
    let FeedAsk { game, cursor, .. } = FeedAsk::read(state, id, request.uri(), request.headers())?;
    let chunked = request.version() >= Version::HTTP_11;
    let mut response = ().into_response();
    let headers = response.headers_mut();
    for (name, value) in HEAD {
        headers.insert(name, HeaderValue::from_static(value));
    }
    let media = if form == Form::Sse { "text/event-stream; charset=utf-8" } else { NDJSON };
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
    if request.method() == Method::HEAD {
        return Ok(response);
    }
    if request.version() >= Version::HTTP_2 {
        let (body, end) = streamed::open();
        let arrival = Arrival { link: Link::Streamed(end), early: Bytes::new(), permit: Box::new(()) };
        game.watch(WatchRequest { arrival, resume: cursor, form, chunked: false }).map_err(|_| {
            rejected("queue_full");
            Problem::later("busy", "too many spectators come at once; try again", Duration::from_secs(1))
        })?;
        *response.body_mut() = pour(move |cx| body.poll_take(cx));
        return Ok(response);
    }
    headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    if chunked {
        headers.insert(header::TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
    }
    response.extensions_mut().insert(Handover::Watch { game, resume: cursor, form, chunked });
    Ok(response)
}
