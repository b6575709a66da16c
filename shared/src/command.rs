//! The only ways to change a match: joins, leaves, wishes of players and bots, acts of the host.
//! What a match applied, tick by tick, is its journal; the same commands give the same match.

use serde::{Deserialize, Serialize};

use crate::id::PlayerId;
use crate::input::ShipInput;
use crate::mode::Team;
use crate::name::PlayerName;
use crate::tick::Rewind;
use crate::world::Hull;

/// One change of a match, applied at the tick in whose list it stands, in the list's order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Command {
    /// Somebody takes a seat. Ignored if the seat is taken.
    Join {
        /// The seat.
        player: PlayerId,
        /// What to call them.
        name: PlayerName,
        /// The shape of their ship.
        hull: Hull,
        /// Whether the program plays the seat.
        bot: bool,
    },
    /// A seat becomes free, and its ship goes.
    Leave {
        /// The seat.
        player: PlayerId,
    },
    /// A player's connection is lost; the ship is shielded and drifts.
    Limbo {
        /// The seat.
        player: PlayerId,
    },
    /// A player is back.
    Return {
        /// The seat.
        player: PlayerId,
    },
    /// What a player wants in this tick; holds until the next one.
    Input {
        /// The seat.
        player: PlayerId,
        /// The wish.
        input: ShipInput,
        /// How far back the player saw others, after all checks; latency cannot be simulated again.
        rewind: Rewind,
    },
    /// A new round begins after so many ticks.
    CountDown {
        /// Ticks until then.
        ticks: u32,
    },
    /// The round that is on stands still.
    Pause,
    /// It goes on.
    Resume,
    /// A player says something to everybody. Ignored if it is no phrase.
    Say {
        /// The seat.
        player: PlayerId,
        /// Which one of the phrases that there are.
        phrase: u8,
    },
    /// A player changes sides. Ignored where there are no teams.
    Team {
        /// The seat.
        player: PlayerId,
        /// The new side.
        team: Team,
    },
    /// A new round begins: scores back to zero, everybody to a new place.
    StartRound,
    /// The round ends now.
    EndRound,
    /// The match ends for good.
    EndMatch,
}
