//! The routes of what is left of rounds: results and leaderboards. Everything here is public and only read.
//! The store's thread does the work; a route that it has no time for says so.

use std::sync::Arc;

use axum::{
    extract::{Path, State},
    http::{HeaderMap, StatusCode, Uri},
    response::Response,
};
use serde::{Deserialize, Serialize};

use super::{problem::Problem, tagged};
use crate::{
    state,
    store::{
        handle::Turn,
        leaderboard::{PLACES_MAX, Period, Standing},
        results::{ResultList, ResultPage, Wanted},
    },
};

/// Entries of an answer if nobody says how many.
const LIMIT: u32 = 20;
/// Most entries of an answer.
const LIMIT_MAX: u32 = 100;

#[derive(Deserialize)]
struct ListQuery {
    #[serde(rename = "match")]
    match_id: Option<String>,
    player: Option<String>,
    before: Option<i64>,
    limit: Option<u32>,
}

#[derive(Deserialize)]
struct BoardQuery {
    period: Option<String>,
    limit: Option<u32>,
    offset: Option<u32>,
}

#[derive(Serialize)]
struct Board<'a> {
    period: Period,
    total: usize,
    players: &'a [Standing],
}

/// A result, and whether it can be watched again.
#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    page: ResultPage,
    /// Whether there is a replay with the same id.
    replay: bool,
}

/// `GET /api/results`
pub async fn list(
    State(state): State<Arc<state::State>>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let query: ListQuery = tagged::query(&uri)?;
    let limit = checked_limit(query.limit)?;
    let (match_id, player, before) = (query.match_id, query.player, query.before);
    let found = state.store.ask(Turn::Last, move |db, _| {
        let account = match player {
            None => None,
            Some(player) => match db.profile(&player)? {
                Some((id, _)) => Some(id),
                None => return Ok(ResultList { results: Vec::new(), next: None }),
            },
        };
        db.results(&Wanted { match_id, account, before, limit })
    });
    tagged::json(&headers, &found.await?)
}

/// `GET /api/results/{id}`; a match's id alone is its newest result.
pub async fn one(
    State(state): State<Arc<state::State>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let missing = || {
        let message = "there is no such result; GET /api/results lists the public ones";
        Problem::new(StatusCode::NOT_FOUND, "result_not_found", message)
    };
    let (match_id, round) = match id.rsplit_once('-') {
        None => (id, None),
        Some((match_id, round)) => (match_id.to_owned(), Some(round.parse().map_err(|_| missing())?)),
    };
    let found = state.store.ask(Turn::Last, move |db, _| db.result(&match_id, round)).await?;
    let page = found.ok_or_else(missing)?;
    let replay = state.replays.as_ref().is_some_and(|shelf| shelf.has(&page.line.id));
    tagged::json(&headers, &Shown { page, replay })
}

/// `GET /api/leaderboard`
pub async fn leaderboard(
    State(state): State<Arc<state::State>>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let query: BoardQuery = tagged::query(&uri)?;
    let period = match query.period.as_deref() {
        None | Some("all") => Period::All,
        Some("week") => Period::Week,
        Some(_) => return Err(Problem::bad("bad_query", "period must be all or week")),
    };
    let limit = checked_limit(query.limit)?;
    let offset = query.offset.unwrap_or(0).min(PLACES_MAX) as usize;
    let board = state.store.ask(Turn::Last, move |db, now_s| db.board(period, now_s)).await?;
    let shown: Vec<Standing> = board.iter().skip(offset).take(limit as usize).cloned().collect();
    tagged::json(&headers, &Board { period, total: board.len(), players: &shown })
}

fn checked_limit(limit: Option<u32>) -> Result<u32, Problem> {
    let limit = limit.unwrap_or(LIMIT);
    if (1..=LIMIT_MAX).contains(&limit) {
        return Ok(limit);
    }
    Err(Problem::bad("bad_query", format!("limit must be 1 to {LIMIT_MAX}")))
}
