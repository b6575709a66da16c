//! Facts that a step brought about: what players, spectators and records may be told.
//! Events describe; they never change a world.

use glam::Vec2;
use serde::{Deserialize, Serialize};

use crate::id::{PlayerId, ShotId};
use crate::mode::Team;
use crate::tick::Rewind;
use crate::world::{Pilot, Shot};

/// Why a shot ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ShotEnd {
    /// It met a wall or the arena's edge.
    Wall,
    /// It met a ship.
    Ship,
    /// Its time was over.
    Spent,
}

/// The way of a beam of the rail, which is there for its tick only.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Beam {
    /// Who fired.
    pub by: PlayerId,
    /// The muzzle, in units.
    pub from: Vec2,
    /// Where it ends, in units: at a wall, in a ship, or at its range.
    pub to: Vec2,
}

/// What happened to a core. Each also says where the core is from then on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CoreDeed {
    /// It is at its stand again: a mate touched it, or its time was over.
    Returned,
    /// Somebody of the other side took it.
    Taken,
    /// Its carrier lost it.
    Dropped,
    /// It was brought to the other side's stand; it is at its own again.
    Captured,
}

/// One fact about one tick.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// Somebody took a seat.
    Joined(Pilot),
    /// Somebody's seat became free.
    Left(PlayerId),
    /// A connection was lost; the seat is kept.
    Lost(PlayerId),
    /// A lost player is back.
    Returned(PlayerId),
    /// A ship appeared.
    Appeared(PlayerId),
    /// A shot was born.
    Fired(Shot),
    /// A shot is gone.
    ShotEnded {
        /// Which one.
        shot: ShotId,
        /// Where, in units.
        position: Vec2,
        /// Why.
        end: ShotEnd,
        /// How long before this tick, on the shooter's view: only a shot that ends in the tick of its birth has any.
        before: Rewind,
    },
    /// The rail was fired.
    Beam(Beam),
    /// A ship was hurt.
    Hit {
        /// Whose ship.
        victim: PlayerId,
        /// Who fired.
        by: PlayerId,
        /// Hull points left.
        hull_points: u8,
    },
    /// A ship was shot down.
    Killed {
        /// Whose ship.
        victim: PlayerId,
        /// Who fired.
        by: PlayerId,
        /// Where, in units.
        position: Vec2,
    },
    /// Somebody is on another side from now on.
    Teamed(PlayerId, Team),
    /// What the teams have reached changed.
    TeamScores([u16; 2]),
    /// Something happened to a core.
    Core {
        /// Whose core.
        core: Team,
        /// What.
        deed: CoreDeed,
        /// Who did it; nobody if its time was over.
        by: Option<PlayerId>,
        /// Where, in units.
        place: Vec2,
    },
    /// A mine went off.
    Blast {
        /// Who laid it.
        by: PlayerId,
        /// Where, in units.
        place: Vec2,
    },
    /// A ship dashed.
    Dashed(PlayerId),
    /// A round began.
    RoundStarted {
        /// Its number, from 1.
        number: u16,
    },
    /// A round is over; the pilots hold the scores.
    RoundEnded {
        /// Its number.
        number: u16,
    },
    /// The match is over for good.
    MatchEnded,
    /// The clock was set, and no round began or ended with that: a countdown, a pause, and what ends one.
    ClockSet,
    /// Somebody said something to everybody.
    Said {
        /// Who.
        by: PlayerId,
        /// Which one of the phrases that there are.
        phrase: u8,
    },
}
