//! Why a feed ends for a spectator, as a word and as the code that a WebSocket closes with.
//! A match ends a feed for everybody; a spectators' thread ends one connection, whose reader comes back with its cursor.

use shared::protocol::CloseReason;

/// Why a connection to a feed ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// As a player's link does; by the match for everybody, or for what this reader did.
    Link(CloseReason),
    /// Nothing happened in the feed for too long.
    Idle,
    /// The connection is old; a new one may find another way through proxies and servers.
    Aged,
}

impl Ending {
    /// The WebSocket close code: 4000 to 4499 is to come back, 4500 to 4999 is not to.
    pub fn code(self) -> u16 {
        match self {
            Ending::Link(reason) => reason.code(),
            Ending::Idle => 4012,
            Ending::Aged => 4013,
        }
    }

    /// The stable word, also used in metrics.
    pub fn word(self) -> &'static str {
        match self {
            Ending::Link(reason) => reason.word(),
            Ending::Idle => "idle",
            Ending::Aged => "aged",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_feeds_are_none_of_players() {
        for ending in [Ending::Idle, Ending::Aged] {
            assert!((4000..4500).contains(&ending.code()), "to come back");
            let taken = |r: &CloseReason| r.code() == ending.code() || r.word() == ending.word();
            assert!(!CloseReason::ALL.iter().any(taken), "{ending:?}");
        }
        assert_eq!(Ending::Link(CloseReason::MatchEnded).code(), 4510);
    }
}
