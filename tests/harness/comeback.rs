//! Players who come back by themselves when their links end, as the page does, and who note how long that took.
//! Servers may come and go behind one address meanwhile.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use shared::id::PlayerId;

use crate::pilot::{Pilot, fly};

/// Pause between two tries, until the server says another.
const RETRY: Duration = Duration::from_millis(100);

/// Players and what became of their links.
#[derive(Debug)]
pub struct Comebacks {
    /// The players.
    pub pilots: Vec<Pilot>,
    notes: Vec<Note>,
}

#[derive(Clone, Copy, Debug)]
struct Note {
    snapshots: u64,
    snapshot_at: Instant,
    longest: Duration,
    connected_at: Instant,
    was_connected: bool,
}

impl Comebacks {
    /// Watches over players who are connected.
    pub fn new(pilots: Vec<Pilot>) -> Comebacks {
        let now = Instant::now();
        let note = Note {
            snapshots: 0,
            snapshot_at: now,
            longest: Duration::ZERO,
            connected_at: now,
            was_connected: true,
        };
        let notes = vec![note; pilots.len()];
        Comebacks { pilots, notes }
    }

    /// Everybody plays, and comes back when it is time, until `done` says so; false if that takes longer than `within`.
    pub fn play(&mut self, within: Duration, mut done: impl FnMut(&[Pilot]) -> bool) -> bool {
        let Comebacks { pilots, notes } = self;
        fly(pilots, within, |pilots| {
            for (pilot, note) in pilots.iter_mut().zip(notes.iter_mut()) {
                note.look(pilot);
            }
            done(pilots)
        })
    }

    /// Begins to measure anew.
    pub fn begin(&mut self) {
        let now = Instant::now();
        for note in &mut self.notes {
            (note.snapshot_at, note.longest) = (now, Duration::ZERO);
        }
    }

    /// The longest times without a snapshot, the shortest first.
    pub fn gaps(&self) -> Vec<Duration> {
        let mut gaps: Vec<Duration> =
            self.notes.iter().map(|note| note.longest.max(note.snapshot_at.elapsed())).collect();
        gaps.sort_unstable();
        gaps
    }

    /// Whether everybody sees the own seat's ship or waits for it, over a link that brought something.
    pub fn all_back(&mut self, within: Duration) -> Result<()> {
        let seats: Vec<PlayerId> = self.pilots.iter().map(|p| p.id).collect();
        let before: Vec<u64> = self.pilots.iter().map(|p| p.client.instruments().snapshots).collect();
        let back = self.play(within, |pilots| {
            pilots.iter().zip(&seats).zip(&before).all(|((p, seat), before)| {
                p.is_connected()
                    && p.client.player() == Some(*seat)
                    && p.client.instruments().snapshots > *before
            })
        });
        ensure!(back, "not everybody is back");
        Ok(())
    }
}

impl Note {
    fn look(&mut self, pilot: &mut Pilot) {
        let now = Instant::now();
        let snapshots = pilot.client.instruments().snapshots;
        if snapshots > self.snapshots {
            self.longest = self.longest.max(now - self.snapshot_at);
            (self.snapshots, self.snapshot_at) = (snapshots, now);
        }
        if pilot.is_connected() {
            self.was_connected = true;
            return;
        }
        if std::mem::take(&mut self.was_connected) {
            let told_ms = pilot.client.bye().map_or(0, |bye| bye.retry_ms);
            // A crowd that lost its server without a word spreads by chance; here by seat.
            let spread = Duration::from_millis(u64::from(pilot.id.0) * 7 % 100);
            self.connected_at = now + RETRY.max(Duration::from_millis(u64::from(told_ms))) + spread / 4;
        }
        if now >= self.connected_at {
            // Nobody listens yet, or this process is about to go: again in a moment.
            self.connected_at = now + RETRY;
            drop(pilot.connect());
        }
    }
}
