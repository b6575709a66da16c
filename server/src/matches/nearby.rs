//! What is where after a tick, laid out so that the neighbourhood of a place is a few runs of memory.
//! Built once a tick by `columns`, walked once for each player by `known`.

use glam::Vec2;
use shared::arena::Arena;
use shared::grid::Grid;

/// Places with something at each, sorted by cell. Reuse one value: a rebuild allocates nothing once it has grown.
#[derive(Debug)]
pub struct Nearby<T> {
    grid: Grid,
    spots: Vec<(Vec2, T)>,
}

impl<T> Default for Nearby<T> {
    fn default() -> Self {
        Nearby { grid: Grid::default(), spots: Vec::new() }
    }
}

impl<T: Copy> Nearby<T> {
    /// Sorts `spots` into the cells of `arena`.
    pub fn rebuild(&mut self, arena: &Arena, spots: &[(Vec2, T)]) {
        self.grid.rebuild(arena, spots.iter().map(|s| s.0).enumerate());
        self.spots.clear();
        self.spots.extend(self.grid.members().filter_map(|i| spots.get(i)).copied());
    }

    /// What is at most `half` units from `middle` on each axis, and how far it is from there on each.
    pub fn around(&self, middle: Vec2, half: Vec2) -> impl Iterator<Item = (Vec2, &T)> {
        self.grid
            .runs(middle - half, middle + half)
            .flat_map(|run| self.spots.get(run).unwrap_or_default())
            .map(move |(position, what)| ((*position - middle).abs(), what))
            .filter(move |(off, _)| off.cmple(half).all())
    }
}
