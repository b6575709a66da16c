//! How well a bot plays: what differs between three kinds of opponent, as numbers.
//! It decides nothing itself, and knows nothing of the world.

use serde::{Deserialize, Serialize};

/// One of three kinds of opponent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub enum Skill {
    /// Somebody who plays for the first time.
    Novice,
    /// Somebody who knows the game.
    #[default]
    Regular,
    /// Somebody to be afraid of.
    Ace,
}

/// What a skill means.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Traits {
    /// Decisions in a second; between them a bot holds on, as a person's hand does.
    pub(super) decides_hz: u32,
    /// Time from seeing a foe to the first shot at it.
    pub(super) reaction_ms: u32,
    /// Largest error of the aim, in steps of a 65,536th turn.
    pub(super) aim_error_steps: u32,
    /// Share of the right lead that it takes.
    pub(super) lead: f32,
    /// Of a hundred shots that would hit it, how many it tries to dodge.
    pub(super) dodges: u32,
    /// In one of so many decisions of a fight it uses its second weapon.
    pub(super) second_one_in: u32,
    /// Distance in units from which it fires.
    pub(super) range_units: f32,
}

impl Skill {
    /// The skill with this number, 1 to 3.
    pub fn of_number(number: u32) -> Option<Skill> {
        match number {
            1 => Some(Skill::Novice),
            2 => Some(Skill::Regular),
            3 => Some(Skill::Ace),
            _ => None,
        }
    }

    /// Its number, 1 to 3.
    pub fn number(self) -> u8 {
        match self {
            Skill::Novice => 1,
            Skill::Regular => 2,
            Skill::Ace => 3,
        }
    }

    pub(super) fn traits(self) -> Traits {
        match self {
            Skill::Novice => Traits {
                decides_hz: 5,
                reaction_ms: 600,
                aim_error_steps: 1900,
                lead: 0.5,
                dodges: 0,
                second_one_in: 60,
                range_units: 420.0,
            },
            Skill::Regular => Traits {
                decides_hz: 10,
                reaction_ms: 350,
                aim_error_steps: 800,
                lead: 0.9,
                dodges: 35,
                second_one_in: 30,
                range_units: 540.0,
            },
            Skill::Ace => Traits {
                decides_hz: 15,
                reaction_ms: 200,
                aim_error_steps: 250,
                lead: 1.0,
                dodges: 85,
                second_one_in: 12,
                range_units: 600.0,
            },
        }
    }
}

impl From<Skill> for u8 {
    fn from(skill: Skill) -> u8 {
        skill.number()
    }
}

impl TryFrom<u8> for Skill {
    type Error = &'static str;

    fn try_from(number: u8) -> Result<Skill, &'static str> {
        Skill::of_number(number.into()).ok_or("a bot's skill is 1, 2 or 3")
    }
}
