//! Bytes of players' links, counted apart for each transport that may carry them. A match owns one, counts in its tick
//! and hands the sums on at the tick's end: a counter that all threads share costs more than an addition. It knows no link.

use super::{Traffic, Transport};

/// Bytes of players' links by transport. Make it once for each match.
#[derive(Clone, Debug)]
pub struct PlayerTraffic {
    websocket: Tally,
    stream: Tally,
    poll: Tally,
}

/// Bytes of one transport that were not handed on yet.
#[derive(Clone, Debug)]
struct Tally {
    sent: u64,
    received: u64,
    counters: Traffic,
}

impl PlayerTraffic {
    /// Handles of the installed recorder; after [`super::start_metrics`], else they count into nothing.
    #[expect(
        clippy::new_without_default,
        reason = "it registers with a recorder, which a default must not do"
    )]
    pub fn new() -> PlayerTraffic {
        let tally = |transport| Tally { sent: 0, received: 0, counters: Traffic::new(transport) };
        PlayerTraffic {
            websocket: tally(Transport::WebSocket),
            stream: tally(Transport::Stream),
            poll: tally(Transport::Poll),
        }
    }

    /// A link that `transport` carries was sent so many bytes.
    pub fn note_sent(&mut self, transport: Transport, bytes: u64) {
        self.of(transport).sent += bytes;
    }

    /// So many bytes came over a link that `transport` carries.
    pub fn note_received(&mut self, transport: Transport, bytes: u64) {
        self.of(transport).received += bytes;
    }

    /// Hands on what was noted.
    pub fn pass(&mut self) {
        for Tally { sent, received, counters } in [&mut self.websocket, &mut self.stream, &mut self.poll] {
            counters.sent.increment(std::mem::take(sent));
            counters.received.increment(std::mem::take(received));
        }
    }

    fn of(&mut self, transport: Transport) -> &mut Tally {
        match transport {
            Transport::Stream => &mut self.stream,
            Transport::Poll => &mut self.poll,
            _ => &mut self.websocket,
        }
    }
}
