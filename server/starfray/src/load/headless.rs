//! One headless client, whatever it does: what players and spectators have in common when links end and begin.
//! What they do over a link is their own business; the crowd has thousands of these.

use anyhow::Result;
use mio::net::TcpStream;

use crate::load::comeback::Comeback;
use crate::load::invitation::Invitation;
use crate::load::player::Player;
use crate::load::spectator::Spectator;

/// A client of either kind; `Gone` once there is no way back.
pub(crate) enum Client {
    /// Somebody who plays.
    Player(Box<Player>),
    /// Somebody who watches.
    Spectator(Box<Spectator>),
    /// Nobody any more.
    Gone,
}

impl Client {
    /// Its way back.
    pub(crate) fn comeback(&mut self) -> Option<&mut Comeback> {
        match self {
            Client::Player(player) => Some(&mut player.comeback),
            Client::Spectator(spectator) => Some(&mut spectator.comeback),
            Client::Gone => None,
        }
    }

    /// The link ended, or a try failed. False if there is no way back.
    pub(crate) fn lose(&mut self, now_ms: f64, error: Option<&anyhow::Error>) -> bool {
        match self {
            Client::Player(player) => player.lose(now_ms, error),
            Client::Spectator(spectator) => spectator.lose(now_ms, error),
            Client::Gone => false,
        }
    }

    /// Begins a try to come back, and hands over its sockets, to be registered.
    pub(crate) fn try_again(
        &mut self,
        invitation: &Invitation,
        now_ms: f64,
        mut register: impl FnMut(&mut TcpStream) -> std::io::Result<()>,
    ) -> Result<()> {
        match self {
            Client::Player(player) => {
                player.try_again(invitation, now_ms)?;
                player.register(register)?;
            }
            Client::Spectator(spectator) => {
                spectator.try_again(invitation, now_ms)?;
                spectator.socket().map_or(Ok(()), &mut register)?;
            }
            Client::Gone => {}
        }
        Ok(())
    }

    /// Whether its link brings something.
    pub(crate) fn is_connected(&self) -> bool {
        match self {
            Client::Player(player) => !player.comeback.is_away(),
            Client::Spectator(spectator) => !spectator.comeback.is_away(),
            Client::Gone => false,
        }
    }
}
