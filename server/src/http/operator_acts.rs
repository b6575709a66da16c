//! The operator's acts: end a match, remove somebody for now or for good, say something to everybody, stop the server.
//! Each is logged. What bans are stands in `bans`; a match decides itself when it does what it is told.

use std::{net::IpAddr, sync::Arc, time::Duration};

use axum::{
    Json,
    extract::{Path, Request, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use shared::{
    id::PlayerId,
    name::{NOTICE_CHARS_MAX, clean},
    protocol::CloseReason,
};

use super::{
    bans::{self, Term},
    body::read_json,
    matches::find,
    problem::Problem,
};
use crate::{
    matches::{callers::Caller, handle::MatchHandle, inbox::Busy},
    state,
    store::{bans::Target, handle::Turn},
    telemetry::rejected,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Whom {
    player_id: PlayerId,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BanWish {
    player_id: PlayerId,
    #[serde(default)]
    by: By,
    minutes: Option<u32>,
    reason: Option<String>,
}

/// What somebody is known by.
#[derive(Clone, Copy, Default, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum By {
    #[default]
    Address,
    Account,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Say {
    text: String,
}

#[derive(Serialize)]
struct Said {
    text: String,
    matches: usize,
}

#[derive(Serialize)]
struct Done {
    action: &'static str,
}

/// `POST /admin/api/matches/{id}/end`
pub async fn end(
    State(state): State<Arc<state::State>>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    find(&state, &id)?.end().map_err(busy)?;
    tracing::info!(act = "end", match_id = id, "the operator acts");
    Ok(done("end"))
}

/// `POST /admin/api/matches/{id}/kick`
pub async fn kick(
    State(state): State<Arc<state::State>>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let game = find(&state, &id)?;
    let Whom { player_id } = read_json(request, "bad_request").await?;
    if !game.remove(player_id, CloseReason::Kicked.into()).await.map_err(busy)? {
        return Err(nobody(player_id));
    }
    tracing::info!(act = "kick", match_id = id, player_id = player_id.0, "the operator acts");
    Ok(done("kick"))
}

/// `POST /admin/api/matches/{id}/ban`: by where a player calls from, or by the account.
pub async fn ban(
    State(state): State<Arc<state::State>>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let game = find(&state, &id)?;
    let BanWish { player_id, by, minutes, reason } = read_json(request, "bad_ban").await?;
    let (target, term) = (target(&state, &game, player_id, by).await?, Term { minutes, reason });
    tracing::info!(act = "ban", match_id = id, player_id = player_id.0, "the operator acts");
    bans::hold(&state, target, term).await
}

/// `POST /admin/api/broadcast`
pub async fn broadcast(
    State(state): State<Arc<state::State>>,
    request: Request,
) -> Result<Response, Problem> {
    let Say { text } = read_json(request, "bad_request").await?;
    let text = clean(&text, NOTICE_CHARS_MAX).ok_or_else(|| Problem::bad("bad_request", "text: is empty"))?;
    let all = state.lobby.all();
    // A match that is too busy to listen is one that nobody could read in.
    let matches = all.iter().filter(|listed| listed.handle.tell_notice(&text).is_ok()).count();
    tracing::info!(act = "broadcast", text, matches, "the operator acts");
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(Said { text, matches })).into_response())
}

/// `POST /admin/api/drain`: as SIGTERM.
pub async fn drain(State(state): State<Arc<state::State>>) -> Response {
    tracing::info!(act = "drain", "the operator acts");
    state.ask_to_stop();
    done("drain")
}

async fn target(
    state: &state::State,
    game: &MatchHandle,
    player: PlayerId,
    by: By,
) -> Result<Target, Problem> {
    let Caller { address, mut account } = game.callers().find(player).ok_or_else(|| nobody(player))?;
    if by == By::Account && !game.callers().joined_here(player) {
        let match_id = game.id().to_string();
        let known = state.store.ask(Turn::First, move |db, _| db.account_of_seat(&match_id, player.0));
        account = known.await?;
    }
    match by {
        By::Account => account.map(Target::AccountId).ok_or_else(|| {
            Problem::bad("bad_ban", "by: this player is a guest without an account; ban the address")
        }),
        By::Address if is_everybodys(address) => {
            let message = "by: this player comes from this machine itself, as all do behind a proxy that \
                trusted_proxy does not name; ban the account";
            Err(Problem::bad("bad_ban", message))
        }
        By::Address => Ok(Target::Network(bans::customer(address))),
    }
}

/// Whether banning this address would ban everybody who comes by a proxy of this machine.
fn is_everybodys(address: IpAddr) -> bool {
    address.is_loopback() || address.is_unspecified()
}

fn nobody(player: PlayerId) -> Problem {
    let message = format!("nobody with a connection has the seat {} in this match", player.0);
    Problem::new(StatusCode::NOT_FOUND, "player_not_found", message)
}

fn busy(error: Busy) -> Problem {
    rejected("queue_full");
    Problem::later("busy", error.to_string(), Duration::from_secs(1))
}

fn done(action: &'static str) -> Response {
    ([(header::CACHE_CONTROL, "no-store")], Json(Done { action })).into_response()
}
