//! The figures of a run: what was counted, and how long things took.
//! Times are kept as histograms, so that a long run costs no more memory than a short one.

use hdrhistogram::Histogram;
use serde::Serialize;

use crate::load::player::Progress;

/// Times in milliseconds, kept to a microsecond.
#[derive(Clone, Debug)]
pub(crate) struct Times(Histogram<u64>);

impl Times {
    /// No times yet.
    pub(crate) fn new() -> anyhow::Result<Times> {
        Ok(Times(Histogram::new_with_bounds(1, 120_000_000, 3)?))
    }

    /// Notes a time.
    pub(crate) fn note(&mut self, ms: f64) {
        self.0.saturating_record((ms.max(0.0) * 1000.0) as u64);
    }

    /// Forgets all.
    pub(crate) fn clear(&mut self) {
        self.0.reset();
    }

    fn summary(&self) -> Summary {
        let at = |q: f64| if self.0.is_empty() { 0.0 } else { self.0.value_at_quantile(q) as f64 / 1000.0 };
        Summary { p50: at(0.5), p99: at(0.99), max: at(1.0) }
    }
}

/// A histogram in three numbers, in milliseconds.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Summary {
    /// Half are shorter.
    pub(crate) p50: f64,
    /// All but one in a hundred are shorter.
    pub(crate) p99: f64,
    /// The longest.
    pub(crate) max: f64,
}

/// What is counted while the window is open.
#[derive(Clone, Debug)]
pub(crate) struct Counts {
    /// Snapshots read.
    pub(crate) snapshots: u64,
    /// Bytes received by players and spectators, with framing.
    pub(crate) bytes_down: u64,
    /// Bytes sent, with framing.
    pub(crate) bytes_up: u64,
    /// Links that ended.
    pub(crate) disconnected: u32,
    /// Things that should not happen.
    pub(crate) errors: u32,
    /// Events of the feed read.
    pub(crate) feed_events: u64,
    /// Ships and shots in view, summed over snapshots.
    pub(crate) seen: (u64, u64),
    /// Times between a player's snapshots.
    pub(crate) snapshot_gap: Times,
    /// Times from an input to the snapshot that says it was applied.
    pub(crate) input_ack: Times,
    /// Times between a spectator's events.
    pub(crate) feed_gap: Times,
    /// Times by which an event comes later than the quickest that was seen.
    pub(crate) feed_latency: Times,
}

impl Counts {
    /// Nothing counted yet.
    pub(crate) fn new() -> anyhow::Result<Counts> {
        Ok(Counts {
            snapshots: 0,
            bytes_down: 0,
            bytes_up: 0,
            disconnected: 0,
            errors: 0,
            feed_events: 0,
            seen: (0, 0),
            snapshot_gap: Times::new()?,
            input_ack: Times::new()?,
            feed_gap: Times::new()?,
            feed_latency: Times::new()?,
        })
    }

    /// Begins anew; what went wrong before is kept.
    pub(crate) fn clear(&mut self) {
        (self.snapshots, self.bytes_down, self.bytes_up, self.feed_events, self.seen) = (0, 0, 0, 0, (0, 0));
        for times in [&mut self.snapshot_gap, &mut self.input_ack, &mut self.feed_gap, &mut self.feed_latency] {
            times.clear();
        }
    }

    /// Adds what a player did.
    pub(crate) fn note_player(&mut self, progress: &Progress) {
        self.snapshots += progress.snapshots;
        self.bytes_down += progress.down;
        self.bytes_up += progress.up;
        self.seen.0 += u64::from(progress.in_view.0) * progress.snapshots;
        self.seen.1 += u64::from(progress.in_view.1) * progress.snapshots;
        progress.samples.snapshot_gaps_ms.iter().for_each(|&ms| self.snapshot_gap.note(f64::from(ms)));
        progress.samples.input_acks_ms.iter().for_each(|&ms| self.input_ack.note(f64::from(ms)));
    }

    /// Adds an event of the feed: the time since the one before, and how late it was.
    pub(crate) fn note_event(&mut self, gap_ms: Option<f64>, late_ms: Option<f64>) {
        self.feed_events += 1;
        gap_ms.into_iter().for_each(|ms| self.feed_gap.note(ms));
        late_ms.into_iter().for_each(|ms| self.feed_latency.note(ms));
    }

    /// The figures of a run of `seconds`.
    pub(crate) fn report(&self, (players, spectators): (u32, u32), connected: u32, seconds: f64) -> Report {
        let mean = |sum: u64| if self.snapshots == 0 { 0.0 } else { sum as f64 / self.snapshots as f64 };
        Report {
            players,
            spectators,
            seconds,
            connected,
            disconnected: self.disconnected,
            snapshots: self.snapshots,
            bytes_down: self.bytes_down,
            bytes_up: self.bytes_up,
            snapshot_gap_ms: self.snapshot_gap.summary(),
            input_ack_ms: self.input_ack.summary(),
            in_view: InView { ships: mean(self.seen.0), shots: mean(self.seen.1) },
            feed_events: self.feed_events,
            feed_gap_ms: self.feed_gap.summary(),
            feed_latency_ms: self.feed_latency.summary(),
            errors: self.errors,
        }
    }
}

/// What was in view, on average over snapshots.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct InView {
    /// Other ships.
    pub(crate) ships: f64,
    /// Shots.
    pub(crate) shots: f64,
}

/// The figures of a run.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Report {
    /// Players asked for.
    pub(crate) players: u32,
    /// Spectators asked for.
    pub(crate) spectators: u32,
    /// Length of the window.
    pub(crate) seconds: f64,
    /// Players and spectators connected at its end.
    pub(crate) connected: u32,
    /// Links that ended.
    pub(crate) disconnected: u32,
    /// Snapshots read.
    pub(crate) snapshots: u64,
    /// Bytes received, with framing, without TCP and IP.
    pub(crate) bytes_down: u64,
    /// Bytes sent, counted alike.
    pub(crate) bytes_up: u64,
    /// Between a player's snapshots.
    pub(crate) snapshot_gap_ms: Summary,
    /// From an input to the snapshot that says it was applied.
    pub(crate) input_ack_ms: Summary,
    /// In view on average.
    pub(crate) in_view: InView,
    /// Events of the feed read.
    pub(crate) feed_events: u64,
    /// Between a spectator's events.
    pub(crate) feed_gap_ms: Summary,
    /// By which an event comes later than the quickest that was seen.
    pub(crate) feed_latency_ms: Summary,
    /// Things that should not happen.
    pub(crate) errors: u32,
}

impl Report {
    /// The figures for a person.
    pub(crate) fn table(&self) -> String {
        let times = |s: &Summary| format!("p50 {:.1} ms, p99 {:.1} ms, max {:.1} ms", s.p50, s.p99, s.max);
        let clients = f64::from(self.players.max(1));
        let kbit_s = |bytes: u64| bytes as f64 * 8.0 / 1000.0 / self.seconds / clients;
        [
            format!("connected      {} of {}", self.connected, self.players + self.spectators),
            format!("disconnected   {}, errors {}", self.disconnected, self.errors),
            format!("snapshots      {} in {:.1} s", self.snapshots, self.seconds),
            format!("per player     {:.1} kbit/s down, {:.1} up", kbit_s(self.bytes_down), kbit_s(self.bytes_up)),
            format!("in view        {:.1} ships, {:.1} shots", self.in_view.ships, self.in_view.shots),
            format!("snapshot gap   {}", times(&self.snapshot_gap_ms)),
            format!("input to ack   {}", times(&self.input_ack_ms)),
            format!("feed events    {}", self.feed_events),
            format!("feed gap       {}", times(&self.feed_gap_ms)),
            format!("feed latency   {}", times(&self.feed_latency_ms)),
        ]
        .join("\n")
    }
}
