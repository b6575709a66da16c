//! Names of things inside one match: small integers with types of their own, so that they can't be mixed up.
//! They are handed out by the world in order and are no secrets.

use serde::{Deserialize, Serialize};

/// A seat of a match, and the ship that belongs to it. Unique within a match for its whole life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PlayerId(pub u16);

/// A shot in flight. Wraps after 65,536 shots; a shot lives two seconds, so ids in use never meet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ShotId(pub u16);

/// A mine that lies somewhere. The top bit is always set, so that mines and places of pickups are names of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MineId(pub u16);

impl Default for MineId {
    fn default() -> Self {
        MineId(0x8000)
    }
}

impl MineId {
    /// The id after this one. Wraps after 32,768 mines, more than lie at a time.
    #[must_use]
    pub fn next(self) -> MineId {
        MineId(self.0.wrapping_add(1) | 0x8000)
    }
}

impl ShotId {
    /// The id after this one.
    #[must_use]
    pub fn next(self) -> ShotId {
        ShotId(self.0.wrapping_add(1))
    }
}
