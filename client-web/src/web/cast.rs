//! What drawing needs to know about the people of a match, whether it is played or watched.
//! Client and spectator both answer it, so that one picture and one HUD serve both pages.

use shared::arena::Arena;
use shared::id::PlayerId;
use shared::mode::Team;
use shared::world::Hull;

use crate::client::Client;
use crate::spectator::Spectator;
use crate::view::Score;
use crate::web::palette::{Rgb, SIDES, foe};

/// The colour of somebody else's ship.
pub fn hue(cast: &dyn Cast, id: PlayerId) -> Rgb {
    match cast.team_of(id) {
        Team::None => foe(id),
        team => SIDES[usize::from(team != cast.own_side())],
    }
}

/// The style sheet's class for somebody's side: `t1` the own one, `t2` the other, empty where there are none.
pub fn side_class(own: Team, team: Team) -> &'static str {
    match team {
        Team::None => "",
        team if team == own => "t1",
        _ => "t2",
    }
}

/// The people and the place of a match.
pub trait Cast {
    /// What to call somebody; `None` for strangers.
    fn name_of(&self, id: PlayerId) -> Option<&str>;
    /// The shape of somebody's ship.
    fn hull_of(&self, id: PlayerId) -> Hull;
    /// Somebody's side; nobody's where there are none.
    fn team_of(&self, id: PlayerId) -> Team;
    /// The side that is drawn as the own one: that of who plays; for those who watch always the map's first, whomever they
    /// follow.
    fn own_side(&self) -> Team;
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

    fn team_of(&self, id: PlayerId) -> Team {
        Client::team_of(self, id)
    }

    fn own_side(&self) -> Team {
        self.player().map_or(Team::Azure, |me| Client::team_of(self, me))
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

    fn team_of(&self, id: PlayerId) -> Team {
        Spectator::team_of(self, id)
    }

    fn own_side(&self) -> Team {
        Team::Azure
    }

    fn arena(&self) -> Option<&Arena> {
        Spectator::arena(self)
    }

    fn scores(&self) -> Vec<Score> {
        Spectator::scores(self)
    }
}
