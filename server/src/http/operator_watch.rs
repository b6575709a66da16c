//! The operator's routes that show: the whole server once or as it changes, and one match with all its people.
//! The pictures are the panel's; here they become responses. A browser reads the stream by `fetch`, since an
//! `EventSource` can't send the operator's word.

use std::{convert::Infallible, future::ready, sync::Arc, time::Duration};

use axum::{
    Json,
    body::Body,
    extract::{Path, State},
    http::{HeaderName, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures_util::{StreamExt, stream};

use super::problem::Problem;
use crate::{
    panel::{
        board::{Reader, Shown},
        picture::MatchPicture,
    },
    state,
};

/// Longest time until there is a picture: one is made a second, and the first needs two readings.
const PICTURE_WITHIN: Duration = Duration::from_secs(5);
/// First bytes of a stream, so that its head leaves at once.
const GREETING: &[u8] = b": one picture a second\n\n";
/// Last bytes of a stream of which the server stops.
const GOODBYE: &[u8] = b"event: bye\ndata: {}\n\n";

/// `GET /admin/api/state`
pub async fn now(State(state): State<Arc<state::State>>) -> Result<Response, Problem> {
    let mut reader = watch(&state)?;
    let picture = tokio::time::timeout(PICTURE_WITHIN, next(&mut reader)).await.ok().flatten();
    let json = picture.ok_or_else(Problem::draining)?.json();
    Ok(([(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")], json)
        .into_response())
}

/// `GET /admin/events`
pub async fn events(State(state): State<Arc<state::State>>) -> Result<Response, Problem> {
    let pictures = stream::unfold(watch(&state)?, |mut reader| async move {
        let picture = next(&mut reader).await?;
        Some((picture.event(), reader))
    });
    let said = |words| stream::once(ready(Bytes::from_static(words)));
    let body = said(GREETING).chain(pictures).chain(said(GOODBYE)).map(Ok::<_, Infallible>);
    let head = [
        (header::CONTENT_TYPE, "text/event-stream; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store, no-transform"),
        (HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    Ok((head, Body::from_stream(body)).into_response())
}

/// `GET /admin/api/matches/{id}`
pub async fn one(
    State(state): State<Arc<state::State>>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let listed = state.lobby.all().into_iter().find(|listed| listed.handle.id().as_str() == id);
    let picture = MatchPicture::whole(&listed.ok_or_else(|| Problem::no_match(&id))?);
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(picture)).into_response())
}

fn watch(state: &state::State) -> Result<Reader, Problem> {
    let full = || Problem::later("busy", "as many watch the server as may", Duration::from_secs(1));
    state.board.watch().ok_or_else(full)
}

async fn next(reader: &mut Reader) -> Option<Shown> {
    reader.changed().await.ok()?;
    reader.borrow_and_update().clone()
}
