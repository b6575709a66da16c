//! A response that is not there yet, or that goes on without an end. A route says so instead of waiting itself, and the
//! accept loop chooses how to wait: over HTTP/1.1 without hyper, whose buffers cost more than the seat of the player who
//! waits, over HTTP/2 with it. What the gate put on the placeholder is on the response in the end.

use std::{
    fmt,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
};

use axum::{
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;

use super::pour::pour;
use crate::telemetry;

/// A response on its way to be made.
pub type Later = Pin<Box<dyn Future<Output = Response> + Send>>;
/// What gives the next part of a body; `None` is its end.
pub type Take = Box<dyn FnMut(&Context<'_>) -> Poll<Option<Bytes>> + Send>;

/// What is left to do for a response.
pub enum Work {
    /// All of it.
    Answer(Later),
    /// Its body.
    Body(Take),
}

impl fmt::Debug for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if matches!(self, Work::Answer(_)) { "Answer" } else { "Body" })
    }
}

/// The work for a response, among the extensions of the placeholder that stands for it.
#[derive(Clone)]
pub struct Held(Arc<Mutex<Option<Work>>>);

impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Held")
    }
}

impl Held {
    fn placeholder(work: Work) -> Response {
        let mut response = ().into_response();
        response.extensions_mut().insert(Held(Arc::new(Mutex::new(Some(work)))));
        response
    }

    /// Takes the work out of the placeholder that holds it; `None` if the response is whole.
    pub fn take(placeholder: &mut Response) -> Option<Work> {
        let held = placeholder.extensions_mut().remove::<Held>()?;
        let work = held.0.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        // An empty body makes axum say so, which is not true of what follows.
        placeholder.headers_mut().remove(header::CONTENT_LENGTH);
        Some(work)
    }
}

/// What `answer` gives: at once if it is there, else a placeholder for it.
pub async fn later(answer: impl Future<Output = Response> + Send + 'static) -> Response {
    let mut answer: Later = Box::pin(answer);
    match std::future::poll_fn(|cx| Poll::Ready(answer.as_mut().poll(cx))).await {
        Poll::Ready(response) => response,
        Poll::Pending => Held::placeholder(Work::Answer(answer)),
    }
}

/// A response whose body is what `take` gives.
pub fn going_on(take: impl FnMut(&Context<'_>) -> Poll<Option<Bytes>> + Send + 'static) -> Response {
    Held::placeholder(Work::Body(Box::new(take)))
}

/// Whether nobody knows the status of `response` yet.
pub fn is_unanswered(response: &Response) -> bool {
    let held = response.extensions().get::<Held>();
    held.is_some_and(|held| {
        matches!(&*held.0.lock().unwrap_or_else(PoisonError::into_inner), Some(Work::Answer(_)))
    })
}

/// An answer that came later, with the fields of its placeholder that it does not have itself.
pub fn arrived(placeholder: &HeaderMap, mut answer: Response) -> Response {
    for (name, value) in placeholder {
        if !answer.headers().contains_key(name) {
            answer.headers_mut().append(name, value.clone());
        }
    }
    telemetry::responded(answer.status().as_u16());
    answer
}

/// The whole response, waited for here.
pub async fn whole(mut response: Response) -> Response {
    match Held::take(&mut response) {
        None => response,
        Some(Work::Answer(answer)) => arrived(response.headers(), answer.await),
        Some(Work::Body(take)) => response.map(|_| pour(take)),
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use axum::http::StatusCode;
    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn what_is_there_needs_no_placeholder() {
        let mut response = later(ready(StatusCode::GONE.into_response())).await;
        assert_eq!((response.status(), Held::take(&mut response).is_none()), (StatusCode::GONE, true));
        assert!(is_unanswered(&later(pending()).await));
    }

    #[tokio::test]
    async fn what_comes_later_has_the_fields_of_both_and_its_own_first() {
        let (sender, receiver) = oneshot::channel::<()>();
        let mut response = later(async {
            let _ = receiver.await;
            (StatusCode::CONFLICT, [("a", "answer"), ("b", "answer")]).into_response()
        })
        .await;
        response.headers_mut().insert("b", "gate".parse().unwrap());
        response.headers_mut().insert("c", "gate".parse().unwrap());
        sender.send(()).unwrap();
        let response = whole(response).await;
        assert_eq!(response.status(), StatusCode::CONFLICT);
        let field = |name| response.headers().get(name).unwrap().to_str().unwrap();
        assert_eq!((field("a"), field("b"), field("c")), ("answer", "answer", "gate"));
    }
}
