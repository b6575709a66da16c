//! The figures of a run, under the names that `starfray load` gives them, so that one reader understands both.
//! Times are kept as a histogram, so that a long run costs no more memory than a short one.

use std::time::Duration;

use hdrhistogram::Histogram;
use serde::Serialize;

use crate::protocol::InView;

/// Longest gap that is told apart, in microseconds.
const GAP_US_MAX: u64 = 60_000_000;

/// What is counted while the window is open.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    /// Bytes received, with framing.
    pub(crate) bytes_down: u64,
    /// Bytes sent, with framing.
    pub(crate) bytes_up: u64,
    snapshots: u64,
    gaps_us: Option<Histogram<u64>>,
    ships: u64,
    shots: u64,
    views: u64,
}

impl Counts {
    /// Nothing counted yet, ready to measure gaps.
    pub(crate) fn new() -> anyhow::Result<Counts> {
        let gaps_us = Some(Histogram::new_with_bounds(1, GAP_US_MAX, 3)?);
        Ok(Counts { gaps_us, ..Counts::default() })
    }

    /// A snapshot came, `gap` after the one before it at the same player.
    pub(crate) fn note_snapshot(&mut self, gap: Option<Duration>) {
        self.snapshots += 1;
        if let (Some(gaps), Some(gap)) = (&mut self.gaps_us, gap) {
            gaps.saturating_record(gap.as_micros() as u64);
        }
    }

    /// A snapshot was read as a whole.
    pub(crate) fn note_view(&mut self, seen: InView) {
        self.ships += seen.ships as u64;
        self.shots += seen.shots as u64;
        self.views += 1;
    }

    /// The figures after `seconds`.
    pub(crate) fn report(&self, players: usize, connected: usize, seconds: f64) -> Report {
        let gap = |quantile: f64| {
            let gaps = self.gaps_us.as_ref().filter(|gaps| !gaps.is_empty());
            gaps.map_or(0.0, |gaps| gaps.value_at_quantile(quantile) as f64 / 1000.0)
        };
        let mean = |sum: u64| sum as f64 / self.views as f64;
        Report {
            players,
            seconds,
            connected,
            disconnected: players - connected,
            snapshots: self.snapshots,
            bytes_down: self.bytes_down,
            bytes_up: self.bytes_up,
            snapshot_gap_ms: Gap { p50: gap(0.5), p99: gap(0.99), max: gap(1.0) },
            in_view: (self.views > 0).then(|| Seen { ships: mean(self.ships), shots: mean(self.shots) }),
        }
    }
}

/// Times between two snapshots of one player, in milliseconds.
#[derive(Debug, Serialize)]
pub(crate) struct Gap {
    p50: f64,
    p99: f64,
    max: f64,
}

/// What was in view, on average.
#[derive(Debug, Serialize)]
pub(crate) struct Seen {
    ships: f64,
    shots: f64,
}

/// The figures of a run.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    players: usize,
    seconds: f64,
    connected: usize,
    disconnected: usize,
    snapshots: u64,
    bytes_down: u64,
    bytes_up: u64,
    snapshot_gap_ms: Gap,
    in_view: Option<Seen>,
}
