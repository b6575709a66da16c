//! The one shape of an error: a stable code, and a sentence that says what to do about it.
//! Routes return it; it knows none of them.

use std::time::Duration;

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

use crate::{admission::Refusal, store::trouble::StoreError};

/// What went wrong with a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The HTTP status.
    pub status: StatusCode,
    /// The stable code for programs.
    pub code: &'static str,
    /// The sentence for people.
    pub message: String,
    /// When to try again.
    pub retry_after: Option<Duration>,
}

#[derive(Serialize)]
struct Body<'a> {
    error: &'a str,
    message: &'a str,
}

impl Problem {
    /// A problem that trying again does not help.
    pub fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Problem {
        Problem { status, code, message: message.into(), retry_after: None }
    }

    /// The request makes no sense.
    pub fn bad(code: &'static str, message: impl Into<String>) -> Problem {
        Problem::new(StatusCode::BAD_REQUEST, code, message)
    }

    /// There is no such match, or no more.
    pub fn no_match(id: &str) -> Problem {
        let shown: String = id.chars().filter(char::is_ascii_alphanumeric).take(32).collect();
        let message = format!(
            "there is no match \"{shown}\"; it may have ended. GET /api/matches lists the public ones"
        );
        Problem::new(StatusCode::NOT_FOUND, "match_not_found", message)
    }

    /// A token is needed and is missing, or is none of ours.
    pub fn unauthorized(message: impl Into<String>) -> Problem {
        Problem::new(StatusCode::UNAUTHORIZED, "unauthorized", message)
    }

    /// A good token, but not for this.
    pub fn forbidden(message: impl Into<String>) -> Problem {
        Problem::new(StatusCode::FORBIDDEN, "forbidden", message)
    }

    /// The server can't just now.
    pub fn later(code: &'static str, message: impl Into<String>, after: Duration) -> Problem {
        let status = StatusCode::SERVICE_UNAVAILABLE;
        Problem { status, code, message: message.into(), retry_after: Some(after) }
    }

    /// The server is about to stop.
    pub fn draining() -> Problem {
        let message = "the server is about to stop; try again in a few seconds";
        Problem::later("draining", message, Duration::from_secs(5))
    }

    /// A status without a body of its own.
    pub fn of_status(status: StatusCode) -> Problem {
        match status {
            StatusCode::METHOD_NOT_ALLOWED => Problem::new(
                status,
                "method_not_allowed",
                "this route takes other methods; see the Allow header",
            ),
            StatusCode::NOT_FOUND => {
                Problem::new(status, "not_found", "there is no such route; docs/ lists them")
            }
            _ => Problem::new(status, "bad_request", "the request is not understood"),
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Problem {
        let second = Duration::from_secs(1);
        match refusal {
            Refusal::Full => {
                Problem::later("server_full", "the server has no free connection; try again soon", second)
            }
            Refusal::AddressFull => {
                let message = "your address has as many connections as it may have; close some of them";
                Problem::later("too_many_connections", message, second)
            }
            Refusal::PlaygroundsFull => {
                let message = "there are as many playgrounds as there may be; try again in a minute";
                Problem::later("playgrounds_full", message, Duration::from_secs(60))
            }
            Refusal::TooOften(wait) => Problem {
                status: StatusCode::TOO_MANY_REQUESTS,
                code: "too_many_requests",
                message: format!("too often from your address; try again in {} s", whole_seconds(wait)),
                retry_after: Some(wait),
            },
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Problem {
        match error {
            StoreError::Busy => Problem::later("busy", error.to_string(), Duration::from_secs(1)),
            StoreError::Unavailable => {
                Problem::later("store_unavailable", error.to_string(), Duration::from_secs(5))
            }
        }
    }
}

/// Rounded up, and at least one, so that coming back then is not too early.
fn whole_seconds(time: Duration) -> u64 {
    time.as_millis().div_ceil(1000).max(1) as u64
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = Json(Body { error: self.code, message: &self.message });
        let mut response = (self.status, [(header::CACHE_CONTROL, "no-store")], body).into_response();
        let headers = response.headers_mut();
        if let Some(after) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(whole_seconds(after)));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
