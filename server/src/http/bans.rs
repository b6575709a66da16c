//! The operator's routes of bans: who may not join, for how long and why. Whoever is banned and plays is removed.
//! They stand behind the operator's word and check nothing themselves.

use std::{net::IpAddr, sync::Arc};

use axum::{
    Json,
    extract::{Path, Request, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use futures_util::future::join_all;
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use serde::{Deserialize, Serialize};
use shared::{id::PlayerId, name::clean, protocol::CloseReason};

use super::{body::read_json, problem::Problem};
use crate::{
    lobby::Listed,
    matches::{callers::Caller, handle::MatchHandle},
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
/// Bits before the IPv4 address in an IPv6 address that stands for one.
const MAPPED_BITS: u8 = 96;
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

/// For how long a ban holds, and why, as somebody wrote it.
#[derive(Debug)]
pub struct Term {
    /// Minutes from now; without them it is for good.
    pub minutes: Option<u32>,
    /// What whoever is banned is told.
    pub reason: Option<String>,
}

#[derive(Serialize)]
struct Added {
    #[serde(flatten)]
    ban: Ban,
    /// People who had a seat and were removed.
    removed: usize,
}

/// `GET /admin/api/bans`
pub async fn list(State(state): State<Arc<state::State>>) -> Response {
    ([(header::CACHE_CONTROL, "no-store")], Json(List { bans: &state.store.bans() })).into_response()
}

/// `POST /admin/api/bans`
pub async fn add(State(state): State<Arc<state::State>>, request: Request) -> Result<Response, Problem> {
    let raw: RawBan = read_json(request, "bad_ban").await?;
    let target = target(&raw)?;
    hold(&state, target, Term { minutes: raw.minutes, reason: raw.reason }).await
}

/// Bans somebody, and removes them where they play now.
pub async fn hold(state: &state::State, target: Target, term: Term) -> Result<Response, Problem> {
    let Term { minutes, reason } = term;
    if minutes.is_some_and(|minutes| !(1..=MINUTES_MAX).contains(&minutes)) {
        return Err(Problem::bad("bad_ban", format!("minutes: must be 1 to {MINUTES_MAX}, or left out")));
    }
    let reason = reason.and_then(|reason| clean(&reason, REASON_CHARS_MAX)).unwrap_or_default();
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
    let removed = remove_seated(state, &ban).await;
    tracing::info!(ban = ban.id, target = ?ban.target, until = ban.until, removed, "banned");
    let head = [(header::CACHE_CONTROL, "no-store")];
    Ok((StatusCode::CREATED, head, Json(Added { ban, removed })).into_response())
}

/// Removes everybody for whom a new ban holds from all matches; returns how many had a seat.
async fn remove_seated(state: &state::State, ban: &Ban) -> usize {
    let mut removals = Vec::new();
    let mut remove = |handle: MatchHandle, player: PlayerId| {
        removals.push(async move { handle.remove(player, CloseReason::Banned.into()).await == Ok(true) });
    };
    for Listed { handle, .. } in state.lobby.all() {
        let meant = |caller: &Caller| ban.holds(caller.address, caller.account.as_deref(), ban.created_at);
        for player in handle.callers().which(meant) {
            remove(handle.clone(), player);
        }
    }
    for (match_id, seat) in seats_kept(state, &ban.target).await {
        let handle = state.lobby.find(&match_id);
        // Of whoever came in this process the match knows itself; the store may be thinking of somebody before them.
        if let Some(handle) = handle.filter(|handle| !handle.callers().joined_here(PlayerId(seat))) {
            remove(handle, PlayerId(seat));
        }
    }
    join_all(removals).await.into_iter().filter(|removed| *removed).count()
}

/// The seats of an account that is banned, by the store: a match that another process began does not know whose they are.
async fn seats_kept(state: &state::State, target: &Target) -> Vec<(String, u16)> {
    let Target::AccountId(account) = target.clone() else { return Vec::new() };
    let seats = state.store.ask(Turn::First, move |db, _| db.seats_of(&account)).await;
    seats.unwrap_or_else(|error| {
        tracing::warn!(%error, "who has a seat of a banned account is not known; they are banned all the same");
        Vec::new()
    })
}

/// `DELETE /admin/api/bans/{id}`
pub async fn remove(
    State(state): State<Arc<state::State>>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let missing = || Problem::new(StatusCode::NOT_FOUND, "ban_not_found", "there is no ban of this number");
    let number: i64 = id.parse().map_err(|_| missing())?;
    if !state.store.ask(Turn::First, move |db, _| db.remove_ban(number)).await? {
        return Err(missing());
    }
    tracing::info!(ban = number, "ban taken away");
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn target(raw: &RawBan) -> Result<Target, Problem> {
    let wrong = |message: &str| Problem::bad("bad_ban", message);
    match (&raw.account_id, &raw.network) {
        (Some(account), None) if !account.is_empty() && account.len() <= 64 => {
            Ok(Target::AccountId(account.clone()))
        }
        (None, Some(text)) => {
            let network = text.parse::<IpNet>().ok().or_else(|| Some(customer(text.parse().ok()?)));
            let network =
                network.ok_or_else(|| wrong("network: must be like 203.0.113.0/24, or an address"))?;
            Ok(Target::Network(plain(network).trunc()))
        }
        _ => Err(wrong("name either account_id or network")),
    }
}

/// The same network as callers' addresses are compared with: one of IPv4 that is written in IPv6 becomes one of IPv4.
fn plain(network: IpNet) -> IpNet {
    let IpNet::V6(v6) = network else { return network };
    let v4 = v6.addr().to_ipv4_mapped().zip(v6.prefix_len().checked_sub(MAPPED_BITS));
    v4.and_then(|(address, bits)| Ipv4Net::new(address, bits).ok()).map_or(network, IpNet::from)
}

/// The network of whoever has an address: just that, or in IPv6 all that a customer gets.
pub fn customer(address: IpAddr) -> IpNet {
    match address.to_canonical() {
        IpAddr::V6(v6) => {
            Ipv6Net::new(v6, IPV6_CUSTOMER_BITS).map_or(IpNet::from(address), |net| net.trunc().into())
        }
        v4 @ IpAddr::V4(_) => IpNet::from(v4),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_of_ipv4_may_be_written_in_ipv6() {
        for (text, meant) in [
            ("203.0.113.7/24", "203.0.113.0/24"),
            ("::ffff:203.0.113.7/120", "203.0.113.0/24"),
            ("::ffff:203.0.113.7", "203.0.113.7/32"),
            ("::ffff:0:0/96", "0.0.0.0/0"),
            ("::ffff:0:0/95", "::fffe:0:0/95"),
            ("2001:db8:0:1::5", "2001:db8:0:1::/64"),
            ("2001:db8::5/128", "2001:db8::5/128"),
        ] {
            let raw =
                RawBan { account_id: None, network: Some(text.to_owned()), minutes: None, reason: None };
            let Ok(Target::Network(network)) = target(&raw) else { panic!("{text} is refused") };
            assert_eq!(network.to_string(), meant, "{text}");
        }
    }
}
