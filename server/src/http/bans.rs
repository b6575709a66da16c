//! The operator's routes of bans: who may not join, for how long and why. They always ask for the operator's token,
//! because they change what others may do; where there is none, nobody may.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, Request, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use ipnet::{IpNet, Ipv6Net};
use serde::{Deserialize, Serialize};
use shared::name::clean;

use super::{bearer, body::read_json, problem::Problem};
use crate::{
    state,
    store::{
        bans::{BANS_MAX, Ban, Target},
        handle::Turn,
    },
};

/// Longest reason, in characters.
const REASON_CHARS_MAX: usize = 120;
/// Longest ban that ends, in minutes: a hundred years.
const MINUTES_MAX: u32 = 100 * 366 * 24 * 60;
/// What one customer of an IPv6 network has.
const IPV6_CUSTOMER_BITS: u8 = 64;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawBan {
    account_id: Option<String>,
    network: Option<String>,
    minutes: Option<u32>,
    reason: Option<String>,
}

#[derive(Serialize)]
struct List<'a> {
    bans: &'a [Ban],
}

/// `GET /api/admin/bans`
pub async fn list(State(state): State<Arc<state::State>>, headers: HeaderMap) -> Result<Response, Problem> {
    check_operator(&state, &headers)?;
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(List { bans: &state.store.bans() })).into_response())
}

/// `POST /api/admin/bans`
pub async fn add(State(state): State<Arc<state::State>>, request: Request) -> Result<Response, Problem> {
    check_operator(&state, request.headers())?;
    let raw: RawBan = read_json(request, "bad_ban").await?;
    let (target, minutes) = (target(&raw)?, raw.minutes);
    if minutes.is_some_and(|minutes| !(1..=MINUTES_MAX).contains(&minutes)) {
        return Err(Problem::bad("bad_ban", format!("minutes: must be 1 to {MINUTES_MAX}, or left out")));
    }
    let reason = raw.reason.and_then(|reason| clean(&reason, REASON_CHARS_MAX)).unwrap_or_default();
    let added = state.store.ask(Turn::First, move |db, now_s| {
        let until = minutes.map(|minutes| now_s + i64::from(minutes) * 60);
        let mut ban = Ban { id: 0, target, reason, created_at: now_s, until };
        let id = db.add_ban(&ban)?;
        ban.id = id.unwrap_or_default();
        Ok(id.map(|_| ban))
    });
    let full = || {
        let message = format!("there are {BANS_MAX} bans; take some away first");
        Problem::new(StatusCode::CONFLICT, "too_many_bans", message)
    };
    let ban = added.await?.ok_or_else(full)?;
    tracing::info!(ban = ban.id, target = ?ban.target, until = ban.until, "banned");
    Ok((StatusCode::CREATED, [(header::CACHE_CONTROL, "no-store")], Json(ban)).into_response())
}

/// `DELETE /api/admin/bans/{id}`
pub async fn remove(
    State(state): State<Arc<state::State>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    check_operator(&state, &headers)?;
    let missing = || Problem::new(StatusCode::NOT_FOUND, "ban_not_found", "there is no ban of this number");
    let number: i64 = id.parse().map_err(|_| missing())?;
    if !state.store.ask(Turn::First, move |db, _| db.remove_ban(number)).await? {
        return Err(missing());
    }
    tracing::info!(ban = number, "ban taken away");
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// On the address that players use: only where operators have no other.
pub mod here {
    use super::{Arc, HeaderMap, Path, Problem, Request, Response, State, StatusCode, state};

    /// `GET /api/admin/bans`
    pub async fn list(state: State<Arc<state::State>>, headers: HeaderMap) -> Result<Response, Problem> {
        check(&state)?;
        super::list(state, headers).await
    }

    /// `POST /api/admin/bans`
    pub async fn add(state: State<Arc<state::State>>, request: Request) -> Result<Response, Problem> {
        check(&state)?;
        super::add(state, request).await
    }

    /// `DELETE /api/admin/bans/{id}`
    pub async fn remove(
        state: State<Arc<state::State>>,
        id: Path<String>,
        headers: HeaderMap,
    ) -> Result<Response, Problem> {
        check(&state)?;
        super::remove(state, id, headers).await
    }

    fn check(state: &state::State) -> Result<(), Problem> {
        if state.admin_elsewhere { Err(Problem::of_status(StatusCode::NOT_FOUND)) } else { Ok(()) }
    }
}

fn check_operator(state: &state::State, headers: &HeaderMap) -> Result<(), Problem> {
    let Some(secret) = &state.admin_token else {
        return Err(Problem::forbidden("bans need the setting admin_token, and its word with each request"));
    };
    bearer::operator(bearer::token(headers), secret.reveal())
}

fn target(raw: &RawBan) -> Result<Target, Problem> {
    let wrong = |message: &str| Problem::bad("bad_ban", message);
    match (&raw.account_id, &raw.network) {
        (Some(account), None) if !account.is_empty() && account.len() <= 64 => {
            Ok(Target::AccountId(account.clone()))
        }
        (None, Some(text)) => {
            let network = text.parse::<IpNet>().ok().or_else(|| customer(text));
            let network =
                network.ok_or_else(|| wrong("network: must be like 203.0.113.0/24, or an address"))?;
            Ok(Target::Network(network.trunc()))
        }
        _ => Err(wrong("name either account_id or network")),
    }
}

/// The network of whoever has an address: just that, or in IPv6 all that a customer gets.
fn customer(text: &str) -> Option<IpNet> {
    match text.parse::<std::net::IpAddr>().ok()?.to_canonical() {
        std::net::IpAddr::V6(v6) => Ipv6Net::new(v6, IPV6_CUSTOMER_BITS).ok().map(IpNet::V6),
        v4 @ std::net::IpAddr::V4(_) => Some(IpNet::from(v4)),
    }
}
