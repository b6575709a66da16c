//! How well one way of the feed does beside others: requests, bytes, events, and how late news come. Lateness is
//! reckoned against the quickest arrival on any way, since a page cannot know the server's clock.
//! It knows no transport and no page; `/compare` feeds it.

use std::collections::VecDeque;

/// What counts for figures of this moment, in milliseconds.
const WINDOW_MS: f64 = 5_000.0;
/// For how long a quick arrival is what others are held against, at least and at most twice: clocks drift.
const QUICKEST_KEPT_MS: f64 = 30_000.0;
/// What comes first waited on the server, so it tells nothing about the way.
const SETTLING_MS: f64 = 2_000.0;
/// Events that are kept for the window; a way that brings more is counted by its newest.
const KEPT_MAX: usize = 1_024;

/// The quickest news of all ways: when a tick's news would arrive if nothing held them up.
#[derive(Clone, Copy, Debug, Default)]
pub struct Quickest {
    /// Arrival less the tick's time, the least of this window and of the one before.
    now: Option<f64>,
    before: Option<f64>,
    since_ms: f64,
    /// The quickest answer to a request, in milliseconds.
    round_trip_ms: Option<f64>,
}

impl Quickest {
    /// News of the moment `tick_ms` of the match came.
    pub fn note(&mut self, tick_ms: f64, now_ms: f64) {
        if now_ms - self.since_ms > QUICKEST_KEPT_MS {
            (self.before, self.now, self.since_ms) = (self.now, None, now_ms);
        }
        let offset = now_ms - tick_ms;
        self.now = Some(self.now.map_or(offset, |least| least.min(offset)));
    }

    /// A request was answered at once, after so long.
    pub fn note_round_trip(&mut self, ms: f64) {
        self.round_trip_ms = Some(self.round_trip_ms.map_or(ms, |least| least.min(ms)));
    }

    /// How long after it happened news of `tick_ms` are seen at `now_ms`: behind the quickest, and half the quickest
    /// round trip more. `None` before any came.
    pub fn late_ms(&self, tick_ms: f64, now_ms: f64) -> Option<f64> {
        let least = self.now.into_iter().chain(self.before).reduce(f64::min)?;
        Some((now_ms - tick_ms - least).max(0.0) + self.round_trip_ms.unwrap_or(0.0) / 2.0)
    }
}

/// One way's figures.
#[derive(Clone, Debug, Default)]
pub struct WayFigures {
    /// Requests so far.
    pub requests: u32,
    /// Bytes of answers so far, without headers.
    pub bytes: u64,
    /// Events so far.
    pub events: u32,
    opened_ms: f64,
    /// When events came, and how late each was, if that tells something.
    recent: VecDeque<(f64, Option<f64>)>,
}

impl WayFigures {
    /// It was opened: what comes first tells nothing about how late it is.
    pub fn opened(&mut self, now_ms: f64) {
        self.opened_ms = now_ms;
    }

    /// An event came, so late if that is known.
    pub fn event(&mut self, late_ms: Option<f64>, now_ms: f64) {
        self.events += 1;
        let late_ms = late_ms.filter(|_| now_ms - self.opened_ms > SETTLING_MS);
        if self.recent.len() >= KEPT_MAX {
            self.recent.pop_front();
        }
        self.recent.push_back((now_ms, late_ms));
    }

    /// Forgets what is older than the window.
    pub fn pass(&mut self, now_ms: f64) {
        while self.recent.front().is_some_and(|(at_ms, _)| now_ms - at_ms > WINDOW_MS) {
            self.recent.pop_front();
        }
    }

    /// Events in a second, over the window.
    pub fn events_per_s(&self) -> f64 {
        self.recent.len() as f64 * 1000.0 / WINDOW_MS
    }

    /// How late events of the window were, on average and at most, in milliseconds.
    pub fn late_ms(&self) -> Option<(f64, f64)> {
        let late = self.recent.iter().filter_map(|(_, late_ms)| *late_ms);
        let (count, sum, most) = late.fold((0, 0.0, 0.0), |(count, sum, most): (u32, f64, f64), late_ms| {
            (count + 1, sum + late_ms, most.max(late_ms))
        });
        (count > 0).then(|| (sum / f64::from(count), most))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lateness_is_what_the_quickest_way_would_have_saved() {
        let mut quickest = Quickest::default();
        assert_eq!(quickest.late_ms(0.0, 5.0), None);
        quickest.note(0.0, 7_020.0);
        quickest.note(100.0, 7_130.0);
        assert_eq!(quickest.late_ms(100.0, 7_620.0), Some(500.0));
        quickest.note_round_trip(30.0);
        quickest.note_round_trip(80.0);
        assert_eq!(quickest.late_ms(100.0, 7_620.0), Some(515.0));
        // The clocks drift apart: after a minute at most only the newer arrivals count.
        for s in 0..70 {
            let tick_ms = 1000.0 * f64::from(s);
            quickest.note(tick_ms, tick_ms + 7_050.0);
        }
        assert_eq!(quickest.late_ms(70_000.0, 77_050.0), Some(15.0));
    }

    #[test]
    fn figures_are_of_the_last_seconds() {
        let mut figures = WayFigures::default();
        figures.opened(0.0);
        for i in 0..100 {
            let now_ms = f64::from(i) * 100.0;
            figures.event(Some(if i < 20 { 9_000.0 } else { f64::from(i % 2) * 100.0 }), now_ms);
            figures.pass(now_ms);
            if i < 20 {
                assert_eq!(figures.late_ms(), None, "the burst at the beginning");
            }
        }
        assert!((figures.events_per_s() - 10.2).abs() < 0.3, "{}", figures.events_per_s());
        let (mean, most) = figures.late_ms().unwrap();
        assert!((mean - 50.0).abs() < 2.0 && most == 100.0, "{mean} {most}");
        figures.pass(60_000.0);
        assert_eq!((figures.late_ms(), figures.events), (None, 100));
    }
}
