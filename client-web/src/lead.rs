//! How far ahead of the arriving news a command has to leave so that it comes just in time for its tick.
//! It learns that from the slack that the server reports, command by command, and knows no clock; `client_clock` asks.
//!
//! Each report tells what lead its command would have needed. The lead covers nearly all needs of the last seconds, and
//! a part more where they are spread: so it is a few milliseconds on a steady way and grows with jitter, while a single
//! stall, which no bearable lead would cover, changes nothing.

use std::collections::VecDeque;

use shared::snapshot::InputReport;
use shared::tick::{Tick, TickRate};

/// Round trip time that is assumed as long as it is unknown.
const RTT_GUESS_MS: f64 = 80.0;
/// Ticks that the first lead has beyond the round trip.
const SPARE_TICKS: f64 = 1.5;
/// Longest lead beyond the round trip.
const ROOM_MS: f64 = 300.0;
/// How long a need counts.
const WINDOW_MS: f64 = 4_000.0;
/// Most needs, and most sent messages, that are kept.
const KEPT_MAX: usize = 240;
/// The share of needs that the lead covers before anything is added.
const COVERED: f64 = 0.95;
/// What is added: this much of the way from the median to what is covered,
const SPREAD_SHARE: f64 = 0.5;
/// and so many milliseconds.
const MARGIN_MS: f64 = 2.0;
/// Time from the first need on in which the lead falls at once.
const LEARNING_MS: f64 = 2_000.0;
/// Ticks by which the lead falls in a second after that.
const FALL_PER_S: f64 = 0.5;
/// How quickly the pause between two looks at the clock is learnt, from a longer one and from a shorter one.
const POLL_GAIN: (f64, f64) = (0.15, 0.002);

/// The lead of one client's commands.
#[derive(Clone, Debug)]
pub struct Lead {
    period_ms: f64,
    ticks: f64,
    rtt_ms: Option<f64>,
    /// How far apart two looks at the clock are at most: a command leaves up to this much after it is due.
    poll_ms: f64,
    /// For each message its last tick, and by how many ticks its first one was ahead of the news when it left.
    sent: VecDeque<(Tick, f64)>,
    /// For each report its tick, and the lead that its command would have needed.
    needs: VecDeque<(Tick, f64)>,
    begun: Option<Tick>,
}

impl Lead {
    /// A guess, in a match of `rate`.
    pub fn new(rate: TickRate) -> Lead {
        let period_ms = rate.period_ms();
        Lead {
            period_ms,
            ticks: RTT_GUESS_MS / period_ms + SPARE_TICKS,
            rtt_ms: None,
            poll_ms: 0.0,
            sent: VecDeque::new(),
            needs: VecDeque::new(),
            begun: None,
        }
    }

    /// The lead in ticks.
    pub fn ticks(&self) -> f64 {
        self.ticks
    }

    /// The round trip time in milliseconds, once measured.
    pub fn rtt_ms(&self) -> Option<f64> {
        self.rtt_ms
    }

    /// The round trip time was measured; the first measure replaces the guess, if no report was better.
    pub fn note_round_trip(&mut self, rtt_ms: f64) {
        if self.rtt_ms.is_none() && self.begun.is_none() {
            self.ticks = rtt_ms / self.period_ms + SPARE_TICKS;
        }
        self.rtt_ms = Some(rtt_ms);
    }

    /// The clock was looked at again after `pause_ms`.
    pub fn note_poll(&mut self, pause_ms: f64) {
        // A machine that stands still for longer is late whatever the lead is.
        let more_ms = pause_ms.min(2.0 * self.period_ms) - self.poll_ms;
        self.poll_ms += more_ms * if more_ms > 0.0 { POLL_GAIN.0 } else { POLL_GAIN.1 };
    }

    /// A message with the commands from `first` to `last` leaves while news of tick `arriving` would arrive.
    pub fn sent(&mut self, first: Tick, last: Tick, arriving: f64) {
        while self.sent.len() >= KEPT_MAX {
            self.sent.pop_front();
        }
        self.sent.push_back((last, f64::from(first.0) - arriving));
    }

    /// The clock was set anew: what was sent before tells nothing about what comes.
    pub fn forget_sent(&mut self) {
        self.sent.clear();
    }

    /// Takes in what the server says in the snapshot of tick `at`.
    pub fn report(&mut self, at: Tick, report: &InputReport) {
        let (Some(slack), Some(ahead)) = (report.slack_ticks(), report.received_ahead) else { return };
        let newest = i64::from(at.0) + i64::from(ahead);
        while self.sent.front().is_some_and(|(tick, _)| i64::from(tick.0) < newest) {
            self.sent.pop_front();
        }
        let Some(&(tick, had)) = self.sent.front() else { return };
        if i64::from(tick.0) != newest {
            return;
        }
        let passed_ms = self.needs.back().map_or(0.0, |(before, _)| f64::from(at.since(*before)) * self.period_ms);
        let too_old = |(then, _): &(Tick, f64)| f64::from(at.since(*then)) * self.period_ms > WINDOW_MS;
        while self.needs.len() >= KEPT_MAX || self.needs.front().is_some_and(too_old) {
            self.needs.pop_front();
        }
        self.needs.push_back((at, had - slack));
        self.begun.get_or_insert(at);
        let lowest = if self.is_learning() { 0.0 } else { self.ticks - FALL_PER_S * passed_ms / 1000.0 };
        self.ticks = self.goal().max(lowest);
    }

    /// Whether the lead may still be far too long, because it began as a guess.
    pub fn is_learning(&self) -> bool {
        let (Some(begun), Some((at, _))) = (self.begun, self.needs.back()) else { return true };
        f64::from(at.since(begun)) * self.period_ms < LEARNING_MS
    }

    /// The lead that the needs of late ask for.
    fn goal(&self) -> f64 {
        let mut needs: Vec<f64> = self.needs.iter().map(|(_, need)| *need).collect();
        needs.sort_unstable_by(f64::total_cmp);
        let at = |share: f64| needs.get((needs.len() as f64 * share) as usize).copied().unwrap_or(0.0);
        let (median, covered) = (at(0.5), at(COVERED));
        let spare = (MARGIN_MS + self.poll_ms) / self.period_ms + (covered - median) * SPREAD_SHARE;
        let longest = (self.rtt_ms.unwrap_or(RTT_GUESS_MS) + ROOM_MS) / self.period_ms + SPARE_TICKS;
        (covered + spare).min(longest)
    }
}
