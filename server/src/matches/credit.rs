//! How much a client may still be sent, judged by what it says it has: the sooner it says so, the more.
//!
//! A full socket tells too late that a reader is slow: the kernel, a proxy and the client's own buffer take seconds of
//! snapshots first. So a link has credit in snapshots and in bytes, from the shortest round trip and the measured rate.
//! Without credit nothing is sent; the next snapshot is made when there is credit again, and is the newest.

use std::collections::VecDeque;
use std::time::Duration;

use shared::tick::Tick;

/// Spare time beside the round trip for which snapshots may be under way.
const SPARE: Duration = Duration::from_millis(100);
/// Snapshots under way at least, so that a single late answer stops nothing.
const SNAPSHOTS_MIN: usize = 3;
/// Snapshots that go out before the first answer.
const SNAPSHOTS_FIRST: usize = 12;
/// Snapshots under way at most.
const SNAPSHOTS_MAX: usize = 32;
/// Bytes under way at least: one keyframe of a full view.
const BYTES_MIN: f32 = 1500.0;
/// Time between two keyframes for a client that never says what it has.
const DEAF_EVERY: Duration = Duration::from_secs(1);
/// Time without an answer after which a client gets ten snapshots a second.
const DEGRADED_AFTER: Duration = Duration::from_secs(1);
const DEGRADED_EVERY: Duration = Duration::from_millis(100);
/// Time without an answer after which it gets none.
const STALLED_AFTER: Duration = Duration::from_secs(5);
/// Time without an answer after which its link is closed.
const CLOSED_AFTER: Duration = Duration::from_secs(15);
/// Longest round trip that counts.
const ROUND_TRIP_MAX: Duration = Duration::from_secs(2);

/// How a link keeps up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// It gets every snapshot.
    Healthy,
    /// It misses some.
    Conflating,
    /// It gets ten a second at most.
    Degraded,
    /// It gets none until it answers.
    Stalled,
    /// It is to be closed.
    Lost,
}

impl Stage {
    /// The stage as metrics call it.
    pub fn word(self) -> &'static str {
        match self {
            Stage::Healthy => "healthy",
            Stage::Conflating => "conflating",
            Stage::Degraded => "degraded",
            Stage::Stalled => "stalled",
            Stage::Lost => "lost",
        }
    }
}

/// What may be sent now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// A snapshot that builds on the last one.
    Snapshot,
    /// A keyframe: nobody knows what the client holds.
    Keyframe,
    /// Nothing.
    Nothing,
}

#[derive(Clone, Copy, Debug)]
struct Flight {
    tick: Tick,
    bytes: u32,
    sent_at: Duration,
}

/// The credit of one link.
#[derive(Clone, Debug)]
pub struct Credit {
    period: Duration,
    flights: VecDeque<Flight>,
    flying_bytes: u32,
    sent_at: Duration,
    /// When the link opened, or the client said last that it has something new.
    answered_at: Duration,
    ever_answered: bool,
    round_trip: Option<Duration>,
    bytes_per_s: f32,
}

impl Credit {
    /// The credit of a link that opens at `now`, in a match whose tick lasts `period`.
    pub fn new(period: Duration, now: Duration) -> Credit {
        Credit {
            period,
            flights: VecDeque::new(),
            flying_bytes: 0,
            sent_at: Duration::ZERO,
            answered_at: now,
            ever_answered: false,
            round_trip: None,
            bytes_per_s: BYTES_MIN / SPARE.as_secs_f32(),
        }
    }

    /// The client says that it has the snapshot of `tick`.
    pub fn acknowledge(&mut self, tick: Tick, now: Duration) {
        let (mut bytes, mut newest) = (0, None);
        while let Some(flight) = self.flights.front().filter(|f| f.tick <= tick).copied() {
            self.flights.pop_front();
            self.flying_bytes -= flight.bytes;
            bytes += flight.bytes;
            newest = Some(flight);
        }
        let Some(flight) = newest else { return };
        let took = now.saturating_sub(flight.sent_at).min(ROUND_TRIP_MAX);
        // The shortest is the link's own; a longer one counts slowly, in case the way itself got longer.
        self.round_trip = Some(self.round_trip.map_or(took, |old| took.min(old + old / 64)));
        let since = now.saturating_sub(self.answered_at).max(self.period).as_secs_f32();
        self.bytes_per_s += (bytes as f32 / since - self.bytes_per_s) * 0.1;
        self.answered_at = now;
        self.ever_answered = true;
    }

    /// A snapshot was written.
    pub fn sent(&mut self, tick: Tick, bytes: usize, now: Duration) {
        if self.flights.len() >= SNAPSHOTS_MAX
            && let Some(oldest) = self.flights.pop_front()
        {
            self.flying_bytes -= oldest.bytes;
        }
        if self.flights.is_empty() {
            // Time in which nothing was under way is no time without an answer.
            self.answered_at = self.answered_at.max(now.saturating_sub(self.period));
        }
        let bytes = bytes as u32;
        self.flights.push_back(Flight { tick, bytes, sent_at: now });
        self.flying_bytes += bytes;
        self.sent_at = now;
    }

    /// What may be sent now.
    pub fn permission(&self, now: Duration) -> Permission {
        let pause = now.saturating_sub(self.sent_at);
        if !self.ever_answered {
            if self.flights.len() < SNAPSHOTS_FIRST {
                return Permission::Snapshot;
            }
            return if pause >= DEAF_EVERY { Permission::Keyframe } else { Permission::Nothing };
        }
        let has_credit = self.flights.len() < self.snapshots_max() && self.has_bytes();
        match self.stage(now) {
            Stage::Healthy | Stage::Conflating if has_credit => Permission::Snapshot,
            Stage::Degraded if has_credit && pause >= DEGRADED_EVERY => Permission::Snapshot,
            _ => Permission::Nothing,
        }
    }

    /// How the link keeps up.
    pub fn stage(&self, now: Duration) -> Stage {
        if !self.ever_answered || self.flights.is_empty() {
            return Stage::Healthy;
        }
        let silent = now.saturating_sub(self.answered_at).saturating_sub(self.round_trip.unwrap_or_default());
        if silent >= CLOSED_AFTER {
            Stage::Lost
        } else if silent >= STALLED_AFTER {
            Stage::Stalled
        } else if silent >= DEGRADED_AFTER {
            Stage::Degraded
        } else if self.flights.len() >= self.snapshots_max() || !self.has_bytes() {
            Stage::Conflating
        } else {
            Stage::Healthy
        }
    }

    /// The shortest round trip of late, in milliseconds, up to a tick too long; 0 while unknown.
    pub fn round_trip_ms(&self) -> u16 {
        self.round_trip.map_or(0, |r| r.as_millis() as u16)
    }

    fn snapshots_max(&self) -> usize {
        let time = self.round_trip.unwrap_or(SPARE) + SPARE;
        let ticks = time.as_secs_f32() / self.period.as_secs_f32();
        (ticks.ceil() as usize + 1).clamp(SNAPSHOTS_MIN, SNAPSHOTS_MAX)
    }

    fn has_bytes(&self) -> bool {
        let time = self.round_trip.unwrap_or(SPARE) + 2 * SPARE;
        let allowed = (self.bytes_per_s * time.as_secs_f32()).max(BYTES_MIN);
        (self.flying_bytes as f32) < allowed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PERIOD: Duration = Duration::from_millis(33);

    fn at(tick: u32) -> Duration {
        PERIOD * tick
    }

    /// Runs ticks 1 to `ticks`; `answers` says which tick the client has at each.
    fn run(
        credit: &mut Credit,
        ticks: std::ops::Range<u32>,
        answers: impl Fn(u32) -> Option<u32>,
    ) -> Vec<u32> {
        let mut sent = Vec::new();
        for tick in ticks {
            if let Some(seen) = answers(tick) {
                credit.acknowledge(Tick(seen), at(tick));
            }
            if credit.permission(at(tick)) != Permission::Nothing {
                credit.sent(Tick(tick), 120, at(tick));
                sent.push(tick);
            }
        }
        sent
    }

    #[test]
    fn a_client_that_answers_misses_nothing() {
        for delay in [1, 3, 9] {
            let mut credit = Credit::new(PERIOD, Duration::ZERO);
            let sent = run(&mut credit, 1..300, |t| t.checked_sub(delay).filter(|&t| t > 0));
            let skipped = 299 - sent.len();
            assert!(skipped <= delay as usize, "{skipped} of a round trip of {delay} ticks");
            assert_eq!(credit.stage(at(299)), Stage::Healthy);
        }
    }

    #[test]
    fn a_client_that_stops_goes_through_all_stages() {
        let mut credit = Credit::new(PERIOD, Duration::ZERO);
        run(&mut credit, 1..100, |t| Some(t - 1));
        let sent = run(&mut credit, 100..700, |_| None);
        assert!(sent.len() <= 8, "{} snapshots went to nobody", sent.len());
        let stage = |s: u32| credit.stage(at(99) + Duration::from_millis(u64::from(s)));
        assert_eq!(stage(500), Stage::Conflating);
        assert_eq!((stage(1500), stage(6000), stage(15_500)), (Stage::Degraded, Stage::Stalled, Stage::Lost));
        credit.acknowledge(Tick(sent[sent.len() - 1]), at(700));
        assert_eq!(credit.permission(at(700)), Permission::Snapshot);
    }

    #[test]
    fn a_client_that_never_answers_gets_a_keyframe_a_second() {
        let mut credit = Credit::new(PERIOD, Duration::ZERO);
        let sent = run(&mut credit, 1..310, |_| None);
        assert!((20..=23).contains(&sent.len()), "{sent:?}");
        assert_eq!(credit.stage(at(310)), Stage::Healthy);
    }

    #[test]
    fn lies_about_the_future_or_the_past_gain_nothing() {
        let mut credit = Credit::new(PERIOD, Duration::ZERO);
        let honest = run(&mut credit.clone(), 1..300, |t| t.checked_sub(3)).len();
        let liar = run(&mut credit, 1..300, |t| Some(t * 2)).len();
        assert!(liar <= 299 && honest >= 290, "{liar} {honest}");
        assert_eq!(credit.flying_bytes as usize, credit.flights.len() * 120);
    }
}
