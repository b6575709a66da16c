//! A player's messages by long polling: all that came after a cursor at once, else held until there is one. The cursor
//! that is presented says what has arrived; a link stays between polls for as long as its client is not silent.

use std::{future::poll_fn, sync::Arc, time::Duration};

use axum::{
    Extension,
    extract::{Path, Query, Request, State},
    http::{HeaderName, Method, StatusCode},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use tokio::time::timeout;

use super::{
    held::later,
    problem::Problem,
    seated::{HEAD, Seated},
    visit::Visit,
};
use crate::{
    link::mailbox::{Delivery, Mailbox, Polled},
    state,
};

/// Longest time for which a poll is held: shorter than a proxy's patience.
const HOLD: Duration = Duration::from_secs(25);
/// The cursor for the next poll.
const NEXT_CURSOR: HeaderName = HeaderName::from_static("starfray-cursor");

/// What stands behind the question mark.
#[derive(Debug, Deserialize)]
pub struct Parameters {
    cursor: Option<String>,
}

/// `GET /api/matches/{id}/poll?cursor=`
pub async fn poll(
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
    let (mailbox, seen) = match parameters.cursor.as_deref() {
        None | Some("" | "0") => (seated.link(&state, Delivery::Poll, false)?, 0),
        Some(cursor) => follow(&seated, cursor)?,
    };
    Ok(later(async move { reply(&mailbox, seen).await.into_response() }).await)
}

/// What a poll gets that has seen so much of a mailbox.
async fn reply(mailbox: &Mailbox, seen: u64) -> Result<Response, Problem> {
    let turn = mailbox.begin_poll();
    let polled = timeout(HOLD, poll_fn(|cx| mailbox.poll_reply(seen, turn, cx))).await;
    let cursor = |seen: u64| [(NEXT_CURSOR, format!("{}.{seen}", mailbox.number))];
    match polled {
        Ok(Polled::Reply(reply)) => Ok((HEAD, cursor(reply.next), reply.bytes).into_response()),
        Err(_) => Ok((StatusCode::NO_CONTENT, HEAD, cursor(seen)).into_response()),
        Ok(Polled::Unknown) => Err(ended("this cursor is not the one of the last reply")),
        Ok(Polled::Over) => Err(ended("this link has ended")),
        Ok(Polled::Superseded) => {
            let message = "a later poll of this seat took the place of this one; send one at a time";
            Err(Problem::new(StatusCode::CONFLICT, "superseded", message))
        }
    }
}

/// The mailbox that a cursor is for, and how much of it was seen.
fn follow(seated: &Seated, cursor: &str) -> Result<(Arc<Mailbox>, u64), Problem> {
    let numbers = cursor.split_once('.').and_then(|(n, seen)| Some((n.parse().ok()?, seen.parse().ok()?)));
    let (number, seen): (u64, u64) = numbers.ok_or_else(|| {
        Problem::bad("bad_cursor", "cursor must be what the last reply gave as Starfray-Cursor, or nothing")
    })?;
    let mailbox = seated.game.mailboxes().find(seated.player, Some(number));
    let mailbox = mailbox.filter(|m| m.delivery == Delivery::Poll);
    Ok((mailbox.ok_or_else(|| ended("this link has ended"))?, seen))
}

fn ended(what: &str) -> Problem {
    Problem::new(StatusCode::GONE, "link_ended", format!("{what}; poll without a cursor to begin anew"))
}
