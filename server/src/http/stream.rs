//! A player's messages as one response that goes on as long as the link: each message with its length before it.
//! The match fills a mailbox, the accept loop empties it; when the response is dropped, the client is gone.

use std::{
    sync::Arc,
    task::{Context, Poll},
};

use axum::{
    Extension,
    extract::{Path, Query, Request, State},
    http::{HeaderName, Method, StatusCode},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use serde::Deserialize;

use super::{
    held::going_on,
    problem::Problem,
    seated::{HEAD, Seated},
    visit::Visit,
};
use crate::{
    link::mailbox::{Delivery, Mailbox},
    state,
};

/// The link's number among those of its seat, to be named with input.
const LINK: HeaderName = HeaderName::from_static("starfray-link");
/// When the client should open the next stream beside this one, in seconds. The server ends none because of its age.
const RENEW_AFTER: HeaderName = HeaderName::from_static("starfray-renew-after");

/// What stands behind the question mark.
#[derive(Debug, Deserialize)]
pub struct Parameters {
    spare: Option<u8>,
}

/// `GET /api/matches/{id}/stream`
pub async fn open(
    State(state): State<Arc<state::State>>,
    Path(id): Path<String>,
    Extension(visit): Extension<Visit>,
    request: Request,
) -> Result<Response, Problem> {
    let seated = Seated::read(&state, &id, request.headers(), &visit)?;
    if request.method() != Method::GET {
        return Err(Problem::of_status(StatusCode::METHOD_NOT_ALLOWED));
    }
    let parameters = Query::<Parameters>::try_from_uri(request.uri());
    let parameters = parameters.map_err(|error| Problem::bad("bad_query", error.body_text()))?.0;
    drop(request);
    let mailbox = seated.link(&state, Delivery::Stream, parameters.spare == Some(1))?;
    let own = [(LINK, mailbox.number.to_string()), (RENEW_AFTER, state.stream_age_s().to_string())];
    let letters = Letters(mailbox);
    Ok((HEAD, own, going_on(move |cx| letters.poll_take(cx))).into_response())
}

/// The client's end of a mailbox, which ends with the response.
struct Letters(Arc<Mailbox>);

impl Letters {
    fn poll_take(&self, cx: &Context<'_>) -> Poll<Option<Bytes>> {
        self.0.poll_take(cx)
    }
}

impl Drop for Letters {
    fn drop(&mut self) {
        self.0.hang_up();
    }
}
