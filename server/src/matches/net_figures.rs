//! How one player's link does, in windows of five seconds: for the metrics and for the match's host.
//! The server measures what it sees itself and takes the client's word for the rest, within bounds and at most once a
//! second. Nothing in the match follows from these figures.

use std::time::Duration;

use serde::Serialize;
use shared::protocol::ClientFigures;

use crate::telemetry::player_figures::{Doubt, PlayerFigures, doubted};

/// Length of a window.
const WINDOW: Duration = Duration::from_secs(5);
/// A client's word counts at most this often; ticks and jitter may bring two of them a little closer.
const TOLD_EVERY: Duration = Duration::from_millis(900);
/// A client's word that is older than this is no news.
const TOLD_FOR: Duration = Duration::from_secs(15);

/// What the host sees of a player's link: the last window. Counts are those of the window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct NetStatus {
    /// Round trip of the last ping in milliseconds, up to a tick too long.
    pub rtt_ms: Option<u16>,
    /// Ticks to spare of the worst input; negative was too late.
    pub slack_ticks: Option<f32>,
    /// Inputs that came too late.
    pub late_inputs: u32,
    /// Ticks for which there was no input.
    pub missing_inputs: u32,
    /// Snapshots that were left out because the line was full.
    pub skipped_snapshots: u32,
    /// Bytes written in a second, without TCP and IP.
    pub bytes_per_s: u32,
    /// The client's word: how unevenly snapshots come, in milliseconds.
    pub jitter_ms: Option<u16>,
    /// The client's word: how far in the past others are drawn, in milliseconds.
    pub interpolation_delay_ms: Option<u16>,
    /// The client's word: times that others were drawn beyond the newest snapshot, since its message before.
    pub underruns: Option<u16>,
    /// The client's word: largest correction of the own ship in units, since its message before.
    pub correction_units: Option<f32>,
}

/// The figures of a link that are being made.
#[derive(Clone, Copy, Debug)]
pub struct NetFigures {
    from: Duration,
    ticks: u32,
    bytes: u64,
    open: NetStatus,
    shown: Option<NetStatus>,
    told: Option<(ClientFigures, Duration)>,
    /// Whether a client's word came in this window.
    fresh: bool,
}

impl NetFigures {
    /// The figures of a link that opens at `now`.
    pub fn new(now: Duration) -> NetFigures {
        NetFigures {
            from: now,
            ticks: 0,
            bytes: 0,
            open: NetStatus::default(),
            shown: None,
            told: None,
            fresh: false,
        }
    }

    /// A ping came back after so long.
    pub fn note_round_trip(&mut self, took: Duration) {
        self.open.rtt_ms = Some(took.as_millis().min(u128::from(u16::MAX)) as u16);
    }

    /// So many inputs came too late.
    pub fn note_late(&mut self, inputs: u32) {
        self.open.late_inputs += inputs;
    }

    /// A tick was made with or without an input of its own. Before the first input came, none is missing.
    pub fn note_tick(&mut self, has_input: bool, began: bool) {
        self.ticks += 1;
        self.open.missing_inputs += u32::from(began && !has_input);
    }

    /// A snapshot reports that the worst input since the last one had so many ticks to spare.
    pub fn note_slack(&mut self, ticks: Option<f32>) {
        self.open.slack_ticks = self.open.slack_ticks.into_iter().chain(ticks).reduce(f32::min);
    }

    /// So many bytes were written.
    pub fn note_sent(&mut self, bytes: usize) {
        self.bytes += bytes as u64;
    }

    /// A snapshot was left out.
    pub fn note_skipped(&mut self) {
        self.open.skipped_snapshots += 1;
    }

    /// The client tells how its end is. What comes too soon does not count, and what cannot be is cut.
    pub fn tell(&mut self, figures: ClientFigures, now: Duration) {
        if self.told.is_some_and(|(_, at)| now.saturating_sub(at) < TOLD_EVERY) {
            doubted(Doubt::TooOften);
            return;
        }
        let clamped = figures.clamped();
        if clamped != figures {
            doubted(Doubt::Impossible);
        }
        self.told = Some((clamped, now));
        self.fresh = true;
    }

    /// Ends the window if it is over; `metrics` get what it held.
    pub fn pass(&mut self, now: Duration, metrics: &PlayerFigures) {
        let length = now.saturating_sub(self.from);
        if length < WINDOW {
            return;
        }
        let told = self.told.filter(|(_, at)| now.saturating_sub(*at) < TOLD_FOR).map(|(told, _)| told);
        let window = NetStatus {
            bytes_per_s: (self.bytes as f64 / length.as_secs_f64()) as u32,
            jitter_ms: told.map(|t| t.jitter_ms),
            interpolation_delay_ms: told.map(|t| t.interpolation_delay_ms),
            underruns: told.map(|t| t.underruns),
            correction_units: told.map(|t| f32::from(t.correction_tenths) / 10.0),
            ..self.open
        };
        self.record(&window, metrics);
        let rtt_ms = self.open.rtt_ms;
        *self = NetFigures { shown: Some(window), told: self.told, ..NetFigures::new(now) };
        // A ping comes about once a window; when it just misses one, the last measure still holds.
        self.open.rtt_ms = rtt_ms;
    }

    fn record(&self, window: &NetStatus, metrics: &PlayerFigures) {
        let seconds = |ms: u16| f64::from(ms) / 1000.0;
        let share = |count: u32| f64::from(count) / f64::from(self.ticks.max(1));
        metrics.rtt_seconds.record_some(window.rtt_ms.map(seconds));
        metrics.slack_ticks.record_some(window.slack_ticks.map(f64::from));
        metrics.late_inputs.record(share(window.late_inputs));
        metrics.missing_inputs.record(share(window.missing_inputs));
        metrics.skipped_snapshots.record(share(window.skipped_snapshots));
        metrics.bytes_per_second.record(f64::from(window.bytes_per_s));
        if self.fresh {
            metrics.jitter_seconds.record_some(window.jitter_ms.map(seconds));
            metrics.interpolation_delay_seconds.record_some(window.interpolation_delay_ms.map(seconds));
            metrics.underruns.record_some(window.underruns.map(f64::from));
            metrics.correction_units.record_some(window.correction_units.map(f64::from));
        }
    }

    /// The last whole window, if there was one.
    pub fn status(&self) -> Option<NetStatus> {
        self.shown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn a_window_tells_what_happened_in_it() {
        let metrics = PlayerFigures::new();
        let mut figures = NetFigures::new(at(0));
        figures.note_round_trip(at(42));
        figures.note_late(1);
        for tick in 0..150 {
            figures.note_tick(tick % 10 != 0, tick > 9);
            figures.note_sent(100);
            figures.note_slack(Some(if tick == 70 { -2.0 } else { 1.0 }));
        }
        figures.note_skipped();
        figures.tell(ClientFigures { jitter_ms: 8, correction_tenths: 15, ..Default::default() }, at(3000));
        figures.pass(at(4999), &metrics);
        assert_eq!(figures.status(), None);
        figures.pass(at(5000), &metrics);
        let status = figures.status().unwrap();
        assert_eq!((status.rtt_ms, status.slack_ticks), (Some(42), Some(-2.0)));
        assert_eq!((status.late_inputs, status.missing_inputs, status.skipped_snapshots), (1, 14, 1));
        assert_eq!((status.bytes_per_s, status.jitter_ms), (3000, Some(8)));
        assert_eq!(status.correction_units, Some(1.5));
        figures.pass(at(10_000), &metrics);
        let status = figures.status().unwrap();
        assert_eq!((status.rtt_ms, status.late_inputs, status.jitter_ms), (Some(42), 0, Some(8)));
        figures.pass(at(20_000), &metrics);
        assert_eq!(figures.status().unwrap().jitter_ms, None, "an old word is no news");
    }

    #[test]
    fn a_liar_is_cut_and_a_talker_is_not_heard() {
        let metrics = PlayerFigures::new();
        let mut figures = NetFigures::new(at(0));
        let lie = ClientFigures {
            jitter_ms: u16::MAX,
            interpolation_delay_ms: u16::MAX,
            underruns: u16::MAX,
            correction_tenths: u16::MAX,
        };
        figures.tell(lie, at(1000));
        (0..500).for_each(|_| figures.tell(ClientFigures::default(), at(1500)));
        figures.pass(at(5000), &metrics);
        let status = figures.status().unwrap();
        assert_eq!(status.jitter_ms, Some(ClientFigures::MOST.jitter_ms));
        assert_eq!(status.correction_units, Some(1000.0));
    }
}
