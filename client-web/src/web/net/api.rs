//! The server's HTTP routes as functions, and their JSON as types: only the fields that this client reads.
//! Unknown fields are ignored, so that a newer server does not stop an older page.

use serde::{Deserialize, Serialize};

use super::http::{ApiError, get, post};

/// A match as the lobby lists it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct MatchInfo {
    /// Its id, part of every address.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What it is doing: lobby, playing, results, ended.
    #[serde(default)]
    pub phase: String,
    /// How it was set up.
    pub settings: Settings,
    /// Everybody in it.
    #[serde(default)]
    pub players: Vec<Seated>,
    /// Seconds left of the round.
    #[serde(default)]
    pub ends_in_s: Option<f64>,
    /// Spectators.
    #[serde(default)]
    pub watching: u32,
}

/// How a match was set up.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Settings {
    /// The map's name.
    #[serde(default)]
    pub map: String,
    /// Seats for people.
    #[serde(default)]
    pub max_players: u32,
}

/// Somebody in a match.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Seated {
    /// What to call them.
    pub name: String,
    /// Kills.
    #[serde(default)]
    pub score: i64,
    /// Whether the program plays the seat.
    #[serde(default)]
    pub bot: bool,
}

impl MatchInfo {
    /// People in it, without bots.
    pub fn people(&self) -> u32 {
        self.players.iter().filter(|p| !p.bot).count() as u32
    }

    /// Whether nobody else can take a seat.
    pub fn full(&self) -> bool {
        self.people() >= self.settings.max_players
    }

    /// Who has the most kills, if anybody has one.
    pub fn leader(&self) -> Option<&Seated> {
        self.players.iter().max_by_key(|p| p.score).filter(|p| p.score > 0)
    }
}

#[derive(Deserialize)]
struct MatchList {
    matches: Vec<MatchInfo>,
}

/// The public matches.
pub async fn matches() -> Result<Vec<MatchInfo>, ApiError> {
    get::<MatchList>("/api/matches").await.map(|list| list.matches)
}

/// What a host chooses.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HostRequest {
    /// The match's name.
    pub name: String,
    /// The map's name.
    pub map: String,
    /// Bots that fill it.
    pub bots: u32,
    /// Seats for people.
    pub max_players: u32,
    /// "public" or "unlisted".
    pub visibility: &'static str,
    /// Length of a round in seconds.
    pub duration_s: u32,
    /// Asked of everybody who joins, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
}

/// A match that was hosted.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Hosted {
    /// Its id.
    pub id: String,
    /// The link to play.
    pub play_url: String,
    /// The link to watch.
    pub watch_url: String,
}

/// Hosts a match.
pub async fn host(request: &HostRequest) -> Result<Hosted, ApiError> {
    post("/api/matches", request).await
}

/// What is sent to take a seat.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct JoinRequest {
    /// What to call the player.
    pub name: String,
    /// The ship's shape by its number.
    pub hull: u8,
    /// The match's password, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
}

/// A seat.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Joined {
    /// The signed token of the seat.
    pub token: String,
    /// The base address to use from then on.
    pub url: String,
}

/// Takes a seat.
pub async fn join(match_id: &str, request: &JoinRequest) -> Result<Joined, ApiError> {
    post(&format!("/api/matches/{match_id}/join"), request).await
}
