//! How long a message takes to the server and back, measured by stamps that the server returns.
//! The server answers with its next snapshot, so a single measure is up to a tick too long: the shortest of late counts.

use std::collections::VecDeque;

/// Time between two stamps: no whole number of ticks, so that they fall on different moments of the server's tick.
const EVERY_MS: f64 = 1_011.0;
/// Measures that count.
const MEASURES_MAX: usize = 6;
/// Longer than this is no measure.
const LONGEST_MS: u32 = 60_000;

/// The latest measures.
#[derive(Clone, Debug, Default)]
pub struct RoundTrip {
    next_ms: f64,
    /// Stamps from before this time tell of another way.
    since_ms: f64,
    measures: VecDeque<u32>,
}

impl RoundTrip {
    /// The way changes within `settling_ms`: what is measured before says nothing of it.
    pub fn restart(&mut self, now_ms: f64, settling_ms: f64) {
        let since_ms = now_ms + settling_ms;
        *self = RoundTrip { next_ms: since_ms, since_ms, measures: VecDeque::new() };
    }

    /// The stamp to send now, if one is due.
    pub fn stamp(&mut self, now_ms: f64) -> Option<u32> {
        if now_ms < self.next_ms {
            return None;
        }
        self.next_ms = now_ms + EVERY_MS;
        Some(clock(now_ms))
    }

    /// The server sent `stamp` back.
    pub fn returned(&mut self, stamp: u32, now_ms: f64) {
        let ms = clock(now_ms).wrapping_sub(stamp);
        if ms > LONGEST_MS || now_ms - f64::from(ms) < self.since_ms - 1.0 {
            return;
        }
        if self.measures.len() >= MEASURES_MAX {
            self.measures.pop_front();
        }
        self.measures.push_back(ms);
    }

    /// The round trip time in milliseconds, if it is known.
    pub fn ms(&self) -> Option<u16> {
        self.measures.iter().min().map(|&ms| ms as u16)
    }
}

/// Whole milliseconds that wrap.
fn clock(now_ms: f64) -> u32 {
    (now_ms.max(0.0) as u64 & u64::from(u32::MAX)) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shortest_of_late_counts() {
        let mut trip = RoundTrip::default();
        let start = f64::from(u32::MAX) - 1500.0;
        for (i, ms) in [40.0, 70.0, 55.0].into_iter().enumerate() {
            let now = start + i as f64 * EVERY_MS;
            let stamp = trip.stamp(now).unwrap();
            assert_eq!(trip.stamp(now + 1.0), None);
            trip.returned(stamp, now + ms);
        }
        assert_eq!(trip.ms(), Some(40));
        trip.returned(5, start);
        assert_eq!(trip.ms(), Some(40), "nonsense is no measure");
    }

    #[test]
    fn another_way_is_measured_anew() {
        let mut trip = RoundTrip::default();
        let old = trip.stamp(5000.0).unwrap();
        trip.restart(5020.0, 100.0);
        trip.returned(old, 5090.0);
        assert_eq!((trip.stamp(5119.0), trip.ms()), (None, None));
        let new = trip.stamp(5120.5).unwrap();
        trip.returned(old, 5150.0);
        trip.returned(new, 5271.0);
        assert_eq!(trip.ms(), Some(151));
    }
}
