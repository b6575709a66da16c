//! The maps that can be played: those of `assets/maps`, which come with the program, `open`, which is computed, and those
//! that a host put into the data folder. Settings name one, the lobby's page lists them; matches get only the arena.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use shared::arena::Arena;

use self::folder::Folder;
use self::tmx::Drawn;

pub mod map_error;

pub mod tmx_door;

pub mod tmx;

pub mod folder;

/// The map of a host who names none: the first small one.
pub const FIRST: &str = "lattice";
/// The map without walls whose size follows its number of seats.
const OPEN: &str = "open";
const OPEN_PLAYERS_HINT: u32 = 100;
/// Folder of a server's own maps in its data folder.
const FOLDER: &str = "maps";

const FILES: [(&str, &str); 3] = [
    (FIRST, include_str!("../../assets/maps/lattice.tmx")),
    ("quarry", include_str!("../../assets/maps/quarry.tmx")),
    ("foundry", include_str!("../../assets/maps/foundry.tmx")),
];

/// A map that can be played.
#[derive(Clone, Debug, PartialEq)]
pub struct Map {
    /// What hosts call it.
    pub name: String,
    /// What players see.
    pub title: String,
    /// One sentence about it; may be empty.
    pub about: String,
    /// How many players it is good for.
    pub players_hint: u32,
    arena: Option<Arc<Arena>>,
}

impl Map {
    fn of(name: &str, drawn: Drawn) -> Map {
        Map {
            name: name.to_owned(),
            title: drawn.arena.name().to_owned(),
            about: drawn.about,
            players_hint: drawn.players,
            arena: Some(Arc::new(drawn.arena)),
        }
    }

    fn open() -> Map {
        Map {
            name: OPEN.to_owned(),
            title: "Open".to_owned(),
            about: "No walls at all. It grows with its seats.".to_owned(),
            players_hint: OPEN_PLAYERS_HINT,
            arena: None,
        }
    }

    /// The arena for a match with `max_players` seats.
    pub fn arena(&self, max_players: u32) -> Arena {
        Arc::unwrap_or_clone(self.shared_arena(max_players))
    }

    /// The same, without a copy for each match.
    pub fn shared_arena(&self, max_players: u32) -> Arc<Arena> {
        self.arena.clone().unwrap_or_else(|| Arc::new(Arena::open(max_players)))
    }

    /// Whether the arena's size follows the number of seats.
    pub fn grows(&self) -> bool {
        self.arena.is_none()
    }
}

/// The maps of one server.
#[derive(Debug)]
pub struct Maps {
    folder: Option<Folder>,
}

impl Maps {
    /// Only those that come with the program.
    pub fn built_in() -> Maps {
        Maps { folder: None }
    }

    /// Those, and the ones in the folder `maps` of `data_dir`, which are read now and whenever they change.
    pub fn open(data_dir: &Path) -> Maps {
        let folder = Folder::new(data_dir.join(FOLDER), names());
        // What can't be played is logged now, before anybody asks for it.
        drop(folder.list());
        Maps { folder: Some(folder) }
    }

    /// The map called `name`; otherwise what is wrong, for its host. It may wait for the disk, but not for a map that
    /// comes with the program.
    pub fn find(&self, name: &str) -> Result<Map, String> {
        if let Some(map) = find(name) {
            return Ok(map.clone());
        }
        if let Some(outcome) = self.folder.as_ref().and_then(|folder| folder.find(name)) {
            return outcome.map(|drawn| Map::of(name, drawn));
        }
        let known: Vec<String> = self.list().into_iter().map(|map| map.name).collect();
        Err(format!("there is no map \"{}\"; there are {}", map_error::shortened(name), known.join(", ")))
    }

    /// All maps that can be played, those of the program first. It may wait for the disk.
    pub fn list(&self) -> Vec<Map> {
        let own = self.folder.iter().flat_map(Folder::list);
        all().iter().cloned().chain(own.map(|(name, drawn)| Map::of(&name, drawn))).collect()
    }
}

/// The map called `name` that comes with the program.
pub fn find(name: &str) -> Option<&'static Map> {
    all().iter().find(|m| m.name == name)
}

/// The names of all maps that come with the program.
pub fn names() -> Vec<&'static str> {
    all().iter().map(|m| m.name.as_str()).collect()
}

fn all() -> &'static [Map] {
    static MAPS: OnceLock<Vec<Map>> = OnceLock::new();
    MAPS.get_or_init(|| {
        let read = |(name, text): &(&str, &str)| Some(Map::of(name, tmx::read(name, text.as_bytes()).ok()?));
        // The test below shows that none is left out.
        FILES.iter().filter_map(read).chain([Map::open()]).collect()
    })
}

#[cfg(test)]
mod tests;
