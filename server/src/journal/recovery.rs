//! From the bytes of a journal to a match that can go on: the newest checkpoint that can be read, and behind it every
//! command that was written whole. Commands of another simulation are left alone, and so is everything behind a gap.

use shared::checksum::of_world;
use shared::rule_book::{Arms, Weapon};
use shared::simulation::{SIMULATION_VERSION, Stage, step};
use shared::world::World;

use crate::journal::attendance::Attendance;
use crate::journal::checkpoint::Checkpoint;
use crate::journal::header::Header;
use crate::journal::record::{Ending, Kind, Records};
use crate::journal::run::{Desk, Run};
use crate::settings::{MatchSettings, SettingsError};

/// A match as it was when its journal ends.
#[derive(Clone, Debug)]
pub struct Recovered {
    /// Who it is.
    pub header: Header,
    /// How it was set up.
    pub settings: MatchSettings,
    /// The whole match.
    pub checkpoint: Checkpoint,
    /// How that went.
    pub report: Report,
}

/// How a recovery went, for a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Report {
    /// How the file ends.
    pub ending: Ending,
    /// Ticks that were simulated behind the checkpoint.
    pub ticks: u32,
    /// Whether commands were left out: of another simulation, behind a gap, or not giving the world that was noted.
    pub left_out: bool,
}

/// Why there is no match in a journal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// It is no journal, or of a version that is unknown here.
    #[error("it is no journal that this version reads")]
    Header,
    /// The match can no longer be set up.
    #[error("its settings no longer work: {0}")]
    Settings(#[from] SettingsError),
    /// No checkpoint is whole.
    #[error("it holds no whole checkpoint")]
    NoCheckpoint,
}

/// Reads a journal. May take long: it simulates up to the time between two checkpoints.
pub fn recover(file: &[u8]) -> Result<Recovered, Unreadable> {
    let mut records = Records::of(file).ok_or(Unreadable::Header)?;
    let header = match records.next() {
        Some((Kind::Header, body)) => Header::read(body).ok_or(Unreadable::Header)?,
        _ => return Err(Unreadable::Header),
    };
    let settings = MatchSettings::try_from(header.settings.clone())?;
    let all: Vec<(Kind, &[u8])> = records.by_ref().collect();
    let ending = records.ending();
    let newest = all.iter().enumerate().rev().find_map(|(place, (kind, body))| {
        let checkpoint = (*kind == Kind::Checkpoint).then(|| Checkpoint::read(body)).flatten()?;
        Some((place, checkpoint))
    });
    let (place, mut checkpoint) = newest.ok_or(Unreadable::NoCheckpoint)?;
    if header.simulation < SIMULATION_VERSION {
        arm(&mut checkpoint.world, settings.rules().first_arms());
    }
    let runs = all.get(place + 1..).unwrap_or_default();
    let began = checkpoint.world.tick;
    let left_out = if header.simulates_alike(&settings) {
        let stage = Stage::new(settings.arena(), settings.rules());
        !replay(&mut checkpoint, stage, runs)
    } else {
        !runs.is_empty()
    };
    let ticks = checkpoint.world.tick.since(began);
    Ok(Recovered { header, settings, checkpoint, report: Report { ending, ticks, left_out } })
}

/// Ships without a second weapon get `first`: older simulations did not write it, because all had the same one.
fn arm(world: &mut World, first: Arms) {
    for ship in world.ships.iter_mut().filter(|ship| ship.arms.weapon == Weapon::None) {
        ship.arms = first;
    }
}

/// Applies all runs behind a checkpoint; false if some had to be left out.
fn replay(checkpoint: &mut Checkpoint, mut stage: Stage, runs: &[(Kind, &[u8])]) -> bool {
    stage.look_at(&checkpoint.world);
    for (kind, body) in runs {
        if *kind != Kind::Run {
            continue;
        }
        let next = Run::read(body).and_then(|run| follow(checkpoint, &mut stage, &run));
        let Some((world, desk, attendance)) = next else { return false };
        checkpoint.bots.adopt(&world);
        (checkpoint.world, checkpoint.desk, checkpoint.attendance) = (world, desk, attendance);
        // What was to come has come.
        checkpoint.commands.clear();
    }
    true
}

/// What a run leads to; `None` if it does not follow, or gives not the world that was noted.
fn follow(before: &Checkpoint, stage: &mut Stage, run: &Run) -> Option<(World, Desk, Attendance)> {
    if run.first != before.world.tick.next() {
        return None;
    }
    let (mut world, mut attendance, mut events) =
        (before.world.clone(), before.attendance.clone(), Vec::new());
    for commands in &run.ticks {
        events.clear();
        attendance.before_step(&world, commands, stage.rules.round_ticks);
        step(&mut world, stage, commands, &mut events);
        events.iter().for_each(|event| attendance.note(&world, event));
    }
    (of_world(&world) == run.checksum).then_some((world, run.desk, attendance))
}
