//! A match's own part of its journal: it collects what ticks applied and says when something is to be handed over.
//! It allocates a few times a second, reads no clock and touches no disk.

use std::sync::Arc;
use std::time::Duration;

use shared::command::Command;
use shared::tick::Tick;

use crate::journal::checkpoint::Checkpoint;
use crate::journal::header::Header;
use crate::journal::port::{Entry, Full, Port};
use crate::journal::run::{Desk, RunWriter};
use crate::telemetry::journal_figures;

/// Time between two runs: so much play a killed process loses at most, beside what its thread was late.
const RUN_EVERY: Duration = Duration::from_millis(250);
/// A run this long is handed over earlier.
const RUN_BYTES: usize = 256 * 1024;

/// What a tick has to hand over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// Nothing yet.
    Nothing,
    /// The commands since the last time.
    Run,
    /// The whole match.
    Checkpoint,
}

/// Collects one match's commands.
#[derive(Debug)]
pub struct Recorder {
    id: Arc<str>,
    header: Option<Box<Header>>,
    port: Port,
    checkpoint_every: Duration,
    run: RunWriter,
    urgent: bool,
    run_at: Duration,
    checkpoint_at: Option<Duration>,
    /// Whether what comes next does not follow what was handed over.
    gap: bool,
}

impl Recorder {
    /// The recorder of the match of `header`, which hands over to `port`.
    pub fn new(header: Header, port: Port, checkpoint_every: Duration) -> Recorder {
        Recorder {
            id: header.match_id.as_str().into(),
            header: Some(Box::new(header)),
            port,
            checkpoint_every,
            run: RunWriter::default(),
            urgent: false,
            run_at: Duration::ZERO,
            checkpoint_at: None,
            gap: false,
        }
    }

    /// Begins the journal with the match as it is before its first tick here.
    pub fn open(&mut self, checkpoint: Checkpoint) {
        if let Some(header) = self.header.take() {
            let open = Entry::Open(header.clone(), Box::new(checkpoint));
            if self.port.send(&self.id, open).is_err() {
                self.header = Some(header);
                self.lose();
            }
        }
    }

    /// Notes what `tick` applied.
    pub fn note(&mut self, tick: Tick, commands: &[Command]) {
        if self.gap {
            return;
        }
        self.run.note(tick, commands);
        // Whoever was given a seat must find it again.
        self.urgent |= commands.iter().any(|command| {
            !matches!(command, Command::Input { .. } | Command::Limbo { .. } | Command::Return { .. })
        });
    }

    /// What is to be handed over now; `rests` says that no tick may follow for long.
    pub fn due(&mut self, now: Duration, rests: bool) -> Due {
        let every = self.checkpoint_every;
        // Matches that begin together do not make their checkpoints together.
        let spread =
            self.id.bytes().fold(0_u32, |sum, b| sum.wrapping_mul(31).wrapping_add(u32::from(b))) % 64;
        let at = *self.checkpoint_at.get_or_insert(now + every * (spread + 1) / 64);
        let run_due = now >= self.run_at || self.run.len() >= RUN_BYTES;
        if rests || (now >= at && !self.gap) || (self.gap && run_due && self.port.has_room()) {
            self.run_at = now + RUN_EVERY;
            self.checkpoint_at = Some(now + every);
            return Due::Checkpoint;
        }
        if !self.gap && !self.run.is_empty() && (run_due || self.urgent) {
            self.run_at = now + RUN_EVERY;
            return Due::Run;
        }
        Due::Nothing
    }

    /// Hands over the commands since the last time.
    pub fn hand_over(&mut self, desk: Desk, checksum: u64) {
        self.urgent = false;
        if self.run.is_empty() {
            return;
        }
        let body = self.run.finish(desk, checksum);
        if self.port.send(&self.id, Entry::Run(body)).is_err() {
            self.lose();
        }
    }

    /// Hands over the whole match, and what led to it.
    pub fn checkpoint(&mut self, checkpoint: Checkpoint, checksum: u64) {
        if self.header.is_some() {
            return self.open(checkpoint);
        }
        self.hand_over(checkpoint.desk, checksum);
        let whole = Box::new(checkpoint);
        let entry = if self.gap { Entry::Seam(whole) } else { Entry::Checkpoint(whole) };
        match self.port.send(&self.id, entry) {
            Ok(()) => self.gap = false,
            Err(Full) => self.lose(),
        }
    }

    /// The match goes on in another process, from this checkpoint.
    pub fn close(&mut self, checkpoint: Checkpoint, checksum: u64) {
        self.checkpoint(checkpoint, checksum);
        self.last(Entry::Close);
    }

    /// A round began with the last tick. One of which the queue has no room to hear leaves no history.
    pub fn begin_round(&mut self, checkpoint: Checkpoint, checksum: u64) {
        self.hand_over(checkpoint.desk, checksum);
        if self.header.is_none() && self.port.send(&self.id, Entry::RoundBegan(Box::new(checkpoint))).is_err()
        {
            tracing::debug!(match_id = %self.id, "the beginning of a round did not reach its history");
        }
    }

    /// The round with this number is over, and so is what is kept of it.
    pub fn end_round(&mut self, number: u16, desk: Desk, checksum: u64) {
        self.hand_over(desk, checksum);
        if self.port.send(&self.id, Entry::RoundOver(number)).is_err() {
            tracing::debug!(match_id = %self.id, "the end of a round did not reach its history");
        }
    }

    /// The match is over for good, in or behind a round; what led to that is part of its history.
    pub fn remove(&mut self, round: u16, desk: Desk, checksum: u64) {
        self.hand_over(desk, checksum);
        self.last(Entry::Remove(round));
    }

    fn last(&mut self, entry: Entry) {
        if self.port.send(&self.id, entry).is_err() {
            // The file stays as it is; whoever reads it finds the match a little older.
            tracing::warn!(match_id = %self.id, "the end of a match did not reach its journal");
        }
    }

    fn lose(&mut self) {
        self.run.clear();
        self.urgent = false;
        if !std::mem::replace(&mut self.gap, true) {
            journal_figures::gap();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::port::{Message, queue};
    use crate::journal::sample;

    #[test]
    fn runs_come_a_few_times_a_second_and_at_once_when_somebody_joins() {
        let (port, desk) = queue();
        let mut recorder = Recorder::new(sample::header("a"), port, Duration::from_secs(5));
        recorder.open(sample::checkpoint(0));
        assert!(matches!(desk.queue.try_recv(), Ok(Message::Entry(_, Entry::Open(..)))));
        let mut handed = Vec::new();
        for tick in 1..=60_u32 {
            let now = Duration::from_millis(u64::from(tick) * 1000 / 30);
            let commands = if tick == 35 { vec![Command::StartRound] } else { Vec::new() };
            recorder.note(Tick(tick), &commands);
            if recorder.due(now, false) == Due::Run {
                handed.push(tick);
                recorder.hand_over(Desk::default(), 0);
            }
        }
        assert!(handed.len() <= 9 && handed.contains(&35), "{handed:?}");
    }

    #[test]
    fn after_a_full_queue_comes_a_checkpoint() {
        let (port, desk) = queue();
        let mut recorder = Recorder::new(sample::header("a"), port, Duration::from_secs(5));
        recorder.open(sample::checkpoint(0));
        let mut tick = 0;
        while !recorder.gap {
            tick += 1;
            recorder.note(Tick(tick), &[]);
            recorder.hand_over(Desk::default(), 0);
        }
        recorder.note(Tick(tick + 1), &[]);
        assert!(recorder.run.is_empty(), "nothing that does not follow");
        recorder.checkpoint(sample::checkpoint(tick + 1), 0);
        assert!(recorder.gap, "there is still no room");
        while desk.queue.try_recv().is_ok() {}
        assert_eq!(recorder.due(Duration::from_secs(1), false), Due::Checkpoint);
        recorder.checkpoint(sample::checkpoint(tick + 1), 0);
        assert!(!recorder.gap);
        assert!(matches!(desk.queue.try_recv(), Ok(Message::Entry(_, Entry::Seam(_)))));
    }
}
