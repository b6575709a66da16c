//! Bytes of players' links, counted apart for each transport that may carry them. A match owns one and counts in its
//! tick; it knows no link.

use super::{Traffic, Transport};

/// Bytes of players' links by transport. Make it once for each match.
#[derive(Clone, Debug)]
pub struct PlayerTraffic {
    websocket: Traffic,
    stream: Traffic,
    poll: Traffic,
}

impl PlayerTraffic {
    /// Handles of the installed recorder; after [`super::start_metrics`], else they count into nothing.
    #[expect(
        clippy::new_without_default,
        reason = "it registers with a recorder, which a default must not do"
    )]
    pub fn new() -> PlayerTraffic {
        PlayerTraffic {
            websocket: Traffic::new(Transport::WebSocket),
            stream: Traffic::new(Transport::Stream),
            poll: Traffic::new(Transport::Poll),
        }
    }

    /// The bytes of one transport.
    pub fn of(&self, transport: Transport) -> &Traffic {
        match transport {
            Transport::Stream => &self.stream,
            Transport::Poll => &self.poll,
            _ => &self.websocket,
        }
    }
}
