//! Kinds of network that tests and load imitate, as data: what they add to the way of a byte, and in which direction.
//! It moves no byte and knows no time; `link_lane` carries bytes by it. `starfray load` and the test harness choose.
//!
//! The figures are round ones for what players sit behind, not measurements of one network. They are meant to be hard
//! enough that a fault in the netcode shows, and mild enough that a good client still plays.

/// What one direction adds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Way {
    /// What every byte takes, in milliseconds.
    pub delay_ms: f64,
    /// What chance adds to a segment, 0 to this many milliseconds, small values likelier than large ones.
    pub jitter_ms: f64,
    /// Most bits that pass in a second; `None` is no limit.
    pub bits_per_s: Option<u32>,
    /// Most bytes that are under way or wait in the network; a writer has to keep what exceeds them.
    pub buffer_bytes: usize,
}

/// How often a segment is lost: a channel that changes between a good and a bad state by chance.
/// After E. N. Gilbert, "Capacity of a Burst-Noise Channel" (1960), and E. O. Elliott, "Estimates of Error Rates for
/// Codes on Burst-Noise Channels" (1963); states last for a time, not for a number of segments, because a fade does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Losses {
    /// Mean length of the good state in milliseconds.
    pub good_ms: f64,
    /// Mean length of the bad state in milliseconds.
    pub bad_ms: f64,
    /// Share of segments lost in the good state, 0 to 1.
    pub good_loss: f32,
    /// Share of segments lost in the bad state, 0 to 1.
    pub bad_loss: f32,
}

/// A kind of network between a client and the server.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LinkProfile {
    /// What it is called on a command line.
    pub name: &'static str,
    /// From the server to the client.
    pub down: Way,
    /// From the client to the server.
    pub up: Way,
    /// What both directions lose; `None` is nothing.
    pub losses: Option<Losses>,
}

const KIB: usize = 1024;

const fn way(delay_ms: f64, jitter_ms: f64, bits_per_s: u32, buffer_bytes: usize) -> Way {
    Way { delay_ms, jitter_ms, bits_per_s: Some(bits_per_s), buffer_bytes }
}

const UNTOUCHED: Way = Way { delay_ms: 0.0, jitter_ms: 0.0, bits_per_s: None, buffer_bytes: 1024 * KIB };

/// Nothing is added.
pub const CLEAN: LinkProfile = LinkProfile { name: "clean", down: UNTOUCHED, up: UNTOUCHED, losses: None };

/// A wired line at home.
pub const DSL: LinkProfile = LinkProfile {
    name: "dsl",
    down: way(12.0, 3.0, 16_000_000, 64 * KIB),
    up: way(12.0, 3.0, 1_000_000, 32 * KIB),
    losses: Some(Losses { good_ms: 60_000.0, bad_ms: 50.0, good_loss: 0.0, bad_loss: 0.2 }),
};

/// A wireless network in the same room as its router.
pub const WIFI: LinkProfile = LinkProfile {
    name: "wifi",
    down: way(14.0, 12.0, 30_000_000, 64 * KIB),
    up: way(14.0, 12.0, 15_000_000, 64 * KIB),
    losses: Some(Losses { good_ms: 15_000.0, bad_ms: 120.0, good_loss: 0.000_2, bad_loss: 0.15 }),
};

/// A wireless network two walls away, with neighbours on the same channel.
pub const BAD_WIFI: LinkProfile = LinkProfile {
    name: "bad-wifi",
    down: way(18.0, 60.0, 4_000_000, 64 * KIB),
    up: way(18.0, 60.0, 2_000_000, 32 * KIB),
    losses: Some(Losses { good_ms: 3_000.0, bad_ms: 250.0, good_loss: 0.002, bad_loss: 0.3 }),
};

/// A telephone on the move.
pub const MOBILE: LinkProfile = LinkProfile {
    name: "mobile",
    down: way(38.0, 40.0, 6_000_000, 128 * KIB),
    up: way(38.0, 40.0, 1_500_000, 64 * KIB),
    losses: Some(Losses { good_ms: 8_000.0, bad_ms: 400.0, good_loss: 0.000_5, bad_loss: 0.25 }),
};

/// A line that its operator has slowed down to less than the game wants, with a deep buffer before the brake: what is
/// sent without care waits there for eight seconds.
pub const THROTTLED_16KBIT: LinkProfile = LinkProfile {
    name: "throttled-16kbit",
    down: way(35.0, 10.0, 16_000, 16 * KIB),
    up: way(35.0, 10.0, 16_000, 16 * KIB),
    losses: None,
};

/// All kinds, mildest first.
pub static LINK_PROFILES: [LinkProfile; 6] = [CLEAN, DSL, WIFI, BAD_WIFI, MOBILE, THROTTLED_16KBIT];

impl LinkProfile {
    /// The kind called `name`, if there is one.
    pub fn named(name: &str) -> Option<&'static LinkProfile> {
        LINK_PROFILES.iter().find(|profile| profile.name == name)
    }

    /// Whether it adds nothing, so that no lane is needed.
    pub fn is_clean(&self) -> bool {
        *self == CLEAN
    }

    /// The round trip of a small segment without losses and queues, in milliseconds: both delays and the mean of what
    /// chance adds to them.
    pub fn round_trip_ms(&self) -> f64 {
        self.down.delay_ms + self.up.delay_ms + (self.down.jitter_ms + self.up.jitter_ms) / 3.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_found_by_its_name_and_makes_sense() {
        for profile in LINK_PROFILES {
            assert_eq!(LinkProfile::named(profile.name), Some(&profile));
            assert_eq!(profile.is_clean(), profile.name == "clean");
            for way in [profile.down, profile.up] {
                assert!(way.delay_ms >= 0.0 && way.jitter_ms >= 0.0 && way.buffer_bytes > 0);
                assert!(way.bits_per_s.is_none_or(|bits| bits > 0));
            }
            let Some(losses) = profile.losses else { continue };
            assert!(losses.good_ms > losses.bad_ms && losses.bad_ms > 0.0);
            assert!((0.0..losses.bad_loss).contains(&losses.good_loss) && losses.bad_loss < 1.0);
        }
        assert_eq!(LinkProfile::named("carrier pigeon"), None);
        assert_eq!(Some(CLEAN.round_trip_ms()), Some(0.0));
    }
}
