//! The route of who just wants to play: names the best public match, or makes one with bots. Joining follows as always.
//! What is best stands in `lobby::quick`; here the ratings of those who play are looked up, if somebody has one.

use std::sync::Arc;

use axum::{
    Extension, Json,
    extract::{Request, State},
    http::header,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};

use super::{body::read_json, problem::Problem, visit::Visit};
use crate::{
    lobby::quick,
    matches::{handle::MatchHandle, status::MatchStatus},
    settings::{RawSettings, Visibility},
    state,
    store::{handle::Turn, key::KeyHash},
};

/// Bots that keep the first one company in a match that is made.
const BOTS: u32 = 6;
/// Who just wants to play may be new to it.
const BOT_SKILL: u32 = 1;
/// Accounts whose ratings are looked up at most.
const RATINGS_MAX: usize = 200;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wish {
    player_key: Option<String>,
    /// A match that turned out to be full or over meanwhile.
    not: Option<String>,
}

#[derive(Serialize)]
struct Found {
    id: String,
    made: bool,
}

/// A match that may be the best.
struct Candidate {
    id: String,
    status: Arc<MatchStatus>,
    accounts: Vec<String>,
}

/// `POST /api/quick`
pub async fn find(
    State(state): State<Arc<state::State>>,
    Extension(visit): Extension<Visit>,
    request: Request,
) -> Result<Response, Problem> {
    if state.is_draining() {
        return Err(Problem::draining());
    }
    let Wish { player_key, not } = read_json(request, "bad_request").await?;
    let key = player_key.as_deref().filter(|text| !text.is_empty()).map(KeyHash::of);
    let key = key.transpose().map_err(|error| Problem::bad("bad_player_key", error.to_string()))?;
    let matches = state.lobby.all().into_iter().filter(|listed| listed.kind != "playground");
    let candidates: Vec<Candidate> = matches
        .map(|listed| listed.handle)
        .filter(|game| game.settings().visibility == Visibility::Public)
        .filter(|game| not.as_deref() != Some(game.id().as_str()))
        .map(|game| candidate(&game))
        .collect();
    let values = values(&state, key, &candidates).await;
    let rated = candidates.iter().zip(values).filter_map(|(game, value)| Some((game, value?)));
    // Of equals the oldest counts, so that newcomers meet.
    let best = rated.reduce(|best, other| if other.1 > best.1 { other } else { best });
    let found = if let Some((game, _)) = best {
        Found { id: game.id.clone(), made: false }
    } else {
        state.admission.may_host(visit.caller)?;
        let settings = RawSettings { bots: Some(BOTS), bot_skill: Some(BOT_SKILL), ..RawSettings::default() };
        let settings = settings.check().map_err(|error| Problem::bad("bad_settings", error.to_string()))?;
        Found { id: state.lobby.host(settings)?.id().to_string(), made: true }
    };
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(found)).into_response())
}

fn candidate(game: &MatchHandle) -> Candidate {
    let status = game.status();
    let people = status.players.iter().filter(|player| !player.bot);
    let accounts = people.filter_map(|player| game.callers().find(player.player_id)?.account).collect();
    Candidate { id: game.id().to_string(), status, accounts }
}

/// What each candidate is worth. Without a rating of one's own, or without the database, ratings do not count.
async fn values(state: &state::State, key: Option<KeyHash>, candidates: &[Candidate]) -> Vec<Option<f64>> {
    let plain = |game: &Candidate| quick::value(&game.status, None, None);
    let Some(key) = key else { return candidates.iter().map(plain).collect() };
    let accounts: Vec<Vec<String>> = candidates.iter().map(|game| game.accounts.clone()).collect();
    let asked = state.store.ask(Turn::First, move |db, _| {
        let own = db.own_profile(key)?.and_then(|(_, profile)| profile.rating);
        let mut left = if own.is_some() { RATINGS_MAX } else { 0 };
        let mut averages = Vec::with_capacity(accounts.len());
        for accounts in &accounts {
            let (mut sum, mut count) = (0.0, 0.0);
            for account in accounts.iter().take(left) {
                if let Some(rating) = db.profile(account)?.and_then(|(_, profile)| profile.rating) {
                    (sum, count) = (sum + rating as f64, count + 1.0);
                }
            }
            left = left.saturating_sub(accounts.len());
            averages.push((count > 0.0).then(|| sum / count));
        }
        Ok((own, averages))
    });
    let Ok((own, averages)) = asked.await else { return candidates.iter().map(plain).collect() };
    candidates.iter().zip(averages).map(|(game, others)| quick::value(&game.status, own, others)).collect()
}
