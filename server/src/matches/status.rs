//! What everybody may read of a match without asking it: a picture that the match refreshes a few times a second.
//! Readers hold a shared pointer; nobody waits for anybody.

use serde::Serialize;
use shared::id::PlayerId;
use shared::name::PlayerName;
use shared::world::{Phase, World};

use crate::settings::MatchSettings;

/// MATCH of the HTTP API.
#[derive(Clone, Debug, Serialize)]
pub struct MatchStatus {
    /// The match's id.
    pub id: String,
    /// What to call it.
    pub name: String,
    /// What it is doing.
    pub phase: Phase,
    /// The tick that it has reached.
    pub tick: u32,
    /// Seconds left of the phase; none if it has no end.
    pub phase_left_s: Option<u32>,
    /// The round's number, from 1.
    pub round: u16,
    /// People who watch.
    pub watching: u32,
    /// How it was set up.
    pub settings: MatchSettings,
    /// Everybody, best first.
    pub players: Vec<PlayerStatus>,
    #[serde(skip)]
    revision: u64,
}

/// One player of a [`MatchStatus`].
#[derive(Clone, Debug, Serialize)]
pub struct PlayerStatus {
    /// The seat.
    pub player_id: PlayerId,
    /// What to call them.
    pub name: PlayerName,
    /// Kills in this round.
    pub score: u16,
    /// Whether the program plays the seat.
    pub bot: bool,
    /// Whether there is a link.
    pub connected: bool,
}

impl MatchStatus {
    /// A picture of `world`; `revision` tells pictures apart.
    pub fn new(
        id: &str,
        settings: &MatchSettings,
        world: &World,
        watching: u32,
        revision: u64,
    ) -> MatchStatus {
        let mut players: Vec<PlayerStatus> = world
            .pilots
            .iter()
            .map(|p| PlayerStatus {
                player_id: p.id,
                name: p.name.clone(),
                score: p.score,
                bot: p.bot,
                connected: !p.limbo,
            })
            .collect();
        players.sort_by(|a, b| b.score.cmp(&a.score).then(a.player_id.cmp(&b.player_id)));
        let round = world.round;
        MatchStatus {
            id: id.to_owned(),
            name: settings.name.clone(),
            phase: round.phase,
            tick: world.tick.0,
            phase_left_s: (round.ticks_left > 0).then(|| round.ticks_left.div_ceil(settings.tick_hz.hz())),
            round: round.number,
            watching,
            settings: settings.clone(),
            players,
            revision,
        }
    }

    /// People with a seat, connected or not.
    pub fn people(&self) -> usize {
        self.players.iter().filter(|p| !p.bot).count()
    }

    /// A strong entity tag of this picture.
    pub fn etag(&self) -> String {
        format!("\"{}-{}\"", self.id, self.revision)
    }
}
