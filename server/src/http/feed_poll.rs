//! The spectator feed by long polling: all events after a cursor at once, else held until there is one. `wait=0` is
//! plain pull. Between two polls the server keeps nothing of the reader.

use std::{sync::Arc, time::Duration};

use axum::{
    extract::{Path, Request, State},
    http::{HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use tokio::time::timeout;

use super::{feed_ask::FeedAsk, held::later, problem::Problem};
use crate::{
    feed::answer::answer,
    state,
    telemetry::{Traffic, Transport, rejected},
};

/// Longest `wait` that may be asked for, in seconds: shorter than a proxy's patience.
const WAIT_MAX_S: u64 = 25;
/// For how long even a pull is held whose reader has nothing yet: a match that slept needs a tick for its keyframe.
const FIRST_HOLD: Duration = Duration::from_secs(1);

/// `GET /api/matches/{id}/feed/poll`
pub async fn poll(
    State(state): State<Arc<state::State>>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let FeedAsk { game, over, cursor, wait } = FeedAsk::read(&state, &id, request.uri(), request.headers())?;
    let wait = seconds(wait.as_deref())?.min(state.feed_poll_hold);
    let log = game.feed();
    let next = log.resume(cursor);
    let knows_hello = log.follows(next, cursor);
    if request.method() == Method::HEAD {
        return Ok(answered(Vec::new()));
    }
    let busy = |_| {
        rejected("queue_full");
        Problem::later("busy", "too many spectators come at once; try again", Duration::from_secs(1))
    };
    if !over {
        game.pull().map_err(busy)?;
    }
    if let Some(body) = answer(log, next, knows_hello, usize::MAX) {
        return Ok(answered(body));
    }
    let hold = if knows_hello { wait } else { wait.max(FIRST_HOLD) };
    if hold == Duration::ZERO {
        return Ok(nothing());
    }
    let (news, log) = (game.park(next).map_err(busy)?, game.feed_log());
    Ok(later(async move {
        // Whether it was told, ran out of time or its thread ended: what counts is what is there now.
        let _ = timeout(hold, news).await;
        answer(&log, next, knows_hello, usize::MAX).map_or_else(nothing, answered)
    })
    .await)
}

/// The time that may be waited; the longest if nothing is said.
fn seconds(wait: Option<&str>) -> Result<Duration, Problem> {
    let wait = wait.map_or(Ok(WAIT_MAX_S), str::parse::<u64>);
    wait.ok().filter(|wait| *wait <= WAIT_MAX_S).map(Duration::from_secs).ok_or_else(|| {
        Problem::bad("bad_query", format!("wait must be a whole number of seconds, 0 to {WAIT_MAX_S}"))
    })
}

fn answered(body: Vec<u8>) -> Response {
    Traffic::new(Transport::FeedPoll).sent.increment(body.len() as u64);
    let mut response = body.into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    uncached(response)
}

/// Nothing happened in the time.
fn nothing() -> Response {
    uncached(StatusCode::NO_CONTENT.into_response())
}

fn uncached(mut response: Response) -> Response {
    let value = HeaderValue::from_static("no-store, no-transform");
    response.headers_mut().insert(header::CACHE_CONTROL, value);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_seconds_in_range_are_waited() {
        assert_eq!(seconds(None).unwrap(), Duration::from_secs(25));
        assert_eq!(seconds(Some("0")).unwrap(), Duration::ZERO);
        for odd in ["26", "-1", "1.5", "", "x", "99999999999999999999"] {
            assert_eq!(seconds(Some(odd)).unwrap_err().code, "bad_query", "{odd}");
        }
    }
}
