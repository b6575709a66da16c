//! The routes by which the host of a match acts on it.
//! Each act is put into the match's inbox; the match decides what it means, and whether it is the time for it.

use std::{sync::Arc, time::Duration};

use axum::{
    Json,
    extract::{Path, Request, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use shared::{id::PlayerId, mode::Team, name::clean, protocol::CloseReason};
use tokio::task::spawn_blocking;

use super::{bearer, body::read_json, matches::find, problem::Problem};
use crate::{
    bots::skill::Skill,
    matches::{
        handle::MatchHandle,
        inbox::{Busy, Dismissal, HostAct, WrongPhase},
    },
    state,
    telemetry::rejected,
};

/// Longest reason for which somebody is removed, in characters.
const REASON_CHARS_MAX: usize = 120;

/// What a host can do without saying more, by the word in the address.
const ACTS: [(&str, HostAct); 8] = [
    ("start", HostAct::Start),
    ("pause", HostAct::Pause),
    ("resume", HostAct::Resume),
    ("rematch", HostAct::Rematch),
    ("end", HostAct::End),
    ("remove_bot", HostAct::RemoveBot),
    ("lock", HostAct::Lock(true)),
    ("unlock", HostAct::Lock(false)),
];

/// What a host can do to a player.
const DEEDS: [&str; 4] = ["kick", "ban", "transfer", "team"];

/// A bot comes.
const ADD_BOT: &str = "add_bot";

/// The next round is on another map.
const MAP: &str = "map";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Where {
    map: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Bot {
    skill: Option<u8>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Whom {
    player_id: PlayerId,
    reason: Option<String>,
    /// The side to change to, for `team`.
    team: Option<u8>,
}

#[derive(Serialize)]
struct Done<'a> {
    action: &'a str,
}

/// `POST /api/matches/{id}/host/{action}`
pub async fn act(
    State(state): State<Arc<state::State>>,
    Path((id, action)): Path<(String, String)>,
    request: Request,
) -> Result<Response, Problem> {
    let game = find(&state, &id)?;
    let act = ACTS.into_iter().find(|(word, _)| *word == action).map(|(_, act)| act);
    if act.is_none() && ![ADD_BOT, MAP].contains(&action.as_str()) && !DEEDS.contains(&action.as_str()) {
        let words: Vec<&str> =
            ACTS.iter().map(|(word, _)| *word).chain(DEEDS).chain([ADD_BOT, MAP]).collect();
        let message = format!("a host can {}", words.join(", "));
        return Err(Problem::new(StatusCode::NOT_FOUND, "unknown_action", message));
    }
    bearer::host(bearer::token(request.headers()), &game, &state.signer)?;
    match act {
        None if action == ADD_BOT => add_bot(&game, read_json(request, "bad_request").await?).await?,
        None if action == MAP => change_map(&state, &game, read_json(request, "bad_request").await?).await?,
        Some(act) => game.host_act(act).await.map_err(busy)?.map_err(wrong_phase)?,
        None => do_to_player(&state, &game, &action, read_json(request, "bad_request").await?).await?,
    }
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(Done { action: &action })).into_response())
}

async fn add_bot(game: &MatchHandle, Bot { skill }: Bot) -> Result<(), Problem> {
    let skill = skill.map(Skill::try_from).transpose();
    let skill = skill.map_err(|error| Problem::bad("bad_request", format!("skill: {error}")))?;
    game.host_act(HostAct::AddBot(skill)).await.map_err(busy)?.map_err(wrong_phase)
}

async fn do_to_player(
    state: &state::State,
    game: &MatchHandle,
    action: &str,
    Whom { player_id, reason, team }: Whom,
) -> Result<(), Problem> {
    match action {
        "transfer" => return transfer(state, game, player_id).await,
        "team" => return change_side(game, player_id, team).await,
        _ => {}
    }
    let words = reason.and_then(|reason| clean(&reason, REASON_CHARS_MAX)).unwrap_or_default();
    let bans = action == "ban";
    if bans && !game.has_seat(player_id).await {
        return Err(nobody(player_id));
    }
    let seated = |player| game.status().players.iter().any(|seat| seat.player_id == player);
    if bans && !game.callers().ban(player_id, seated) {
        let message = "player_id: a guest who calls from the same address as others can't be told from them; \
            kick the player, and lock the match";
        return Err(Problem::new(StatusCode::CONFLICT, "cannot_ban", message));
    }
    let reason = if bans { CloseReason::Banned } else { CloseReason::Kicked };
    if game.remove(player_id, Dismissal { reason, words }).await.map_err(busy)? {
        return Ok(());
    }
    Err(nobody(player_id))
}

/// Another player becomes the host, and the token that asked for it is void.
async fn transfer(state: &state::State, game: &MatchHandle, player: PlayerId) -> Result<(), Problem> {
    let turn = game.next_host_turn().ok_or_else(|| {
        Problem::new(StatusCode::CONFLICT, "wrong_phase", "the host of this match has changed too often")
    })?;
    let token = state.signer.later_host(game.id().as_str(), turn.into());
    if game.hand_over(player, (turn, token)).await.map_err(busy)? { Ok(()) } else { Err(nobody(player)) }
}

async fn change_map(
    state: &Arc<state::State>,
    game: &MatchHandle,
    Where { map }: Where,
) -> Result<(), Problem> {
    let (settings, maps) = (game.settings().clone(), Arc::clone(state));
    // The map may be a file of the data folder.
    let next = spawn_blocking(move || settings.on_map(&map, &maps.maps)).await.map_err(|_| {
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "the map could not be looked up")
    })?;
    let next = next.map_err(|error| Problem::bad("bad_settings", error.to_string()))?;
    game.move_to(next).await.map_err(busy)?.map_err(wrong_phase)
}

async fn change_side(game: &MatchHandle, player: PlayerId, team: Option<u8>) -> Result<(), Problem> {
    let side = team.and_then(|number| Team::SIDES.into_iter().find(|side| u8::from(*side) == number));
    let side = side.ok_or_else(|| {
        Problem::new(StatusCode::BAD_REQUEST, "bad_request", "team: must be 1 (azure) or 2 (amber)")
    })?;
    if !game.settings().mode.has_teams() {
        return Err(Problem::new(StatusCode::CONFLICT, "no_teams", "team: this match has no teams"));
    }
    if !game.has_seat(player).await {
        return Err(nobody(player));
    }
    game.host_act(HostAct::Team(player, side)).await.map_err(busy)?.map_err(wrong_phase)
}

fn wrong_phase(wrong: WrongPhase) -> Problem {
    Problem::new(StatusCode::CONFLICT, "wrong_phase", wrong.to_string())
}

fn nobody(player: PlayerId) -> Problem {
    let message = format!("player_id: nobody with a connection has the seat {} in this match", player.0);
    Problem::new(StatusCode::NOT_FOUND, "player_not_found", message)
}

fn busy(error: Busy) -> Problem {
    rejected("queue_full");
    Problem::later("busy", error.to_string(), Duration::from_secs(1))
}
