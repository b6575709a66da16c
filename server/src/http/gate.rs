//! What is the same for every request: which pages may act, what other sites' pages may read, and counting.
//! It stands before all routes; after it a POST comes from nobody who may not.

use std::sync::Arc;

use axum::{
    Extension,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::{held::is_unanswered, origin, visit::Visit};
use crate::{config::BaseUrl, state, telemetry};

/// Seconds for which a browser may remember what it was allowed.
const PREFLIGHT_AGE_S: &str = "600";

/// Lets a request through to its route, and says on its response who may read it.
pub async fn pass(
    State(state): State<Arc<state::State>>,
    Extension(visit): Extension<Visit>,
    request: Request,
    next: Next,
) -> Response {
    let is_api = request.uri().path().starts_with("/api/");
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    let mut response = if is_read {
        let mut response = next.run(request).await;
        if is_api {
            allow(response.headers_mut(), None);
        }
        response
    } else {
        match origin::check(request.headers(), &visit, &state) {
            Err(problem) => problem.into_response(),
            Ok(site) if request.method() == Method::OPTIONS && is_api => preflight(site.as_ref()),
            Ok(site) => act(site.as_ref(), request, next).await,
        }
    };
    if is_api && response.headers().get(header::X_CONTENT_TYPE_OPTIONS).is_none() {
        response.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    }
    if !is_unanswered(&response) {
        telemetry::responded(response.status().as_u16());
    }
    response
}

/// Lets a request act, and a page of another site read what came of it.
async fn act(site: Option<&BaseUrl>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    if site.is_some() {
        allow(response.headers_mut(), site);
    }
    response
}

/// Pages of `site` may read the response; of every site if there is none, since then it holds nobody's secrets.
fn allow(headers: &mut HeaderMap, site: Option<&BaseUrl>) {
    let value =
        site.map_or(Ok(HeaderValue::from_static("*")), |site| HeaderValue::try_from(site.to_string()));
    if let Ok(value) = value {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, value);
        headers.insert(
            header::ACCESS_CONTROL_EXPOSE_HEADERS,
            HeaderValue::from_static(
                "etag, retry-after, starfray-cursor, starfray-next-ms, starfray-link, starfray-renew-after",
            ),
        );
    }
    if site.is_some() {
        headers.append(header::VARY, HeaderValue::from_static("Origin"));
    }
}

/// What a browser asks before it lets a page of another site send a POST.
fn preflight(site: Option<&BaseUrl>) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let headers = response.headers_mut();
    allow(headers, site);
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST, DELETE"));
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_HEADERS,
        HeaderValue::from_static("authorization, content-type"),
    );
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static(PREFLIGHT_AGE_S));
    response
}
