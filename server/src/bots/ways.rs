//! How to get from one place to another round the walls: where a ship fits, as a coarse grid, and the shortest way over it.
//! It follows from the arena alone and knows no bot.

use std::collections::VecDeque;

use glam::Vec2;
use shared::arena::Arena;
use shared::collision::swept_walls;
use shared::rules::SHIP_RADIUS;
use shared::wall::Wall;

/// Side of a cell in units, if the arena is not too large for it.
const CELL_UNITS: f32 = 44.0;
/// Most cells along a side.
const CELLS_MAX: f32 = 128.0;
/// Distance in units from a cell's middle to the next wall with which a ship fits.
const CLEARANCE_UNITS: f32 = SHIP_RADIUS + 8.0;
/// Cells that are searched for a free one round a place that is in none.
const NEIGHBOURHOOD: i32 = 2;
const NOWHERE: u32 = u32::MAX;

/// Where a ship fits in an arena, and room to search in. It follows from the arena and is no state of a match: a copy is
/// empty until it is needed, and all are equal.
#[derive(Debug, Default)]
pub(super) struct Ways {
    arena: String,
    half: Vec2,
    cell: f32,
    columns: i32,
    rows: i32,
    /// Whether a ship fits, for each cell. Empty where nothing is in the way.
    free: Vec<bool>,
    /// For each cell the next one on the way; room of a search.
    next: Vec<u32>,
    queue: VecDeque<u32>,
}

impl Clone for Ways {
    fn clone(&self) -> Ways {
        Ways::default()
    }
}

impl PartialEq for Ways {
    fn eq(&self, _: &Ways) -> bool {
        true
    }
}

impl Ways {
    /// Looks at the arena, unless it knows it already.
    pub(super) fn survey(&mut self, arena: &Arena) {
        if self.cell > 0.0 && self.half == arena.half() && self.arena == arena.name() {
            return;
        }
        let side = arena.half().max_element() * 2.0;
        let cell = CELL_UNITS.max(side / CELLS_MAX);
        let count = |half: f32| (half * 2.0 / cell) as i32 + 1;
        arena.name().clone_into(&mut self.arena);
        (self.half, self.cell) = (arena.half(), cell);
        (self.columns, self.rows) = (count(self.half.x), count(self.half.y));
        self.free.clear();
        if !arena.walls().is_empty() {
            let cells = (0..self.rows).flat_map(|row| (0..self.columns).map(move |column| (column, row)));
            self.free = cells.map(|(column, row)| fits(arena, self.middle(column, row))).collect();
        }
    }

    /// The corners of the way from `from` to `to`, the goal last. Straight there if no way is known.
    pub(super) fn find(&mut self, from: Vec2, to: Vec2, arena: &Arena) -> Vec<Vec2> {
        let ends = if passes(arena, from, to) { None } else { self.cell_near(from).zip(self.cell_near(to)) };
        let Some((start, goal)) = ends.filter(|(start, goal)| self.search(*start, *goal)) else {
            return vec![to];
        };
        let mut corners = Vec::new();
        let (mut at, mut from) = (start, from);
        while at != goal {
            let Some(next) = self.next.get(at as usize).copied().filter(|next| *next != NOWHERE) else {
                break;
            };
            // A corner stands where what comes next is not to be seen from the last one.
            let (here, there) = (self.middle_of(at), self.middle_of(next));
            if !passes(arena, from, there) {
                corners.push(here);
                from = here;
            }
            at = next;
        }
        corners.push(to);
        corners
    }

    /// Searches from `goal` outwards until `start` is reached. Whether it was.
    fn search(&mut self, start: u32, goal: u32) -> bool {
        self.next.clear();
        self.next.resize(self.free.len(), NOWHERE);
        self.queue.clear();
        self.queue.push_back(goal);
        if let Some(end) = self.next.get_mut(goal as usize) {
            *end = goal;
        }
        while let Some(cell) = self.queue.pop_front() {
            if cell == start {
                return true;
            }
            let (column, row) = (cell as i32 % self.columns, cell as i32 / self.columns);
            for (across, down) in STEPS {
                // Not round the corner of a wall.
                let open = self.is_free(column + across, row + down)
                    && self.is_free(column + across, row)
                    && self.is_free(column, row + down);
                let index = ((row + down) * self.columns + column + across) as u32;
                if let Some(next) = self.next.get_mut(index as usize).filter(|next| open && **next == NOWHERE)
                {
                    *next = cell;
                    self.queue.push_back(index);
                }
            }
        }
        false
    }

    fn is_free(&self, column: i32, row: i32) -> bool {
        let inside = (0..self.columns).contains(&column) && (0..self.rows).contains(&row);
        inside && self.free.get((row * self.columns + column) as usize).copied().unwrap_or(false)
    }

    /// The free cell at `place`, or the nearest one round it.
    fn cell_near(&self, place: Vec2) -> Option<u32> {
        let at = ((place + self.half) / self.cell).floor();
        let (column, row) = (at.x as i32, at.y as i32);
        let round = (-NEIGHBOURHOOD..=NEIGHBOURHOOD).flat_map(|down| {
            (-NEIGHBOURHOOD..=NEIGHBOURHOOD).map(move |across| (column + across, row + down))
        });
        let free = round.filter(|(column, row)| self.is_free(*column, *row));
        let far = |(column, row): &(i32, i32)| self.middle(*column, *row).distance_squared(place);
        let nearest = free.min_by(|a, b| far(a).total_cmp(&far(b)));
        nearest.map(|(column, row)| (row * self.columns + column) as u32)
    }

    fn middle_of(&self, cell: u32) -> Vec2 {
        self.middle(cell as i32 % self.columns, cell as i32 / self.columns)
    }

    fn middle(&self, column: i32, row: i32) -> Vec2 {
        (Vec2::new(column as f32, row as f32) + 0.5) * self.cell - self.half
    }
}

/// To the eight neighbours, straight ones first.
const STEPS: [(i32, i32); 8] = [(1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (1, -1), (-1, 1), (-1, -1)];

/// Whether a ship fits at `place`.
fn fits(arena: &Arena, place: Vec2) -> bool {
    let inside = place.abs().cmple(arena.half() - CLEARANCE_UNITS).all();
    let blocks = |wall: &Wall| {
        wall.near(place, place, CLEARANCE_UNITS)
            && (wall.contains(place) || wall.nearest_edge_point(place).distance(place) < CLEARANCE_UNITS)
    };
    inside && !arena.walls().iter().any(blocks)
}

/// Whether a ship can fly straight from `from` to `to`.
pub(super) fn passes(arena: &Arena, from: Vec2, to: Vec2) -> bool {
    let side = (to - from).perp().normalize_or_zero() * CLEARANCE_UNITS;
    [Vec2::ZERO, side, -side].into_iter().all(|off| swept_walls(arena, from + off, to + off).is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_of_a_way_is_free_on_every_map() {
        for name in crate::maps::names() {
            let arena = crate::maps::find(name).unwrap().arena(16);
            let mut ways = Ways::default();
            ways.survey(&arena);
            let [azure, amber] = arena.team_spawns();
            let places: Vec<Vec2> = [arena.spawns(), azure, amber].concat();
            for (from, to) in places.iter().flat_map(|from| places.iter().map(move |to| (*from, *to))) {
                let corners = ways.find(from, to, &arena);
                assert_eq!(corners.last(), Some(&to));
                let starts = std::iter::once(&from).chain(&corners);
                for (a, b) in starts.zip(&corners) {
                    assert!(swept_walls(&arena, *a, *b).is_none(), "{name}: {from} to {to} by {corners:?}");
                }
            }
        }
    }

    #[test]
    fn there_is_no_way_into_a_wall_but_straight() {
        let arena = crate::maps::find("lattice").unwrap().arena(16);
        let mut ways = Ways::default();
        ways.survey(&arena);
        let beyond = arena.half() * 3.0;
        assert_eq!(ways.find(Vec2::ZERO, beyond, &arena), [beyond]);
    }
}
