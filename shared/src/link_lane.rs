//! One direction of a made-up network that carries a TCP stream: bytes come out later, whole and in order.
//! What the network loses shows as on TCP, as a stall of everything behind it. The owner says what time it is, and
//! reads and writes the real stream; the same seed and the same calls give the same times.
//!
//! A segment goes through three places: the air, where chance delays or loses it; the narrowest line, which lets so
//! many bits through; and the distance, which takes its time. Nobody overtakes.

use std::collections::VecDeque;

use crate::link_profile::{LinkProfile, Way};
use crate::link_weather::Weather;
use crate::random::Random;

/// Most bytes of the stream in one segment, as on Ethernet with TCP's time stamps.
pub const SEGMENT_BYTES: usize = 1448;
/// Segments that have to come behind a lost one before its sender notices without a timer.
const NOTICED_BEHIND: usize = 3;
/// What the retransmission timer adds to the round trip at least (Linux: `TCP_RTO_MIN`, 200 ms).
const TIMER_MS: f64 = 200.0;
/// After so many losses of the same segment it arrives, so that a stall stays within some seconds.
const LOSSES_MAX: u32 = 4;

/// Which way the bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// To the client.
    Down,
    /// To the server.
    Up,
}

#[derive(Clone, Copy, Debug)]
struct Segment {
    due_ms: f64,
    bytes: usize,
}

/// Bytes on their way.
#[derive(Clone, Debug)]
pub struct Lane {
    way: Way,
    round_trip_ms: f64,
    weather: Option<Weather>,
    luck: Random,
    bytes: VecDeque<u8>,
    segments: VecDeque<Segment>,
    /// When the last few segments were sent.
    sent_ms: [f64; NOTICED_BEHIND],
    /// When the last segment is through the air.
    landed_ms: f64,
    /// When the narrowest line is free.
    free_ms: f64,
}

impl Lane {
    /// An empty lane. `seed` decides all chances; the two lanes of a link have the same one, and so the same weather.
    pub fn new(profile: &LinkProfile, direction: Direction, seed: u64) -> Lane {
        let (way, luck) = match direction {
            Direction::Down => (profile.down, seed.wrapping_mul(2)),
            Direction::Up => (profile.up, seed.wrapping_mul(2).wrapping_add(1)),
        };
        Lane {
            way,
            round_trip_ms: profile.round_trip_ms(),
            weather: profile.losses.map(|losses| Weather::new(losses, !seed)),
            luck: Random::new(luck),
            bytes: VecDeque::new(),
            segments: VecDeque::new(),
            sent_ms: [f64::NEG_INFINITY; NOTICED_BEHIND],
            landed_ms: f64::NEG_INFINITY,
            free_ms: f64::NEG_INFINITY,
        }
    }

    /// From now on the network is of another kind. What is under way arrives when it would have, and nothing overtakes it.
    pub fn change(&mut self, profile: &LinkProfile, direction: Direction, seed: u64) {
        let fresh = Lane::new(profile, direction, seed);
        self.way = fresh.way;
        self.round_trip_ms = fresh.round_trip_ms;
        self.weather = fresh.weather;
    }

    /// Sends as many of `bytes` at `now_ms` as there is room for, and says how many. Time must not go back.
    pub fn push(&mut self, bytes: &[u8], now_ms: f64) -> usize {
        let taken = bytes.len().min(self.room());
        let mut left = taken;
        while left > 0 {
            let count = left.min(SEGMENT_BYTES);
            left -= count;
            let due_ms = self.send(count, left.div_ceil(SEGMENT_BYTES), now_ms);
            self.segments.push_back(Segment { due_ms, bytes: count });
        }
        self.bytes.extend(bytes.iter().take(taken));
        taken
    }

    /// Takes out everything that has arrived by `now_ms`, appends it, and says how much it is.
    pub fn pop(&mut self, now_ms: f64, out: &mut Vec<u8>) -> usize {
        let before = out.len();
        loop {
            let arrived = self.arrived(now_ms);
            if arrived.is_empty() {
                return out.len() - before;
            }
            let count = arrived.len();
            out.extend_from_slice(arrived);
            self.consume(count);
        }
    }

    /// The first bytes that have arrived by `now_ms`, perhaps not all of them; empty if there are none.
    pub fn arrived(&self, now_ms: f64) -> &[u8] {
        let first = self.bytes.as_slices().0;
        let mut count = 0;
        for segment in self.segments.iter().take_while(|segment| segment.due_ms <= now_ms) {
            count += segment.bytes;
            if count >= first.len() {
                return first;
            }
        }
        first.get(..count).unwrap_or(first)
    }

    /// Takes out the first `count` bytes, which must be some that have arrived.
    pub fn consume(&mut self, count: usize) {
        let mut left = count.min(self.bytes.len());
        self.bytes.drain(..left);
        while let Some(segment) = self.segments.front_mut() {
            if segment.bytes > left {
                segment.bytes -= left;
                return;
            }
            left -= segment.bytes;
            self.segments.pop_front();
        }
    }

    /// When the next bytes arrive, in milliseconds; `None` if nothing is under way.
    pub fn next_ms(&self) -> Option<f64> {
        self.segments.front().map(|segment| segment.due_ms)
    }

    /// Bytes that can be pushed now.
    pub fn room(&self) -> usize {
        self.way.buffer_bytes.saturating_sub(self.bytes.len())
    }

    /// Whether nothing is under way.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Sends a segment with `behind` others directly behind it, and says when it arrives.
    fn send(&mut self, bytes: usize, behind: usize, now_ms: f64) -> f64 {
        let luck = f64::from(self.luck.unit());
        let air_ms = luck * luck * self.way.jitter_ms + self.stall_ms(behind, now_ms);
        self.landed_ms = self.landed_ms.max(now_ms + air_ms);
        let line_ms = self.way.bits_per_s.map_or(0.0, |bits| bytes as f64 * 8000.0 / f64::from(bits));
        self.free_ms = self.free_ms.max(self.landed_ms) + line_ms;
        self.free_ms + self.way.delay_ms
    }

    /// How much later a segment gets through the air because it is lost: 0 for most.
    fn stall_ms(&mut self, behind: usize, now_ms: f64) -> f64 {
        let [third, second, first] = self.sent_ms;
        self.sent_ms = [second, first, now_ms];
        let Some(weather) = &mut self.weather else { return 0.0 };
        weather.forget(now_ms);
        // What comes behind is not known yet; a stream is taken to go on as it went.
        let noticed_ms = if behind >= NOTICED_BEHIND { 0.0 } else { now_ms - third };
        let mut timer_ms = self.round_trip_ms + TIMER_MS;
        let mut stall_ms = 0.0;
        for losses in 0..LOSSES_MAX {
            if self.luck.unit() >= weather.loss(now_ms + stall_ms) {
                break;
            }
            if losses == 0 && noticed_ms <= self.round_trip_ms {
                stall_ms += self.round_trip_ms + noticed_ms;
            } else {
                stall_ms += timer_ms;
                timer_ms *= 2.0;
            }
        }
        stall_ms
    }
}

#[cfg(test)]
mod tests;
