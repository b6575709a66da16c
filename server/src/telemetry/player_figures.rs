//! How players' links do, as histograms over all of them, one for each figure and none for each player.
//! A link adds one sample of each every few seconds. Names and buckets stand here; `telemetry` starts the recorder.

use metrics::{Counter, Histogram, Unit, counter, histogram};

/// One histogram: its name, its unit, what it shows, and the upper bounds of its buckets.
type Figure = (&'static str, Unit, &'static str, &'static [f64]);

const TIMES_S: [f64; 10] = [0.005, 0.01, 0.02, 0.04, 0.06, 0.1, 0.15, 0.25, 0.5, 1.0];
const SHARES: [f64; 8] = [0.0, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5];
const SLACK_TICKS: [f64; 10] = [-8.0, -4.0, -2.0, -1.0, 0.0, 0.5, 1.0, 2.0, 4.0, 8.0];
const COUNTS: [f64; 7] = [0.0, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0];
const LENGTHS_UNITS: [f64; 8] = [0.0, 0.5, 1.6, 4.0, 8.0, 16.0, 48.0, 150.0];
const RATES: [f64; 9] = [250.0, 500.0, 1e3, 2e3, 4e3, 8e3, 16e3, 32e3, 64e3];

const RTT: Figure =
    ("starfray_player_rtt_seconds", Unit::Seconds, "Players' round trips by the server's ping", &TIMES_S);
const JITTER: Figure = (
    "starfray_player_jitter_seconds",
    Unit::Seconds,
    "How unevenly players' snapshots come, by their clients",
    &TIMES_S,
);
const SLACK: Figure =
    ("starfray_player_slack_ticks", Unit::Count, "Ticks to spare of players' worst inputs", &SLACK_TICKS);
const LATE: Figure =
    ("starfray_player_late_inputs_ratio", Unit::Count, "Players' inputs that came too late", &SHARES);
const MISSING: Figure =
    ("starfray_player_missing_inputs_ratio", Unit::Count, "Ticks without a player's input", &SHARES);
const DELAY: Figure = (
    "starfray_player_interpolation_delay_seconds",
    Unit::Seconds,
    "How far in the past players see others, by their clients",
    &TIMES_S,
);
const UNDERRUNS: Figure = (
    "starfray_player_underruns",
    Unit::Count,
    "Times in five seconds that players saw others beyond the newest snapshot, by their clients",
    &COUNTS,
);
const CORRECTION: Figure = (
    "starfray_player_correction_units",
    Unit::Count,
    "Largest correction of players' own ships in five seconds, by their clients",
    &LENGTHS_UNITS,
);
const SKIPPED: Figure = (
    "starfray_player_skipped_snapshots_ratio",
    Unit::Count,
    "Players' snapshots left out because of a full line",
    &SHARES,
);
const BYTES: Figure =
    ("starfray_player_bytes_per_second", Unit::Count, "Bytes written to players in a second", &RATES);

const ALL: [Figure; 10] = [RTT, JITTER, SLACK, LATE, MISSING, DELAY, UNDERRUNS, CORRECTION, SKIPPED, BYTES];

/// What clients told of their links and was not believed, by reason.
const DOUBTED: &str = "starfray_client_figures_doubted_total";

/// Names and upper bounds of the histograms' buckets.
pub(super) fn buckets() -> impl Iterator<Item = (&'static str, &'static [f64])> {
    ALL.into_iter().map(|(name, _, _, bounds)| (name, bounds))
}

/// Says what each is, and puts it at zero.
pub(super) fn describe() {
    for (name, unit, about, _) in ALL {
        metrics::describe_histogram!(name, unit, about);
    }
    drop(PlayerFigures::new());
    metrics::describe_counter!(DOUBTED, "Clients' own figures that came too often or cannot be, by reason");
    for doubt in [Doubt::TooOften, Doubt::Impossible] {
        doubt.counter().absolute(0);
    }
}

/// A histogram of one figure. Cheap to clone.
#[derive(Clone)]
pub struct Samples(Histogram);

impl std::fmt::Debug for Samples {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Samples").finish_non_exhaustive()
    }
}

impl Samples {
    fn of(figure: Figure) -> Samples {
        Samples(histogram!(figure.0))
    }

    /// Adds a sample.
    pub fn record(&self, value: f64) {
        self.0.record(value);
    }

    /// Adds a sample, if it is known.
    pub fn record_some(&self, value: Option<f64>) {
        if let Some(value) = value {
            self.0.record(value);
        }
    }
}

/// The histograms of players' links; make them once for each match.
#[derive(Clone)]
pub struct PlayerFigures {
    /// Round trips in seconds.
    pub rtt_seconds: Samples,
    /// Unevenness of snapshots in seconds.
    pub jitter_seconds: Samples,
    /// Ticks to spare of the worst input.
    pub slack_ticks: Samples,
    /// Share of inputs that were late, 0 to 1.
    pub late_inputs: Samples,
    /// Share of ticks without an input, 0 to 1.
    pub missing_inputs: Samples,
    /// Age of the picture of others in seconds.
    pub interpolation_delay_seconds: Samples,
    /// Times that others were drawn beyond the newest snapshot.
    pub underruns: Samples,
    /// Largest corrections in units.
    pub correction_units: Samples,
    /// Share of snapshots that were left out, 0 to 1.
    pub skipped_snapshots: Samples,
    /// Bytes written in a second.
    pub bytes_per_second: Samples,
}

impl PlayerFigures {
    /// Handles of the installed recorder; before there is one they count into nothing.
    #[expect(
        clippy::new_without_default,
        reason = "it registers with a recorder, which a default must not do"
    )]
    pub fn new() -> PlayerFigures {
        PlayerFigures {
            rtt_seconds: Samples::of(RTT),
            jitter_seconds: Samples::of(JITTER),
            slack_ticks: Samples::of(SLACK),
            late_inputs: Samples::of(LATE),
            missing_inputs: Samples::of(MISSING),
            interpolation_delay_seconds: Samples::of(DELAY),
            underruns: Samples::of(UNDERRUNS),
            correction_units: Samples::of(CORRECTION),
            skipped_snapshots: Samples::of(SKIPPED),
            bytes_per_second: Samples::of(BYTES),
        }
    }
}

impl std::fmt::Debug for PlayerFigures {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PlayerFigures").finish_non_exhaustive()
    }
}

/// Why a client's figures are not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// They came sooner than they should: they do not count.
    TooOften,
    /// No honest client has such values: they were cut.
    Impossible,
}

impl Doubt {
    fn counter(self) -> Counter {
        let reason = match self {
            Doubt::TooOften => "too_often",
            Doubt::Impossible => "impossible",
        };
        counter!(DOUBTED, "reason" => reason)
    }
}

/// Counts figures that are not believed.
pub fn doubted(doubt: Doubt) {
    doubt.counter().increment(1);
}
