//! The maps that come with the program: data files of `assets/maps`, checked once, and `open`, which is computed.
//! A file that is wrong is found by the test below, before anybody plays.

use std::sync::OnceLock;

use shared::arena::{Arena, ArenaFile};

/// The map of a host who names none: the first small one.
pub const FIRST: &str = "lattice";
/// The map without walls whose size follows its number of seats.
const OPEN: &str = "open";

const FILES: [(&str, &str); 2] = [
    (FIRST, include_str!("../../assets/maps/lattice.json")),
    ("quarry", include_str!("../../assets/maps/quarry.json")),
];

/// A map that can be played.
#[derive(Clone, Debug)]
pub struct Map {
    /// What hosts call it.
    pub name: &'static str,
    /// What players see.
    pub title: String,
    arena: Option<Arena>,
}

impl Map {
    /// The arena for a match with `max_players` seats.
    pub fn arena(&self, max_players: u32) -> Arena {
        self.arena.clone().unwrap_or_else(|| Arena::open(max_players))
    }
}

/// The map called `name`.
pub fn find(name: &str) -> Option<&'static Map> {
    all().iter().find(|m| m.name == name)
}

/// The names of all maps.
pub fn names() -> Vec<&'static str> {
    all().iter().map(|m| m.name).collect()
}

fn all() -> &'static [Map] {
    static MAPS: OnceLock<Vec<Map>> = OnceLock::new();
    MAPS.get_or_init(|| {
        let mut maps: Vec<Map> = FILES.iter().filter_map(|(name, text)| read(name, text).ok()).collect();
        maps.push(Map { name: OPEN, title: "Open".to_owned(), arena: None });
        maps
    })
}

fn read(name: &'static str, text: &str) -> Result<Map, String> {
    let file: ArenaFile = serde_json::from_str(text).map_err(|e| format!("{name}: {e}"))?;
    let arena = Arena::try_from(file).map_err(|e| format!("{name}: {e}"))?;
    Ok(Map { name, title: arena.name().to_owned(), arena: Some(arena) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_a_map() {
        for (name, text) in FILES {
            let map = read(name, text).unwrap();
            assert!(map.arena(16).spawns().len() >= 8, "{name} has too few places to appear");
        }
        assert_eq!(names(), ["lattice", "quarry", "open"]);
    }
}
