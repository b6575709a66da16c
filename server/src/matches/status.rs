//! What everybody may read of a match without asking it: a picture that the match refreshes a few times a second.
//! Readers hold a shared pointer; nobody waits for anybody.

use serde::Serialize;
use shared::id::PlayerId;
use shared::mode::Team;
use shared::name::PlayerName;
use shared::world::{Phase, World};

use crate::matches::net_figures::NetStatus;
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
    /// Whether the host lets nobody else in.
    pub locked: bool,
    /// How it was set up.
    pub settings: MatchSettings,
    /// What both sides have reached; left out where there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub team_scores: Vec<u16>,
    /// Everybody, best first.
    pub players: Vec<PlayerStatus>,
    #[serde(skip)]
    revision: u64,
    /// How players' links do, by seat; only the host is shown this.
    #[serde(skip)]
    net: Vec<(PlayerId, NetStatus)>,
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
    /// The side: 1 azure, 2 amber; left out where there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub team: Option<Team>,
    /// Whether the program plays the seat.
    pub bot: bool,
    /// Whether there is a link.
    pub connected: bool,
    /// How the link does; only in what the host is shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub net: Option<NetStatus>,
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
                team: Some(p.team).filter(|team| *team != Team::None),
                bot: p.bot,
                connected: !p.limbo,
                net: None,
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
            locked: false,
            settings: settings.clone(),
            team_scores: if settings.mode.has_teams() { world.team_scores.to_vec() } else { Vec::new() },
            players,
            revision,
            net: Vec::new(),
        }
    }

    /// The same with whether anybody else gets in.
    #[must_use]
    pub fn with_lock(self, locked: bool) -> MatchStatus {
        MatchStatus { locked, ..self }
    }

    /// The same with how links do, by seat; players are the sorted seats.
    #[must_use]
    pub fn with_net(self, net: Vec<(PlayerId, NetStatus)>) -> MatchStatus {
        MatchStatus { net, ..self }
    }

    /// What the match's host is shown: everybody's link too.
    #[must_use]
    pub fn for_host(&self) -> MatchStatus {
        let mut status = self.clone();
        for player in &mut status.players {
            let place = self.net.binary_search_by_key(&player.player_id, |(id, _)| *id).ok();
            player.net = place.and_then(|place| self.net.get(place)).map(|(_, net)| *net);
        }
        status
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
