//! Points sorted into square cells, so that "who is near?" costs the neighbourhood and not the crowd.
//! Built anew each tick from the world; the rules use it for hits, the server for areas of interest.

use std::ops::Range;

use glam::Vec2;

use crate::arena::Arena;

/// Side of a cell in units: about two ships in the open arena.
const CELL_UNITS: f32 = 256.0;

/// Indices of points by cell. Reuse one value: a rebuild allocates nothing once it has grown.
#[derive(Clone, Debug, Default)]
pub struct Grid {
    columns: usize,
    rows: usize,
    half: Vec2,
    /// For each cell the place in `members` where it begins; one entry more than cells.
    starts: Vec<u32>,
    members: Vec<u32>,
}

impl Grid {
    /// Sorts `points` (index and position in units) into the cells of `arena`: a counting sort, so points of one
    /// cell stay in their order.
    pub fn rebuild(&mut self, arena: &Arena, points: impl DoubleEndedIterator<Item = (usize, Vec2)> + Clone) {
        self.half = arena.half();
        self.columns = cells(self.half.x);
        self.rows = cells(self.half.y);
        self.starts.clear();
        self.starts.resize(self.columns * self.rows + 1, 0);
        for (_, position) in points.clone() {
            let cell = self.cell(position);
            if let Some(count) = self.starts.get_mut(cell) {
                *count += 1;
            }
        }
        let mut total = 0;
        for start in &mut self.starts {
            total += *start;
            *start = total;
        }
        self.members.clear();
        self.members.resize(total as usize, 0);
        for (index, position) in points.rev() {
            let cell = self.cell(position);
            if let Some(end) = self.starts.get_mut(cell) {
                *end -= 1;
                if let Some(member) = self.members.get_mut(*end as usize) {
                    *member = index as u32;
                }
            }
        }
    }

    /// The indices of all points in cells that touch the box from `low` to `high`, in a fixed order.
    pub fn near(&self, low: Vec2, high: Vec2) -> impl Iterator<Item = usize> + '_ {
        self.runs(low, high).flat_map(|run| self.members.get(run).unwrap_or_default()).map(|&i| i as usize)
    }

    /// The indices of all points, those of a cell together.
    pub fn members(&self) -> impl Iterator<Item = usize> + '_ {
        self.members.iter().map(|&i| i as usize)
    }

    /// Which of [`Grid::members`] are in cells that touch the box from `low` to `high`: a run for each row of cells.
    pub fn runs(&self, low: Vec2, high: Vec2) -> impl Iterator<Item = Range<usize>> + '_ {
        let (left, top) = (self.column(low.x), self.row(low.y));
        let (right, bottom) = (self.column(high.x), self.row(high.y));
        (top..=bottom).map(move |row| {
            let first = row * self.columns + left;
            let start = self.starts.get(first).copied().unwrap_or(0) as usize;
            let end = self.starts.get(first + (right - left) + 1).copied().unwrap_or(0) as usize;
            start..end.max(start)
        })
    }

    fn cell(&self, position: Vec2) -> usize {
        self.row(position.y) * self.columns + self.column(position.x)
    }

    fn column(&self, x: f32) -> usize {
        (((x + self.half.x) / CELL_UNITS).max(0.0) as usize).min(self.columns.saturating_sub(1))
    }

    fn row(&self, y: f32) -> usize {
        (((y + self.half.y) / CELL_UNITS).max(0.0) as usize).min(self.rows.saturating_sub(1))
    }
}

fn cells(half: f32) -> usize {
    ((half * 2.0 / CELL_UNITS) as usize) + 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    #[test]
    fn finds_exactly_what_a_full_search_finds() {
        let arena = Arena::open(200);
        let mut random = Random::new(3);
        let mut anywhere = || Vec2::new(random.unit() - 0.5, random.unit() - 0.5) * 2.0 * arena.half();
        let points: Vec<Vec2> = (0..300).map(|_| anywhere()).collect();
        let kept = |i: &usize| !i.is_multiple_of(7);
        let mut grid = Grid::default();
        grid.rebuild(&arena, points.iter().copied().enumerate().filter(|(i, _)| kept(i)));
        for _ in 0..100 {
            let middle = anywhere();
            let (low, high) = (middle - 300.0, middle + 200.0);
            let inside = |i: &usize| points[*i].cmpge(low).all() && points[*i].cmple(high).all();
            let mut found: Vec<usize> = grid.near(low, high).filter(inside).collect();
            found.sort_unstable();
            let expected: Vec<usize> = (0..300).filter(kept).filter(inside).collect();
            assert_eq!(found, expected);
        }
    }
}
