//! The lobby's list as a stream of events, for everybody: the list at once, then what changes, and a comment when nothing
//! does. What is sent is made once for all readers in `lobby::front`.

use std::{convert::Infallible, future::ready, sync::Arc, time::Duration};

use axum::{
    body::Body,
    extract::State,
    http::{HeaderName, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures_util::{StreamExt, stream};

use super::problem::Problem;
use crate::state;

/// Silence after which a comment is sent, so that nobody on the way thinks the stream dead.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// First bytes, so that the head leaves at once, and how long to wait before coming back.
const GREETING: &[u8] = b"retry: 2000\n\n";

/// `GET /api/matches/live`
pub async fn events(State(state): State<Arc<state::State>>) -> Result<Response, Problem> {
    let full = || Problem::later("busy", "as many read the list as may", Duration::from_secs(5));
    let reader = state.front.read().ok_or_else(full)?;
    let news = stream::unfold(reader, |mut reader| async move {
        match tokio::time::timeout(HEARTBEAT, reader.next()).await {
            Ok(bytes) => Some((bytes?, reader)),
            Err(_) => Some((Bytes::from_static(b":\n\n"), reader)),
        }
    });
    let body = stream::once(ready(Bytes::from_static(GREETING))).chain(news).map(Ok::<_, Infallible>);
    let head = [
        (header::CONTENT_TYPE, "text/event-stream; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store, no-transform"),
        (HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    Ok((head, Body::from_stream(body)).into_response())
}
