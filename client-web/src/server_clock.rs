//! When a tick's news should be here: the server's clock as seen through the fastest message of the last two seconds.
//! It knows arrivals and nothing else; the play-out clock and the client's own tick clock are built on it.

use std::collections::VecDeque;

use shared::tick::Tick;

/// How long an arrival counts.
const WINDOW_MS: f64 = 2_000.0;
/// Most arrivals that are kept; beyond it the oldest goes.
const ARRIVALS_MAX: usize = 160;
/// The share of arrivals that the jitter covers.
const JITTER_SHARE: f64 = 0.9;

/// An estimate of when each tick's news arrives, if nothing delays it.
#[derive(Clone, Debug)]
pub struct ServerClock {
    period_ms: f64,
    arrivals: VecDeque<Arrival>,
    /// When tick 0 would have arrived by the fastest way.
    origin_ms: f64,
    newest: Option<Arrival>,
}

#[derive(Clone, Copy, Debug)]
struct Arrival {
    tick: Tick,
    at_ms: f64,
    /// When tick 0 would have arrived on the same way.
    origin_ms: f64,
}

impl ServerClock {
    /// A clock for ticks of `period_ms`, without any arrival.
    pub fn new(period_ms: f64) -> ServerClock {
        ServerClock { period_ms, arrivals: VecDeque::new(), origin_ms: 0.0, newest: None }
    }

    /// Length of a tick in milliseconds.
    pub fn period_ms(&self) -> f64 {
        self.period_ms
    }

    /// News of `tick` arrived.
    pub fn arrived(&mut self, tick: Tick, now_ms: f64) {
        let origin_ms = now_ms - f64::from(tick.0) * self.period_ms;
        let arrival = Arrival { tick, at_ms: now_ms, origin_ms };
        let too_old = |a: &Arrival| a.at_ms < now_ms - WINDOW_MS;
        while self.arrivals.len() >= ARRIVALS_MAX || self.arrivals.front().is_some_and(too_old) {
            self.arrivals.pop_front();
        }
        self.arrivals.push_back(arrival);
        self.newest = Some(arrival);
        self.origin_ms = self.arrivals.iter().map(|a| a.origin_ms).fold(f64::INFINITY, f64::min);
    }

    /// The tick, with its fraction, whose news would arrive right now by the fastest way.
    pub fn tick_at(&self, now_ms: f64) -> Option<f64> {
        self.newest.map(|_| (now_ms - self.origin_ms) / self.period_ms)
    }

    /// The newest tick that has arrived.
    pub fn newest(&self) -> Option<Tick> {
        self.newest.map(|a| a.tick)
    }

    /// Milliseconds since the last arrival.
    pub fn silence_ms(&self, now_ms: f64) -> Option<f64> {
        self.newest.map(|a| now_ms - a.at_ms)
    }

    /// Milliseconds by which the news after the newest is late, if news come every `interval_ticks`; negative is early.
    pub fn lateness_ms(&self, now_ms: f64, interval_ticks: f64) -> Option<f64> {
        let newest = self.newest?;
        Some(now_ms - self.origin_ms - (f64::from(newest.tick.0) + interval_ticks) * self.period_ms)
    }

    /// Ticks between two news, in the middle of the last ones; 1 while that is unknown.
    pub fn interval_ticks(&self) -> f64 {
        let ticks = self.arrivals.iter().map(|a| a.tick);
        let mut gaps: Vec<f64> =
            ticks.clone().skip(1).zip(ticks).map(|(next, tick)| f64::from(next.since(tick))).collect();
        gaps.sort_unstable_by(f64::total_cmp);
        gaps.get(gaps.len() / 2).copied().unwrap_or(1.0)
    }

    /// The lateness in milliseconds that nine arrivals of ten stay below.
    pub fn jitter_ms(&self) -> f64 {
        let mut late: Vec<f64> = self.arrivals.iter().map(|a| a.origin_ms - self.origin_ms).collect();
        late.sort_unstable_by(f64::total_cmp);
        let index = (late.len() as f64 * JITTER_SHARE) as usize;
        late.get(index.min(late.len().saturating_sub(1))).copied().unwrap_or(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PERIOD: f64 = 100.0 / 3.0;

    #[test]
    fn the_fastest_arrival_sets_the_clock() {
        let mut clock = ServerClock::new(PERIOD);
        assert_eq!(clock.tick_at(5.0), None);
        for tick in 0..60u32 {
            let late = if tick % 3 == 0 { 0.0 } else { 20.0 };
            clock.arrived(Tick(tick), 1000.0 + f64::from(tick) * PERIOD + late);
        }
        let now = 1000.0 + 59.0 * PERIOD;
        assert!((clock.tick_at(now).unwrap() - 59.0).abs() < 1e-6);
        assert!((clock.jitter_ms() - 20.0).abs() < 1e-6);
        assert!((clock.lateness_ms(now + 300.0, 1.0).unwrap() - (300.0 - PERIOD)).abs() < 1e-6);
    }

    #[test]
    fn a_way_that_got_longer_is_learnt_within_the_window() {
        let mut clock = ServerClock::new(PERIOD);
        for tick in 0..150u32 {
            let late = if tick < 60 { 0.0 } else { 100.0 };
            clock.arrived(Tick(tick), f64::from(tick) * PERIOD + late);
        }
        assert!((clock.tick_at(149.0 * PERIOD + 100.0).unwrap() - 149.0).abs() < 1e-6);
        assert!(clock.jitter_ms() < 1e-6);
    }
}
