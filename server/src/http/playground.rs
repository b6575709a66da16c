//! The routes of playgrounds: opening one, and changing the network before its player's link.
//! A playground is a match of its own; everything else about it goes by the routes of matches.

use std::{sync::Arc, time::Duration};

use axum::{
    Extension, Json,
    extract::{Path, Request, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

use super::{bearer, body::read_json, problem::Problem, visit::Visit};
use crate::{conditions::RawConditions, matches::inbox::Busy, state, telemetry::rejected};

#[derive(Serialize)]
struct Opened {
    id: String,
    host_token: String,
}

/// `POST /api/playground`
pub async fn open(
    State(state): State<Arc<state::State>>,
    Extension(visit): Extension<Visit>,
) -> Result<Response, Problem> {
    if state.is_draining() {
        return Err(Problem::draining());
    }
    let permit = state.admission.may_open_playground(visit.caller)?;
    let game = state.lobby.open_playground(permit)?;
    let id = game.id().to_string();
    let opened = Opened { host_token: state.signer.host(&id), id };
    Ok((StatusCode::CREATED, [(header::CACHE_CONTROL, "no-store")], Json(opened)).into_response())
}

/// `POST /api/playground/{id}`
pub async fn change(
    State(state): State<Arc<state::State>>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let game = state.lobby.playground(&id).ok_or_else(|| Problem::no_match(&id))?;
    bearer::host(bearer::token(request.headers()), &game, &state.signer)?;
    let raw: RawConditions = read_json(request, "bad_settings").await?;
    let conditions = raw.check().map_err(|error| Problem::bad("bad_settings", error.to_string()))?;
    game.set_conditions(conditions).map_err(|Busy| {
        rejected("queue_full");
        Problem::later("busy", Busy.to_string(), Duration::from_secs(1))
    })?;
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(raw)).into_response())
}
