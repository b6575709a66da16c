//! What a replay is, for lists, pages and people: who played, how the rounds went, when ships were lost, and where in the
//! file each stretch of the feed stands. It is JSON in the file and goes to readers as it is: nothing secret is in it.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};
use shared::feed::Hello;
use shared::id::PlayerId;
use shared::mode::Team;
use shared::world::Hull;

/// Version of the file's contents. A program reads the versions that it knows, and its own is the newest.
pub const REPLAY_VERSION: u32 = 2;

/// A replay without its feed and commands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// [`REPLAY_VERSION`] of the writer.
    pub version: u32,
    /// Its own id: the match's and the round's number, as that of the round's result. Before version 2 the match's.
    pub id: String,
    /// The match's id; empty before version 2.
    #[serde(default)]
    pub match_id: String,
    /// The round that was played; 0 before version 2.
    #[serde(default)]
    pub round: u16,
    /// Whether it holds the round from its first tick; false before version 2.
    #[serde(default)]
    pub whole: bool,
    /// The match's name.
    pub name: String,
    /// The map's name.
    pub map: String,
    /// Whether lists name it.
    pub public: bool,
    /// The writer's version, for people.
    pub program: String,
    /// How bots decided when it was written: the number of that way.
    pub bots: u32,
    /// When the round ended, in milliseconds since 1970.
    pub ended_at_ms: u64,
    /// The world's tick at the replay's beginning: 0 if it holds the whole match.
    pub first_tick: u32,
    /// Time from the beginning to the end, in milliseconds of play.
    pub length_ms: u64,
    /// Moments at which play was lost: the world is not the one that commands led to.
    pub jumps_ms: Vec<u64>,
    /// Everybody who played, by seat.
    pub players: Vec<Played>,
    /// Rounds that were played to their end, and what there was of one more.
    pub rounds: Vec<RoundPlayed>,
    /// Ships that were shot down, in order; [`KILLS_MAX`] at most.
    pub kills: Vec<KillAt>,
    /// How scores grew, in order: those of the best and of people, [`SCORES_MAX`] changes at most.
    #[serde(default)]
    pub scores: Vec<ScoreAt>,
    /// The feed's first event.
    pub hello: Hello,
    /// Where the feed stands, by time; at least one, the first at 0.
    pub blocks: Vec<Block>,
}

/// Kills that a summary names at most.
pub const KILLS_MAX: usize = 20_000;
/// Changes of scores that a summary names at most.
pub const SCORES_MAX: usize = 20_000;
/// Players that a summary names at most.
pub const PLAYERS_MAX: usize = 4096;

/// Somebody who played.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Played {
    /// The seat.
    pub id: PlayerId,
    /// What to call them.
    pub name: String,
    /// The shape of their ship.
    pub hull: Hull,
    /// Whether the program played.
    pub bot: bool,
}

/// A round.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RoundPlayed {
    /// Its number, from 1.
    pub number: u16,
    /// When it was over.
    pub ended_ms: u64,
    /// Seat, score, deaths: the best first.
    pub results: Vec<(PlayerId, u16, u16)>,
    /// What both sides reached, azure first; `None` in modes without, and in files of before sides were noted.
    #[serde(default)]
    pub team_scores: Option<[u16; 2]>,
    /// The side of each row of `results`; empty where `team_scores` is `None`.
    #[serde(default)]
    pub teams: Vec<Team>,
}

/// When and where a ship was lost: milliseconds, victim, shooter, x, y in units.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct KillAt(pub u64, pub PlayerId, pub PlayerId, pub i32, pub i32);

/// When somebody's score changed, and to what: milliseconds, seat, score.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScoreAt(pub u64, pub PlayerId, pub u16);

/// A stretch of the feed that needs nothing before it: when it begins, in milliseconds, and the place of its record,
/// in bytes behind the summary's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block(pub u64, pub u64);

impl Summary {
    /// The match's id, in every version.
    pub fn of_match(&self) -> &str {
        if self.match_id.is_empty() { &self.id } else { &self.match_id }
    }

    /// The place of the block that holds a moment, and when the next one begins.
    pub fn block_at(&self, at_ms: u64) -> Option<(Block, Option<u64>)> {
        let next = self.blocks.partition_point(|block| block.0 <= at_ms).max(1);
        let block = *self.blocks.get(next - 1)?;
        Some((block, self.blocks.get(next).map(|block| block.0)))
    }

    /// Who won the last round, with the score: whoever was best, or in modes with sides the side. `None` if sides are
    /// level or nobody played.
    pub fn winner(&self) -> Option<(&str, u16)> {
        let round = self.rounds.last()?;
        let Some([azure, amber]) = round.team_scores else {
            return round.results.first().map(|(id, score, _)| (self.name_of(*id), *score));
        };
        match azure.cmp(&amber) {
            Ordering::Greater => Some(("Azure", azure)),
            Ordering::Less => Some(("Amber", amber)),
            Ordering::Equal => None,
        }
    }

    /// A player's name, or a stand-in.
    pub fn name_of(&self, id: PlayerId) -> &str {
        self.players.iter().find(|played| played.id == id).map_or("somebody", |played| &played.name)
    }
}
