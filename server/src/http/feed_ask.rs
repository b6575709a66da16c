//! What every request for a feed has in common: which match, whether the key opens it, and where the reader stands.
//! It knows no transport; the routes that have one call it.

use axum::{
    extract::Query,
    http::{HeaderMap, HeaderName, StatusCode, Uri},
};
use serde::Deserialize;

use super::{problem::Problem, socket::has_body};
use crate::{feed::cursor::Cursor, matches::handle::MatchHandle, state};

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// Most bytes behind the question mark: a key, a cursor and some room.
const QUERY_BYTES_MAX: usize = 512;

/// What stands behind the question mark.
#[derive(Debug, Deserialize)]
struct Parameters {
    key: Option<String>,
    last_event_id: Option<String>,
    cursor: Option<String>,
    wait: Option<String>,
}

/// A request for a feed that is in order.
#[derive(Debug)]
pub struct FeedAsk {
    /// The match.
    pub game: MatchHandle,
    /// Whether it just ended, so that only the rest of its feed is to be had.
    pub over: bool,
    /// The event that was seen last; what makes no sense is none, so that its owner gets a keyframe.
    pub cursor: Option<Cursor>,
    /// How long a poll may be held, as it was written.
    pub wait: Option<String>,
}

impl FeedAsk {
    /// Reads a request for the feed of the match `id`.
    pub fn read(state: &state::State, id: &str, uri: &Uri, headers: &HeaderMap) -> Result<FeedAsk, Problem> {
        let (game, over) = find(state, id)?;
        if uri.query().is_some_and(|query| query.len() > QUERY_BYTES_MAX) {
            let message = format!("at most {QUERY_BYTES_MAX} bytes may stand behind the question mark");
            return Err(Problem::new(StatusCode::URI_TOO_LONG, "bad_query", message));
        }
        let parameters = Query::<Parameters>::try_from_uri(uri)
            .map_err(|error| Problem::bad("bad_query", error.body_text()))?
            .0;
        if !game.feed_key_fits(parameters.key.as_deref()) {
            return Err(match parameters.key.as_deref() {
                None | Some("") => {
                    Problem::unauthorized("the feed of this match needs ?key=, which its watch_url holds")
                }
                Some(_) => Problem::forbidden("this key does not open the feed of this match"),
            });
        }
        if has_body(headers) {
            return Err(Problem::bad("bad_request", "this request has no body"));
        }
        let cursor = cursor(headers, &parameters);
        if over && game.feed().resume(cursor) > game.feed().head() {
            return Err(Problem::no_match(id));
        }
        Ok(FeedAsk { game, over, cursor, wait: parameters.wait })
    }
}

/// The match with this id, and whether it is over.
fn find(state: &state::State, id: &str) -> Result<(MatchHandle, bool), Problem> {
    let runs = state.lobby.find(id).map(|game| (game, false));
    runs.or_else(|| Some((state.lobby.just_ended(id)?, true))).ok_or_else(|| Problem::no_match(id))
}

/// Where the spectator stands, from the first place that says something.
fn cursor(headers: &HeaderMap, parameters: &Parameters) -> Option<Cursor> {
    let header = headers.get(LAST_EVENT_ID).and_then(|value| value.to_str().ok());
    let places = [header, parameters.last_event_id.as_deref(), parameters.cursor.as_deref()];
    places.into_iter().flatten().find(|text| !text.is_empty()).and_then(Cursor::parse)
}
