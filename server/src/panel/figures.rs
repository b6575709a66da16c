//! The server in numbers: what the metrics of the last seconds amount to.
//! Rates are those of the last second; tick times need more samples and cover up to ten.

use std::collections::{BTreeMap, VecDeque};

use serde::Serialize;

use crate::telemetry::{
    BYTES_RECEIVED, BYTES_SENT, CONNECTIONS, DISCONNECTS, MATCHES, PLAYERS, SNAPSHOTS_SENT,
    SNAPSHOTS_SKIPPED, TICK_CPU, TICK_DURATION, TICK_LATENESS, TICKS_SKIPPED, reading::Reading,
    refusals::REJECTED,
};

/// Readings that tick times are made from, one a second.
const READINGS: usize = 11;

/// Numbers by the value of a label.
type ByLabel = BTreeMap<String, f64>;

/// What the metrics say.
#[derive(Clone, Debug, Serialize)]
pub struct Figures {
    /// Seconds that rates are taken over.
    pub over_s: f64,
    /// Matches now.
    pub matches: f64,
    /// People with a seat now.
    pub players: f64,
    /// Open connections by transport.
    pub connections: ByLabel,
    /// Bytes written in a second, by transport.
    pub sent_bytes_per_s: ByLabel,
    /// Bytes read in a second, by transport.
    pub received_bytes_per_s: ByLabel,
    /// Snapshots written in a second.
    pub snapshots_per_s: f64,
    /// Snapshots left out in a second because a reader was slow.
    pub snapshots_skipped_per_s: f64,
    /// How ticks do.
    pub ticks: Ticks,
    /// Requests and connections refused since the start, by reason, if any.
    pub refused: ByLabel,
    /// Links that ended since the start, by reason, if any.
    pub disconnected: ByLabel,
}

/// How the ticks of all matches do. Times are as exact as the metrics' buckets; none without ticks.
#[derive(Clone, Debug, Serialize)]
pub struct Ticks {
    /// Seconds that these are taken over.
    pub over_s: f64,
    /// Ticks in a second.
    pub per_s: f64,
    /// Half of the ticks took less, in milliseconds.
    pub duration_p50_ms: Option<f64>,
    /// All but one in a hundred took less, in milliseconds.
    pub duration_p99_ms: Option<f64>,
    /// CPU time that all but one in a hundred took at most, in milliseconds.
    pub cpu_p99_ms: Option<f64>,
    /// Share of one core that ticks took; 1 is all of it.
    pub cpu_cores: f64,
    /// All but one in a hundred began less late, in milliseconds.
    pub lateness_p99_ms: Option<f64>,
    /// Ticks left out since the start.
    pub skipped: f64,
}

/// The readings of the last seconds.
#[derive(Debug, Default)]
pub struct History(VecDeque<Reading>);

impl History {
    /// Adds a reading, and says what all amount to; nothing with the first one.
    pub fn add(&mut self, reading: Reading) -> Option<Figures> {
        let figures = self.0.back().zip(self.0.front()).map(|(last, first)| figures(&reading, last, first));
        if self.0.len() >= READINGS {
            self.0.pop_front();
        }
        self.0.push_back(reading);
        figures
    }

    /// Forgets all readings: nobody looked for a while.
    pub fn clear(&mut self) {
        self.0.clear();
    }
}

fn figures(now: &Reading, last: &Reading, first: &Reading) -> Figures {
    let over_s = now.since(last).as_secs_f64().max(0.001);
    let rate = |name| now.growth(last, name) / over_s;
    let rates = |name| scaled(now.growth_by_label(last, name), 1.0 / over_s);
    let some = |name| now.by_label(name).into_iter().filter(|(_, count)| *count > 0.0).collect();
    Figures {
        over_s,
        matches: now.value(MATCHES),
        players: now.value(PLAYERS),
        connections: now.by_label(CONNECTIONS),
        sent_bytes_per_s: rates(BYTES_SENT),
        received_bytes_per_s: rates(BYTES_RECEIVED),
        snapshots_per_s: rate(SNAPSHOTS_SENT),
        snapshots_skipped_per_s: rate(SNAPSHOTS_SKIPPED),
        ticks: ticks(now, first),
        refused: some(REJECTED),
        disconnected: some(DISCONNECTS),
    }
}

fn ticks(now: &Reading, first: &Reading) -> Ticks {
    let over_s = now.since(first).as_secs_f64().max(0.001);
    let quantile_ms = |name, q| now.quantile(first, name, q).map(|seconds| seconds * 1000.0);
    Ticks {
        over_s,
        per_s: now.growth(first, &format!("{TICK_DURATION}_count")) / over_s,
        duration_p50_ms: quantile_ms(TICK_DURATION, 0.5),
        duration_p99_ms: quantile_ms(TICK_DURATION, 0.99),
        cpu_p99_ms: quantile_ms(TICK_CPU, 0.99),
        cpu_cores: now.growth(first, &format!("{TICK_CPU}_sum")) / over_s,
        lateness_p99_ms: quantile_ms(TICK_LATENESS, 0.99),
        skipped: now.value(TICKS_SKIPPED),
    }
}

fn scaled(mut values: ByLabel, by: f64) -> ByLabel {
    values.values_mut().for_each(|value| *value *= by);
    values
}
