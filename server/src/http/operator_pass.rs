//! Who may use the operator's routes: from where, and with which word. The routes stand behind these two and check
//! nothing themselves. The word comes as a bearer token only, which no page of another site can make a browser send.

use std::sync::Arc;

use axum::{
    Extension,
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::{bearer, problem::Problem, visit::Visit};
use crate::state;

/// On the address that players use: only where operators have no other, and only for somebody on this machine.
pub async fn here(
    State(state): State<Arc<state::State>>,
    Extension(visit): Extension<Visit>,
    request: Request,
    next: Next,
) -> Response {
    if state.admin_elsewhere {
        return Problem::of_status(StatusCode::NOT_FOUND).into_response();
    }
    if !visit.is_local() {
        let message = "this is for this machine; the setting admin_listen gives operators an address";
        return Problem::forbidden(message).into_response();
    }
    next.run(request).await
}

/// With the operator's word.
pub async fn word(State(state): State<Arc<state::State>>, request: Request, next: Next) -> Response {
    let mut response = match bearer::operator(bearer::token(request.headers()), state.operator_word.reveal())
    {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    };
    response.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
