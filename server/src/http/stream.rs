//! A player's messages as one response that goes on as long as the link: each message with its length before it.
//! The match fills a mailbox, hyper empties it; when the response is dropped, the client is gone.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use axum::{
    Extension,
    body::{Body, HttpBody},
    extract::{Path, State},
    http::{HeaderMap, Method, StatusCode},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use hyper::body::Frame;

use super::{
    problem::Problem,
    seated::{HEAD, Seated},
    visit::Visit,
};
use crate::{
    link::mailbox::{Delivery, Mailbox},
    state,
};

/// `GET /api/matches/{id}/stream`
pub async fn open(
    State(state): State<Arc<state::State>>,
    Path(id): Path<String>,
    Extension(visit): Extension<Visit>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let seated = Seated::read(&state, &id, &headers, &visit)?;
    if method != Method::GET {
        return Err(Problem::of_status(StatusCode::METHOD_NOT_ALLOWED));
    }
    let mailbox = seated.link(&state, Delivery::Stream)?;
    Ok((HEAD, Body::new(Letters(mailbox))).into_response())
}

/// A body that ends with the link.
struct Letters(Arc<Mailbox>);

impl HttpBody for Letters {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.poll_take(cx).map(|bytes| bytes.map(|bytes| Ok(Frame::data(bytes))))
    }
}

impl Drop for Letters {
    fn drop(&mut self) {
        self.0.hang_up();
    }
}
