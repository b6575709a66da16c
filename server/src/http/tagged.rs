//! Answers that others may keep and ask for again: JSON with a strong tag of its bytes, or 304 without a body.
//! And what stands behind the question mark of such questions. It knows no route.

use axum::{
    extract::Query,
    http::{HeaderMap, HeaderValue, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};

use super::{files::is_known, problem::Problem};

/// Most bytes behind the question mark.
const QUERY_BYTES_MAX: usize = 512;
/// Bytes of a hash that are enough to tell answers apart.
const TAG_BYTES: usize = 12;

/// `value` as JSON, or 304 if the caller has just that.
pub fn json(headers: &HeaderMap, value: &impl Serialize) -> Result<Response, Problem> {
    let body = serde_json::to_vec(value)
        .map_err(|_| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "this can't be shown"))?;
    let hash: Vec<u8> = Sha256::digest(&body).iter().copied().take(TAG_BYTES).collect();
    let tag = format!("\"{}\"", BASE64_URL_SAFE_NO_PAD.encode(hash));
    let mut response = if is_known(headers, &tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(header::CONTENT_TYPE, "application/json")], body).into_response()
    };
    let fields = response.headers_mut();
    fields.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    if let Ok(tag) = HeaderValue::try_from(tag) {
        fields.insert(header::ETAG, tag);
    }
    Ok(response)
}

/// What stands behind the question mark.
pub fn query<T: DeserializeOwned>(uri: &Uri) -> Result<T, Problem> {
    if uri.query().is_some_and(|query| query.len() > QUERY_BYTES_MAX) {
        let message = format!("at most {QUERY_BYTES_MAX} bytes may stand behind the question mark");
        return Err(Problem::new(StatusCode::URI_TOO_LONG, "bad_query", message));
    }
    let read = Query::<T>::try_from_uri(uri);
    read.map(|query| query.0).map_err(|error| Problem::bad("bad_query", error.body_text()))
}
