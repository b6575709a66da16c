//! Every number of the game that an operator may change, with its range and its standard value, as one plain table.
//! The server fills it from a file and tells it to clients as a list of numbers in the order below; [`crate::rules`] turns
//! it into ticks for one match. It reads no text and knows no match.

use serde::ser::SerializeSeq;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use thiserror::Error;

/// What a ship may carry beside its blaster.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "u8", into = "u8")]
pub enum Weapon {
    /// Nothing.
    #[default]
    None,
    /// A beam that is there at once.
    Rail,
    /// Several short shots in a fan.
    Scatter,
    /// Mines that are laid where the ship is.
    Mines,
}

impl Weapon {
    /// All of them, in the order of their numbers.
    pub const ALL: [Weapon; 4] = [Weapon::None, Weapon::Rail, Weapon::Scatter, Weapon::Mines];
    /// What a rules file calls them, in the same order.
    pub const WORDS: [&'static str; 4] = ["none", "rail", "scatter", "mines"];
}

impl From<Weapon> for u8 {
    fn from(weapon: Weapon) -> u8 {
        weapon as u8
    }
}

impl From<u8> for Weapon {
    fn from(number: u8) -> Weapon {
        Weapon::ALL.get(usize::from(number)).copied().unwrap_or_default()
    }
}

/// The second weapon of a ship, and what is left of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arms {
    /// Which weapon.
    pub weapon: Weapon,
    /// Charges left of a pickup; 0 is the weapon that every life begins with, which never runs out.
    pub charges: u8,
}

/// How a rule is written in a file. In the table all are numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A number with or without a fraction.
    Number,
    /// A whole number.
    Whole,
    /// `false` (0) or `true` (1).
    Flag,
    /// One of [`Weapon::WORDS`], by its place.
    Weapon,
}

/// What a rule is called and how it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RuleName {
    /// The section of the file.
    pub section: &'static str,
    /// The key in the section.
    pub field: &'static str,
    /// How its value is written.
    pub kind: Kind,
}

/// Numbers that are no rule book.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum RuleBookError {
    /// There are not as many as there are rules.
    #[error("the rules have {0} numbers instead of {RULES}")]
    Count(usize),
    /// The rule at this place of the list is no number or out of its range.
    #[error("rule {0} is out of its range")]
    Range(usize),
}

/// Makes the table's types from one list, so that names, ranges and values cannot fall apart.
macro_rules! rule_book {
    ($($(#[$about:meta])* $section:ident: $type:ident {
        $($(#[$doc:meta])* $field:ident: $kind:ident [$low:literal, $high:literal] = $standard:literal;)*
    })*) => {
        $(
            $(#[$about])*
            #[derive(Clone, Copy, Debug, PartialEq)]
            pub struct $type {
                $($(#[$doc])* pub $field: f32,)*
            }
        )*

        /// All numbers of the game. Times are milliseconds, lengths units, speeds units per second.
        #[derive(Clone, Copy, Debug, PartialEq)]
        pub struct RuleBook {
            $($(#[$about])* pub $section: $type,)*
        }

        /// How many rules there are.
        pub const RULES: usize = [$($(stringify!($field),)*)*].len();

        /// What the rules are called, in their order.
        pub const RULE_NAMES: [RuleName; RULES] = [$($(
            RuleName { section: stringify!($section), field: stringify!($field), kind: Kind::$kind },
        )*)*];

        /// The least and the most that each rule may be, in their order.
        pub const RULE_RANGES: [(f32, f32); RULES] = [$($(($low, $high),)*)*];

        impl RuleBook {
            /// What is played by if nobody says otherwise; `assets/rules.toml` holds the same.
            pub const STANDARD: RuleBook = RuleBook {
                $($section: $type { $($field: $standard,)* },)*
            };

            /// All numbers, in the order of the table.
            pub fn numbers(&self) -> [f32; RULES] {
                [$($(self.$section.$field,)*)*]
            }

            fn of(numbers: [f32; RULES]) -> RuleBook {
                let mut next = numbers.into_iter();
                RuleBook {
                    $($section: $type { $($field: next.next().unwrap_or($standard),)* },)*
                }
            }
        }
    };
}

rule_book! {
    /// How ships fly, come back, and what they carry.
    ship: ShipRules {
        /// Thrust in units/s².
        thrust: Number [50.0, 4000.0] = 440.0;
        /// Share of its speed that a ship loses in a second; thrust divided by it is the top speed.
        drag: Number [0.2, 20.0] = 2.0;
        /// Share of the speed against a wall that a ship keeps when it bounces.
        wall_bounce: Number [0.0, 1.0] = 0.35;
        /// Speed during a dash.
        dash_speed: Number [100.0, 2000.0] = 640.0;
        /// Speed that is left when a dash ends.
        dash_exit_speed: Number [0.0, 2000.0] = 260.0;
        /// Length of a dash.
        dash_ms: Whole [20.0, 1000.0] = 130.0;
        /// Time in which one spent dash comes back.
        dash_recharge_ms: Whole [100.0, 60000.0] = 1500.0;
        /// Dashes that a ship can hold.
        dash_charges: Whole [1.0, 3.0] = 3.0;
        /// Time from death to the next life.
        respawn_ms: Whole [100.0, 4000.0] = 3000.0;
        /// The same where ships appear anywhere: nobody waits where nothing is to be watched.
        crowd_respawn_ms: Whole [100.0, 4000.0] = 200.0;
        /// Guard of a ship that appears; it ends at its first shot.
        guard_ms: Whole [0.0, 4000.0] = 2000.0;
        /// Guard of a player who comes back from a lost connection.
        return_guard_ms: Whole [0.0, 4000.0] = 1000.0;
        /// The second weapon that every life begins with; it never runs out.
        second: Weapon [0.0, 3.0] = 1.0;
    }
    /// The weapon that every ship has.
    blaster: BlasterRules {
        /// Speed of a shot, also of the scatter's.
        speed: Number [100.0, 1500.0] = 480.0;
        /// Life of a shot.
        life_ms: Whole [100.0, 3000.0] = 2000.0;
        /// Time between two shots of a held trigger.
        every_ms: Whole [50.0, 4000.0] = 360.0;
        /// Hull points that a shot takes.
        damage: Whole [1.0, 100.0] = 20.0;
    }
    /// The rail.
    rail: RailRules {
        /// Time between two beams.
        every_ms: Whole [50.0, 4000.0] = 1500.0;
        /// The same with a charge that was picked up.
        charged_every_ms: Whole [50.0, 4000.0] = 700.0;
        /// Beams in a pickup.
        charges: Whole [1.0, 200.0] = 6.0;
        /// Farthest that it reaches from the ship's middle.
        range: Number [100.0, 2000.0] = 900.0;
        /// Half the width of the beam.
        radius: Number [0.0, 16.0] = 3.0;
        /// Hull points that it takes.
        damage: Whole [1.0, 100.0] = 50.0;
    }
    /// The scatter.
    scatter: ScatterRules {
        /// Time between two volleys.
        every_ms: Whole [50.0, 4000.0] = 800.0;
        /// Volleys in a pickup.
        charges: Whole [1.0, 200.0] = 10.0;
        /// Shots of a volley.
        pellets: Whole [1.0, 12.0] = 7.0;
        /// Half the angle of the fan.
        spread_degrees: Number [0.0, 60.0] = 11.0;
        /// Life of its shots.
        life_ms: Whole [50.0, 2000.0] = 420.0;
        /// Hull points that each shot takes.
        damage: Whole [1.0, 100.0] = 9.0;
    }
    /// Mines.
    mines: MineRules {
        /// Time between two that are laid.
        every_ms: Whole [50.0, 4000.0] = 600.0;
        /// Mines in a pickup.
        charges: Whole [1.0, 200.0] = 3.0;
        /// Mines of one pilot at a time; the oldest goes.
        at_once: Whole [1.0, 8.0] = 3.0;
        /// Time until a mine is armed.
        arm_ms: Whole [0.0, 10000.0] = 800.0;
        /// Life of a mine.
        life_ms: Whole [1000.0, 120_000.0] = 40000.0;
        /// Distance from ship's middle to mine at which it goes off.
        reach: Number [16.0, 200.0] = 64.0;
        /// Distance up to which it hurts.
        blast: Number [16.0, 300.0] = 100.0;
        /// Hull points that it takes.
        damage: Whole [1.0, 100.0] = 60.0;
    }
    /// What lies about to be taken.
    pickups: PickupRules {
        /// Time until one that was taken is back.
        return_ms: Whole [1000.0, 120_000.0] = 15000.0;
        /// Distance from ship's middle to pickup at which it is taken.
        reach: Number [16.0, 100.0] = 34.0;
        /// Hull points that a repair gives back.
        repair: Whole [1.0, 100.0] = 50.0;
        /// Points of damage that a shield takes.
        shield: Whole [1.0, 100.0] = 50.0;
    }
    /// Two sides.
    teams: TeamRules {
        /// Whether mates can be hurt; else shots pass through them.
        friendly_fire: Flag [0.0, 1.0] = 0.0;
    }
    /// The cores of mode `ctc`.
    cores: CoreRules {
        /// Distance from ship's middle to core at which it is touched.
        reach: Number [16.0, 100.0] = 38.0;
        /// Time until a dropped core is back at its stand.
        return_ms: Whole [1000.0, 120_000.0] = 20000.0;
        /// Points that a capture adds to the pilot's score.
        capture_score: Whole [0.0, 100.0] = 5.0;
        /// Whether the own core must be at home for a capture.
        needs_home: Flag [0.0, 1.0] = 1.0;
        /// Whether who carries a core may dash.
        carrier_dashes: Flag [0.0, 1.0] = 0.0;
    }
    /// When a round is won before its time; 0 is never.
    goals: GoalRules {
        /// A pilot's score in mode `ffa`.
        ffa: Whole [0.0, 10000.0] = 0.0;
        /// A team's kills in mode `tdm`.
        tdm: Whole [0.0, 10000.0] = 50.0;
        /// A team's captures in mode `ctc`.
        ctc: Whole [0.0, 10000.0] = 3.0;
    }
}

impl Default for RuleBook {
    fn default() -> Self {
        RuleBook::STANDARD
    }
}

impl TryFrom<&[f32]> for RuleBook {
    type Error = RuleBookError;

    fn try_from(numbers: &[f32]) -> Result<RuleBook, RuleBookError> {
        if numbers.is_empty() {
            return Ok(RuleBook::STANDARD);
        }
        let whole: [f32; RULES] = numbers.try_into().map_err(|_| RuleBookError::Count(numbers.len()))?;
        let fits = |(number, (low, high)): (&f32, &(f32, f32))| (*low..=*high).contains(number);
        match whole.iter().zip(&RULE_RANGES).position(|rule| !fits(rule)) {
            Some(place) => Err(RuleBookError::Range(place)),
            None => Ok(RuleBook::of(whole)),
        }
    }
}

/// A list of numbers, those without a fraction as whole numbers; an empty list is the standard.
impl Serialize for RuleBook {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let numbers = self.numbers();
        let told = if *self == RuleBook::STANDARD { &[][..] } else { &numbers[..] };
        let mut list = serializer.serialize_seq(Some(told.len()))?;
        for &number in told {
            let whole = number as u32;
            if whole as f32 == number {
                list.serialize_element(&whole)?;
            } else {
                list.serialize_element(&number)?;
            }
        }
        list.end()
    }
}

impl<'de> Deserialize<'de> for RuleBook {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<RuleBook, D::Error> {
        let numbers = Vec::<f32>::deserialize(deserializer)?;
        RuleBook::try_from(numbers.as_slice()).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::{decode, encode};

    #[test]
    fn a_book_comes_back_from_the_wire() {
        let mut numbers = RuleBook::STANDARD.numbers();
        numbers[2] = 0.123;
        let book = RuleBook::try_from(numbers.as_slice()).unwrap();
        assert_eq!(book.ship.wall_bounce, 0.123);
        assert_eq!(book.numbers(), numbers);
        assert_eq!(decode::<RuleBook>(&encode(&book).unwrap(), 1000), Ok(book));
        let json = serde_json::to_string(&book).unwrap();
        assert_eq!(serde_json::from_str::<RuleBook>(&json).unwrap(), book);
        assert!(encode(&book).unwrap().len() < 150);
        assert_eq!(encode(&RuleBook::STANDARD), Ok(vec![0x90]));
        assert_eq!(decode::<RuleBook>(&[0x90], 1), Ok(RuleBook::STANDARD));
    }

    #[test]
    fn wrong_numbers_are_refused_by_their_place() {
        let standard = RuleBook::STANDARD.numbers();
        for wrong in [f32::NAN, f32::INFINITY, -1.0, 0.0] {
            let mut numbers = standard;
            numbers[0] = wrong;
            assert_eq!(RuleBook::try_from(numbers.as_slice()), Err(RuleBookError::Range(0)));
        }
        assert_eq!(RuleBook::try_from(&standard[1..]), Err(RuleBookError::Count(RULES - 1)));
        assert!(decode::<RuleBook>(&[0x93, 1, 2, 3], 100).is_err());
    }

    #[test]
    fn the_standard_is_within_its_ranges() {
        assert_eq!(RuleBook::try_from(RuleBook::STANDARD.numbers().as_slice()), Ok(RuleBook::STANDARD));
    }
}
