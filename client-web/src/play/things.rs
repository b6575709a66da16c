//! What a player sees beside ships and shots: mines, pickups, sides and their cores; and which ships own shots can meet.
//! A part of `play`, which alone calls it.

use shared::mode::Team;
use shared::snapshot::Snapshot;

use super::Play;
use crate::view::{Happening, MineView, ShipView, View};

impl Play {
    /// Mines and pickups, and what the own ship took.
    pub(super) fn see_things(&mut self, snapshot: &Snapshot) {
        self.mines = snapshot
            .mines
            .iter()
            .map(|mine| MineView { id: mine.id, owner: mine.owner, place: mine.place })
            .collect();
        self.pickups.clone_from(&snapshot.pickups);
        let (old, new) = (self.own, snapshot.own);
        let more = new.hull_points > old.hull_points
            || new.kit.shield_points > old.kit.shield_points
            || new.kit.arms.charges > old.kit.arms.charges;
        if more && old.respawn_ticks == 0 && old.hull_points > 0 && new.respawn_ticks == 0 {
            self.schedule.now(Happening::Armed);
        }
        self.own = new;
    }

    /// Those of `ships` that own shots can meet.
    pub(super) fn targets(&self, mut ships: Vec<ShipView>) -> Vec<ShipView> {
        let mine = self.roster.team_of(self.player);
        if mine != Team::None && self.ground.rules.book.teams.friendly_fire == 0.0 {
            ships.retain(|ship| self.roster.team_of(ship.id) != mine);
        }
        ships
    }

    pub(super) fn show_things(&mut self, view: &mut View) {
        view.mines.clone_from(&self.mines);
        view.pickups.clone_from(&self.pickups);
        if let Some(sides) = &mut self.sides {
            view.ships.iter().for_each(|ship| sides.see(ship.id, ship.position));
            view.own.iter().for_each(|own| sides.see(own.id, own.position));
        }
        view.sides = self.sides;
    }
}
