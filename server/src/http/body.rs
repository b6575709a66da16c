//! Reads a request's body, mostly JSON: of one content type, up to one size, within one time.
//! What it refuses never reaches a route. It knows no route's fields.

use std::time::Duration;

use axum::{
    extract::Request,
    http::{HeaderMap, StatusCode, header},
};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::de::DeserializeOwned;

use super::problem::Problem;
use crate::telemetry::rejected;

/// Longest body in bytes.
const BODY_BYTES_MAX: usize = 64 * 1024;
/// Longest time from the head to the last byte, however steadily the bytes trickle.
const BODY_TIME_MAX: Duration = Duration::from_secs(10);

/// The body as `T`; an empty one is `{}`. `code` names fields that are not as they should be.
pub async fn read_json<T: DeserializeOwned>(request: Request, code: &'static str) -> Result<T, Problem> {
    let is_json = is_json(request.headers());
    let bytes = read(request, BODY_BYTES_MAX).await?;
    if bytes.is_empty() {
        return parse(b"{}", code);
    }
    if !is_json {
        return Err(unsupported("send the body as JSON, with Content-Type: application/json"));
    }
    parse(&bytes, code)
}

/// The body as it is, of at most `bytes_max` bytes.
pub async fn read(request: Request, bytes_max: usize) -> Result<bytes::Bytes, Problem> {
    if request.headers().contains_key(header::CONTENT_ENCODING) {
        return Err(unsupported("send the body without Content-Encoding"));
    }
    let body = Limited::new(request.into_body(), bytes_max);
    match tokio::time::timeout(BODY_TIME_MAX, body.collect()).await {
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            rejected("body_too_large");
            let message = format!("a body has at most {bytes_max} bytes here");
            Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", message))
        }
        Ok(Err(_)) => Err(Problem::bad("bad_body", "the body broke off or is badly framed")),
        Err(_) => {
            let message = format!("the body took longer than {} s", BODY_TIME_MAX.as_secs());
            Err(Problem::new(StatusCode::REQUEST_TIMEOUT, "body_timeout", message))
        }
    }
}

fn parse<T: DeserializeOwned>(bytes: &[u8], code: &'static str) -> Result<T, Problem> {
    serde_json::from_slice(bytes).map_err(|error| {
        let code = if error.is_data() { code } else { "bad_json" };
        let message = error.to_string();
        match key_at(bytes, &error).filter(|key| error.is_data() && !message.contains(key)) {
            Some(key) => Problem::bad(code, format!("{key}: {message}")),
            None => Problem::bad(code, message),
        }
    })
}

/// The key whose value could not be read: the last one before the place that the error names, if it is on that line.
fn key_at<'b>(bytes: &'b [u8], error: &serde_json::Error) -> Option<&'b str> {
    let line = bytes.split(|byte| *byte == b'\n').nth(error.line().checked_sub(1)?)?;
    let before = std::str::from_utf8(line.get(..error.column())?).ok()?;
    let (keys, _) = before.rsplit_once(':')?;
    keys.trim_end().strip_suffix('"')?.rsplit_once('"').map(|(_, key)| key)
}

fn is_json(headers: &HeaderMap) -> bool {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().is_some_and(|mime| mime.trim().eq_ignore_ascii_case("application/json"))
}

fn unsupported(message: &str) -> Problem {
    Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", message)
}
