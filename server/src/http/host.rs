//! The routes by which the host of a match acts on it.
//! Each act is put into the match's inbox; the match decides what it means.

use std::{sync::Arc, time::Duration};

use axum::{
    Json,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

use super::{bearer, matches::find, problem::Problem};
use crate::{
    matches::inbox::{Busy, HostAct},
    state,
    telemetry::rejected,
};

/// What a host can do, by the word in the address.
const ACTS: [(&str, HostAct); 4] = [
    ("start", HostAct::Start),
    ("end", HostAct::End),
    ("add_bot", HostAct::AddBot),
    ("remove_bot", HostAct::RemoveBot),
];

#[derive(Serialize)]
struct Done {
    action: &'static str,
}

/// `POST /api/matches/{id}/host/{action}`
pub async fn act(
    State(state): State<Arc<state::State>>,
    Path((id, action)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let game = find(&state, &id)?;
    let Some((word, act)) = ACTS.into_iter().find(|(word, _)| *word == action) else {
        let words = ACTS.map(|(word, _)| word).join(", ");
        let message = format!("a host can {words}");
        return Err(Problem::new(StatusCode::NOT_FOUND, "unknown_action", message));
    };
    bearer::host(bearer::token(&headers), &id, &state.signer)?;
    game.host_act(act).map_err(|Busy| {
        rejected("queue_full");
        Problem::later("busy", Busy.to_string(), Duration::from_secs(1))
    })?;
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(Done { action: word })).into_response())
}
