//! The routes of accounts: what everybody may see of one, and what its player may change with its key.
//! The key comes as a bearer token and goes nowhere but into its hash.

use std::sync::Arc;

use axum::{
    Extension, Json,
    extract::{Path, Request, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use shared::name::PlayerName;

use super::{bearer, body::read_json, problem::Problem, tagged, visit::Visit};
use crate::{
    state,
    store::{
        accounts::Profile,
        handle::Turn,
        key::KeyHash,
        results::{ResultLine, Wanted},
    },
    telemetry::rejected,
};

/// Results on a player's page.
const RECENT: u32 = 10;

#[derive(Deserialize)]
struct Rename {
    name: String,
}

#[derive(Serialize)]
struct Player {
    #[serde(flatten)]
    profile: Profile,
    results: Vec<ResultLine>,
}

/// `GET /api/players/{id}`
pub async fn one(
    State(state): State<Arc<state::State>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let found = state.store.ask(Turn::Last, move |db, _| {
        let Some((account, profile)) = db.profile(&id)? else { return Ok(None) };
        let wanted = Wanted { account: Some(account), limit: RECENT, ..Wanted::default() };
        Ok(Some(Player { profile, results: db.results(&wanted)?.results }))
    });
    tagged::json(&headers, &found.await?.ok_or_else(missing)?)
}

/// `GET /api/player`, with the key: one's own account.
pub async fn own(
    State(state): State<Arc<state::State>>,
    Extension(visit): Extension<Visit>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let key = key(&state, &visit, &headers)?;
    let found = state.store.ask(Turn::First, move |db, _| db.own_profile(key)).await?;
    let (_, profile) = found.ok_or_else(missing)?;
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(profile)).into_response())
}

/// `POST /api/player`, with the key: another name.
pub async fn rename(
    State(state): State<Arc<state::State>>,
    Extension(visit): Extension<Visit>,
    request: Request,
) -> Result<Response, Problem> {
    let key = key(&state, &visit, request.headers())?;
    let wish: Rename = read_json(request, "bad_request").await?;
    let name = PlayerName::sanitise(&wish.name);
    let change = state.store.ask(Turn::First, move |db, _| {
        db.rename(key, name.as_str())?;
        db.own_profile(key)
    });
    let (_, profile) = change.await?.ok_or_else(missing)?;
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(profile)).into_response())
}

/// `DELETE /api/player`, with the key: the account and everything about its player.
pub async fn delete(
    State(state): State<Arc<state::State>>,
    Extension(visit): Extension<Visit>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let key = key(&state, &visit, &headers)?;
    let there = state.store.ask(Turn::First, move |db, _| db.delete(key)).await?;
    if there { Ok(StatusCode::NO_CONTENT.into_response()) } else { Err(missing()) }
}

/// The key of a request. Each look costs a turn, so that nobody tries many.
fn key(state: &state::State, visit: &Visit, headers: &HeaderMap) -> Result<KeyHash, Problem> {
    let Some(text) = bearer::token(headers) else {
        rejected("unauthorized");
        return Err(Problem::unauthorized("send the player's key as Authorization: Bearer …"));
    };
    state.admission.may_join(visit.caller)?;
    KeyHash::of(text).map_err(|error| Problem::bad("bad_player_key", error.to_string()))
}

fn missing() -> Problem {
    let message =
        "there is no such player; an account begins with the first match that is joined with its key";
    Problem::new(StatusCode::NOT_FOUND, "player_not_found", message)
}
