//! A finished round as a match hands it in: plain facts, without a clock and without accounts.
//! The store adds when it was and who the seats' people are. Matches fill it, the store writes it.

use std::cmp::Ordering;

use shared::id::PlayerId;
use shared::mode::Team;
use shared::name::PlayerName;

/// A round that is over.
#[derive(Clone, Debug, PartialEq)]
pub struct RoundRecord {
    /// The match.
    pub match_id: String,
    /// Which of its rounds, from 1. Match and number together are the result's id.
    pub round: u16,
    /// The match's name.
    pub name: String,
    /// The map's name.
    pub map: String,
    /// The word of the mode.
    pub mode: &'static str,
    /// Whether anybody could find and join it: only such rounds are listed, rated and counted.
    pub public: bool,
    /// Whether it ran to its end; one that was broken off changes no rating.
    pub whole: bool,
    /// How long it was, in seconds.
    pub length_s: u32,
    /// What both sides reached, in modes with sides.
    pub team_scores: Option<[u16; 2]>,
    /// Everybody who was there, the best first; those who left come last.
    pub rows: Vec<RoundRow>,
}

/// What somebody did in a round.
#[derive(Clone, Debug, PartialEq)]
pub struct RoundRow {
    /// The seat.
    pub seat: PlayerId,
    /// What they were called.
    pub name: PlayerName,
    /// Whether the program played.
    pub bot: bool,
    /// Whether they left before the end.
    pub left: bool,
    /// For how long they were there, on this side, in seconds.
    pub present_s: u32,
    /// The side; nobody's where there are none.
    pub team: Team,
    /// Points: kills, and what captured cores add.
    pub score: u16,
    /// Ships taken out.
    pub kills: u16,
    /// Own ships lost.
    pub deaths: u16,
}

impl RoundRecord {
    /// The side that won; `None` without sides, nobody's if both are level.
    pub fn winning_side(&self) -> Option<Team> {
        let [azure, amber] = self.team_scores?;
        Some(match azure.cmp(&amber) {
            Ordering::Greater => Team::Azure,
            Ordering::Less => Team::Amber,
            Ordering::Equal => Team::None,
        })
    }

    /// What the result is called in addresses.
    pub fn id(&self) -> String {
        format!("{}-{}", self.match_id, self.round)
    }
}
