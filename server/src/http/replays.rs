//! The routes of replays: the list of public ones, what one is, a stretch of its feed, and the file itself.
//! Whoever knows the id of an unlisted one may see it; a match with a password asks for its feed's key here too.

use std::fs::File;
use std::io::{self, Read, Seek};
use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Json, body::Body};
use futures_util::stream::{Stream, try_unfold};
use serde::Deserialize;
use tokio::task::spawn_blocking;

use super::problem::Problem;
use crate::replay::file::{Front, ReadError};
use crate::replay::packing::unpack;
use crate::state;

/// Replays in one page of the list, and how many one may ask for.
const PAGE: usize = 50;
const PAGE_MAX: usize = 200;
/// What of a file is in memory at once while it is fetched.
const PIECE_BYTES: u64 = 128 << 10;
/// When the next stretch of a feed begins, in milliseconds; absent behind the last one.
const NEXT_MS: HeaderName = HeaderName::from_static("starfray-next-ms");
/// A replay never changes, but it goes.
const KEPT: &str = "private, max-age=3600";

/// What stands behind the question mark of a list.
#[derive(Debug, Deserialize)]
pub struct ListAsk {
    before: Option<u64>,
    limit: Option<usize>,
}

/// What stands behind the question mark of one replay.
#[derive(Debug, Deserialize)]
pub struct OneAsk {
    key: Option<String>,
    from_ms: Option<u64>,
}

type Asked<T> = Result<Query<T>, axum::extract::rejection::QueryRejection>;

fn asked<T>(ask: Asked<T>) -> Result<T, Problem> {
    ask.map(|Query(ask)| ask).map_err(|error| Problem::bad("bad_query", error.body_text()))
}

/// `GET /api/replays`
pub async fn list(State(state): State<Arc<state::State>>, ask: Asked<ListAsk>) -> Result<Response, Problem> {
    let ListAsk { before, limit } = asked(ask)?;
    let limit = limit.unwrap_or(PAGE).clamp(1, PAGE_MAX);
    let page = state.replays.as_ref().map(|shelf| shelf.page(before, limit)).unwrap_or_default();
    Ok(([(header::CACHE_CONTROL, "no-cache")], Json(page)).into_response())
}

/// `GET /api/replays/{id}`
pub async fn one(
    State(state): State<Arc<state::State>>,
    Path(id): Path<String>,
    ask: Asked<OneAsk>,
) -> Result<Response, Problem> {
    let key = asked(ask)?.key;
    let front = with_file(&state, id.clone(), key, |_, front| Ok(front)).await?;
    let json = (header::CONTENT_TYPE, "application/json");
    Ok(([cache(&id, &front), json], front.json).into_response())
}

/// `GET /api/replays/{id}/feed`
pub async fn feed(
    State(state): State<Arc<state::State>>,
    Path(id): Path<String>,
    ask: Asked<OneAsk>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let OneAsk { key, from_ms } = asked(ask)?;
    let accepts = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
    let packed = accepts.is_some_and(|value| value.split(',').any(|one| one.trim().starts_with("gzip")));
    let (bytes, next, cache) = with_file(&state, id.clone(), key, move |file, front| {
        let (block, next) = front.feed_at(file, from_ms.unwrap_or(0))?;
        Ok((if packed { block } else { unpack(&block)? }, next, cache(&id, &front)))
    })
    .await?;
    let lines = (header::CONTENT_TYPE, "application/x-ndjson");
    let vary = (header::VARY, "accept-encoding");
    let mut response = ([cache, lines, vary], bytes).into_response();
    let headers = response.headers_mut();
    if packed {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    if let Some(next) = next {
        headers.insert(NEXT_MS, HeaderValue::from(next));
    }
    Ok(response)
}

/// `GET /api/replays/{id}/file`
pub async fn file(
    State(state): State<Arc<state::State>>,
    Path(id): Path<String>,
    ask: Asked<OneAsk>,
) -> Result<Response, Problem> {
    let key = asked(ask)?.key;
    let (name, length, file) = with_file(&state, id, key, |file, front| {
        file.rewind()?;
        Ok((front.summary.id, file.metadata()?.len(), file.try_clone()?))
    })
    .await?;
    let kind = (header::CONTENT_TYPE, "application/octet-stream".to_owned());
    let save = (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}.replay\""));
    let length = (header::CONTENT_LENGTH, length.to_string());
    Ok(([kind, save, length], Body::from_stream(pieces(file))).into_response())
}

/// A file's bytes, a piece at a time, each read when the one before is on its way.
fn pieces(file: File) -> impl Stream<Item = io::Result<Vec<u8>>> {
    try_unfold(file, async |mut file| {
        let read = spawn_blocking(move || {
            let mut piece = Vec::new();
            file.by_ref().take(PIECE_BYTES).read_to_end(&mut piece)?;
            Ok((!piece.is_empty()).then_some((piece, file)))
        });
        read.await.unwrap_or_else(|error| Err(io::Error::other(error)))
    })
}

/// What a match's id alone stands for changes with every round.
fn cache(id: &str, front: &Front) -> (HeaderName, &'static str) {
    (header::CACHE_CONTROL, if front.summary.id == id { KEPT } else { "no-cache" })
}

/// Opens a replay for whoever may see it, and reads from it where waiting for the disk holds nobody up.
async fn with_file<T: Send + 'static>(
    state: &state::State,
    id: String,
    key: Option<String>,
    read: impl FnOnce(&mut File, Front) -> Result<T, ReadError> + Send + 'static,
) -> Result<T, Problem> {
    let shelf = state.replays.clone().ok_or_else(no_replay)?;
    let work = spawn_blocking(move || {
        let mut file = shelf.find(&id).ok_or_else(no_replay)?;
        let front = Front::read(&mut file).map_err(damaged)?;
        match (&front.header.feed_key, key.as_deref()) {
            (Some(_), None | Some("")) => {
                Err(Problem::unauthorized("this replay needs ?key=, as the match's watch_url has it"))
            }
            (Some(right), Some(given)) if !is_same(right, given) => {
                Err(Problem::forbidden("this key does not open this replay"))
            }
            _ => read(&mut file, front).map_err(damaged),
        }
    });
    work.await.unwrap_or_else(|_| Err(damaged(ReadError::Magic)))
}

/// Compares without telling by its time how far two keys agree.
fn is_same(right: &str, given: &str) -> bool {
    let differs = right.bytes().zip(given.bytes()).fold(0, |all, (a, b)| all | (a ^ b));
    right.len() == given.len() && differs == 0
}

fn no_replay() -> Problem {
    let message = "there is no such replay, or no more. GET /api/replays lists the public ones";
    Problem::new(StatusCode::NOT_FOUND, "replay_not_found", message)
}

#[expect(clippy::needless_pass_by_value, reason = "map_err gives the error away")]
fn damaged(error: ReadError) -> Problem {
    tracing::warn!(%error, "a replay can't be read");
    let message = "this replay is damaged; the server's log says where";
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "replay_damaged", message)
}
