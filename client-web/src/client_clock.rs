//! Which tick the player acts in: ahead of the server by just so much that each command arrives in time.
//! The server's reports steer the lead. The clock runs a little faster or slower; it is set anew only when far off.

use shared::bounds::within;
use shared::snapshot::InputReport;
use shared::tick::{Tick, TickRate};

use crate::lead::Lead;

/// Most ticks sampled in one go. A client that is further behind skips them.
pub const TICKS_AT_ONCE_MAX: u32 = 8;

/// Speeds of the clock against real time.
const SPEED: (f64, f64) = (0.95, 1.25);
/// The same in the first seconds, when the lead begins as a guess and nobody plays yet.
const SPEED_LEARNING: (f64, f64) = (0.2, 2.0);
/// Being off by more than this sets the clock anew.
const JUMP_TICKS: f64 = 8.0;

/// The client's own tick clock.
#[derive(Clone, Debug)]
pub struct ClientClock {
    period_ms: f64,
    lead: Lead,
    tick: Option<f64>,
    last_ms: f64,
    sampled: Option<Tick>,
}

/// The ticks that are to be sampled now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// The first of them.
    pub first: Tick,
    /// How many, 1 to 8.
    pub count: u32,
    /// Whether the clock was set anew: `first` need not follow the tick sampled last.
    pub jumped: bool,
}

impl ClientClock {
    /// A clock that does not run yet.
    pub fn new(rate: TickRate) -> ClientClock {
        let (period_ms, lead) = (rate.period_ms(), Lead::new(rate));
        ClientClock { period_ms, lead, tick: None, last_ms: 0.0, sampled: None }
    }

    /// Ticks ahead of what is arriving: the round trip and the time to spare.
    pub fn lead_ticks(&self) -> f64 {
        self.lead.ticks()
    }

    /// The round trip time was measured.
    pub fn note_round_trip(&mut self, rtt_ms: f64) {
        self.lead.note_round_trip(rtt_ms);
    }

    /// The round trip time in milliseconds, once measured.
    pub fn rtt_ms(&self) -> Option<f64> {
        self.lead.rtt_ms()
    }

    /// The tick sampled last.
    pub fn sampled(&self) -> Option<Tick> {
        self.sampled
    }

    /// How far the clock is on its way from the tick sampled last to the next one, 0 to 1.
    pub fn fraction(&self, now_ms: f64) -> f64 {
        let (Some(tick), Some(sampled)) = (self.tick, self.sampled) else { return 0.0 };
        let since = (now_ms - self.last_ms).max(0.0) / self.period_ms;
        within(tick + since - f64::from(sampled.0), 0.0, 1.0)
    }

    /// Takes in what the server says in the snapshot of tick `at`.
    pub fn report(&mut self, at: Tick, report: &InputReport) {
        self.lead.report(at, report);
    }

    /// Lets the clock run to `now_ms`, when news of tick `arriving` would arrive; says what is to be sampled.
    pub fn advance(&mut self, arriving: f64, now_ms: f64) -> Option<Due> {
        let passed_ms = (now_ms - self.last_ms).max(0.0);
        if self.tick.is_some() && passed_ms > 0.0 {
            self.lead.note_poll(passed_ms);
        }
        let (goal, passed) = (arriving + self.lead.ticks(), passed_ms / self.period_ms);
        self.last_ms = self.last_ms.max(now_ms);
        let steered = self.tick.filter(|tick| (goal - tick - passed).abs() <= JUMP_TICKS);
        let (slowest, quickest) = if self.lead.is_learning() { SPEED_LEARNING } else { SPEED };
        let tick = match steered {
            Some(tick) => within(goal, tick + passed * slowest, tick + passed * quickest),
            None => goal,
        };
        self.tick = Some(tick);
        let present = Tick(tick.max(0.0) as u32);
        let due = self.sampled.map_or(1, |sampled| present.distance(sampled));
        let jumped = steered.is_none() || due > i64::from(TICKS_AT_ONCE_MAX);
        if !jumped && due <= 0 {
            return None;
        }
        let first = if jumped { present } else { present - (due as u32 - 1) };
        self.sampled = Some(present);
        if jumped {
            self.lead.forget_sent();
        }
        self.lead.sent(first, present, arriving);
        Some(Due { first, count: present.since(first) + 1, jumped })
    }
}

#[cfg(test)]
mod tests {
    use shared::snapshot::SLACK_STEPS;

    use super::*;

    /// A server that takes commands after `up_ms` and whose news take `down_ms`.
    struct Line {
        up_ms: f64,
        down_ms: f64,
        clock: ClientClock,
        sent: Vec<(f64, Tick)>,
        /// Ticks to spare, by report.
        slacks: Vec<f64>,
        told: usize,
        jumps: u32,
    }

    impl Line {
        fn new(up_ms: f64, down_ms: f64) -> Line {
            let clock = ClientClock::new(TickRate::DEFAULT);
            Line { up_ms, down_ms, clock, sent: Vec::new(), slacks: Vec::new(), told: 0, jumps: 0 }
        }

        /// Runs for `ticks` from server tick `from`, with frames of 4 ms; `extra_ms` delays the way up.
        fn run(&mut self, from: u32, ticks: u32, extra_ms: impl Fn(u32) -> f64) {
            let period = self.clock.period_ms;
            let mut now = f64::from(from) * period;
            let mut reported = from;
            while now < f64::from(from + ticks) * period {
                let arriving = (now - self.down_ms) / period;
                let news = (arriving - 1e-9).max(f64::from(reported)) as u32;
                (reported + 1..=news).for_each(|tick| self.report(tick));
                reported = news;
                let due = self.clock.advance(arriving.max(0.0), now);
                self.send(due, now + self.up_ms + due.map_or(0.0, |due| extra_ms(due.first.0)));
                now += 4.0;
            }
        }

        fn send(&mut self, due: Option<Due>, arrives_ms: f64) {
            let Some(due) = due else { return };
            self.jumps += u32::from(due.jumped);
            self.sent.extend((0..due.count).map(|i| (arrives_ms, due.first + i)));
        }

        /// The server at `tick` tells of what came since its last report, as the real one does.
        fn report(&mut self, tick: u32) {
            let here = f64::from(tick);
            let slack = |(at, addressed): &(f64, Tick)| f64::from(addressed.0) - at / self.clock.period_ms;
            let arrived = self.sent.iter().take_while(|(at, _)| at / self.clock.period_ms <= here).count();
            let worst = self.sent[self.told.min(arrived)..arrived].iter().map(slack).reduce(f64::min);
            self.told = arrived;
            let ahead = self.sent[..arrived].iter().map(|(_, t)| t.distance(Tick(tick))).max();
            let report = InputReport {
                received_ahead: ahead.map(|a| a.clamp(-127, 127) as i8),
                slack: worst.map(|slack| (slack * SLACK_STEPS).floor().clamp(-127.0, 127.0) as i8),
                ..InputReport::default()
            };
            self.slacks.push(worst.unwrap_or(0.0));
            self.clock.note_round_trip(self.up_ms + self.down_ms);
            self.clock.report(Tick(tick), &report);
        }
    }

    #[test]
    fn commands_arrive_a_few_milliseconds_before_they_are_late() {
        for (up, down) in [(1.0, 1.0), (30.0, 30.0), (90.0, 20.0), (20.0, 120.0)] {
            let mut line = Line::new(up, down);
            line.run(100, 600, |_| 0.0);
            let settled = &line.slacks[200..];
            assert!(settled.iter().all(|s| (0.0..0.3).contains(s)), "{up}+{down}: {settled:?}");
            assert_eq!(line.jumps, 1, "{up}+{down}");
        }
    }

    #[test]
    fn ticks_are_neither_skipped_nor_repeated() {
        let mut line = Line::new(40.0, 40.0);
        line.run(100, 300, |t| f64::from(t * 7919 % 50));
        line.run(400, 300, |t| 60.0 + f64::from(t * 7919 % 50));
        assert!(line.sent.windows(2).all(|w| w[1].1 == w[0].1.next()));
        assert_eq!(line.jumps, 1);
        let late = line.slacks[450..].iter().filter(|s| **s < 0.0).count();
        assert!(late < 12, "{late} late of {}: {:?}", line.slacks[450..].len(), &line.slacks[450..]);
    }

    #[test]
    fn a_longer_way_up_is_answered_within_a_second() {
        let mut line = Line::new(20.0, 20.0);
        line.run(100, 200, |_| 0.0);
        line.run(300, 60, |_| 150.0);
        assert!(line.slacks[235..].iter().all(|s| *s >= 0.0), "{:?}", &line.slacks[195..]);
    }

    #[test]
    fn one_stall_does_not_cost_much_lead() {
        let mut line = Line::new(20.0, 20.0);
        line.run(100, 200, |_| 0.0);
        let before = line.clock.lead_ticks();
        line.run(300, 30, |t| if (305..315).contains(&t) { f64::from(315 - t) * 33.3 } else { 0.0 });
        assert!(line.clock.lead_ticks() - before <= 4.0, "{} to {}", before, line.clock.lead_ticks());
        line.run(330, 900, |_| 0.0);
        assert!(line.clock.lead_ticks() - before <= 0.75, "{} to {}", before, line.clock.lead_ticks());
    }

    #[test]
    fn a_late_machine_skips_instead_of_spiralling() {
        let mut clock = ClientClock::new(TickRate::DEFAULT);
        assert!(clock.advance(10.0, 0.0).unwrap().jumped);
        let due = clock.advance(16.0, 200.0).unwrap();
        assert_eq!((due.count, due.jumped), (6, false));
        let due = clock.advance(76.0, 2200.0).unwrap();
        assert_eq!((due.count, due.jumped), (1, true));
        assert_eq!(clock.advance(76.0, 2201.0), None);
    }
}
