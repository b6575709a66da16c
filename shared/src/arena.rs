//! The place that a match is fought in: its size, its walls, where ships appear. It never changes during a match.
//! An arena comes from a data file or from [`Arena::open`]; both go through the same checks.

use glam::Vec2;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Longest side in units: more than the largest crowd needs.
pub const SIDE_UNITS_MAX: f32 = 16_000.0;
/// Shortest side in units: a view fits into it.
pub const SIDE_UNITS_MIN: f32 = 200.0;
const WALLS_MAX: usize = 256;
const CORNERS_MAX: usize = 32;
const SPAWNS_MAX: usize = 256;

/// A checked arena. Coordinates are units with the origin in the middle, x to the right and y down.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "ArenaFile", into = "ArenaFile")]
pub struct Arena {
    name: String,
    half: Vec2,
    walls: Vec<Wall>,
    spawns: Vec<Vec2>,
}

/// A solid polygon: at least three corners, no two neighbours at the same place.
#[derive(Clone, Debug, PartialEq)]
pub struct Wall {
    corners: Vec<Vec2>,
    low: Vec2,
    high: Vec2,
}

/// An arena as it stands in a file and on the wire.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ArenaFile {
    /// The arena's name, shown to players.
    pub name: String,
    /// Units from the left edge to the right.
    pub width: f32,
    /// Units from the top edge to the bottom.
    pub height: f32,
    /// Each wall's corners in order round it.
    pub walls: Vec<Vec<[f32; 2]>>,
    /// Places where ships appear; none means anywhere.
    pub spawns: Vec<[f32; 2]>,
}

/// What is wrong with an arena's data.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum ArenaError {
    /// A side is no number or out of range.
    #[error("{field} must be {SIDE_UNITS_MIN} to {SIDE_UNITS_MAX} units, not {value}")]
    Side {
        /// Which side.
        field: &'static str,
        /// What it was.
        value: f32,
    },
    /// More of something than is allowed.
    #[error("{field} has {count} entries, more than {max}")]
    TooMany {
        /// Which list.
        field: String,
        /// How many it had.
        count: usize,
        /// How many it may have.
        max: usize,
    },
    /// A wall with fewer than three different corners.
    #[error("walls[{0}] needs at least three corners, no two neighbours the same")]
    Corners(usize),
    /// A point that is no number, or outside.
    #[error("{field} has a point outside the arena: {x}, {y}")]
    Outside {
        /// Which list and entry.
        field: String,
        /// Its x.
        x: f32,
        /// Its y.
        y: f32,
    },
    /// A spawn place inside a wall or too near to one.
    #[error("spawns[{0}] is in a wall or too near to one")]
    SpawnBlocked(usize),
}

impl Arena {
    /// The arena for crowds: no walls, a side of 200·√`max_players` units, so that density does not depend on size.
    pub fn open(max_players: u32) -> Arena {
        let side = (200.0 * (max_players.max(1) as f32).sqrt()).clamp(1200.0, SIDE_UNITS_MAX);
        Arena {
            name: "Open".to_owned(),
            half: Vec2::splat(side / 2.0),
            walls: Vec::new(),
            spawns: Vec::new(),
        }
    }

    /// The arena's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Half the width and half the height, in units: positions lie within minus to plus this.
    pub fn half(&self) -> Vec2 {
        self.half
    }

    /// The walls.
    pub fn walls(&self) -> &[Wall] {
        &self.walls
    }

    /// Places where ships appear; empty means anywhere.
    pub fn spawns(&self) -> &[Vec2] {
        &self.spawns
    }
}

impl Wall {
    fn new(corners: Vec<Vec2>) -> Wall {
        let low = corners.iter().copied().fold(Vec2::INFINITY, Vec2::min);
        let high = corners.iter().copied().fold(Vec2::NEG_INFINITY, Vec2::max);
        Wall { corners, low, high }
    }

    /// The corners in order round the wall, in units.
    pub fn corners(&self) -> &[Vec2] {
        &self.corners
    }

    /// Each side as its two ends, in order.
    pub fn sides(&self) -> impl Iterator<Item = (Vec2, Vec2)> + '_ {
        let next = self.corners.iter().copied().cycle().skip(1);
        self.corners.iter().copied().zip(next)
    }

    /// Whether the box round the wall, grown by `margin` units, touches the box from `low` to `high`.
    pub fn near(&self, low: Vec2, high: Vec2, margin: f32) -> bool {
        self.low.x - margin <= high.x
            && self.low.y - margin <= high.y
            && self.high.x + margin >= low.x
            && self.high.y + margin >= low.y
    }

    /// Whether `point` lies inside (even-odd rule).
    pub fn contains(&self, point: Vec2) -> bool {
        let mut inside = false;
        for (a, b) in self.sides() {
            if (a.y > point.y) != (b.y > point.y)
                && point.x < (b.x - a.x) * (point.y - a.y) / (b.y - a.y) + a.x
            {
                inside = !inside;
            }
        }
        inside
    }

    /// The point of the wall's edge that is nearest to `point`.
    pub fn nearest_edge_point(&self, point: Vec2) -> Vec2 {
        let mut best = (f32::INFINITY, point);
        for (a, b) in self.sides() {
            let candidate = nearest_on_segment(a, b, point);
            let distance = candidate.distance_squared(point);
            if distance < best.0 {
                best = (distance, candidate);
            }
        }
        best.1
    }
}

/// The point between `a` and `b` that is nearest to `point`.
fn nearest_on_segment(a: Vec2, b: Vec2, point: Vec2) -> Vec2 {
    let along = b - a;
    let part = ((point - a).dot(along) / along.length_squared()).clamp(0.0, 1.0);
    a + along * part
}

impl TryFrom<ArenaFile> for Arena {
    type Error = ArenaError;

    fn try_from(file: ArenaFile) -> Result<Arena, ArenaError> {
        for (field, value) in [("width", file.width), ("height", file.height)] {
            if !(SIDE_UNITS_MIN..=SIDE_UNITS_MAX).contains(&value) {
                return Err(ArenaError::Side { field, value });
            }
        }
        check_count("walls", file.walls.len(), WALLS_MAX)?;
        check_count("spawns", file.spawns.len(), SPAWNS_MAX)?;
        let half = Vec2::new(file.width, file.height) / 2.0;
        let mut walls = Vec::with_capacity(file.walls.len());
        for (index, corners) in file.walls.iter().enumerate() {
            walls.push(check_wall(index, corners, half)?);
        }
        let mut spawns = Vec::with_capacity(file.spawns.len());
        for (index, &point) in file.spawns.iter().enumerate() {
            let place = check_point(|| format!("spawns[{index}]"), point, half)?;
            if blocked(&walls, place) {
                return Err(ArenaError::SpawnBlocked(index));
            }
            spawns.push(place);
        }
        Ok(Arena { name: file.name, half, walls, spawns })
    }
}

fn check_count(field: &str, count: usize, max: usize) -> Result<(), ArenaError> {
    if count > max { Err(ArenaError::TooMany { field: field.to_owned(), count, max }) } else { Ok(()) }
}

fn check_wall(index: usize, corners: &[[f32; 2]], half: Vec2) -> Result<Wall, ArenaError> {
    check_count(&format!("walls[{index}]"), corners.len(), CORNERS_MAX)?;
    let mut points = Vec::with_capacity(corners.len());
    for &corner in corners {
        points.push(check_point(|| format!("walls[{index}]"), corner, half)?);
    }
    let wall = Wall::new(points);
    if wall.corners.len() < 3 || wall.sides().any(|(a, b)| a.distance_squared(b) < 1.0) {
        return Err(ArenaError::Corners(index));
    }
    Ok(wall)
}

fn check_point(field: impl Fn() -> String, [x, y]: [f32; 2], half: Vec2) -> Result<Vec2, ArenaError> {
    if x.abs() <= half.x && y.abs() <= half.y {
        Ok(Vec2::new(x, y))
    } else {
        Err(ArenaError::Outside { field: field(), x, y })
    }
}

/// Whether a ship at `place` would touch a wall.
fn blocked(walls: &[Wall], place: Vec2) -> bool {
    const CLEARANCE_UNITS: f32 = 24.0;
    walls.iter().any(|w| w.contains(place) || w.nearest_edge_point(place).distance(place) < CLEARANCE_UNITS)
}

impl From<Arena> for ArenaFile {
    fn from(arena: Arena) -> ArenaFile {
        ArenaFile {
            name: arena.name,
            width: arena.half.x * 2.0,
            height: arena.half.y * 2.0,
            walls: arena.walls.iter().map(|w| w.corners.iter().map(Vec2::to_array).collect()).collect(),
            spawns: arena.spawns.iter().map(Vec2::to_array).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file() -> ArenaFile {
        ArenaFile {
            name: "Test".to_owned(),
            width: 1000.0,
            height: 800.0,
            walls: vec![vec![[-50.0, -50.0], [50.0, -50.0], [50.0, 50.0], [-50.0, 50.0]]],
            spawns: vec![[300.0, 0.0]],
        }
    }

    #[test]
    fn bad_data_is_named() {
        let check = |change: fn(&mut ArenaFile)| {
            let mut bad = file();
            change(&mut bad);
            Arena::try_from(bad).unwrap_err().to_string()
        };
        assert_eq!(check(|f| f.width = f32::NAN), "width must be 200 to 16000 units, not NaN");
        assert_eq!(
            check(|f| f.walls[0].truncate(2)),
            "walls[0] needs at least three corners, no two neighbours the same"
        );
        assert_eq!(check(|f| f.walls[0][0] = [900.0, 0.0]), "walls[0] has a point outside the arena: 900, 0");
        assert_eq!(check(|f| f.spawns[0] = [60.0, 0.0]), "spawns[0] is in a wall or too near to one");
        assert!(check(|f| f.spawns = vec![[0.0, 0.0]; 300]).starts_with("spawns has 300 entries"));
    }

    #[test]
    fn a_wall_knows_inside_and_nearest() {
        let arena = Arena::try_from(file()).unwrap();
        let wall = &arena.walls()[0];
        assert!(wall.contains(Vec2::new(10.0, 49.0)) && !wall.contains(Vec2::new(10.0, 51.0)));
        let nearest = wall.nearest_edge_point(Vec2::new(80.0, 10.0));
        assert!(nearest.distance(Vec2::new(50.0, 10.0)) < 1e-3, "{nearest}");
    }

    #[test]
    fn the_open_arena_grows_with_its_crowd() {
        assert_eq!(Arena::open(100).half(), Vec2::splat(1000.0));
        assert!(Arena::open(2000).half().x < SIDE_UNITS_MAX / 2.0);
        assert_eq!(ArenaFile::from(Arena::open(4)).width, 1200.0);
    }
}
