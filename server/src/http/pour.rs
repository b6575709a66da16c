//! A response's body that goes on as long as somebody fills it. What fills it is asked by hyper, whenever the
//! connection has room; it is dropped with the response, which is how it learns that the client is gone.

use std::{
    convert::Infallible,
    task::{Context, Poll},
};

use axum::body::Body;
use bytes::Bytes;
use futures_util::stream::poll_fn;

/// A body of what `take` gives; `None` is the end.
pub fn pour(mut take: impl FnMut(&Context<'_>) -> Poll<Option<Bytes>> + Send + 'static) -> Body {
    Body::from_stream(poll_fn(move |cx| take(cx).map(|bytes| bytes.map(Ok::<_, Infallible>))))
}
