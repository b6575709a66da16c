//! What a match writes down of itself, and how it goes on from that in another process.
//! A part of `tick`. A journal never holds a tick up: what its queue does not take is left out and counted.

use std::time::Duration;

use shared::checksum::of_world;
use shared::command::Command;
use shared::id::PlayerId;
use shared::protocol::CloseReason;
use shared::world::World;

use super::Match;
use crate::bots::Bots;
use crate::journal::attendance::Attendance;
use crate::journal::checkpoint::Checkpoint;
use crate::journal::recorder::Due;
use crate::journal::run::Desk;
use crate::settings::{MatchSettings, Start};

/// Least time for which seats are kept when a match goes on in another process, whatever the limbo of a lost link is:
/// nobody is to blame for this one.
const RETURN_WITHIN: Duration = Duration::from_secs(15);

/// A match that begins.
pub(super) fn beginning(seed: u64, settings: &MatchSettings) -> Checkpoint {
    let commands = if settings.start == Start::Now { vec![Command::StartRound] } else { Vec::new() };
    let desk = Desk { bots_wanted: settings.bots, next_player: 1 };
    let attendance = Attendance::default();
    Checkpoint { world: World::new(seed), commands, bots: Bots::new(seed), desk, attendance }
}

impl Match {
    /// The whole match between two ticks.
    pub fn checkpoint(&self) -> Checkpoint {
        Checkpoint {
            world: self.world.clone(),
            commands: self.commands.clone(),
            bots: self.bots.clone(),
            desk: self.desk(),
            attendance: self.rounds.attendance().clone(),
        }
    }

    fn desk(&self) -> Desk {
        Desk { bots_wanted: self.bots_wanted, next_player: self.next_player }
    }

    /// Before the first tick: who had a seat in another process has it again and is awaited, and the journal begins.
    pub(super) fn settle(&mut self, now: Duration) {
        if std::mem::replace(&mut self.settled, true) {
            return;
        }
        let free_at = now + self.timing.limbo.max(RETURN_WITHIN);
        let people = self.world.pilots.iter().filter(|pilot| !pilot.bot);
        let awaited: Vec<(PlayerId, bool)> = people.map(|pilot| (pilot.id, pilot.limbo)).collect();
        for (player, limbo) in awaited {
            self.roster.sit(player, self.settings.tick_hz, free_at);
            if !limbo {
                self.commands.push(Command::Limbo { player });
            }
        }
        if let Some(mut journal) = self.journal.take() {
            journal.open(self.checkpoint());
            self.journal = Some(journal);
        }
    }

    pub(super) fn note_tick(&mut self) {
        if let Some(journal) = &mut self.journal {
            journal.note(self.world.tick, &self.applied);
        }
    }

    pub(super) fn keep_journal(&mut self, now: Duration) {
        let rests = self.may_sleep();
        let Some(mut journal) = self.journal.take() else { return };
        match journal.due(now, rests) {
            Due::Nothing => {}
            Due::Run => journal.hand_over(self.desk(), of_world(&self.world)),
            Due::Checkpoint => journal.checkpoint(self.checkpoint(), of_world(&self.world)),
        }
        self.journal = Some(journal);
    }

    /// Leaves the match to the next process, or takes its journal away.
    pub(super) fn end_journal(&mut self, reason: CloseReason) {
        let Some(mut journal) = self.journal.take() else { return };
        if reason == CloseReason::GoingAway {
            journal.close(self.checkpoint(), of_world(&self.world));
        } else {
            journal.remove(self.desk(), of_world(&self.world));
        }
    }
}
