//! Links on the move: a spare beside a seat's link, which must answer before it takes over, and the link that it
//! replaced, which is still read for a moment. So a player changes transport in a fight without missing a command.
//! It knows no seats; the roster asks what became of each link and acts.

use std::time::Duration;

use shared::id::PlayerId;
use shared::protocol::CloseReason;

use crate::link::frame::{Opcode, write_frame};
use crate::link::frame_reader::Incoming;
use crate::link::websocket::{ReadRoom, WebSocketLink};
use crate::matches::seat::SeatLink;

/// Time in which a spare has to answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// Time for which a replaced link is still read: longer than a command is under way.
const READ_ON: Duration = Duration::from_secs(2);

/// A link that was asked whether it gets through.
#[derive(Debug)]
struct Spare {
    player: PlayerId,
    socket: WebSocketLink,
    until: Duration,
}

/// A link whose seat has a newer one.
#[derive(Debug)]
pub struct Older {
    /// Whose it was.
    pub player: PlayerId,
    /// The link.
    pub link: SeatLink,
    until: Duration,
}

/// What became of a spare.
#[derive(Debug)]
pub enum Tried {
    /// It answered: it may take over.
    Through(PlayerId, WebSocketLink),
    /// It did not, and is to end for this reason.
    Failed(PlayerId, WebSocketLink, CloseReason),
}

/// All links on the move: at most two for each seat.
#[derive(Debug, Default)]
pub struct Moves {
    spares: Vec<Spare>,
    older: Vec<Older>,
}

impl Moves {
    /// Asks a link whether it gets through. An earlier spare of the same player is given back.
    pub fn try_out(
        &mut self,
        player: PlayerId,
        mut socket: WebSocketLink,
        now: Duration,
    ) -> Option<WebSocketLink> {
        let mut ping = Vec::new();
        write_frame(&mut ping, Opcode::Ping, &[]);
        // One that takes nothing shows in reading, or by its silence.
        let _ = socket.send(&ping);
        let earlier = self.take_spare(player);
        self.spares.push(Spare { player, socket, until: now + ANSWER_WITHIN });
        earlier
    }

    /// Reads all spares. Those that answered, broke or had their time are given back.
    pub fn hear(&mut self, room: &mut ReadRoom, now: Duration) -> Vec<Tried> {
        let mut tried = Vec::new();
        for place in (0..self.spares.len()).rev() {
            let Some(spare) = self.spares.get_mut(place) else { break };
            let mut answered = false;
            let read = spare.socket.read(room, |incoming| {
                answered |= matches!(incoming, Incoming::Pong);
                Ok(())
            });
            let end = read.err().or((now >= spare.until).then_some(CloseReason::Silent));
            if !answered && end.is_none() {
                continue;
            }
            let Spare { player, socket, .. } = self.spares.swap_remove(place);
            tried.push(match end {
                Some(reason) if !answered => Tried::Failed(player, socket, reason),
                _ => Tried::Through(player, socket),
            });
        }
        tried
    }

    /// Keeps a link that was replaced; an earlier one of the same player is given back.
    pub fn keep(&mut self, player: PlayerId, link: SeatLink, now: Duration) -> Option<Older> {
        let earlier = self.older.iter().position(|older| older.player == player);
        let earlier = earlier.map(|place| self.older.swap_remove(place));
        self.older.push(Older { player, link, until: now + READ_ON });
        earlier
    }

    /// Takes the replaced links out, to be read and given back by [`Moves::return_older`].
    pub fn take_older(&mut self) -> Vec<Older> {
        std::mem::take(&mut self.older)
    }

    /// A replaced link that goes on being read; given back if its time is over.
    pub fn return_older(&mut self, older: Older, now: Duration) -> Option<Older> {
        if now >= older.until {
            return Some(older);
        }
        self.older.push(older);
        None
    }

    fn take_spare(&mut self, player: PlayerId) -> Option<WebSocketLink> {
        let place = self.spares.iter().position(|spare| spare.player == player)?;
        Some(self.spares.swap_remove(place).socket)
    }

    /// Everything of `player`, whose seat is no more.
    pub fn forget(&mut self, player: PlayerId) -> Vec<WebSocketLink> {
        let older = self.older.iter().position(|older| older.player == player);
        let older = older.map(|place| self.older.swap_remove(place).link.socket);
        self.take_spare(player).into_iter().chain(older).collect()
    }

    /// All their sockets.
    pub fn sockets(&mut self) -> impl Iterator<Item = &mut WebSocketLink> {
        let spares = self.spares.iter_mut().map(|spare| &mut spare.socket);
        spares.chain(self.older.iter_mut().map(|older| &mut older.link.socket))
    }
}
