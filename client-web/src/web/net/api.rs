//! The server's HTTP routes as functions, and their JSON as types: only the fields that this client reads.
//! Unknown fields are ignored, so that a newer server does not stop an older page.

use super::http::{ApiError, get, post};
use super::json::Json;

/// A match as the lobby lists it.
#[derive(Clone, Debug, PartialEq)]
pub struct MatchInfo {
    /// Its id, part of every address.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What it is doing: lobby, playing, results, ended.
    pub phase: String,
    /// How it was set up.
    pub settings: Settings,
    /// People in it, without bots.
    pub people: u32,
    /// Bots in it.
    pub bots: u32,
    /// Who has the most kills, and how many, if anybody has one.
    pub leader: Option<(String, u32)>,
    /// Whether its host lets nobody else in.
    pub locked: bool,
    /// Seconds left of the phase.
    pub phase_left_s: Option<f64>,
    /// Spectators.
    pub watching: u32,
}

/// How a match was set up.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// The map's name.
    pub map: String,
    /// The game that is played: `ffa`, `tdm`, `ctc`, or what a newer server has.
    pub mode: String,
    /// Seats for people.
    pub max_players: u32,
    /// Whether it asks for a password.
    pub password: bool,
}

impl MatchInfo {
    /// Whether nobody else can take a seat.
    pub fn full(&self) -> bool {
        self.locked || self.people >= self.settings.max_players
    }

    /// Whether somebody without an invitation can take a seat.
    pub fn takes_anybody(&self) -> bool {
        !self.full() && !self.settings.password && self.phase != "ended"
    }
}

/// The id of the public match with the most people, if there is one.
pub async fn liveliest() -> Option<String> {
    let answer = get("/api/matches").await.ok()?;
    let people =
        |json: &Json| json.get("players").entries().iter().filter(|p| !p.get("bot").is_true()).count();
    let all = answer.get("matches").entries();
    // Of equals the first counts, and `max_by_key` takes the last.
    all.iter().rev().max_by_key(|json| people(json)).and_then(|json| json.get("id").text())
}

/// The list of maps that can be hosted, as it comes.
pub async fn maps() -> Result<Json, ApiError> {
    Ok(get("/api/maps").await?.get("maps"))
}

/// A match as the live list tells it; none if it cannot be read as one.
pub fn match_info(json: &Json) -> Option<MatchInfo> {
    let settings = json.get("settings");
    Some(MatchInfo {
        id: json.get("id").text()?,
        name: json.get("name").text()?,
        phase: json.get("phase").text().unwrap_or_default(),
        settings: Settings {
            map: settings.get("map").text().unwrap_or_default(),
            mode: settings.get("mode").text().unwrap_or_default(),
            max_players: whole(&settings.get("max_players")),
            password: settings.get("password").is_true(),
        },
        people: whole(&json.get("people")),
        bots: whole(&json.get("bots")),
        leader: leader(&json.get("leader").entries()),
        locked: json.get("locked").is_true(),
        phase_left_s: json.get("phase_left_s").number(),
        watching: whole(&json.get("watching")),
    })
}

fn leader(pair: &[Json]) -> Option<(String, u32)> {
    let [name, score] = pair else { return None };
    Some((name.text()?, whole(score)))
}

fn whole(json: &Json) -> u32 {
    json.number().unwrap_or(0.0) as u32
}

/// What a host chooses.
#[derive(Clone, Debug, PartialEq)]
pub struct HostRequest {
    /// The match's name.
    pub name: String,
    /// The map's name; by default the server's first one.
    pub map: Option<String>,
    /// Bots that fill it.
    pub bots: u32,
    /// How well they play, 1 to 3.
    pub bot_skill: u32,
    /// Seats for people.
    pub max_players: u32,
    /// "public" or "unlisted".
    pub visibility: &'static str,
    /// `ffa`, `tdm` or `ctc`; the server says which maps can serve it.
    pub mode: String,
    /// Length of a round in seconds.
    pub duration_s: u32,
    /// "now", or "host" if the first round waits for the host.
    pub start: &'static str,
    /// How far back a hit may count where its shooter saw the target, in milliseconds.
    pub lag_compensation_ms: u32,
    /// Asked of everybody who joins, if any.
    pub password: Option<String>,
}

/// A match that was hosted.
#[derive(Clone, Debug, PartialEq)]
pub struct Hosted {
    /// Its id.
    pub id: String,
    /// What the host's acts need.
    pub host_token: String,
}

/// Hosts a match.
pub async fn host(request: &HostRequest) -> Result<Hosted, ApiError> {
    let body = Json::object()
        .with("name", request.name.as_str())
        .with("bots", request.bots)
        .with("bot_skill", request.bot_skill)
        .with("max_players", request.max_players)
        .with("visibility", request.visibility)
        .with("mode", request.mode.as_str())
        .with("duration_s", request.duration_s)
        .with("start", request.start)
        .with("lag_compensation_ms", request.lag_compensation_ms);
    let body = with_field(body, "map", request.map.as_deref());
    let answer = post("/api/matches", &with_field(body, "password", request.password.as_deref())).await?;
    let text = |name: &str| answer.get(name).text().ok_or_else(|| ApiError::answer(201));
    Ok(Hosted { id: text("id")?, host_token: text("host_token")? })
}

/// The best public match for somebody who just wants to play; one is made if there is none.
pub async fn quick(player_key: Option<&str>) -> Result<String, ApiError> {
    let answer = post("/api/quick", &with_field(Json::object(), "player_key", player_key)).await?;
    answer.get("id").text().ok_or_else(|| ApiError::answer(200))
}

/// What is sent to take a seat.
#[derive(Clone, Debug, PartialEq)]
pub struct JoinRequest {
    /// What to call the player.
    pub name: String,
    /// The ship's shape by its number.
    pub hull: u8,
    /// The match's password, if it has one.
    pub password: Option<String>,
    /// The key of the player's account, if there is one.
    pub player_key: Option<String>,
}

/// A seat.
#[derive(Clone, Debug, PartialEq)]
pub struct Joined {
    /// The signed token of the seat.
    pub token: String,
    /// The base address to use from then on.
    pub url: String,
}

/// Takes a seat.
pub async fn join(match_id: &str, request: &JoinRequest) -> Result<Joined, ApiError> {
    let body = Json::object().with("name", request.name.as_str()).with("hull", request.hull);
    let body = with_field(body, "password", request.password.as_deref());
    let body = with_field(body, "player_key", request.player_key.as_deref());
    let answer = post(&format!("/api/matches/{match_id}/join"), &body).await?;
    let text = |name: &str| answer.get(name).text().ok_or_else(|| ApiError::answer(200));
    Ok(Joined { token: text("token")?, url: text("url")? })
}

fn with_field(body: Json, name: &str, value: Option<&str>) -> Json {
    match value {
        Some(value) => body.with(name, value),
        None => body,
    }
}
