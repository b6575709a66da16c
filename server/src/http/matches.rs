//! The routes of matches as such: the list, hosting one, and the picture of one.
//! A picture is what the match last showed; no route asks the match itself.

use std::sync::Arc;

use axum::{
    Extension, Json,
    extract::{Path, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use tokio::task::spawn_blocking;

use super::{bearer, body::read_json, files::is_known, problem::Problem, visit::Visit};
use crate::{
    lobby::LobbyError,
    matches::{handle::MatchHandle, status::MatchStatus},
    settings::{MatchSettings, RawSettings},
    state,
    telemetry::rejected,
};

#[derive(Serialize)]
struct List<'a> {
    matches: Vec<&'a MatchStatus>,
}

#[derive(Serialize)]
struct Hosted {
    id: String,
    host_token: String,
    play_url: String,
    watch_url: String,
}

/// The match that a route names.
pub fn find(state: &state::State, id: &str) -> Result<MatchHandle, Problem> {
    state.lobby.find(id).ok_or_else(|| Problem::no_match(id))
}

/// `GET /api/matches`
pub async fn list(State(state): State<Arc<state::State>>) -> Response {
    let public = state.lobby.public();
    let list = List { matches: public.iter().map(|status| &**status).collect() };
    ([(header::CACHE_CONTROL, "no-cache")], Json(list)).into_response()
}

/// `GET /api/matches/{id}`; with the host's token it tells of each player's link too. Any other token changes nothing,
/// since the picture is everybody's.
pub async fn one(
    State(state): State<Arc<state::State>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let game = find(&state, &id)?;
    let status = game.status();
    if bearer::is_host(bearer::token(&headers), &game, &state.signer) {
        let no_store = [(header::CACHE_CONTROL, "no-store")];
        return Ok((no_store, Json(status.for_host())).into_response());
    }
    let tag = status.etag();
    let mut response = if is_known(&headers, &tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        Json(&*status).into_response()
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    if let Ok(tag) = HeaderValue::try_from(tag) {
        headers.insert(header::ETAG, tag);
    }
    Ok(response)
}

/// `POST /api/matches`
pub async fn host(
    State(state): State<Arc<state::State>>,
    Extension(visit): Extension<Visit>,
    request: Request,
) -> Result<Response, Problem> {
    if state.is_draining() {
        return Err(Problem::draining());
    }
    let settings = read_settings(&state, request).await.inspect_err(|_| rejected("bad_settings"))?;
    state.admission.may_host(visit.caller)?;
    let game = state.lobby.host(settings)?;
    let (id, base) = (game.id().to_string(), visit.invite_base(&state));
    let key = game.feed_key().map(|key| format!("?key={key}")).unwrap_or_default();
    let hosted = Hosted {
        host_token: state.signer.host(&id),
        play_url: format!("{base}/play/{id}"),
        watch_url: format!("{base}/watch/{id}{key}"),
        id,
    };
    let headers = [
        (header::CACHE_CONTROL, "no-store".to_owned()),
        (header::LOCATION, format!("/api/matches/{}", hosted.id)),
    ];
    Ok((StatusCode::CREATED, headers, Json(hosted)).into_response())
}

async fn read_settings(state: &Arc<state::State>, request: Request) -> Result<MatchSettings, Problem> {
    let raw: RawSettings = read_json(request, "bad_settings").await?;
    let state = Arc::clone(state);
    // The map may be a file of the data folder.
    let checked = spawn_blocking(move || raw.check_with(&state.maps)).await;
    let checked = checked.map_err(|_| {
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "the settings could not be checked")
    })?;
    checked.map_err(|error| Problem::bad("bad_settings", error.to_string()))
}

impl From<LobbyError> for Problem {
    fn from(error: LobbyError) -> Problem {
        let soon = std::time::Duration::from_secs(10);
        match error {
            LobbyError::TooMany(_) => Problem::later("too_many_matches", error.to_string(), soon),
            LobbyError::Stopping => Problem::draining(),
            LobbyError::Pool(_) => Problem::later("busy", error.to_string(), soon),
            LobbyError::Settings(_) => Problem::bad("bad_settings", error.to_string()),
        }
    }
}
