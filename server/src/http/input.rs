//! The messages of a player without a WebSocket: one or more in a body, each with its length before it. They are put
//! into the seat's mailbox; the match reads them with its next tick.

use std::{sync::Arc, time::Duration};

use axum::{
    Extension,
    extract::{Path, Query, Request, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;

use super::{body, problem::Problem, seated::Seated, visit::Visit};
use crate::{link::mailbox::PutError, state, telemetry::rejected};

/// Longest body in bytes: a few seconds' commands fit easily.
const BODY_BYTES_MAX: usize = 8 * 1024;

/// What stands behind the question mark.
#[derive(Debug, Deserialize)]
pub struct Parameters {
    link: Option<u64>,
}

/// `POST /api/matches/{id}/input`
pub async fn put(
    State(state): State<Arc<state::State>>,
    Path(id): Path<String>,
    Extension(visit): Extension<Visit>,
    request: Request,
) -> Result<Response, Problem> {
    let seated = Seated::read(&state, &id, request.headers(), &visit)?;
    let parameters = Query::<Parameters>::try_from_uri(request.uri());
    let link = parameters.map_err(|error| Problem::bad("bad_query", error.body_text()))?.0.link;
    let messages = body::read(request, BODY_BYTES_MAX).await?;
    let mailbox = seated.game.mailboxes().find(seated.player, link).ok_or(PutError::Closed)?;
    mailbox.put(&messages)?;
    Ok((StatusCode::NO_CONTENT, [(header::CACHE_CONTROL, "no-store")]).into_response())
}

impl From<PutError> for Problem {
    fn from(error: PutError) -> Problem {
        let message = error.to_string();
        match error {
            PutError::Broken => Problem::bad("bad_message", message),
            PutError::TooLarge => Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "message_too_large", message),
            PutError::Full => {
                rejected("queue_full");
                Problem::later("busy", message, Duration::from_secs(1))
            }
            PutError::Closed => {
                let message = "this seat has no stream and no poll; open one first";
                Problem::new(StatusCode::CONFLICT, "no_link", message)
            }
        }
    }
}
