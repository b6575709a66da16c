//! Simulates a replay's match again from the start and compares: the commands lead to every world, and recorded states are
//! only looked at to compare. Where play was lost a state has to be taken as it is; that is counted and said.

use serde::de::DeserializeOwned;
use shared::checksum::of_world;
use shared::simulation::{Stage, step};
use shared::world::World;
use thiserror::Error;

use crate::bots::{BOTS_VERSION, Bots};
use crate::journal::record::Kind;
use crate::replay::file::{BOTS, JUMP, Replay, TICKS};
use crate::replay::packing::{Guess, Unpacked, complete, unpack};
use crate::settings::{MatchSettings, SettingsError};

/// A replay that is what it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Ticks that were simulated.
    pub ticks: u32,
    /// States that did not follow from commands and were taken as they are; 0 if all began at the beginning.
    pub given_states: u32,
}

/// Why a replay is not verified.
#[derive(Debug, Error)]
pub enum VerifyError {
    /// Another program wrote it.
    #[error(
        "version {0} wrote it, whose rules are not those of this program: it can be watched, but only that version can verify it"
    )]
    OtherRules(String),
    /// The match can no longer be set up.
    #[error("its settings no longer work: {0}")]
    Settings(#[from] SettingsError),
    /// The same commands gave another world.
    #[error(
        "tick {tick} differs: the commands give the checksum {computed:08x}, the file says {written:08x}"
    )]
    Differs {
        /// The first such tick.
        tick: u32,
        /// What was computed.
        computed: u32,
        /// What was written.
        written: u32,
    },
    /// Ticks are missing.
    #[error("the commands of tick {0} are missing")]
    Missing(u32),
    /// A state is none.
    #[error("the state behind tick {0} is not understood")]
    State(u32),
}

/// Verifies a replay; `progress` hears the tick now and then.
pub fn verify(replay: &Replay, progress: &mut dyn FnMut(u32)) -> Result<Verified, VerifyError> {
    let header = &replay.header;
    let settings = MatchSettings::try_from(header.settings.clone())?;
    if !header.simulates_alike(&settings) || replay.summary.bots != BOTS_VERSION {
        return Err(VerifyError::OtherRules(header.program.clone()));
    }
    let mut run = Rerun {
        world: World::new(header.seed),
        stage: Stage::new(settings.arena(), settings.rules()),
        guess: Guess::new(Bots::new(header.seed, settings.bot_skill)),
        done: Verified { ticks: 0, given_states: 0 },
    };
    for (kind, body, _) in &replay.records {
        run.take(*kind, body)?;
        progress(run.world.tick.0);
    }
    Ok(run.done)
}

struct Rerun {
    world: World,
    stage: Stage,
    guess: Guess,
    done: Verified,
}

impl Rerun {
    fn take(&mut self, kind: Kind, body: &[u8]) -> Result<(), VerifyError> {
        let at = self.world.tick.0;
        match kind {
            JUMP => {
                let (world, bots): (World, Bots) = state(body).ok_or(VerifyError::State(at))?;
                if world.pilots.len() != world.ships.len() {
                    return Err(VerifyError::State(at));
                }
                self.stage.look_at(&world);
                (self.world, self.guess) = (world, Guess::new(bots));
                self.done.given_states += 1;
            }
            BOTS => self.guess = Guess::new(state(body).ok_or(VerifyError::State(at))?),
            TICKS => self.simulate(Unpacked::read(body).ok_or(VerifyError::Missing(at + 1))?)?,
            _ => {}
        }
        Ok(())
    }

    fn simulate(&mut self, block: Unpacked) -> Result<(), VerifyError> {
        if block.first != self.world.tick.next() {
            return Err(VerifyError::Missing(self.world.tick.next().0));
        }
        let mut events = Vec::new();
        for (mut commands, guessed, written) in block.ticks() {
            complete(&mut commands, guessed, &mut self.guess, (&self.world, &self.stage));
            events.clear();
            step(&mut self.world, &mut self.stage, &commands, &mut events);
            let computed = of_world(&self.world) as u32;
            if computed != written {
                return Err(VerifyError::Differs { tick: self.world.tick.0, computed, written });
            }
            self.done.ticks += 1;
        }
        Ok(())
    }
}

fn state<T: DeserializeOwned>(body: &[u8]) -> Option<T> {
    rmp_serde::from_slice(&unpack(body).ok()?).ok()
}
