//! What kind of match it is, and which side somebody is on.
//! Names only: what follows from them stands in `simulation` and the rooms below it.

use serde::{Deserialize, Serialize};

/// The game that is played.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Everybody against everybody.
    #[default]
    Ffa,
    /// Two teams; kills count for the team.
    Tdm,
    /// Two teams; captures of the other side's core count.
    Ctc,
}

impl Mode {
    /// All modes, with what a host calls them.
    pub const WORDS: [(&'static str, Mode); 3] = [("ffa", Mode::Ffa), ("tdm", Mode::Tdm), ("ctc", Mode::Ctc)];

    /// What a host calls it.
    pub fn word(self) -> &'static str {
        match self {
            Mode::Ffa => "ffa",
            Mode::Tdm => "tdm",
            Mode::Ctc => "ctc",
        }
    }

    /// Whether there are teams.
    pub fn has_teams(self) -> bool {
        self != Mode::Ffa
    }
}

/// A side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "u8", into = "u8")]
pub enum Team {
    /// Nobody's.
    #[default]
    None,
    /// The first side of the map.
    Azure,
    /// The second side of the map.
    Amber,
}

impl Team {
    /// The two sides, in the order of the map's places and of team scores.
    pub const SIDES: [Team; 2] = [Team::Azure, Team::Amber];

    /// Whether it is nobody's.
    pub fn is_nobodys(&self) -> bool {
        *self == Team::None
    }

    /// The place of this side in a pair, 0 or 1; none for nobody's.
    pub fn side(self) -> Option<usize> {
        match self {
            Team::None => None,
            Team::Azure => Some(0),
            Team::Amber => Some(1),
        }
    }

    /// The other side; nobody's for nobody's.
    #[must_use]
    pub fn other(self) -> Team {
        match self {
            Team::None => Team::None,
            Team::Azure => Team::Amber,
            Team::Amber => Team::Azure,
        }
    }
}

impl From<Team> for u8 {
    fn from(team: Team) -> u8 {
        team as u8
    }
}

impl From<u8> for Team {
    fn from(number: u8) -> Team {
        match number {
            1 => Team::Azure,
            2 => Team::Amber,
            _ => Team::None,
        }
    }
}
