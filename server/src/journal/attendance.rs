//! Who was there in a round and for how long: what a result tells of people beside their scores. It follows from what
//! ticks apply and is part of every checkpoint, so that a match that comes back after a crash still knows. A match keeps
//! it as it ticks, a recovery as it simulates; it knows neither of them.

use serde::{Deserialize, Serialize};
use shared::command::Command;
use shared::event::{CoreDeed, Event};
use shared::id::PlayerId;
use shared::tick::Tick;
use shared::world::{Pilot, Round, World};

/// People who left a round that are remembered at most; of more the result does not tell.
const LEFT_MAX: usize = 256;

/// Who came late to a round, and who left it early.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Attendance {
    /// People who came after the round's start or changed sides in it, and when they did so last, in the order of seats.
    /// Whoever is not named was there from the start.
    came: Vec<(PlayerId, Tick)>,
    left: Vec<Departed>,
    /// Cores that somebody captured in the round; empty in journals that were begun before there were any.
    #[serde(default)]
    captures: Vec<(PlayerId, u16)>,
}

/// Somebody who left before the end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Departed {
    /// Who, with the scores of that moment.
    pub pilot: Pilot,
    /// Ticks of the round for which they were there.
    pub present_ticks: u32,
}

impl Attendance {
    /// Looks at what a step is about to change. A whole round has `round_ticks`.
    pub fn before_step(&mut self, world: &World, commands: &[Command], round_ticks: u32) {
        if !world.round.phase.is_round() {
            return;
        }
        for command in commands {
            let Command::Leave { player } = command else { continue };
            let pilot = world.pilots.iter().find(|pilot| pilot.id == *player && !pilot.bot);
            if let Some(pilot) = pilot.filter(|_| self.left.len() < LEFT_MAX) {
                let present_ticks =
                    self.present_ticks(pilot.id, world.tick, played_ticks(world.round, round_ticks));
                self.left.push(Departed { pilot: pilot.clone(), present_ticks });
            }
        }
    }

    /// Looks at something that the last step of `world` did.
    pub fn note(&mut self, world: &World, event: &Event) {
        match event {
            Event::Joined(pilot) if !pilot.bot => self.came_at(pilot.id, world.tick),
            // What the side did before is not theirs.
            Event::Teamed(player, _) if world.pilot(*player).is_some_and(|pilot| !pilot.bot) => {
                self.came_at(*player, world.tick);
            }
            Event::Left(player) => self.came.retain(|(id, _)| id != player),
            Event::RoundStarted { .. } => {
                self.came.clear();
                self.left.clear();
                self.captures.clear();
            }
            Event::Core { deed: CoreDeed::Captured, by: Some(by), .. } => self.count_capture(*by),
            _ => {}
        }
    }

    fn came_at(&mut self, player: PlayerId, tick: Tick) {
        let place = self.came.partition_point(|(id, _)| *id < player);
        match self.came.get_mut(place).filter(|(id, _)| *id == player) {
            Some((_, at)) => *at = tick,
            None => self.came.insert(place, (player, tick)),
        }
    }

    fn count_capture(&mut self, by: PlayerId) {
        match self.captures.iter_mut().find(|(id, _)| *id == by) {
            Some((_, count)) => *count = count.saturating_add(1),
            None => self.captures.push((by, 1)),
        }
    }

    /// How many cores somebody captured in this round.
    pub fn captures(&self, player: PlayerId) -> u16 {
        self.captures.iter().find(|(id, _)| *id == player).map_or(0, |(_, count)| *count)
    }

    /// For how many of the `played` ticks of a round somebody who is there at tick `now` was there, on the side of now.
    pub fn present_ticks(&self, player: PlayerId, now: Tick, played: u32) -> u32 {
        let came = self.came.binary_search_by_key(&player, |(id, _)| *id).ok();
        let at = came.and_then(|place| self.came.get(place)).map(|(_, at)| *at);
        at.map_or(played, |at| now.since(at).min(played))
    }

    /// Who left this round, in the order of leaving.
    pub fn left(&self) -> &[Departed] {
        &self.left
    }
}

/// Ticks of a round that were played, by its clock; a whole one has `round_ticks`.
pub fn played_ticks(round: Round, round_ticks: u32) -> u32 {
    round_ticks.saturating_sub(round.ticks_left)
}
