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
/// Bytes of a first snapshot from which on the time for it tells how much the line carries.
const TELLING_BYTES: f32 = 400.0;
/// Snapshots that go out before the first answer, as far as their bytes allow it.
const SNAPSHOTS_FIRST: usize = 6;
/// Bytes that go out before the first answer: half a second on the narrowest line that can be played over.
const FIRST_BYTES: u32 = 1000;
/// Bytes of a snapshot on a line about which nothing bad is known yet.
const FIRST_SNAPSHOT_BYTES: u32 = 500;
/// Snapshots under way at most.
const SNAPSHOTS_MAX: usize = 32;
/// Bytes under way at least, so that a link whose rate is unknown or tiny still moves.
const BYTES_MIN: f32 = 200.0;
/// The lowest and the highest rate that matter, in bytes/s.
const RATES: (f32, f32) = (500.0, 1_000_000.0);
/// What an answer without delay adds to the believed rate: much while nothing ever waited, little from then on.
const GROWTH: (f32, f32) = (1.1, 1.02);
/// The part of the rate that news which can wait may take, and for how long it may be saved up.
const SIDE_SHARE: f32 = 0.25;
const SIDE_SAVED: Duration = Duration::from_millis(500);
/// Time of answers that waited in a queue after which the round trip is measured anew on an empty link.
const PROBE_AFTER: Duration = Duration::from_secs(10);
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
    /// The shortest round trip: what the way itself takes, without a queue of our own making.
    round_trip: Option<Duration>,
    /// What a ping took.
    ping: Option<Duration>,
    bytes_per_s: f32,
    /// Whether no answer ever waited in a queue.
    starting: bool,
    /// Bytes that news which can wait may take, as of `side_at`; below 0 they were taken in advance.
    side_bytes: f32,
    side_at: Duration,
    /// Since when every answer came later than the round trip explains.
    queued_since: Option<Duration>,
    probe: Probe,
}

/// A measure of the round trip on an empty link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Probe {
    /// None is wanted.
    Idle,
    /// Nothing is sent until everything under way has been answered.
    Draining,
    /// The answer to this tick's snapshot is the measure.
    Flying(Tick),
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
            ping: None,
            bytes_per_s: FIRST_BYTES as f32 * 3.0,
            starting: true,
            side_bytes: 1.0,
            side_at: now,
            queued_since: None,
            probe: Probe::Idle,
        }
    }

    /// The client says that it has the snapshot of `tick`. Returns how long the newest of those took that it did not have
    /// before.
    pub fn acknowledge(&mut self, tick: Tick, now: Duration) -> Option<Duration> {
        let (mut bytes, mut newest) = (0, None);
        while let Some(flight) = self.flights.front().filter(|f| f.tick <= tick).copied() {
            self.flights.pop_front();
            self.flying_bytes -= flight.bytes;
            bytes += flight.bytes;
            newest = Some(flight);
        }
        let flight = newest?;
        let took = now.saturating_sub(flight.sent_at).min(ROUND_TRIP_MAX);
        if !self.ever_answered {
            self.begin(bytes as f32, took);
        }
        let since = now.saturating_sub(self.answered_at).max(self.period).as_secs_f32();
        self.measure(flight, took, (bytes as f32 / since, now));
        self.answered_at = now;
        self.ever_answered = true;
        Some(took)
    }

    /// The first answer, for so many bytes. If it took much longer than a ping, the line needed the rest for the bytes:
    /// then how long the way is gets measured on an empty line, before much is sent.
    fn begin(&mut self, bytes: f32, took: Duration) {
        let way = self.ping.filter(|ping| *ping + SPARE < took && bytes >= TELLING_BYTES);
        if way.is_some() {
            (self.starting, self.probe) = (false, Probe::Draining);
        } else {
            self.ping = None;
        }
        let passing = took.saturating_sub(way.unwrap_or_default()).max(self.period);
        self.bytes_per_s = (bytes / passing.as_secs_f32()).clamp(RATES.0, RATES.1);
    }

    /// A ping came back after so long. It says nothing of how long the client takes for a snapshot, so only the first
    /// answer is held against it.
    pub fn note_ping(&mut self, took: Duration) {
        if !self.ever_answered {
            self.ping = Some(took.min(ROUND_TRIP_MAX));
        }
    }

    /// Learns from an answer that took so long, on a link that just gave `rate` bytes/s.
    fn measure(&mut self, flight: Flight, took: Duration, (rate, now): (f32, Duration)) {
        if matches!(self.probe, Probe::Flying(probe) if probe <= flight.tick) {
            // After a slow beginning it is known how much of that the line needed for the bytes.
            let passing = Duration::from_secs_f32(flight.bytes as f32 / self.bytes_per_s);
            let way = self.ping.take().map(|ping| took.saturating_sub(passing).max(ping));
            self.round_trip = Some(way.unwrap_or(took));
            (self.probe, self.queued_since) = (Probe::Idle, None);
        }
        let shortest = self.round_trip.map_or(took, |old| old.min(took));
        self.round_trip = Some(shortest);
        if took > shortest + SPARE {
            // The answer waited behind others: this is as much as the link gives.
            self.starting = false;
            self.bytes_per_s += (rate - self.bytes_per_s) * 0.3;
            let since = *self.queued_since.get_or_insert(now);
            if self.probe == Probe::Idle && now.saturating_sub(since) >= PROBE_AFTER {
                self.probe = Probe::Draining;
            }
        } else if took <= shortest + SPARE / 2 {
            // A tick is too coarse to measure the rate by one answer: it counts only so far.
            let (most, least) = GROWTH;
            let growth = if self.starting { most } else { least };
            let seen = if self.starting { rate } else { rate.min(self.bytes_per_s * most) };
            self.bytes_per_s = (self.bytes_per_s * growth).max(seen).min(RATES.1);
            self.queued_since = None;
        }
    }

    /// A snapshot was written, with everything that went with it.
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
        if self.probe == Probe::Draining && self.flights.is_empty() {
            self.probe = Probe::Flying(tick);
        }
        let bytes = bytes as u32;
        self.flights.push_back(Flight { tick, bytes, sent_at: now });
        self.flying_bytes += bytes;
        self.sent_at = now;
    }

    /// The client takes a rest, or cannot follow, and says so: what is under way owes no answer any more.
    pub fn rest(&mut self, now: Duration) {
        self.flights.clear();
        self.flying_bytes = 0;
        self.answered_at = now;
        (self.probe, self.queued_since) = (Probe::Idle, None);
    }

    /// What may be sent now.
    pub fn permission(&self, now: Duration) -> Permission {
        let pause = now.saturating_sub(self.sent_at);
        if !self.ever_answered {
            let fits = self.flying_bytes + FIRST_SNAPSHOT_BYTES <= FIRST_BYTES;
            if self.flights.is_empty() || fits && self.flights.len() < SNAPSHOTS_FIRST {
                return Permission::Snapshot;
            }
            return if pause >= DEAF_EVERY { Permission::Keyframe } else { Permission::Nothing };
        }
        let has_credit = self.has_credit();
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
        } else if !self.has_credit() {
            Stage::Conflating
        } else {
            Stage::Healthy
        }
    }

    /// Bytes from which on a snapshot takes up nothing new: what the line carries in a sixth of a second.
    pub fn snapshot_bytes(&self) -> usize {
        let least = if self.starting { FIRST_SNAPSHOT_BYTES as f32 } else { BYTES_MIN };
        (self.bytes_per_s / 6.0).max(least) as usize
    }

    /// Bytes that news which can wait may take now: a quarter of what the line carries, and none while it is measured. Whatever begins while there are
    /// some may be longer; what is too much is taken from the next.
    pub fn side_bytes(&mut self, now: Duration) -> f32 {
        let share = self.bytes_per_s * SIDE_SHARE;
        let passed = now.saturating_sub(self.side_at).as_secs_f32();
        self.side_at = now;
        self.side_bytes = (self.side_bytes + share * passed).min((share * SIDE_SAVED.as_secs_f32()).max(1.0));
        if self.probe == Probe::Idle { self.side_bytes } else { 0.0 }
    }

    /// News that could have waited took so many bytes.
    pub fn spend_side(&mut self, bytes: usize) {
        self.side_bytes -= bytes as f32;
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

    fn has_credit(&self) -> bool {
        if self.probe != Probe::Idle {
            return self.flights.is_empty();
        }
        // What goes out when there is a little credit left goes beyond it, so bytes have less to spare than snapshots.
        let time = self.round_trip.unwrap_or(SPARE) + SPARE * 3 / 4;
        let allowed = (self.bytes_per_s * time.as_secs_f32()).max(BYTES_MIN);
        self.flights.len() < self.snapshots_max() && (self.flying_bytes as f32) < allowed
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
        assert!((12..=15).contains(&sent.len()), "{sent:?}");
        assert_eq!(credit.stage(at(310)), Stage::Healthy);
    }

    /// A line that carries `bytes_per_s`; how old snapshots are when they arrive, in ticks, after a minute.
    fn ages_on(bytes_per_s: u32, snapshot_bytes: u32) -> Vec<u32> {
        let mut credit = Credit::new(PERIOD, Duration::ZERO);
        let (mut queue, mut ages) = (VecDeque::new(), Vec::new());
        let mut budget = 0;
        for tick in 1..5400_u32 {
            budget += bytes_per_s * 33 / 1000;
            while let Some(&(made, bytes)) = queue.front().filter(|&&(_, bytes)| bytes <= budget) {
                queue.pop_front();
                budget -= bytes;
                credit.acknowledge(Tick(made), at(tick));
                if tick > 1800 {
                    ages.push(tick - made);
                }
            }
            if queue.is_empty() {
                budget = budget.min(bytes_per_s / 10);
            }
            if credit.permission(at(tick)) != Permission::Nothing {
                credit.sent(Tick(tick), snapshot_bytes as usize, at(tick));
                queue.push_back((tick, snapshot_bytes));
            }
        }
        ages.sort_unstable();
        ages
    }

    #[test]
    fn a_narrow_line_gets_fewer_and_fresh_snapshots() {
        for (rate, bytes) in [(2000, 60), (2000, 200), (2000, 600), (8000, 900)] {
            let ages = ages_on(rate, bytes);
            let p99 = ages[ages.len() * 99 / 100];
            // The line alone takes bytes/rate; beyond it half a second at most.
            let limit = bytes * 30 / rate + 15;
            assert!(p99 <= limit, "{bytes} bytes at {rate} bytes/s: {p99} ticks, more than {limit}");
            assert!(ages.len() as u32 * bytes > rate * 100, "the line is used: {} snapshots", ages.len());
        }
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
