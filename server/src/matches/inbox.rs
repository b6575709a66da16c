//! What others may ask of a match: one bounded queue, emptied at the start of each tick.
//! A full inbox refuses; whoever asked is told and asks again.

use shared::id::PlayerId;
use shared::mode::Team;
use shared::name::PlayerName;
use shared::protocol::CloseReason;
use shared::world::Hull;
use thiserror::Error;
use tokio::sync::oneshot;

use crate::bots::skill::Skill;
use crate::conditions::Conditions;
use crate::link::Arrival;

/// Messages that wait at most.
pub const INBOX_MESSAGES_MAX: usize = 4096;

/// Somebody wants a seat.
#[derive(Clone, Debug)]
pub struct JoinRequest {
    /// What to call them.
    pub name: PlayerName,
    /// The shape of their ship.
    pub hull: Hull,
}

/// Somebody got a seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeatGrant {
    /// The seat.
    pub player: PlayerId,
}

/// Why there is no seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum JoinError {
    /// All places are taken.
    #[error("the match is full")]
    Full,
    /// The host lets nobody in.
    #[error("the host has locked the match; nobody else gets in")]
    Locked,
    /// The match is over.
    #[error("the match is over")]
    Ended,
    /// Too many ask at once.
    #[error("the match is busy; try again in a moment")]
    Busy,
    /// The match is no more.
    #[error("the match is no more")]
    Gone,
}

/// The inbox is full, or the match is no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the match is busy or gone")]
pub struct Busy;

/// Why somebody has to go.
#[derive(Clone, Debug)]
pub struct Dismissal {
    /// For what reason.
    pub reason: CloseReason,
    /// What they are told besides, in one line; empty is nothing.
    pub words: String,
}

impl From<CloseReason> for Dismissal {
    fn from(reason: CloseReason) -> Dismissal {
        Dismissal { reason, words: String::new() }
    }
}

/// What a host can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostAct {
    /// Begin the first round, after a countdown.
    Start,
    /// Let the round stand still.
    Pause,
    /// Let it go on.
    Resume,
    /// Begin the next round now, after a countdown, instead of when everybody has read the results.
    Rematch,
    /// Let nobody else in, or do so again.
    Lock(bool),
    /// End the match.
    End,
    /// One bot more; it and those that come later play with this skill, or with that of the last one.
    AddBot(Option<Skill>),
    /// One bot less.
    RemoveBot,
    /// The next round is on the map that was laid down at the handle.
    Move,
    /// This player changes sides; bots make way.
    Team(PlayerId, Team),
}

/// The match is not in a phase in which the host's act means something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct WrongPhase(
    /// Why not now, and what would do.
    pub &'static str,
);

/// One thing asked of a match.
#[derive(Debug)]
pub enum MatchMessage {
    /// A seat, please.
    Join(JoinRequest, oneshot::Sender<Result<SeatGrant, JoinError>>),
    /// Does this seat exist?
    HasSeat(PlayerId, oneshot::Sender<bool>),
    /// A link for a seat.
    Attach(PlayerId, Arrival),
    /// A spare link for a seat: it takes over once it has answered.
    Spare(PlayerId, Arrival),
    /// The host's act, answered with whether it was the time for it.
    Host(HostAct, oneshot::Sender<Result<(), WrongPhase>>),
    /// This player is the host from now on, by the token of this turn; answered with whether they are there to hear it.
    HandOver(PlayerId, (u16, String), oneshot::Sender<bool>),
    /// It is a playground, under these conditions from now on.
    Conditions(Conditions),
    /// Somebody began to watch: a sleeping match wakes, a waking one shows itself.
    Watched,
    /// The server stops in so many seconds: tell players.
    Closing(u16),
    /// The server's operator has this to say to everybody.
    Notice(String),
    /// This player has to go; answered with whether they had a seat.
    Remove(PlayerId, Dismissal, oneshot::Sender<bool>),
    /// The server stops: say goodbye to everybody.
    Stop,
    /// Panic, as a bug would.
    #[cfg(test)]
    Break,
}
