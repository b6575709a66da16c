//! The route by which a person gets a seat: a name in, a token out.
//! The seat is the match's to give; the token is all that anybody has to remember of it.

use std::{
    net::IpAddr,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use axum::{
    Extension, Json,
    extract::{Path, Request, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use shared::{id::PlayerId, name::PlayerName, world::Hull};

use super::{body::read_json, matches::find, problem::Problem, visit::Visit};
use crate::{
    matches::{
        callers::Caller,
        handle::MatchHandle,
        inbox::{JoinError, JoinRequest},
    },
    settings::PasswordAnswer,
    state,
    store::{bans::Ban, desk::Kept, handle::Turn, key::KeyHash},
    telemetry::rejected,
};

/// A match that sleeps or ticks at 10 Hz answers well within this; one that is stuck must not hold the caller.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(5);

#[derive(Deserialize)]
struct Join {
    name: Option<String>,
    password: Option<String>,
    player_key: Option<String>,
    hull: Option<HullName>,
}

/// A hull by its number or its word.
#[derive(Deserialize)]
#[serde(untagged)]
enum HullName {
    Number(u64),
    Word(String),
}

#[derive(Serialize)]
struct Seat {
    player_id: PlayerId,
    token: String,
    url: String,
    tick_hz: u32,
    transports: [&'static str; 3],
    #[serde(skip_serializing_if = "Option::is_none")]
    account_id: Option<String>,
}

/// `POST /api/matches/{id}/join`
pub async fn join(
    State(state): State<Arc<state::State>>,
    Path(id): Path<String>,
    Extension(visit): Extension<Visit>,
    request: Request,
) -> Result<Response, Problem> {
    let game = find(&state, &id)?;
    if state.is_draining() {
        return Err(Problem::draining());
    }
    let wish: Join = read_json(request, "bad_request").await?;
    let hull = wish.hull.as_ref().map_or(Ok(Hull::default()), hull)?;
    state.admission.may_join(visit.caller)?;
    check_password(&game, wish.password.as_deref())?;
    let name = PlayerName::sanitise(wish.name.as_deref().unwrap_or_default());
    let key = wish.player_key.as_deref().filter(|text| !text.is_empty()).map(KeyHash::of);
    let key = key.transpose().map_err(|error| Problem::bad("bad_player_key", error.to_string()))?;
    let account_id = let_in(&state, visit.caller.address, key, &name).await?;
    let caller = Caller { address: visit.caller.address, account: account_id.clone() };
    if game.callers().is_banned(&caller) {
        rejected("banned");
        let message = "the host has removed you from this match for good; watch it, or join another";
        return Err(Problem::new(StatusCode::FORBIDDEN, "banned", message));
    }
    let request = JoinRequest { name: name.clone(), hull };
    let grant = tokio::time::timeout(ANSWER_TIME_MAX, game.join(request))
        .await
        .unwrap_or(Err(JoinError::Busy))
        .map_err(|error| refusal(error, &id))?;
    game.callers().note(grant.player, caller);
    if let Some(key) = key {
        // A full desk counts what it drops; the seat is then a guest's.
        state.store.desk().keep(Kept::Seat { match_id: id.clone(), seat: grant.player, key, name });
    }
    let seat = Seat {
        account_id,
        player_id: grant.player,
        token: state.signer.seat(&id, (grant.player, game.generation_of(grant.player)), SystemTime::now()),
        url: visit.base(&state).to_string(),
        tick_hz: game.settings().tick_hz.hz(),
        transports: ["websocket", "stream", "poll"],
    };
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(seat)).into_response())
}

/// Turns away who is banned; returns the account of a key. Whatever becomes of the store, people play: then the account is
/// not known yet, and the seat is tied to it later.
async fn let_in(
    state: &state::State,
    address: IpAddr,
    key: Option<KeyHash>,
    name: &PlayerName,
) -> Result<Option<String>, Problem> {
    let turn_away = |ban: Option<Ban>| ban.map_or(Ok(()), |ban| Err(banned(&ban)));
    turn_away(state.store.ban_of(address, None))?;
    let Some(key) = key else { return Ok(None) };
    let name = name.clone();
    let signed_in = state.store.ask(Turn::First, move |db, now_s| db.sign_in(key, name.as_str(), now_s));
    let Ok(account) = signed_in.await else { return Ok(None) };
    turn_away(state.store.ban_of(address, Some(&account.public_id)))?;
    Ok(Some(account.public_id))
}

fn banned(ban: &Ban) -> Problem {
    rejected("banned");
    let until = ban.until.map(|until| UNIX_EPOCH + Duration::from_secs(until.unsigned_abs()));
    let until = until.map_or(String::new(), |until| format!(" until {}", httpdate::fmt_http_date(until)));
    let reason = if ban.reason.is_empty() { String::new() } else { format!(": {}", ban.reason) };
    Problem::new(StatusCode::FORBIDDEN, "banned", format!("you may not join here{until}{reason}"))
}

fn hull(name: &HullName) -> Result<Hull, Problem> {
    let found = match name {
        HullName::Number(number) => usize::try_from(*number).ok().and_then(|number| Hull::ALL.get(number)),
        HullName::Word(word) => Hull::ALL.iter().find(|hull| format!("{hull:?}").eq_ignore_ascii_case(word)),
    };
    found.copied().ok_or_else(|| {
        let words = Hull::ALL.map(|hull| format!("{hull:?}").to_ascii_lowercase()).join(", ");
        Problem::bad("bad_hull", format!("hull: must be one of {words}, or its number from 0"))
    })
}

fn check_password(game: &MatchHandle, given: Option<&str>) -> Result<(), Problem> {
    let (status, code, message) = match game.settings().password_fits(given) {
        PasswordAnswer::NotNeeded | PasswordAnswer::Right => return Ok(()),
        PasswordAnswer::Missing => {
            (StatusCode::UNAUTHORIZED, "password_required", "this match has a password; send it as password")
        }
        PasswordAnswer::Wrong => {
            (StatusCode::FORBIDDEN, "wrong_password", "this is not the match's password")
        }
    };
    rejected("password");
    Err(Problem::new(status, code, message))
}

fn refusal(error: JoinError, id: &str) -> Problem {
    let message = error.to_string();
    match error {
        JoinError::Full => {
            rejected("match_full");
            Problem::new(
                StatusCode::CONFLICT,
                "match_full",
                "all places are taken; watch it, or join another match",
            )
        }
        JoinError::Locked => {
            rejected("match_locked");
            Problem::new(StatusCode::CONFLICT, "match_locked", message)
        }
        JoinError::Ended => Problem::new(StatusCode::GONE, "match_ended", message),
        JoinError::Busy => {
            rejected("queue_full");
            Problem::later("busy", message, Duration::from_secs(1))
        }
        JoinError::Gone => Problem::no_match(id),
    }
}
