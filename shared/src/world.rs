//! The whole changing state of a match, as plain data: who plays, where the ships and shots are, the round's clock.
//! Only `simulation::step` changes it; equal worlds give equal futures.

use glam::Vec2;
use serde::{Deserialize, Serialize};

use crate::angle::Angle;
use crate::id::{MineId, PlayerId, ShotId};
use crate::input::ShipInput;
use crate::mode::Team;
use crate::name::PlayerName;
use crate::random::Random;
use crate::rule_book::Arms;
use crate::rules::{HULL_MAX, Rules};
use crate::tick::{Rewind, Tick};
use crate::trail::Trail;

/// The shape of a ship: looks only, all fly and are hit the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "u8", into = "u8")]
pub enum Hull {
    /// A plain delta.
    #[default]
    Wedge,
    /// Long and thin.
    Lance,
    /// Two prongs.
    Fork,
    /// Broad.
    Anvil,
}

impl Hull {
    /// All shapes, in the order of their numbers.
    pub const ALL: [Hull; 4] = [Hull::Wedge, Hull::Lance, Hull::Fork, Hull::Anvil];
}

impl From<Hull> for u8 {
    fn from(hull: Hull) -> u8 {
        hull as u8
    }
}

impl From<u8> for Hull {
    fn from(number: u8) -> Hull {
        Hull::ALL.get(usize::from(number)).copied().unwrap_or_default()
    }
}

/// Somebody in the match, person or bot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pilot {
    /// The seat.
    pub id: PlayerId,
    /// What to call them.
    pub name: PlayerName,
    /// The shape of their ship.
    pub hull: Hull,
    /// Whether the program plays this seat.
    pub bot: bool,
    /// Whether the connection is lost and the seat kept.
    pub limbo: bool,
    /// Kills in this round.
    pub score: u16,
    /// Deaths in this round.
    pub deaths: u16,
    /// The side; nobody's where there are no teams, and then it takes no byte on the wire.
    #[serde(default, skip_serializing_if = "Team::is_nobodys")]
    pub team: Team,
}

/// How a ship moves: all that prediction needs, and nothing else.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Motion {
    /// Units from the middle of the arena.
    pub position: Vec2,
    /// Units per second.
    pub velocity: Vec2,
    /// Ticks that the dash goes on; 0 when none.
    pub dash_ticks: u16,
    /// Energy for dashes, in ticks of recharge.
    pub dash_energy: u16,
}

/// A ship, alive or waiting for its next life.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ship {
    /// Whose it is.
    pub id: PlayerId,
    /// Where it is and how it moves.
    pub motion: Motion,
    /// What it was told last.
    pub input: ShipInput,
    /// Hull points, 0 to 100.
    pub hull_points: u8,
    /// Ticks until it can fire again.
    pub fire_wait_ticks: u16,
    /// Ticks until the second weapon can be used again.
    #[serde(alias = "rail_wait_ticks")]
    pub second_wait_ticks: u16,
    /// Ticks that nothing can hurt it.
    pub guard_ticks: u16,
    /// Ticks until it lives again; 0 when alive.
    pub respawn_ticks: u16,
    /// The second weapon.
    #[serde(default)]
    pub arms: Arms,
    /// Points of damage that its shield still takes.
    #[serde(default)]
    pub shield_points: u8,
    /// How far back its player sees others.
    pub rewind: Rewind,
    /// Where it was of late in this life.
    pub trail: Trail,
}

impl Ship {
    /// Whether it flies.
    pub fn alive(&self) -> bool {
        self.respawn_ticks == 0
    }

    /// A ship that waits one tick for its place.
    pub fn waiting(id: PlayerId, rules: &Rules) -> Ship {
        Ship {
            id,
            motion: Motion { dash_energy: rules.dash_energy_max(), ..Motion::default() },
            input: ShipInput::default(),
            hull_points: HULL_MAX,
            fire_wait_ticks: 0,
            second_wait_ticks: 0,
            guard_ticks: 0,
            respawn_ticks: 1,
            arms: rules.first_arms(),
            shield_points: 0,
            rewind: Rewind::default(),
            trail: Trail::default(),
        }
    }
}

/// A blaster shot in flight.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shot {
    /// Its name.
    pub id: ShotId,
    /// Who fired it.
    pub owner: PlayerId,
    /// Where it was born, in units: it flies straight from here.
    pub origin: Vec2,
    /// Where it flies.
    pub angle: Angle,
    /// The tick of its birth.
    pub born: Tick,
    /// How far it had flown by the end of that tick: it was born at its shooter's view tick.
    pub flown: Rewind,
    /// Whether it ended in the tick of its birth; it is kept for that tick, so that everybody sees that it was there.
    pub over: bool,
    /// Where it is, in units.
    pub position: Vec2,
    /// Units per second.
    pub velocity: Vec2,
    /// The side whose ships it passes through; nobody's: it passes through none.
    #[serde(default)]
    pub spares: Team,
    /// Hull points that it takes.
    #[serde(default)]
    pub damage: u8,
    /// How long it flies.
    #[serde(default)]
    pub life_ticks: u16,
}

/// A mine that lies somewhere.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mine {
    /// Its name.
    pub id: MineId,
    /// Who laid it.
    pub owner: PlayerId,
    /// Where, in whole units, so that it can be told in a few bytes.
    pub place: Vec2,
    /// When.
    pub born: Tick,
    /// The side that it spares; nobody's: only its owner.
    pub spares: Team,
}

/// Where a core is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum CoreState {
    /// At its stand.
    #[default]
    Home,
    /// With a ship of the other side.
    Carried(PlayerId),
    /// Where its carrier lost it.
    Dropped {
        /// Where, in units.
        place: Vec2,
        /// Ticks until it is back at its stand by itself.
        ticks_left: u32,
    },
}

/// Where a shot is in the tick of its birth, in units: `flight` units from its `origin`, flying with `velocity`. One
/// function for server and client, so that both get the same bits.
pub fn newborn_place(origin: Vec2, velocity: Vec2, flight: f32) -> Vec2 {
    origin + velocity.normalize_or_zero() * flight
}

/// What a match is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// Waiting for the host to start.
    #[default]
    Lobby,
    /// A round is on.
    Playing,
    /// The round is over, results are shown; weapons are off.
    Results,
    /// Nothing more will happen.
    Ended,
    /// A round begins in a moment; weapons are off.
    Countdown,
    /// The host has stopped the round for a while: ships stand, weapons are off, the clock waits.
    Paused,
}

impl Phase {
    /// Whether a round has begun and is not over, stopped for a while or not.
    pub fn is_round(self) -> bool {
        matches!(self, Phase::Playing | Phase::Paused)
    }
}

/// The round's clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Round {
    /// 1 for the first round; 0 before it.
    pub number: u16,
    /// What the match is doing.
    pub phase: Phase,
    /// Ticks left of the phase; 0 in phases without an end.
    pub ticks_left: u32,
}

/// The whole changing state of a match.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct World {
    /// The last step that was made.
    pub tick: Tick,
    /// The source of chance.
    pub random: Random,
    /// The round's clock.
    pub round: Round,
    /// Everybody, sorted by id.
    pub pilots: Vec<Pilot>,
    /// Their ships, in the same order.
    pub ships: Vec<Ship>,
    /// Shots in flight, in the order of their birth.
    pub shots: Vec<Shot>,
    /// The name of the next shot.
    pub next_shot: ShotId,
    /// What the teams have reached in this round.
    #[serde(default)]
    pub team_scores: [u16; 2],
    /// The cores of both sides; of use in mode `ctc` only.
    #[serde(default)]
    pub cores: [CoreState; 2],
    /// Mines, in the order in which they were laid.
    #[serde(default)]
    pub mines: Vec<Mine>,
    /// The name of the next mine.
    #[serde(default)]
    pub next_mine: MineId,
    /// For each pickup of the arena the ticks until it is back; 0 is that it lies there. Those that are missing lie there.
    #[serde(default)]
    pub pickups: Vec<u32>,
}

impl World {
    /// An empty world in its lobby.
    pub fn new(seed: u64) -> World {
        World {
            tick: Tick(0),
            random: Random::new(seed),
            round: Round::default(),
            pilots: Vec::new(),
            ships: Vec::new(),
            shots: Vec::new(),
            next_shot: ShotId(0),
            team_scores: [0, 0],
            cores: [CoreState::Home; 2],
            mines: Vec::new(),
            next_mine: MineId::default(),
            pickups: Vec::new(),
        }
    }

    /// Where `id` stands in `pilots` and `ships`; the place to insert it if it is not there.
    pub fn find(&self, id: PlayerId) -> Result<usize, usize> {
        self.pilots.binary_search_by_key(&id, |p| p.id)
    }

    /// The pilot of seat `id`.
    pub fn pilot(&self, id: PlayerId) -> Option<&Pilot> {
        self.find(id).ok().and_then(|i| self.pilots.get(i))
    }

    /// The ship of seat `id`.
    pub fn ship(&self, id: PlayerId) -> Option<&Ship> {
        self.find(id).ok().and_then(|i| self.ships.get(i))
    }

    /// The side of seat `id`; nobody's for strangers.
    pub fn team_of(&self, id: PlayerId) -> Team {
        self.pilot(id).map(|p| p.team).unwrap_or_default()
    }

    /// Whether `id` carries a core.
    pub fn carries(&self, id: PlayerId) -> bool {
        self.cores.contains(&CoreState::Carried(id))
    }

    /// Whether weapons work now.
    pub fn weapons_on(&self) -> bool {
        matches!(self.round.phase, Phase::Playing | Phase::Lobby)
    }
}
