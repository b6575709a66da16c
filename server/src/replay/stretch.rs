//! A round's history taken apart: from which state which commands go on, without what a crash undid.
//! A process that dies may have written down a little more than the next one goes on from; that never happened.

use shared::command::Command;
use shared::tick::Tick;

use crate::journal::checkpoint::Checkpoint;
use crate::journal::header::Header;
use crate::journal::record::{Kind, Records};
use crate::journal::run::Run;
use crate::settings::MatchSettings;

/// What one process wrote of a match without a gap.
#[derive(Debug)]
pub struct Stretch {
    /// Who wrote it.
    pub header: Header,
    /// From where it goes on.
    pub from: Checkpoint,
    /// What it applied, in order.
    pub runs: Vec<Run>,
    /// Whether the checksum of the last run is that of its last tick; it was cut short otherwise.
    pub cut: bool,
}

/// The stretches of a history that this program can simulate: the last ones in a row. Empty if there are none.
pub fn stretches(history: &[u8]) -> Vec<Stretch> {
    let Some(records) = Records::of(history) else { return Vec::new() };
    let (mut header, mut found): (Option<Header>, Vec<Stretch>) = (None, Vec::new());
    for (kind, body) in records {
        match kind {
            Kind::Header => header = Header::read(body),
            Kind::Checkpoint => {
                let Some((from, header)) = Checkpoint::read(body).zip(header.clone()) else { continue };
                undo(&mut found, from.world.tick);
                found.push(Stretch { header, from, runs: Vec::new(), cut: false });
            }
            Kind::Run => {
                if let (Some(stretch), Some(run)) = (found.last_mut(), Run::read(body)) {
                    stretch.runs.push(run);
                }
            }
            Kind::Other(_) => {}
        }
    }
    let foreign = |stretch: &Stretch| {
        let settings = MatchSettings::try_from(stretch.header.settings.clone());
        !settings.is_ok_and(|settings| stretch.header.simulates_alike(&settings))
    };
    let begin = found.iter().rposition(foreign).map_or(0, |place| place + 1);
    found.split_off(begin)
}

/// Whether a person, or else a bot, was there or came.
pub fn has(bots: bool, stretches: &[Stretch]) -> bool {
    let comes = |command: &Command| matches!(command, Command::Join { bot, .. } if *bot == bots);
    stretches.iter().any(|stretch| {
        stretch.from.world.pilots.iter().any(|pilot| pilot.bot == bots)
            || stretch.runs.iter().flat_map(|run| run.ticks.iter().flatten()).any(comes)
    })
}

/// Takes away what stands behind `tick`.
fn undo(found: &mut Vec<Stretch>, tick: Tick) {
    found.retain(|stretch| stretch.from.world.tick <= tick);
    for stretch in found {
        stretch.runs.retain(|run| run.first <= tick);
        if let Some(run) = stretch.runs.last_mut() {
            let left = tick.since(run.first) as usize + 1;
            stretch.cut |= left < run.ticks.len();
            run.ticks.truncate(left);
        }
    }
}
