//! The whole match at one tick, as plain data: what a new process needs to go on as if nothing had happened.
//! Seats follow from the world: who is a person in it has one. It is written with names for its fields, so that a later
//! version of the program can read it.

use serde::{Deserialize, Serialize};
use shared::command::Command;
use shared::id::PlayerId;
use shared::world::World;

use crate::bots::Bots;
use crate::journal::attendance::Attendance;
use crate::journal::generations::Generations;
use crate::journal::run::Desk;

/// A match between two ticks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// The world after its last step: ships with what they were told and where they were, shots, scores, chance.
    pub world: World,
    /// What the next step will apply.
    pub commands: Vec<Command>,
    /// What the bots intend.
    pub bots: Bots,
    /// What else the match decided.
    pub desk: Desk,
    /// Who was there in the round; unknown in what older versions wrote.
    #[serde(default)]
    pub attendance: Attendance,
    /// Which life of the match gave which seats; unknown in what older versions wrote.
    #[serde(default)]
    pub generations: Generations,
}

impl Checkpoint {
    /// The body of a record. Empty only by a bug; such a body is not read again.
    pub fn to_bytes(&self) -> Vec<u8> {
        rmp_serde::to_vec_named(self).unwrap_or_default()
    }

    /// Reads a body; `None` if this version does not understand it.
    pub fn read(body: &[u8]) -> Option<Checkpoint> {
        let checkpoint: Checkpoint = rmp_serde::from_slice(body).ok()?;
        checkpoint.is_sound().then_some(checkpoint)
    }

    /// Which life of the match gave which seats, once the one of `generation` goes on from here.
    pub fn generations_with(&self, generation: u32) -> Generations {
        let people = self.world.pilots.iter().filter(|pilot| !pilot.bot);
        let there: Vec<PlayerId> = people.map(|pilot| pilot.id).collect();
        self.generations.then(self.desk.next_player, generation, &there)
    }

    /// What the simulation takes for granted.
    fn is_sound(&self) -> bool {
        let World { pilots, ships, .. } = &self.world;
        let sorted = pilots.windows(2).all(|two| matches!(two, [a, b] if a.id < b.id));
        sorted && pilots.len() == ships.len() && pilots.iter().zip(ships).all(|(p, s)| p.id == s.id)
    }

    /// About how many bytes it takes in memory and on disk.
    pub fn weight(&self) -> usize {
        2048 + 400 * self.world.ships.len() + 120 * self.world.shots.len() + 100 * self.bots.len()
    }
}
