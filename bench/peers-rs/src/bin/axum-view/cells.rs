//! A square grid that finds what is near a point without looking at everything.
//! It holds places in somebody else's list and is filled anew each tick.

/// The grid.
pub(crate) struct Cells {
    size: f32,
    across: usize,
    lists: Vec<Vec<u32>>,
}

impl Cells {
    /// A grid over a square of `side` units, of cells of `size`.
    pub(crate) fn new(side: f32, size: f32) -> Cells {
        let across = (side / size) as usize + 1;
        Cells { size, across, lists: vec![Vec::new(); across * across] }
    }

    /// Takes in the places of `bodies`.
    pub(crate) fn fill(&mut self, bodies: impl Iterator<Item = (f32, f32)>) {
        self.lists.iter_mut().for_each(Vec::clear);
        for (place, (x, y)) in bodies.enumerate() {
            let index = self.column(y) * self.across + self.column(x);
            if let Some(cell) = self.lists.get_mut(index) {
                cell.push(place as u32);
            }
        }
    }

    /// The places in all cells that touch the box round `(x, y)`.
    pub(crate) fn around(
        &self,
        (x, y): (f32, f32),
        (half_x, half_y): (f32, f32),
    ) -> impl Iterator<Item = usize> {
        let columns = self.column(x - half_x)..=self.column(x + half_x);
        let rows = self.column(y - half_y)..=self.column(y + half_y);
        rows.flat_map(move |row| {
            let row = row * self.across;
            self.lists.get(row + columns.start()..=row + columns.end()).unwrap_or_default()
        })
        .flatten()
        .map(|place| *place as usize)
    }

    fn column(&self, at: f32) -> usize {
        ((at / self.size).max(0.0) as usize).min(self.across - 1)
    }
}
