//! A response's body that keeps something for as long as it is on its way: a place among the connections, mostly.
//! Both drivers of HTTP use it; what is kept they know.

use axum::body::Body;
use http_body_util::BodyExt;

/// A body that keeps `kept` until all of it is on its way, or until nobody wants it.
pub(super) fn hold<T: Send + 'static>(kept: T, body: Body) -> Body {
    Body::new(body.map_frame(move |frame| {
        let _held = &kept;
        frame
    }))
}
