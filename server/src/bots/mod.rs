//! Players that the program plays: they see what a player in their seat would see, and act by the same commands.
//! How many there are is the match's business; this room knows how they decide. What they intend is plain data, so that a
//! match can be written down with its bots.

use serde::{Deserialize, Serialize};
use shared::command::Command;
use shared::id::PlayerId;
use shared::name::PlayerName;
use shared::random::Random;
use shared::simulation::Stage;
use shared::tick::Rewind;
use shared::world::{Hull, World};

mod aim;
mod errand;
mod mind;
mod sight;
pub mod skill;
mod ways;

use mind::Mind;
use skill::Skill;
use ways::Ways;

/// Raised with every change after which bots may decide otherwise: replays leave out what bots would do anyway.
pub const BOTS_VERSION: u32 = 2;

const NAMES: [&str; 24] = [
    "Halcyon",
    "Petrichor",
    "Vesper",
    "Moss",
    "Tycho",
    "Solenne",
    "Lumen",
    "Rook",
    "Quill",
    "Dace",
    "Orrin",
    "Tamsin",
    "Mirelle",
    "Juno",
    "Sable",
    "Oxbow",
    "Ionic",
    "Basalt",
    "Nulla",
    "Brack",
    "Cairn",
    "Fennel",
    "Larkspur",
    "Umber",
];

/// All bots of a match.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bots {
    minds: Vec<Mind>,
    random: Random,
    named: usize,
    /// How well the next ones play.
    #[serde(default)]
    skill: Skill,
    /// Follows from the arena alone.
    #[serde(skip)]
    ways: Ways,
}

impl Bots {
    /// No bots yet; those that come play with `skill`, and their chances come from `seed`.
    pub fn new(seed: u64, skill: Skill) -> Bots {
        let random = Random::new(seed ^ 0x626f_7473);
        Bots { minds: Vec::new(), random, named: 0, skill, ways: Ways::default() }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.minds.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.minds.is_empty()
    }

    /// Those that come from now on play with `skill`.
    pub fn set_skill(&mut self, skill: Skill) {
        self.skill = skill;
    }

    /// A new bot takes the seat `player`.
    pub fn add(&mut self, player: PlayerId) -> Command {
        let name = NAMES.get(self.named % NAMES.len()).copied().unwrap_or("Bot");
        let round = self.named / NAMES.len();
        self.named += 1;
        let name = if round == 0 { name.to_owned() } else { format!("{name} {}", round + 1) };
        self.minds.push(Mind::new(player, self.skill));
        let hull = Hull::from((self.random.below(4)) as u8);
        Command::Join { player, name: PlayerName::sanitise(&name), hull, bot: true }
    }

    /// The bot that came last leaves.
    pub fn remove(&mut self) -> Option<Command> {
        let mind = self.minds.pop()?;
        self.named = self.named.saturating_sub(1);
        Some(Command::Leave { player: mind.player })
    }

    /// After commands were applied without it: every bot in `world` has a mind again, and nobody else.
    pub fn adopt(&mut self, world: &World) {
        let is_bot = |player: PlayerId| world.pilot(player).is_some_and(|pilot| pilot.bot);
        self.minds.retain(|mind| is_bot(mind.player));
        for pilot in world.pilots.iter().filter(|pilot| pilot.bot) {
            if self.minds.iter().all(|mind| mind.player != pilot.id) {
                self.minds.push(Mind::new(pilot.id, self.skill));
            }
        }
        self.named = self.minds.len();
    }

    /// Appends what each bot wants in the next tick, as far as it differs from what its ship does anyway.
    pub fn decide(&mut self, world: &World, stage: &Stage, commands: &mut Vec<Command>) {
        if self.minds.is_empty() {
            return;
        }
        self.ways.survey(&stage.arena);
        for mind in &mut self.minds {
            let Some(ship) = world.ship(mind.player) else { continue };
            mind.think(ship, (world, stage), &mut self.ways, &mut self.random);
            if mind.input != ship.input {
                commands.push(Command::Input { player: mind.player, input: mind.input, rewind: Rewind(0) });
            }
        }
    }
}

#[cfg(test)]
mod tests;
