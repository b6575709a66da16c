//! Matches as operators see them: also those that nobody else is shown, with everybody's link and where it comes from.
//! Made from the picture that each match leaves for others; no match is asked.

use std::net::IpAddr;

use serde::Serialize;
use shared::{id::PlayerId, name::PlayerName, world::Phase};

use super::figures::Figures;
use crate::{
    lobby::Listed,
    matches::{net_figures::NetStatus, status::PlayerStatus},
    settings::MatchSettings,
};

/// Most matches in the picture of the server, those with the most people first.
const MATCHES_SHOWN: usize = 200;
/// Most people of a match in the picture of the server.
const PEOPLE_SHOWN: usize = 100;

/// The whole server.
#[derive(Debug, Serialize)]
pub struct Picture<'a> {
    /// The program's version.
    pub version: &'static str,
    /// Seconds since the start.
    pub uptime_s: u64,
    /// Whether it is about to stop.
    pub draining: bool,
    /// What the metrics say.
    pub figures: &'a Figures,
    /// Matches.
    pub matches: Vec<MatchPicture>,
    /// Matches that are not in the list because there are too many.
    pub matches_left_out: usize,
}

/// One match.
#[derive(Debug, Serialize)]
pub struct MatchPicture {
    id: String,
    name: String,
    kind: &'static str,
    phase: Phase,
    round: u16,
    phase_left_s: Option<u32>,
    tick: u32,
    settings: MatchSettings,
    people: usize,
    connected: usize,
    bots: usize,
    watching: u32,
    bytes_per_s: u32,
    players: Vec<PersonPicture>,
    players_left_out: usize,
}

/// One person of a match.
#[derive(Debug, Serialize)]
struct PersonPicture {
    player_id: PlayerId,
    name: PlayerName,
    score: u16,
    connected: bool,
    address: Option<IpAddr>,
    account_id: Option<String>,
    net: Option<NetStatus>,
}

impl MatchPicture {
    /// A match with all its people.
    pub fn whole(listed: &Listed) -> MatchPicture {
        MatchPicture::of(listed, usize::MAX)
    }

    fn of(listed: &Listed, people_max: usize) -> MatchPicture {
        let (status, callers) = (listed.handle.status().for_host(), listed.handle.callers());
        let people = status.people();
        let person = |player: &PlayerStatus| {
            let caller = callers.find(player.player_id);
            let (address, account_id) = caller.map(|caller| (caller.address, caller.account)).unzip();
            PersonPicture {
                player_id: player.player_id,
                name: player.name.clone(),
                score: player.score,
                connected: player.connected,
                address,
                account_id: account_id.flatten(),
                net: player.net,
            }
        };
        let seated = || status.players.iter().filter(|player| !player.bot);
        let bytes = seated().filter_map(|player| player.net).map(|net| net.bytes_per_s);
        MatchPicture {
            kind: listed.kind,
            people,
            connected: seated().filter(|player| player.connected).count(),
            bots: status.players.len() - people,
            bytes_per_s: bytes.fold(0, u32::saturating_add),
            players: seated().take(people_max).map(person).collect(),
            players_left_out: people.saturating_sub(people_max),
            id: status.id,
            name: status.name,
            phase: status.phase,
            round: status.round,
            phase_left_s: status.phase_left_s,
            tick: status.tick,
            settings: status.settings,
            watching: status.watching,
        }
    }
}

/// The matches of the picture, and how many are left out.
pub fn matches(mut listed: Vec<Listed>) -> (Vec<MatchPicture>, usize) {
    listed.sort_by_key(|one| std::cmp::Reverse(one.handle.status().people()));
    let left_out = listed.len().saturating_sub(MATCHES_SHOWN);
    listed.truncate(MATCHES_SHOWN);
    (listed.iter().map(|one| MatchPicture::of(one, PEOPLE_SHOWN)).collect(), left_out)
}
