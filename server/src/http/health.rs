//! What operators ask: is it alive, does it take players, what do the metrics say.
//! Metrics are for the machine itself, for the address set apart for them, or for who has the token.

use std::sync::Arc;

use axum::{
    Extension, Json,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

use super::{bearer, problem::Problem, visit::Visit};
use crate::{state, telemetry};

#[derive(Serialize)]
struct Health {
    status: &'static str,
}

/// `GET /healthz`
pub async fn alive() -> Response {
    said("ok")
}

/// `GET /readyz`
pub async fn ready(State(state): State<Arc<state::State>>) -> Result<Response, Problem> {
    if state.is_draining() { Err(Problem::draining()) } else { Ok(said("ready")) }
}

/// `GET /metrics` on the address that players use: for this machine only, and only where no other address has them.
pub async fn metrics_here(
    State(state): State<Arc<state::State>>,
    Extension(visit): Extension<Visit>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    if state.admin_elsewhere {
        return Err(Problem::of_status(StatusCode::NOT_FOUND));
    }
    if state.admin_token.is_none() && !visit.is_local() {
        return Err(Problem::forbidden(
            "metrics are for this machine; the setting admin_listen gives them an address",
        ));
    }
    metrics(State(state), headers).await
}

/// `GET /metrics` on the address set apart.
pub async fn metrics(
    State(state): State<Arc<state::State>>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    if let Some(secret) = &state.admin_token {
        bearer::operator(bearer::token(&headers), secret.reveal())?;
    }
    let kind = "text/plain; version=0.0.4; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-store")], telemetry::render())
        .into_response())
}

fn said(status: &'static str) -> Response {
    ([(header::CACHE_CONTROL, "no-store")], Json(Health { status })).into_response()
}
