//! Tokens of requests: where they stand, and what they are good for on one match.
//! The routes of players and hosts call it; it makes no tokens.

use std::time::SystemTime;

use axum::http::{HeaderMap, header};
use shared::id::PlayerId;

use super::problem::Problem;
use crate::{
    matches::handle::MatchHandle,
    telemetry::rejected,
    token::{Claim, Signer},
};

/// What a player's token says about one match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeatToken {
    /// It is for this seat.
    Good(PlayerId),
    /// It is none of ours, was changed, is too old, or is of a seat that a crash has undone.
    Bad,
}

/// The token in the `Authorization` header; an empty one is none.
pub fn token(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

/// What `token` is worth for a seat of `game`. Fails without a token (401), and with one for something else (403).
pub fn seat(token: Option<&str>, game: &MatchHandle, signer: &Signer) -> Result<SeatToken, Problem> {
    let Some(token) = token else {
        return Err(unauthorized(
            "join the match first and send the token that you get, as Authorization: Bearer …",
        ));
    };
    match signer.read(token, SystemTime::now()) {
        Some(Claim::Seat { match_id, player, generation }) if match_id == game.id().as_str() => {
            let same = generation == game.generation_of(player);
            Ok(if same { SeatToken::Good(player) } else { SeatToken::Bad })
        }
        Some(_) => Err(Problem::forbidden("this token is for another match, or not a player's")),
        None => Ok(SeatToken::Bad),
    }
}

/// Whether `token` is the host's of this match; for what others may see too, so nothing is refused.
pub fn is_host(token: Option<&str>, game: &MatchHandle, signer: &Signer) -> bool {
    let claim = token.and_then(|token| signer.read(token, SystemTime::now()));
    matches!(claim, Some(Claim::Host { match_id, turn }) if match_id == game.id().as_str() && turn >= u32::from(game.host_turn()))
}

/// Checks that `token` is the host's. Fails without a good token (401), and with one for something else, or that of a
/// host who handed the rights over (403).
pub fn host(token: Option<&str>, game: &MatchHandle, signer: &Signer) -> Result<(), Problem> {
    let claim = token.and_then(|token| signer.read(token, SystemTime::now()));
    match claim {
        Some(Claim::Host { match_id, turn }) if match_id == game.id().as_str() => {
            if turn < u32::from(game.host_turn()) {
                return Err(Problem::forbidden("the host's rights were handed to somebody else"));
            }
            Ok(())
        }
        Some(_) => Err(Problem::forbidden("this token is not the host's of this match")),
        None => {
            Err(unauthorized("send the host_token that hosting the match gave, as Authorization: Bearer …"))
        }
    }
}

/// Checks that `token` is the operator's `secret`; fails with 401.
pub fn operator(token: Option<&str>, secret: &str) -> Result<(), Problem> {
    if same(secret, token.unwrap_or_default()) {
        return Ok(());
    }
    Err(unauthorized(
        "send the operator's word as Authorization: Bearer …: the setting admin_token, or what DATA/admin-token holds",
    ))
}

/// Compares in the same time for every guess of one length.
fn same(right: &str, guess: &str) -> bool {
    let differs = right.bytes().zip(guess.bytes()).fold(0, |all, (a, b)| all | (a ^ b));
    right.len() == guess.len() && differs == 0
}

fn unauthorized(message: &str) -> Problem {
    rejected("unauthorized");
    Problem::unauthorized(message)
}
