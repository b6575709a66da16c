//! What drawing needs to know about the people of a match, whether it is played or watched.
//! Client and spectator both answer it, so that one picture and one HUD serve both pages.

use shared::arena::Arena;
use shared::id::PlayerId;
use shared::world::Hull;

use crate::client::Client;
use crate::spectator::Spectator;
use crate::view::Score;

/// The people and the place of a match.
pub trait Cast {
    /// What to call somebody; `None` for strangers.
    fn name_of(&self, id: PlayerId) -> Option<&str>;
    /// The shape of somebody's ship.
    fn hull_of(&self, id: PlayerId) -> Hull;
    /// Where it happens; `None` before the first message.
    fn arena(&self) -> Option<&Arena>;
    /// Everybody, the best first.
    fn scores(&self) -> Vec<Score>;
}

impl Cast for Client {
    fn name_of(&self, id: PlayerId) -> Option<&str> {
        Client::name_of(self, id)
    }

    fn hull_of(&self, id: PlayerId) -> Hull {
        Client::hull_of(self, id)
    }

    fn arena(&self) -> Option<&Arena> {
        Client::arena(self)
    }

    fn scores(&self) -> Vec<Score> {
        Client::scores(self)
    }
}

impl Cast for Spectator {
    fn name_of(&self, id: PlayerId) -> Option<&str> {
        Spectator::name_of(self, id)
    }

    fn hull_of(&self, id: PlayerId) -> Hull {
        Spectator::hull_of(self, id)
    }

    fn arena(&self) -> Option<&Arena> {
        Spectator::arena(self)
    }

    fn scores(&self) -> Vec<Score> {
        Spectator::scores(self)
    }
}
