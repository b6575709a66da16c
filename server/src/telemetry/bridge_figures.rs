//! How the bridge to a message broker does: whether it is connected, and what it published and dropped.
//! The bridge counts; names stand here. Without a broker all of them stay at zero.

use metrics::{Counter, Gauge, counter, gauge};

/// Whether the broker answers, 0 or 1.
const CONNECTED: &str = "starfray_nats_connected";
/// Events that the broker has taken.
const PUBLISHED: &str = "starfray_nats_published_total";
/// Events that the broker was never given, or did not confirm.
const DROPPED: &str = "starfray_nats_dropped_total";
/// Times that a connection to the broker was made.
const CONNECTS: &str = "starfray_nats_connects_total";

/// The bridge's figures. Cheap to clone.
#[derive(Clone)]
pub struct BridgeFigures {
    /// 1 while the broker answers.
    pub connected: Gauge,
    /// Events that the broker has taken.
    pub published: Counter,
    /// Events that consumers miss.
    pub dropped: Counter,
    /// Connections that were made.
    pub connects: Counter,
}

impl BridgeFigures {
    /// Handles of the installed recorder; after `start_metrics`, else they count into nothing.
    #[expect(
        clippy::new_without_default,
        reason = "it registers with a recorder, which a default must not do"
    )]
    pub fn new() -> BridgeFigures {
        BridgeFigures {
            connected: gauge!(CONNECTED),
            published: counter!(PUBLISHED),
            dropped: counter!(DROPPED),
            connects: counter!(CONNECTS),
        }
    }
}

impl std::fmt::Debug for BridgeFigures {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BridgeFigures").finish_non_exhaustive()
    }
}

/// Says what each is, and puts it at zero.
pub(super) fn describe() {
    metrics::describe_gauge!(CONNECTED, "Whether the message broker answers, 0 or 1");
    metrics::describe_counter!(PUBLISHED, "Feed events that the message broker has taken");
    metrics::describe_counter!(DROPPED, "Feed events that the message broker did not get or did not confirm");
    metrics::describe_counter!(CONNECTS, "Connections made to the message broker");
    let figures = BridgeFigures::new();
    figures.connected.set(0);
    figures.published.absolute(0);
    figures.dropped.absolute(0);
    figures.connects.absolute(0);
}
