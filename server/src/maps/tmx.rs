//! A map as Tiled saves it (`.tmx`) becomes an arena: object layers `walls`, `spawns`, `cores` and `pickups`, one unit a
//! pixel, the origin moved to the middle. `docs/hosting.md` has the table. A file is a stranger's: it goes through
//! [`tmx_door`] first, and nothing but its own bytes is ever opened.

use std::io::{self, Cursor};
use std::path::Path;

use shared::arena::{Arena, ArenaFile, PickupKind, PickupPlace};
use shared::name::clean;
use tiled::{LayerType, Loader, ObjectData, ObjectShape, PropertyValue};

use super::map_error::{MapError, Spot, shortened};
use super::tmx_door;

/// Longest file.
pub const FILE_BYTES_MAX: usize = 256 * 1024;
/// Fewest places where ships appear, of all kinds together.
const PLACES_MIN: usize = 4;
/// Most players that a map may ask for.
const PLAYERS_MAX: u32 = 2000;
/// Room for one player in square units, where a map does not say for how many it is.
const ROOM_UNITS: f32 = 220_000.0;
const TITLE_CHARS_MAX: usize = 24;
const ABOUT_CHARS_MAX: usize = 120;
/// The name by which the file's own bytes are asked for.
const ITSELF: &str = "map.tmx";

/// What a file says.
#[derive(Clone, Debug, PartialEq)]
pub struct Drawn {
    /// One sentence about the map; may be empty.
    pub about: String,
    /// How many players it is good for.
    pub players: u32,
    /// The place itself; its name is the map's title.
    pub arena: Arena,
}

/// Reads a file that is called `name` where it has no title.
pub fn read(name: &str, bytes: &[u8]) -> Result<Drawn, MapError> {
    let everywhere = Spot::default();
    if bytes.len() > FILE_BYTES_MAX {
        let what = format!("the file has {} bytes, more than {FILE_BYTES_MAX}", bytes.len());
        return Err(everywhere.error(what));
    }
    let text = std::str::from_utf8(bytes).map_err(|_| everywhere.error("the file is not UTF-8 text"))?;
    tmx_door::check(text)?;
    let mut loader = Loader::with_reader(|path: &Path| only_itself(path, bytes));
    let map = loader.load_tmx_map(ITSELF).map_err(|error| everywhere.error(shortened(&error.to_string())))?;
    let about = about(&map)?;
    let size = (side(map.width, map.tile_width), side(map.height, map.tile_height));
    let mut drawing = Drawing::new(about.title.unwrap_or_else(|| name.to_owned()), size);
    for layer in map.layers() {
        // Nothing can be drawn with tiles, since a map has no tile sets; Tiled begins each map with an empty layer.
        let LayerType::Objects(objects) = layer.layer_type() else { continue };
        let kind = Kind::of(&layer.name)?;
        for object in objects.object_data() {
            let spot = Spot { layer: Some(layer.name.clone()), object: Some(object.id()) };
            drawing.add(kind, object, (layer.offset_x, layer.offset_y), spot)?;
        }
    }
    let arena = drawing.finish()?;
    let room = (size.0 * size.1 / ROOM_UNITS) as u32;
    Ok(Drawn { about: about.line, players: about.players.unwrap_or(room.clamp(4, 64)), arena })
}

fn only_itself(path: &Path, bytes: &[u8]) -> io::Result<Cursor<Vec<u8>>> {
    if path == Path::new(ITSELF) {
        Ok(Cursor::new(bytes.to_vec()))
    } else {
        Err(io::ErrorKind::NotFound.into())
    }
}

fn side(tiles: u32, tile: u32) -> f32 {
    tiles.saturating_mul(tile) as f32
}

/// What a map says of itself in its properties.
#[derive(Default)]
struct About {
    title: Option<String>,
    line: String,
    players: Option<u32>,
}

fn about(map: &tiled::Map) -> Result<About, MapError> {
    let everywhere = Spot::default();
    let mut about = About::default();
    let mut named: Vec<_> = map.properties.iter().collect();
    named.sort_by_key(|(key, _)| key.as_str());
    for (key, value) in named {
        let refuse =
            |right: &str| Err(everywhere.error(format!("property {}: must be {right}", shortened(key))));
        match (key.as_str(), value) {
            ("title", PropertyValue::StringValue(text)) => about.title = clean(text, TITLE_CHARS_MAX),
            ("about", PropertyValue::StringValue(text)) => {
                about.line = clean(text, ABOUT_CHARS_MAX).unwrap_or_default();
            }
            ("players", PropertyValue::IntValue(number)) => match u32::try_from(*number) {
                Ok(number) if (1..=PLAYERS_MAX).contains(&number) => about.players = Some(number),
                _ => return refuse("1 to 2000"),
            },
            ("title" | "about", _) => return refuse("a string"),
            ("players", _) => return refuse("an int"),
            _ => return refuse("title, about or players"),
        }
    }
    Ok(about)
}

/// What a layer is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Walls,
    Spawns,
    Cores,
    Pickups,
}

impl Kind {
    fn of(name: &str) -> Result<Kind, MapError> {
        match name {
            "walls" => Ok(Kind::Walls),
            "spawns" => Ok(Kind::Spawns),
            "cores" => Ok(Kind::Cores),
            "pickups" => Ok(Kind::Pickups),
            _ => {
                let spot = Spot { layer: Some(name.to_owned()), object: None };
                Err(spot.error("name: an object layer must be called walls, spawns, cores or pickups"))
            }
        }
    }
}

/// An arena while it is put together.
struct Drawing {
    file: ArenaFile,
    teams: [Vec<[f32; 2]>; 2],
    cores: [Option<[f32; 2]>; 2],
    /// Where each entry of the arena's lists stands in the file.
    spots: Vec<(String, Spot)>,
}

impl Drawing {
    fn new(title: String, (width, height): (f32, f32)) -> Drawing {
        let file = ArenaFile { name: title, width, height, ..ArenaFile::default() };
        Drawing { file, teams: [Vec::new(), Vec::new()], cores: [None, None], spots: Vec::new() }
    }

    fn add(
        &mut self,
        kind: Kind,
        object: &ObjectData,
        offset: (f32, f32),
        spot: Spot,
    ) -> Result<(), MapError> {
        let corner = [offset.0 - self.file.width / 2.0, offset.1 - self.file.height / 2.0];
        let at = [object.x + corner[0], object.y + corner[1]];
        if kind != Kind::Walls && !is_point(object) {
            return Err(spot.error("shape: must be a point"));
        }
        let entry = match kind {
            Kind::Walls => {
                class(object, &spot, &[("", ())])?;
                let corners =
                    corners(object).ok_or_else(|| spot.error("shape: must be a polygon or a rectangle"))?;
                self.file.walls.push(corners.iter().map(|[x, y]| [x + at[0], y + at[1]]).collect());
                format!("walls[{}]", self.file.walls.len() - 1)
            }
            Kind::Spawns => self.add_spawn(object, at, &spot)?,
            Kind::Cores => {
                let team = class(object, &spot, &[("azure", 0), ("amber", 1)])?;
                let place = self.cores.get_mut(team).filter(|place| place.is_none());
                *place.ok_or_else(|| spot.error("class: this team has a core already"))? = Some(at);
                format!("cores[{team}]")
            }
            Kind::Pickups => {
                let kind = class(object, &spot, &PickupKind::ALL.map(|kind| (kind.name(), kind)))?;
                self.file.pickups.push(PickupPlace { at, kind });
                format!("pickups[{}]", self.file.pickups.len() - 1)
            }
        };
        self.spots.push((entry, spot));
        Ok(())
    }

    fn add_spawn(&mut self, object: &ObjectData, at: [f32; 2], spot: &Spot) -> Result<String, MapError> {
        let team = class(object, spot, &[("", None), ("azure", Some(0)), ("amber", Some(1))])?;
        let list = team.and_then(|team: usize| self.teams.get_mut(team));
        let list = list.unwrap_or(&mut self.file.spawns);
        list.push(at);
        let index = list.len() - 1;
        Ok(team.map_or_else(|| format!("spawns[{index}]"), |team| format!("team_spawns[{team}][{index}]")))
    }

    fn finish(mut self) -> Result<Arena, MapError> {
        let in_layer = |name: &str| Spot { layer: Some(name.to_owned()), object: None };
        match self.cores {
            [Some(azure), Some(amber)] => self.file.cores = vec![azure, amber],
            [None, None] => {}
            _ => {
                return Err(
                    in_layer("cores").error("class: one core is azure and one is amber, or there is none")
                );
            }
        }
        if self.file.spawns.is_empty() {
            self.file.spawns = self.teams.concat();
        }
        if self.teams.iter().any(|team| !team.is_empty()) {
            self.file.team_spawns = self.teams.into();
        }
        if self.file.spawns.len() < PLACES_MIN {
            let what = format!("ships need at least {PLACES_MIN} points to appear at");
            return Err(in_layer("spawns").error(what));
        }
        let spots = self.spots;
        Arena::try_from(self.file).map_err(|error| {
            let what = error.to_string();
            let found = spots
                .iter()
                .find(|(entry, _)| what.strip_prefix(entry).is_some_and(|rest| rest.starts_with(' ')));
            found.map(|(_, spot)| spot.clone()).unwrap_or_default().error(what)
        })
    }
}

fn is_point(object: &ObjectData) -> bool {
    matches!(object.shape, ObjectShape::Point(..))
}

/// What the object's class stands for.
fn class<T: Copy>(object: &ObjectData, spot: &Spot, known: &[(&str, T)]) -> Result<T, MapError> {
    if let Some((_, value)) = known.iter().find(|(name, _)| *name == object.user_type) {
        return Ok(*value);
    }
    let names: Vec<&str> =
        known.iter().map(|(name, _)| if name.is_empty() { "empty" } else { name }).collect();
    Err(spot.error(format!(
        "class: must be {}, not \"{}\"",
        names.join(" or "),
        shortened(&object.user_type)
    )))
}

/// A wall's corners from the object's place, turned as the object is.
fn corners(object: &ObjectData) -> Option<Vec<[f32; 2]>> {
    let flat: Vec<(f32, f32)> = match &object.shape {
        ObjectShape::Polygon { points } => points.clone(),
        ObjectShape::Rect { width: w, height: h } => vec![(0.0, 0.0), (*w, 0.0), (*w, *h), (0.0, *h)],
        _ => return None,
    };
    if object.rotation == 0.0 {
        return Some(flat.into_iter().map(|(x, y)| [x, y]).collect());
    }
    let (sin, cos) = object.rotation.to_radians().sin_cos();
    Some(flat.into_iter().map(|(x, y)| [x * cos - y * sin, x * sin + y * cos]).collect())
}
