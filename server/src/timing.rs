//! The times and rates that every match of a server keeps; hosts can't change them.
//! They come from the config and are handed on whole.

use std::time::Duration;

use crate::config::Config;

/// Times and rates of links and seats.
#[derive(Clone, Debug)]
pub struct Timing {
    /// Time between two pings of a player's link.
    pub ping_every: Duration,
    /// Silence after which a player's link is dead.
    pub silence_after: Duration,
    /// Time for which a seat is kept without a link.
    pub limbo: Duration,
    /// Time without thrust or fire in a round after which a player's seat is for others; none is never.
    pub inactive: Duration,
    /// Messages that a player may send in a second; a burst of twice as many is forgiven.
    pub messages_per_s: u32,
    /// Silence after which a spectator is sent a heartbeat.
    pub feed_heartbeat: Duration,
    /// Time without any event after which a spectator's connection ends.
    pub feed_idle: Duration,
    /// Age at which a spectator's connection ends, less up to a fifth by chance.
    pub feed_age: Duration,
    /// Time that a spectator is told to wait before coming back, in milliseconds.
    pub sse_retry_ms: u32,
    /// Time for which an empty match is kept, unless the server keeps it always.
    pub empty_match: Duration,
}

impl Timing {
    /// The times that a config says; the others are the usual ones.
    pub fn of(config: &Config) -> Timing {
        Timing {
            ping_every: config.ping_every_s.0,
            silence_after: config.silence_after_s.0,
            limbo: config.limbo_s.0,
            inactive: config.inactive_s.0,
            feed_heartbeat: config.feed_heartbeat_s.0,
            feed_idle: config.feed_idle_s.0,
            feed_age: config.feed_age_s.0,
            ..Timing::default()
        }
    }
}

impl Default for Timing {
    fn default() -> Self {
        Timing {
            ping_every: Duration::from_secs(5),
            silence_after: Duration::from_secs(15),
            limbo: Duration::from_secs(30),
            inactive: Duration::from_secs(60),
            messages_per_s: 120,
            feed_heartbeat: Duration::from_secs(15),
            feed_idle: Duration::from_secs(300),
            feed_age: Duration::from_secs(1800),
            sse_retry_ms: 2000,
            empty_match: Duration::from_secs(300),
        }
    }
}
