//! What one player knows of one tick, as plain data: the own ship and all that is in view.
//! How it travels is in `record`; what a client makes of that is in `replica`.

use glam::Vec2;
use thiserror::Error;

use crate::angle::Angle;
use crate::id::{MineId, PlayerId, ShotId};
use crate::rule_book::Arms;
use crate::tick::Tick;
use crate::world::{Motion, Phase, Ship};

/// Steps of a tick in which the server tells how much time inputs had to spare.
pub const SLACK_STEPS: f64 = 16.0;

/// What the server says of a player's inputs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InputReport {
    /// Ticks since the last input that was applied, if there was one in the last 254 ticks.
    pub applied_ago: Option<u8>,
    /// Ticks by which the newest received input is ahead of the snapshot, -127 to 127.
    pub received_ahead: Option<i8>,
    /// Inputs that wait for their tick.
    pub waiting: u8,
    /// How much time the worst input that came since the snapshot before had to spare, in sixteenths of a tick, rounded
    /// down, -127 to 127; negative was too late. `None` if none came.
    pub slack: Option<i8>,
}

impl InputReport {
    /// The slack in ticks.
    pub fn slack_ticks(&self) -> Option<f64> {
        self.slack.map(|steps| f64::from(steps) / SLACK_STEPS)
    }
}

/// What a ship has beside its hull; only its own player is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kit {
    /// The second weapon.
    pub arms: Arms,
    /// Points of damage that its shield still takes.
    pub shield_points: u8,
}

impl From<&Ship> for Kit {
    fn from(ship: &Ship) -> Kit {
        Kit { arms: ship.arms, shield_points: ship.shield_points }
    }
}

/// The own ship, exactly.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct OwnShip {
    /// Where it is and how it moves.
    pub motion: Motion,
    /// Ticks until it can fire again.
    pub fire_wait_ticks: u16,
    /// Ticks until the second weapon can be used again.
    pub second_wait_ticks: u16,
    /// Ticks that nothing can hurt it.
    pub guard_ticks: u16,
    /// Ticks until it lives again; 0 when alive.
    pub respawn_ticks: u16,
    /// Hull points, 0 to 100.
    pub hull_points: u8,
    /// What else it has.
    pub kit: Kit,
    /// Whether it carries a core.
    pub carries: bool,
}

impl OwnShip {
    /// `ship` as its player should know it; `carries` is whether it has a core.
    pub fn of(ship: &Ship, carries: bool) -> OwnShip {
        OwnShip {
            kit: Kit::from(ship),
            carries,
            motion: ship.motion,
            fire_wait_ticks: ship.fire_wait_ticks,
            second_wait_ticks: ship.second_wait_ticks,
            guard_ticks: ship.guard_ticks,
            respawn_ticks: ship.respawn_ticks,
            hull_points: ship.hull_points,
        }
    }
}

/// Another ship in view.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SeenShip {
    /// Whose it is.
    pub id: PlayerId,
    /// Units.
    pub position: Vec2,
    /// Units per second.
    pub velocity: Vec2,
    /// Where it points, one of 256 directions.
    pub aim: Angle,
    /// Hull points, 0 to 100.
    pub hull_points: u8,
    /// Whether it pushes.
    pub thrusting: bool,
    /// Whether nothing can hurt it.
    pub guarded: bool,
    /// Whether it dashes.
    pub dashing: bool,
    /// Whether its player's connection is lost.
    pub limbo: bool,
    /// Whether it has a shield that was picked up.
    pub shielded: bool,
    /// Whether it carries a core.
    pub carries: bool,
}

/// A shot in view.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SeenShot {
    /// Its name.
    pub id: ShotId,
    /// Who fired it.
    pub owner: PlayerId,
    /// Units.
    pub position: Vec2,
    /// Where it flies; its speed is the blaster's.
    pub angle: Angle,
}

/// A mine in view.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SeenMine {
    /// Its name.
    pub id: MineId,
    /// Who laid it.
    pub owner: PlayerId,
    /// Units.
    pub place: Vec2,
}

/// All that a player knows of a tick.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Snapshot {
    /// The tick that this shows.
    pub tick: Tick,
    /// What the match is doing.
    pub phase: Phase,
    /// About the player's inputs.
    pub report: InputReport,
    /// The own ship.
    pub own: OwnShip,
    /// Other ships in view, by id.
    pub ships: Vec<SeenShip>,
    /// Shots in view, by birth.
    pub shots: Vec<SeenShot>,
    /// Mines in view, by name.
    pub mines: Vec<SeenMine>,
    /// Pickups that lie in view, by their place in the arena's list.
    pub pickups: Vec<u8>,
}

/// Why bytes are no snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SnapshotError {
    /// It ends too early, or goes on too long.
    #[error("the snapshot's length does not fit its counts")]
    Length,
    /// It builds on a baseline that this version does not keep.
    #[error("the snapshot needs a baseline")]
    Baseline,
    /// A value that no server sends.
    #[error("the snapshot has an impossible value")]
    Value,
}
