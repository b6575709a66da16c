//! Why the server ends a player's link: every reason with its close code, its word, and whether to come back.
//! It knows no message; `protocol` hands it on, since whoever speaks the protocol needs it.

/// Why the server ends a player's link. Codes 4000 to 4499 mean: come back; 4500 to 4999: do not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CloseReason {
    /// The client said that it leaves.
    Left,
    /// The server is about to stop or restart.
    GoingAway,
    /// Nothing came from the client for too long.
    Silent,
    /// The client did not read what was sent.
    Slow,
    /// The same seat has a newer link.
    Replaced,
    /// The token is not valid, or its seat is no more.
    BadToken,
    /// The bytes make no sense.
    BadMessage,
    /// The bytes are no WebSocket frame that a client may send.
    BadFrame,
    /// A message is too long.
    TooLarge,
    /// Too many messages in a second.
    TooMany,
    /// Client and server speak different versions.
    ProtocolVersion,
    /// The match is over.
    MatchEnded,
    /// Somebody with the right to do so removed the player.
    Kicked,
    /// The same, and they may not come back.
    Banned,
    /// The player did nothing for so long that others get the seat.
    Inactive,
    /// The server failed.
    Internal,
    /// The socket broke, or its other end went away.
    ConnectionLost,
}

impl CloseReason {
    /// All reasons, for documents and tests.
    pub const ALL: [CloseReason; 17] = [
        CloseReason::Left,
        CloseReason::GoingAway,
        CloseReason::Silent,
        CloseReason::Slow,
        CloseReason::Replaced,
        CloseReason::BadToken,
        CloseReason::BadMessage,
        CloseReason::BadFrame,
        CloseReason::TooLarge,
        CloseReason::TooMany,
        CloseReason::ProtocolVersion,
        CloseReason::MatchEnded,
        CloseReason::Kicked,
        CloseReason::Banned,
        CloseReason::Inactive,
        CloseReason::Internal,
        CloseReason::ConnectionLost,
    ];

    /// The WebSocket close code.
    pub fn code(self) -> u16 {
        match self {
            CloseReason::Left | CloseReason::ConnectionLost => 1000,
            CloseReason::GoingAway => 1012,
            CloseReason::Silent => 4007,
            CloseReason::Slow => 4008,
            CloseReason::Internal => 4011,
            CloseReason::Replaced => 4502,
            CloseReason::BadToken => 4503,
            CloseReason::BadMessage => 4507,
            CloseReason::BadFrame => 1002,
            CloseReason::TooLarge => 1009,
            CloseReason::TooMany => 4529,
            CloseReason::ProtocolVersion => 4505,
            CloseReason::MatchEnded => 4510,
            CloseReason::Kicked => 4511,
            CloseReason::Banned => 4512,
            CloseReason::Inactive => 4513,
        }
    }

    /// The stable word, also used in metrics and error bodies.
    pub fn word(self) -> &'static str {
        match self {
            CloseReason::Left => "left",
            CloseReason::GoingAway => "going_away",
            CloseReason::Silent => "silent",
            CloseReason::Slow => "slow",
            CloseReason::Replaced => "replaced",
            CloseReason::BadToken => "bad_token",
            CloseReason::BadMessage => "bad_message",
            CloseReason::BadFrame => "bad_frame",
            CloseReason::TooLarge => "too_large",
            CloseReason::TooMany => "too_many",
            CloseReason::ProtocolVersion => "protocol_version",
            CloseReason::MatchEnded => "match_ended",
            CloseReason::Kicked => "kicked",
            CloseReason::Banned => "banned",
            CloseReason::Inactive => "inactive",
            CloseReason::Internal => "internal",
            CloseReason::ConnectionLost => "connection_lost",
        }
    }

    /// Whether the seat is free with the link.
    pub fn frees_seat(self) -> bool {
        matches!(self, CloseReason::Left | CloseReason::Kicked | CloseReason::Banned | CloseReason::Inactive)
    }

    /// Whether a client that gets this should try again with the same token.
    pub fn come_back(self) -> bool {
        matches!(
            self,
            CloseReason::GoingAway
                | CloseReason::Silent
                | CloseReason::Slow
                | CloseReason::Internal
                | CloseReason::ConnectionLost
        )
    }
}
