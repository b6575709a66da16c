//! A match of bots alone, by the rules and nothing else: no seats, no links, no clock, as fast as it goes.
//! Tests of how bots play step it; what a match does round its bots is another harness's business.

use glam::Vec2;
use server::bots::Bots;
use server::bots::skill::Skill;
use server::maps;
use shared::command::Command;
use shared::event::{CoreDeed, Event};
use shared::id::PlayerId;
use shared::mode::Mode;
use shared::rules::Rules;
use shared::simulation::{Stage, step};
use shared::tick::TickRate;
use shared::world::{Phase, World};

/// Seats for which a map's arena is made.
const SEATS: u32 = 16;
/// Length of a round.
const ROUND_MS: u32 = 600_000;
/// A ship that is no farther from where it was, in units, rests.
const REST_UNITS: f32 = 60.0;

/// A match of bots alone.
#[derive(Clone, Debug)]
pub struct Skirmish {
    /// Where and by which rules.
    pub stage: Stage,
    /// What there is.
    pub world: World,
    /// Who plays.
    pub bots: Bots,
    /// What happened in the last tick.
    pub events: Vec<Event>,
    commands: Vec<Command>,
    rests: Vec<Rest>,
}

/// Where a ship is, and for how long.
#[derive(Clone, Copy, Debug, Default)]
struct Rest {
    place: Vec2,
    ticks: u32,
}

/// What happened while it was played.
#[derive(Clone, Copy, Debug, Default)]
pub struct Outcome {
    /// Ships lost to somebody else.
    pub kills: u32,
    /// Cores brought home.
    pub captures: u32,
    /// The longest time that a living ship stayed at one place.
    pub longest_rest_s: u32,
}

impl Skirmish {
    /// One bot for each of `skills`, in this order, in a round without a score limit. `None` if there is no such map.
    pub fn new(map: &str, mode: Mode, skills: &[Skill], seed: u64) -> Option<Skirmish> {
        let rules = Rules::new(TickRate::DEFAULT, ROUND_MS).with_mode(mode, Some(0));
        let stage = Stage::new(maps::find(map)?.arena(SEATS), rules);
        let mut bots = Bots::new(seed, Skill::default());
        let mut commands = Vec::new();
        for (player, skill) in (0..).map(PlayerId).zip(skills) {
            bots.set_skill(*skill);
            commands.push(bots.add(player));
        }
        commands.push(Command::StartRound);
        let rests = vec![Rest::default(); skills.len()];
        Some(Skirmish { stage, world: World::new(seed), bots, events: Vec::new(), commands, rests })
    }

    /// Plays a tick.
    pub fn tick(&mut self) {
        self.bots.decide(&self.world, &self.stage, &mut self.commands);
        self.events.clear();
        step(&mut self.world, &mut self.stage, &self.commands, &mut self.events);
        self.commands.clear();
    }

    /// Plays for `seconds`, round after round.
    pub fn play(&mut self, seconds: u32) -> Outcome {
        self.play_ticks(seconds * self.stage.rules.rate.hz())
    }

    /// Plays for `ticks`, round after round.
    pub fn play_ticks(&mut self, ticks: u32) -> Outcome {
        let (mut outcome, hz) = (Outcome::default(), self.stage.rules.rate.hz());
        for _ in 0..ticks {
            if self.world.round.phase != Phase::Playing {
                self.commands.push(Command::StartRound);
            }
            self.tick();
            for event in &self.events {
                match event {
                    Event::Killed { victim, by, .. } if victim != by => outcome.kills += 1,
                    Event::Core { deed: CoreDeed::Captured, .. } => outcome.captures += 1,
                    _ => {}
                }
            }
            outcome.longest_rest_s = outcome.longest_rest_s.max(self.longest_rest() / hz);
        }
        outcome
    }

    /// The ticks for which one of the ships has been where it is.
    fn longest_rest(&mut self) -> u32 {
        for (ship, rest) in self.world.ships.iter().zip(&mut self.rests) {
            let place = ship.motion.position;
            let rests = ship.alive() && place.distance(rest.place) <= REST_UNITS;
            *rest = if rests { Rest { ticks: rest.ticks + 1, ..*rest } } else { Rest { place, ticks: 0 } };
        }
        self.rests.iter().map(|rest| rest.ticks).max().unwrap_or(0)
    }

    /// Who has more kills than anybody else.
    pub fn winner(&self) -> Option<PlayerId> {
        let best = self.world.pilots.iter().max_by_key(|pilot| pilot.score)?;
        let alone = self.world.pilots.iter().filter(|pilot| pilot.score == best.score).count() == 1;
        alone.then_some(best.id)
    }
}
