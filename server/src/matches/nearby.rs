//! What is where after a tick, laid out so that the neighbourhood of a place is a few runs of memory.
//! Built once a tick by `columns`, walked once for each player by `known`.

use glam::Vec2;
use shared::arena::Arena;
use shared::grid::Grid;

/// Places with something at each, sorted by cell. Reuse one value: a rebuild allocates nothing once it has grown.
#[derive(Debug)]
pub struct Nearby<T> {
    grid: Grid,
    positions: Vec<Vec2>,
    things: Vec<T>,
}

/// What was found near a place: indices into what was searched. Reuse one value.
#[derive(Debug, Default)]
pub struct Found {
    indices: Vec<u32>,
    count: usize,
}

impl<T> Default for Nearby<T> {
    fn default() -> Self {
        Nearby { grid: Grid::default(), positions: Vec::new(), things: Vec::new() }
    }
}

impl<T: Copy> Nearby<T> {
    /// Sorts `spots` into the cells of `arena`.
    pub fn rebuild(&mut self, arena: &Arena, spots: &[(Vec2, T)]) {
        self.grid.rebuild(arena, spots.iter().map(|s| s.0).enumerate());
        self.positions.clear();
        self.things.clear();
        for (position, thing) in self.grid.members().filter_map(|i| spots.get(i)).copied() {
            self.positions.push(position);
            self.things.push(thing);
        }
    }

    /// Finds what is at most `half` units from `middle` on each axis.
    ///
    /// Every candidate is written down and only the count tells whether it stays: whether something near is near
    /// enough is chance, and a branch on it would be guessed wrong a third of the time.
    pub fn find(&self, middle: Vec2, half: Vec2, found: &mut Found) {
        let mut count = 0;
        for run in self.grid.runs(middle - half, middle + half) {
            let start = run.start;
            let positions = self.positions.get(run).unwrap_or_default();
            if found.indices.len() < count + positions.len() {
                found.indices.resize(count + positions.len(), 0);
            }
            for (place, position) in positions.iter().enumerate() {
                if let Some(index) = found.indices.get_mut(count) {
                    *index = (start + place) as u32;
                }
                count += usize::from((*position - middle).abs().cmple(half).all());
            }
        }
        found.count = count;
    }

    /// What was found, in a fixed order.
    pub fn found<'a>(&'a self, found: &'a Found) -> impl Iterator<Item = (Vec2, &'a T)> {
        let indices = found.indices.get(..found.count).unwrap_or_default();
        indices.iter().filter_map(|&index| {
            let index = index as usize;
            self.positions.get(index).copied().zip(self.things.get(index))
        })
    }
}
