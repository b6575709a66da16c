//! Which moment of the past to draw: late enough that the next news are usually there, and no later.
//! The delay rises at once when the line gets rougher and falls slowly; the clock itself never jumps, unless far off.
//! News that the server left out are no jitter: only when most are left out the delay covers the longer interval.

use crate::server_clock::ServerClock;
use shared::bounds::within;

/// What the delay has beyond one interval on a line without jitter.
const MARGIN_MS: f64 = 6.0;
/// Longest delay of a player's picture.
const DELAY_MAX_MS: f64 = 250.0;
/// Room for jitter beyond one interval when the interval itself is long.
const JITTER_ROOM_MS: f64 = 200.0;
/// Share of the measured jitter that the delay covers.
const JITTER_COVER: f64 = 1.5;
/// Slowest fall of the delay, in milliseconds for each second.
const FALL_MS_PER_S: f64 = 8.0;
/// Share of the surplus delay that goes in a second, if that is faster.
const FALL_SHARE_PER_S: f64 = 0.5;
/// Speeds of the picture against real time.
const SPEED: (f64, f64) = (0.85, 1.05);
/// Being off by more than this sets the clock anew.
const JUMP_MS: f64 = 300.0;

/// The clock of what is drawn.
#[derive(Clone, Debug)]
pub struct Playout {
    /// Milliseconds between two news.
    interval_ms: f64,
    delay_ms: f64,
    tick: Option<f64>,
    last_ms: f64,
}

impl Playout {
    /// A clock for news that come every `interval_ms`.
    pub fn new(interval_ms: f64) -> Playout {
        Playout { interval_ms, delay_ms: 0.0, tick: None, last_ms: 0.0 }
    }

    /// From now on news come every `interval_ms`.
    pub fn set_interval(&mut self, interval_ms: f64) {
        self.interval_ms = interval_ms;
    }

    /// The moment to draw, in ticks with fraction.
    pub fn tick(&self) -> Option<f64> {
        self.tick
    }

    /// The delay behind the newest news' expected arrival, in milliseconds.
    pub fn delay_ms(&self) -> f64 {
        self.delay_ms
    }

    /// Lets the picture run to `now_ms`.
    pub fn advance(&mut self, clock: &ServerClock, now_ms: f64) {
        let Some(arriving) = clock.tick_at(now_ms) else { return };
        let passed_ms = (now_ms - self.last_ms).max(0.0);
        self.last_ms = self.last_ms.max(now_ms);
        let period_ms = clock.period_ms();
        let interval_ms = self.interval_ms.max(clock.interval_ticks() * period_ms);
        self.steer_delay(interval_ms, clock.jitter_ms(), passed_ms);
        let goal = arriving - self.delay_ms / period_ms;
        let passed = passed_ms / period_ms;
        self.tick = Some(match self.tick {
            Some(tick) if (goal - tick - passed).abs() * period_ms <= JUMP_MS => {
                within(goal, tick + passed * SPEED.0, tick + passed * SPEED.1)
            }
            _ => goal,
        });
    }

    fn steer_delay(&mut self, interval_ms: f64, jitter_ms: f64, passed_ms: f64) {
        let longest = DELAY_MAX_MS.max(interval_ms + JITTER_ROOM_MS);
        let goal = (interval_ms + MARGIN_MS + JITTER_COVER * jitter_ms).min(longest);
        let surplus = self.delay_ms - goal;
        let fall = FALL_MS_PER_S.max(surplus * FALL_SHARE_PER_S) * passed_ms / 1000.0;
        self.delay_ms = if self.tick.is_none() { goal } else { goal.max(self.delay_ms - fall) };
    }
}

#[cfg(test)]
mod tests {
    use shared::tick::Tick;

    use super::*;

    const PERIOD: f64 = 100.0 / 3.0;

    /// Runs a minute of arrivals that are late by `late(tick)`; returns the clock and the largest backward or forward
    /// step against real time.
    fn run(ticks: u32, late: impl Fn(u32) -> f64) -> (Playout, f64) {
        let (mut clock, mut playout) = (ServerClock::new(PERIOD), Playout::new(PERIOD));
        let mut arrivals: Vec<(f64, u32)> =
            (0..ticks).map(|t| (f64::from(t) * PERIOD + late(t), t)).collect();
        arrivals.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (mut next, mut worst) = (arrivals.into_iter().peekable(), 0.0f64);
        let mut before: Option<f64> = None;
        let mut now = 0.0;
        while now < f64::from(ticks) * PERIOD {
            while let Some((at, tick)) = next.next_if(|(at, _)| *at <= now) {
                clock.arrived(Tick(tick), at);
            }
            playout.advance(&clock, now);
            if let (Some(old), Some(tick)) = (before, playout.tick()) {
                worst = worst.max((tick - old - 8.0 / PERIOD).abs());
            }
            before = playout.tick();
            now += 8.0;
        }
        (playout, worst)
    }

    #[test]
    fn a_clean_line_has_the_shortest_delay_and_a_steady_picture() {
        let (playout, worst) = run(300, |_| 30.0);
        assert!((playout.delay_ms() - PERIOD - MARGIN_MS).abs() < 1e-6, "{}", playout.delay_ms());
        assert!(worst < 0.05, "{worst}");
    }

    #[test]
    fn jitter_raises_the_delay_within_bounds() {
        let (playout, worst) = run(600, |t| f64::from(t * 7919 % 41));
        assert!((80.0..110.0).contains(&playout.delay_ms()), "{}", playout.delay_ms());
        assert!(worst < 0.05, "{worst}");
        let (rough, _) = run(600, |t| f64::from(t * 7919 % 400));
        assert!((rough.delay_ms() - DELAY_MAX_MS).abs() < 1e-6);
    }

    #[test]
    fn what_the_server_leaves_out_is_no_jitter() {
        let (mut clock, mut playout) = (ServerClock::new(PERIOD), Playout::new(PERIOD));
        let mut delay_after = |ticks: std::ops::Range<u32>, sent: fn(u32) -> bool| {
            for tick in ticks {
                let now_ms = f64::from(tick) * PERIOD;
                if sent(tick) {
                    clock.arrived(Tick(tick), now_ms);
                }
                playout.advance(&clock, now_ms);
            }
            playout.delay_ms()
        };
        let clean_ms = PERIOD + MARGIN_MS;
        assert!((delay_after(0..300, |t| t % 5 != 0 && !(100..110).contains(&t)) - clean_ms).abs() < 1e-6);
        assert!((delay_after(300..600, |t| t % 3 == 0) - clean_ms - 2.0 * PERIOD).abs() < 1e-6);
    }

    #[test]
    fn the_delay_falls_when_the_line_calms_down() {
        let (playout, _) = run(900, |t| if t < 300 { f64::from(t * 7919 % 100) } else { 0.0 });
        assert!(playout.delay_ms() < 60.0, "{}", playout.delay_ms());
    }
}
