//! Mines and pickups of one tick as the players near them need them: what lies where, by name and by place.
//! Built once a tick by `columns`, read once for each player by `known`. It costs nothing where nothing lies.

use glam::Vec2;
use shared::arena::Arena;
use shared::record::ThingRecord;
use shared::world::World;

use crate::matches::nearby::{Found, Nearby};

/// All that lies about.
#[derive(Debug, Default)]
pub struct Things {
    /// Sorted by name.
    all: Vec<(u16, ThingRecord, Vec2)>,
    spots: Vec<(Vec2, ThingRecord)>,
    near: Nearby<ThingRecord>,
}

impl Things {
    /// Takes in the world after a step.
    pub fn pack(&mut self, world: &World, arena: &Arena) {
        let had_some = !self.spots.is_empty();
        self.spots.clear();
        self.all.clear();
        for (place, pickup) in arena.pickups().iter().enumerate() {
            let lies = world.pickups.get(place).is_none_or(|wait| *wait == 0);
            if let Some(place) = u8::try_from(place).ok().filter(|_| lies) {
                self.spots.push((pickup.place, ThingRecord::Pickup(place)));
            }
        }
        let mine =
            |mine: &shared::world::Mine| (mine.place, ThingRecord::Mine(mine.id, mine.owner, mine.place));
        self.spots.extend(world.mines.iter().map(mine));
        if had_some || !self.spots.is_empty() {
            self.near.rebuild(arena, &self.spots);
            self.all.extend(self.spots.iter().map(|(place, record)| (record.name(), *record, *place)));
            self.all.sort_unstable_by_key(|(name, ..)| *name);
        }
    }

    /// Whether nothing lies anywhere.
    pub fn is_empty(&self) -> bool {
        self.spots.is_empty()
    }

    /// What lies at most `half` units from `middle` on each axis.
    pub fn find<'a>(
        &'a self,
        middle: Vec2,
        half: Vec2,
        found: &'a mut Found,
    ) -> impl Iterator<Item = &'a ThingRecord> {
        self.near.find(middle, half, found);
        self.near.found(found).map(|(_, record)| record)
    }

    /// Where what is called `name` lies, if it still does, in units.
    pub fn place(&self, name: u16) -> Option<Vec2> {
        let at = self.all.binary_search_by_key(&name, |(name, ..)| *name).ok()?;
        self.all.get(at).map(|(.., place)| *place)
    }
}
