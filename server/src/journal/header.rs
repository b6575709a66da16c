//! The first record of a journal: which match it is, how it was set up, and by which program and rules it was written.
//! It says whether the commands that follow may be simulated again, or only the newest checkpoint counts.

use serde::{Deserialize, Serialize};
use shared::checksum::Checksum;
use shared::codec::encode;
use shared::simulation::SIMULATION_VERSION;

use crate::settings::MatchSettings;
use crate::settings::stored::StoredSettings;

/// The version of the records' contents. A program reads the versions that it knows, and its own is the newest.
pub const FORMAT_VERSION: u32 = 1;

/// Who a journal is about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Header {
    /// [`FORMAT_VERSION`] of the writer.
    pub format: u32,
    /// [`SIMULATION_VERSION`] of the writer.
    pub simulation: u32,
    /// The writer's version, for people.
    pub program: String,
    /// The numbers and the map that are played by.
    pub rules_hash: u64,
    /// The match's id.
    pub match_id: String,
    /// What decided its chances.
    pub seed: u64,
    /// Whether the server keeps it always.
    pub standing: bool,
    /// When it was hosted, in milliseconds since 1970; lists are in this order.
    pub hosted_at_ms: u64,
    /// What opens its feed, if it has a password.
    pub feed_key: Option<String>,
    /// How it was set up.
    pub settings: StoredSettings,
}

/// What differs from match to match in a header.
#[derive(Clone, Debug)]
pub struct Origin {
    /// The match's id.
    pub match_id: String,
    /// What decided its chances.
    pub seed: u64,
    /// Whether the server keeps it always.
    pub standing: bool,
    /// When it was hosted, in milliseconds since 1970.
    pub hosted_at_ms: u64,
    /// What opens its feed, if it has a password.
    pub feed_key: Option<String>,
}

impl Header {
    /// The header of a match that this program hosts.
    pub fn new(origin: Origin, settings: &MatchSettings) -> Header {
        let Origin { match_id, seed, standing, hosted_at_ms, feed_key } = origin;
        Header {
            format: FORMAT_VERSION,
            simulation: SIMULATION_VERSION,
            program: env!("CARGO_PKG_VERSION").to_owned(),
            rules_hash: rules_hash(settings),
            match_id,
            seed,
            standing,
            hosted_at_ms,
            feed_key,
            settings: StoredSettings::from(settings),
        }
    }

    /// The body of a record. Empty only by a bug; such a body is not read again.
    pub fn to_bytes(&self) -> Vec<u8> {
        rmp_serde::to_vec_named(self).unwrap_or_default()
    }

    /// Reads a body; `None` if this version does not understand it.
    pub fn read(body: &[u8]) -> Option<Header> {
        rmp_serde::from_slice(body).ok().filter(|header: &Header| header.format <= FORMAT_VERSION)
    }

    /// Whether the commands behind it give the same match again in this program.
    pub fn simulates_alike(&self, settings: &MatchSettings) -> bool {
        self.simulation == SIMULATION_VERSION && self.rules_hash == rules_hash(settings)
    }
}

/// A number that stands for the rules and the arena of a match.
fn rules_hash(settings: &MatchSettings) -> u64 {
    let mut sum = Checksum::default();
    let rules = settings.rules();
    sum.add(u64::from(rules.hash()));
    let arena = encode(&settings.arena()).unwrap_or_default();
    [encode(&rules).unwrap_or_default(), arena].concat().iter().for_each(|byte| sum.add(u64::from(*byte)));
    sum.value()
}
