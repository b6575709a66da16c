//! What a match writes down of itself, and how it goes on from that in another process.
//! A part of `tick`. A journal never holds a tick up: what its queue does not take is left out and counted.

use std::time::Duration;

use shared::checksum::of_world;
use shared::command::Command;
use shared::event::Event;
use shared::id::PlayerId;
use shared::protocol::CloseReason;
use shared::world::{Phase, World};

use super::Match;
use crate::bots::Bots;
use crate::journal::attendance::Attendance;
use crate::journal::checkpoint::Checkpoint;
use crate::journal::generations::Generations;
use crate::journal::recorder::Due;
use crate::journal::run::Desk;
use crate::settings::{MatchSettings, Start};

/// Least time for which seats are kept when a match goes on in another process, whatever the limbo of a lost link is:
/// nobody is to blame for this one.
const RETURN_WITHIN: Duration = Duration::from_secs(15);

/// Play behind a round's end that still belongs to it, so that whoever watches it again sees how it ended.
const ROUND_TAIL_MS: u32 = 2_000;

/// What a tick means for the history of rounds.
enum Chapter {
    /// A round begins.
    Begins,
    /// All that belongs to the round with this number has happened.
    Ends(u16),
}

/// A match that begins, or goes on from `resume`. Its life here has the number `generation`.
pub(super) fn taken_up(
    resume: Option<Checkpoint>,
    (seed, settings): (u64, &MatchSettings),
    generation: u32,
) -> Checkpoint {
    let checkpoint = resume.unwrap_or_else(|| beginning(seed, settings));
    Checkpoint { generations: checkpoint.generations_with(generation), ..checkpoint }
}

fn beginning(seed: u64, settings: &MatchSettings) -> Checkpoint {
    let commands = if settings.start == Start::Now { vec![Command::StartRound] } else { Vec::new() };
    let desk = Desk { bots_wanted: settings.bots, next_player: 1, ..Desk::default() };
    let attendance = Attendance::default();
    let (world, generations) = (World::new(seed), Generations::default());
    let bots = Bots::new(seed, settings.bot_skill);
    Checkpoint { world, commands, bots, desk, attendance, generations }
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
            generations: self.roster.generations().clone(),
        }
    }

    fn desk(&self) -> Desk {
        Desk {
            bots_wanted: self.bots_wanted,
            next_player: self.next_player,
            host_turn: self.hosting.turn,
            locked: self.hosting.locked,
        }
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
        let (rests, chapter) = (self.may_sleep(), self.chapter());
        let Some(mut journal) = self.journal.take() else { return };
        match chapter {
            Some(Chapter::Begins) => journal.begin_round(self.checkpoint(), of_world(&self.world)),
            Some(Chapter::Ends(number)) => journal.end_round(number, self.desk(), of_world(&self.world)),
            None => {}
        }
        match journal.due(now, rests) {
            Due::Nothing => {}
            Due::Run => journal.hand_over(self.desk(), of_world(&self.world)),
            Due::Checkpoint => journal.checkpoint(self.checkpoint(), of_world(&self.world)),
        }
        self.journal = Some(journal);
    }

    /// A round that begins with the match needs no beginning of its own: what led to it is nothing.
    fn chapter(&self) -> Option<Chapter> {
        let (world, rules) = (&self.world, &self.stage.rules);
        let began = self.events.iter().any(|event| matches!(event, Event::RoundStarted { .. }));
        if began && world.tick.0 > 1 {
            return Some(Chapter::Begins);
        }
        let tail = self.round_tail_ticks();
        let told =
            world.round.phase == Phase::Results && world.round.ticks_left + tail == rules.results_ticks;
        told.then_some(Chapter::Ends(world.round.number))
    }

    /// Ticks of results that belong to the round before.
    pub(super) fn round_tail_ticks(&self) -> u32 {
        self.settings.tick_hz.ticks_in(ROUND_TAIL_MS).min(self.stage.rules.results_ticks)
    }

    /// Leaves the match to the next process, or takes its journal away.
    pub(super) fn end_journal(&mut self, reason: CloseReason) {
        let Some(mut journal) = self.journal.take() else { return };
        if reason == CloseReason::GoingAway {
            journal.close(self.checkpoint(), of_world(&self.world));
        } else {
            journal.remove(self.world.round.number, self.desk(), of_world(&self.world));
        }
    }
}
