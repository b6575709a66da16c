//! How far ahead of the arriving news a command has to leave so that it comes just in time for its tick.
//! It learns that from the slack that the server reports, command by command, and knows no clock; `client_clock` asks.
//!
//! Each report tells what lead its command would have needed. The lead covers nearly all needs of the last seconds, and
//! a part more where they are spread: so it is a few milliseconds on a steady way and grows with jitter. A stall, which
//! no bearable lead would cover, changes little, but a way that got longer shows in every need and counts at once.

use std::collections::VecDeque;

use shared::snapshot::InputReport;
use shared::tick::{Tick, TickRate};

/// The first lead in ticks: right for a near server. A far one says so with the first report.
const FIRST_TICKS: f64 = 1.5;
/// Longest lead beyond the round trip, and beyond nothing as long as that is unknown.
const ROOM_MS: (f64, f64) = (350.0, 450.0);
/// How long a need counts.
const WINDOW_MS: f64 = 4_000.0;
/// Most needs, and most sent messages, that are kept.
const KEPT_MAX: usize = 240;
/// The share of needs that the lead covers before anything is added.
const COVERED: f64 = 0.95;
/// Needs that are more than this above the median are stalls,
const STALL_MS: f64 = 100.0;
/// unless so many in a row are.
const SUSTAINED: usize = 6;
/// What is added: this much of the way from the median to what is covered,
const SPREAD_SHARE: f64 = 0.5;
/// and so many milliseconds.
const MARGIN_MS: f64 = 2.0;
/// Time from the first need on in which the lead falls at once.
const LEARNING_MS: f64 = 2_000.0;
/// Ticks, and share of what is too much, by which the lead falls in a second after that.
const FALL_PER_S: (f64, f64) = (0.3, 0.5);
/// Pause between two looks at the clock that is assumed at first: that between two pictures.
const PICTURE_MS: f64 = 1000.0 / 60.0;
/// How quickly the pause between two looks at the clock is learnt, from a longer one and from a shorter one.
const POLL_GAIN: (f64, f64) = (0.15, 0.005);

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
            ticks: FIRST_TICKS,
            rtt_ms: None,
            poll_ms: PICTURE_MS,
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

    /// The round trip time was measured.
    pub fn note_round_trip(&mut self, rtt_ms: f64) {
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
        let passed_ms =
            self.needs.back().map_or(0.0, |(before, _)| f64::from(at.since(*before)) * self.period_ms);
        let too_old = |(then, _): &(Tick, f64)| f64::from(at.since(*then)) * self.period_ms > WINDOW_MS;
        while self.needs.len() >= KEPT_MAX || self.needs.front().is_some_and(too_old) {
            self.needs.pop_front();
        }
        self.needs.push_back((at, had - slack));
        self.begun.get_or_insert(at);
        let goal = self.goal();
        let fall = FALL_PER_S.0.max((self.ticks - goal) * FALL_PER_S.1) * passed_ms / 1000.0;
        self.ticks = if self.is_learning() { goal } else { goal.max(self.ticks - fall) };
    }

    /// Whether the lead may still be far too long, because it began as a guess.
    pub fn is_learning(&self) -> bool {
        let (Some(begun), Some((at, _))) = (self.begun, self.needs.back()) else { return true };
        f64::from(at.since(begun)) * self.period_ms < LEARNING_MS
    }

    /// The lead that the needs of late ask for.
    fn goal(&self) -> f64 {
        let mut needs: Vec<f64> = self.needs.iter().map(|(_, need)| *need).collect();
        let last = needs.get(needs.len().saturating_sub(SUSTAINED)..).unwrap_or_default();
        let sustained = last.iter().copied().fold(f64::INFINITY, f64::min);
        needs.sort_unstable_by(f64::total_cmp);
        let at = |share: f64| needs.get((needs.len() as f64 * share) as usize).copied().unwrap_or(0.0);
        let median = at(0.5);
        let covered = at(COVERED).min(median + STALL_MS / self.period_ms).max(sustained);
        let spare = (MARGIN_MS + self.poll_ms) / self.period_ms + (covered - median) * SPREAD_SHARE;
        let longest_ms = self.rtt_ms.map_or(ROOM_MS.1, |rtt_ms| rtt_ms + ROOM_MS.0);
        (covered + spare).min(longest_ms / self.period_ms)
    }
}
