//! The place that a match is fought in: its size, its walls, where ships appear, where cores and pickups lie.
//! It never changes during a match. An arena comes from a map or from [`Arena::open`]; both go through the same checks.

use crate::bounds::within;
use std::fmt;

use glam::Vec2;
use serde::ser::SerializeStruct;
use serde::{Deserialize, Serialize, Serializer};
use thiserror::Error;

use crate::wall::Wall;

/// Longest side in units: more than the largest crowd needs.
pub const SIDE_UNITS_MAX: f32 = 16_000.0;
/// Shortest side in units: a view fits into it.
pub const SIDE_UNITS_MIN: f32 = 200.0;
const WALLS_MAX: usize = 256;
const CORNERS_MAX: usize = 32;
const SPAWNS_MAX: usize = 256;
const PICKUPS_MAX: usize = 64;

/// A checked arena. Coordinates are units with the origin in the middle, x to the right and y down.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "ArenaFile", into = "ArenaFile")]
pub struct Arena {
    name: String,
    half: Vec2,
    walls: Vec<Wall>,
    spawns: Vec<Vec2>,
    team_spawns: [Vec<Vec2>; 2],
    cores: Option<[Vec2; 2]>,
    pickups: Vec<Pickup>,
}

/// What lies at a place to be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "&'static str")]
pub enum PickupKind {
    /// Hull points.
    Repair,
    /// Points that take hits in the hull's stead.
    Shield,
    /// A weapon of several pellets.
    Scatter,
    /// The beam weapon.
    Rail,
    /// Mines to lay.
    Mines,
}

impl PickupKind {
    /// Every kind.
    pub const ALL: [PickupKind; 5] =
        [PickupKind::Repair, PickupKind::Shield, PickupKind::Scatter, PickupKind::Rail, PickupKind::Mines];

    /// The kind's name in maps and on the wire.
    pub fn name(self) -> &'static str {
        match self {
            PickupKind::Repair => "repair",
            PickupKind::Shield => "shield",
            PickupKind::Scatter => "scatter",
            PickupKind::Rail => "rail",
            PickupKind::Mines => "mines",
        }
    }
}

impl TryFrom<String> for PickupKind {
    type Error = &'static str;

    fn try_from(name: String) -> Result<PickupKind, &'static str> {
        PickupKind::ALL.into_iter().find(|kind| kind.name() == name).ok_or("no kind of pickup")
    }
}

impl From<PickupKind> for &'static str {
    fn from(kind: PickupKind) -> &'static str {
        kind.name()
    }
}

/// A place where something to be taken lies.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pickup {
    /// Where, in units.
    pub place: Vec2,
    /// What.
    pub kind: PickupKind,
}

/// An arena as it stands on the wire. What an arena may do without is left out of an object when it is empty; an
/// array ends behind its last entry that is not, so that a plain arena weighs nothing more.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
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
    /// Places where ships of team 0 and those where ships of team 1 appear: no lists, or two with some in both.
    #[serde(default)]
    pub team_spawns: Vec<Vec<[f32; 2]>>,
    /// The stands of team 0's and of team 1's core: none or two.
    #[serde(default)]
    pub cores: Vec<[f32; 2]>,
    /// Places where something to be taken lies.
    #[serde(default)]
    pub pickups: Vec<PickupPlace>,
}

/// A [`Pickup`] as it stands on the wire: a list of the place and the kind.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "([f32; 2], PickupKind)", into = "([f32; 2], PickupKind)")]
pub struct PickupPlace {
    /// Where, in units.
    pub at: [f32; 2],
    /// What.
    pub kind: PickupKind,
}

impl From<([f32; 2], PickupKind)> for PickupPlace {
    fn from((at, kind): ([f32; 2], PickupKind)) -> PickupPlace {
        PickupPlace { at, kind }
    }
}

impl From<PickupPlace> for ([f32; 2], PickupKind) {
    fn from(place: PickupPlace) -> ([f32; 2], PickupKind) {
        (place.at, place.kind)
    }
}

impl Serialize for ArenaFile {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let present = [!self.team_spawns.is_empty(), !self.cores.is_empty(), !self.pickups.is_empty()];
        let [mut teams, mut cores, pickups] = present;
        if !serializer.is_human_readable() {
            cores |= pickups;
            teams |= cores;
        }
        let count = 5 + [teams, cores, pickups].into_iter().filter(|said| *said).count();
        let mut fields = serializer.serialize_struct("ArenaFile", count)?;
        fields.serialize_field("name", &self.name)?;
        fields.serialize_field("width", &self.width)?;
        fields.serialize_field("height", &self.height)?;
        fields.serialize_field("walls", &self.walls)?;
        fields.serialize_field("spawns", &self.spawns)?;
        if teams {
            fields.serialize_field("team_spawns", &self.team_spawns)?;
        }
        if cores {
            fields.serialize_field("cores", &self.cores)?;
        }
        if pickups {
            fields.serialize_field("pickups", &self.pickups)?;
        }
        fields.end()
    }
}

/// An entry of a list in an arena's data, written as `walls[3]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The list's field.
    pub list: &'static str,
    /// The place in it, from 0.
    pub index: usize,
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}[{}]", self.list, self.index)
    }
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
        field: &'static str,
        /// How many it had.
        count: usize,
        /// How many it may have.
        max: usize,
    },
    /// A wall with fewer than three different corners, or too many.
    #[error("{0} needs 3 to {CORNERS_MAX} corners, no two neighbours the same")]
    Corners(Entry),
    /// A point that is no number, or outside.
    #[error("{entry} has a point outside the arena: {x}, {y}")]
    Outside {
        /// What has it.
        entry: Entry,
        /// Its x.
        x: f32,
        /// Its y.
        y: f32,
    },
    /// A place for ships inside a wall or too near to one.
    #[error("{0} is in a wall or too near to one")]
    Blocked(Entry),
    /// One team has places to appear and the other has none.
    #[error("team_spawns must have places for both of two teams, or for none")]
    Teams,
    /// Another number of cores than none or one for each team.
    #[error("cores has {0} entries, not none or one for each of two teams")]
    Cores(usize),
}

impl Arena {
    /// The arena for crowds: no walls, a side of 200·√`max_players` units, so that density does not depend on size.
    pub fn open(max_players: u32) -> Arena {
        let side = within(200.0 * (max_players.max(1) as f32).sqrt(), 1200.0, SIDE_UNITS_MAX);
        Arena {
            name: "Open".to_owned(),
            half: Vec2::splat(side / 2.0),
            walls: Vec::new(),
            spawns: Vec::new(),
            team_spawns: [Vec::new(), Vec::new()],
            cores: None,
            pickups: Vec::new(),
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

    /// Places where ships of team 0 and of team 1 appear; both are empty, or neither is.
    pub fn team_spawns(&self) -> &[Vec<Vec2>; 2] {
        &self.team_spawns
    }

    /// Where the cores of team 0 and of team 1 stand, if there are any.
    pub fn cores(&self) -> Option<[Vec2; 2]> {
        self.cores
    }

    /// Where something to be taken lies.
    pub fn pickups(&self) -> &[Pickup] {
        &self.pickups
    }
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
        let half = Vec2::new(file.width, file.height) / 2.0;
        let mut walls = Vec::with_capacity(file.walls.len());
        for (index, corners) in file.walls.iter().enumerate() {
            walls.push(check_wall(Entry { list: "walls", index }, corners, half)?);
        }
        let ground = Ground { walls: &walls, half };
        let spawns = ground.check_places("spawns", &file.spawns, SPAWNS_MAX)?;
        let team_spawns = check_teams(&ground, &file.team_spawns)?;
        let cores = match ground.check_places("cores", &file.cores, SPAWNS_MAX)?.as_slice() {
            [] => None,
            [first, second] => Some([*first, *second]),
            more => return Err(ArenaError::Cores(more.len())),
        };
        let places: Vec<[f32; 2]> = file.pickups.iter().map(|p| p.at).collect();
        let pickups = ground.check_places("pickups", &places, PICKUPS_MAX)?.into_iter();
        let pickups = pickups.zip(&file.pickups).map(|(place, p)| Pickup { place, kind: p.kind }).collect();
        Ok(Arena { name: file.name, half, walls, spawns, team_spawns, cores, pickups })
    }
}

/// What a place for ships is checked against.
struct Ground<'a> {
    walls: &'a [Wall],
    half: Vec2,
}

impl Ground<'_> {
    /// The places of the list called `field`: all inside and clear of walls.
    fn check_places(
        &self,
        list: &'static str,
        points: &[[f32; 2]],
        max: usize,
    ) -> Result<Vec<Vec2>, ArenaError> {
        check_count(list, points.len(), max)?;
        let mut places = Vec::with_capacity(points.len());
        for (index, &point) in points.iter().enumerate() {
            let entry = Entry { list, index };
            let place = check_point(entry, point, self.half)?;
            if blocked(self.walls, place) {
                return Err(ArenaError::Blocked(entry));
            }
            places.push(place);
        }
        Ok(places)
    }
}

fn check_teams(ground: &Ground<'_>, lists: &[Vec<[f32; 2]>]) -> Result<[Vec<Vec2>; 2], ArenaError> {
    let (first, second) = match lists {
        [] => return Ok([Vec::new(), Vec::new()]),
        [first, second] if !first.is_empty() && !second.is_empty() => (first, second),
        _ => return Err(ArenaError::Teams),
    };
    let first = ground.check_places("team_spawns[0]", first, SPAWNS_MAX)?;
    Ok([first, ground.check_places("team_spawns[1]", second, SPAWNS_MAX)?])
}

fn check_count(field: &'static str, count: usize, max: usize) -> Result<(), ArenaError> {
    if count > max { Err(ArenaError::TooMany { field, count, max }) } else { Ok(()) }
}

fn check_wall(entry: Entry, corners: &[[f32; 2]], half: Vec2) -> Result<Wall, ArenaError> {
    if !(3..=CORNERS_MAX).contains(&corners.len()) {
        return Err(ArenaError::Corners(entry));
    }
    let mut points = Vec::with_capacity(corners.len());
    for &corner in corners {
        points.push(check_point(entry, corner, half)?);
    }
    let wall = Wall::new(points);
    if wall.sides().any(|(a, b)| a.distance_squared(b) < 1.0) {
        return Err(ArenaError::Corners(entry));
    }
    Ok(wall)
}

fn check_point(entry: Entry, [x, y]: [f32; 2], half: Vec2) -> Result<Vec2, ArenaError> {
    if x.abs() <= half.x && y.abs() <= half.y {
        Ok(Vec2::new(x, y))
    } else {
        Err(ArenaError::Outside { entry, x, y })
    }
}

/// Whether a ship at `place` would touch a wall.
fn blocked(walls: &[Wall], place: Vec2) -> bool {
    const CLEARANCE_UNITS: f32 = 24.0;
    walls.iter().any(|w| w.contains(place) || w.nearest_edge_point(place).distance(place) < CLEARANCE_UNITS)
}

impl From<Arena> for ArenaFile {
    fn from(arena: Arena) -> ArenaFile {
        let teams = arena.team_spawns.iter().filter(|team| !team.is_empty());
        ArenaFile {
            name: arena.name,
            width: arena.half.x * 2.0,
            height: arena.half.y * 2.0,
            walls: arena.walls.iter().map(|w| w.corners().iter().map(Vec2::to_array).collect()).collect(),
            spawns: arena.spawns.iter().map(Vec2::to_array).collect(),
            team_spawns: teams.map(|team| team.iter().map(Vec2::to_array).collect()).collect(),
            cores: arena.cores.iter().flatten().map(Vec2::to_array).collect(),
            pickups: arena
                .pickups
                .iter()
                .map(|p| PickupPlace { at: p.place.to_array(), kind: p.kind })
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::{decode, encode};

    fn file() -> ArenaFile {
        ArenaFile {
            name: "Test".to_owned(),
            width: 1000.0,
            height: 800.0,
            walls: vec![vec![[-50.0, -50.0], [50.0, -50.0], [50.0, 50.0], [-50.0, 50.0]]],
            spawns: vec![[300.0, 0.0]],
            ..ArenaFile::default()
        }
    }

    fn for_teams() -> ArenaFile {
        ArenaFile {
            team_spawns: vec![vec![[-400.0, 0.0]], vec![[400.0, 0.0]]],
            cores: vec![[-450.0, 0.0], [450.0, 0.0]],
            pickups: vec![PickupPlace { at: [0.0, 200.0], kind: PickupKind::Mines }],
            ..file()
        }
    }

    #[test]
    fn bad_data_is_named() {
        let check = |change: fn(&mut ArenaFile)| {
            let mut bad = for_teams();
            change(&mut bad);
            Arena::try_from(bad).unwrap_err().to_string()
        };
        assert_eq!(check(|f| f.width = f32::NAN), "width must be 200 to 16000 units, not NaN");
        assert_eq!(
            check(|f| f.walls[0].truncate(2)),
            "walls[0] needs 3 to 32 corners, no two neighbours the same"
        );
        assert_eq!(check(|f| f.walls[0][0] = [900.0, 0.0]), "walls[0] has a point outside the arena: 900, 0");
        assert_eq!(check(|f| f.spawns[0] = [60.0, 0.0]), "spawns[0] is in a wall or too near to one");
        assert!(check(|f| f.spawns = vec![[0.0, 0.0]; 300]).starts_with("spawns has 300 entries"));
        assert_eq!(
            check(|f| f.team_spawns[1].clear()),
            "team_spawns must have places for both of two teams, or for none"
        );
        assert_eq!(
            check(|f| f.team_spawns[1].push([0.0, 0.0])),
            "team_spawns[1][1] is in a wall or too near to one"
        );
        assert_eq!(
            check(|f| f.cores.truncate(1)),
            "cores has 1 entries, not none or one for each of two teams"
        );
        assert_eq!(check(|f| f.cores[1] = [0.0, 60.0]), "cores[1] is in a wall or too near to one");
        assert_eq!(
            check(|f| f.pickups[0].at = [0.0, f32::NAN]),
            "pickups[0] has a point outside the arena: 0, NaN"
        );
        assert!(check(|f| f.pickups = vec![f.pickups[0]; 65]).starts_with("pickups has 65 entries"));
    }

    #[test]
    fn what_an_arena_does_without_weighs_nothing() {
        let plain = Arena::try_from(file()).unwrap();
        let bytes = encode(&plain).unwrap();
        assert_eq!(bytes[0], 0x95, "an array of five");
        assert_eq!(decode::<Arena>(&bytes, 1000).unwrap(), plain);
        let only_pickups = ArenaFile { pickups: for_teams().pickups, ..file() };
        for file in [for_teams(), only_pickups] {
            let arena = Arena::try_from(file).unwrap();
            let bytes = encode(&arena).unwrap();
            assert_eq!(bytes[0], 0x98, "an array has no gaps");
            assert_eq!(decode::<Arena>(&bytes, 1000).unwrap(), arena);
        }
    }

    #[test]
    fn a_kind_of_pickup_is_known_by_its_name_alone() {
        for kind in PickupKind::ALL {
            assert_eq!(PickupKind::try_from(kind.name().to_owned()), Ok(kind));
        }
        assert!(PickupKind::try_from("Rail".to_owned()).is_err());
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
