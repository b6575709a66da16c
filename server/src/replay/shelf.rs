//! The folder of replays, and what is in it: a list in memory, so that nobody waits for a disk to see it, and limits of
//! age and of size. Routes ask it; one thread puts replays into it.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::PoisonError;
use std::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use serde::Serialize;

use crate::journal::disk::{Disk, FolderDisk};
use crate::replay::file::Front;
use crate::replay::summary::Summary;

/// The end of a replay's file name.
const ENDING: &str = ".replay";

/// How much is kept, and for how long.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    bytes_max: u64,
    age_max: Duration,
}

impl Limits {
    /// Limits in megabytes and days; `None` if either is 0, and nothing is kept.
    pub fn new(megabytes: u32, days: u32) -> Option<Limits> {
        let age_max = Duration::from_secs(u64::from(days) * 86_400);
        (megabytes > 0 && days > 0).then_some(Limits { bytes_max: u64::from(megabytes) << 20, age_max })
    }
}

/// A replay in a list.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Listed {
    /// The match's id.
    pub id: String,
    /// The match's name.
    pub name: String,
    /// The map's name.
    pub map: String,
    /// When it ended, in milliseconds since 1970.
    pub ended_at_ms: u64,
    /// Its length in milliseconds of play.
    pub length_ms: u64,
    /// People who played.
    pub people: usize,
    /// Bots that played.
    pub bots: usize,
    /// Ships that were shot down.
    pub kills: usize,
    /// Who won the last round, with the score.
    pub winner: Option<(String, u16)>,
    /// The file's size.
    pub bytes: u64,
    #[serde(skip)]
    public: bool,
}

impl Listed {
    fn new(summary: &Summary, bytes: u64) -> Listed {
        let bots = summary.players.iter().filter(|played| played.bot).count();
        let best = summary.rounds.last().and_then(|round| round.results.first());
        Listed {
            id: summary.id.clone(),
            name: summary.name.clone(),
            map: summary.map.clone(),
            ended_at_ms: summary.ended_at_ms,
            length_ms: summary.length_ms,
            people: summary.players.len() - bots,
            bots,
            kills: summary.kills.len(),
            winner: best.map(|(id, score, _)| (summary.name_of(*id).to_owned(), *score)),
            bytes,
            public: summary.public,
        }
    }
}

/// The folder and its list.
#[derive(Debug)]
pub struct Shelf {
    path: PathBuf,
    limits: Limits,
    /// The newest first.
    list: RwLock<Vec<Listed>>,
}

impl Shelf {
    /// Makes the folder if it is missing. The list is empty until [`Shelf::scan`].
    pub fn open(data_dir: &Path, limits: Limits) -> io::Result<Shelf> {
        let path = data_dir.join("replays");
        fs::create_dir_all(&path)?;
        Ok(Shelf { path, limits, list: RwLock::default() })
    }

    /// Reads what is in the folder. What is no replay is passed over.
    pub fn scan(&self) -> io::Result<()> {
        for entry in fs::read_dir(&self.path)? {
            let path = entry?.path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let Some(id) = name.strip_suffix(ENDING) else { continue };
            match listed(&path) {
                Ok(listed) if listed.id == id => self.insert(listed),
                _ => tracing::warn!(file = name, "a file among the replays is none, and is passed over"),
            }
        }
        Ok(())
    }

    /// Puts a replay on the shelf: whole or not at all.
    pub fn put(&self, id: &str, bytes: &[u8]) -> io::Result<()> {
        FolderDisk(self.path.clone()).replace(&format!("{id}{ENDING}"), bytes, true)?;
        self.insert(listed(&self.file(id))?);
        Ok(())
    }

    /// Takes away what is too old, and the oldest while all take too much room. `now_ms` is the time since 1970.
    pub fn tidy(&self, now_ms: u64) {
        let age_max_ms = self.limits.age_max.as_millis() as u64;
        let (mut list, mut bytes) = (self.write(), 0_u64);
        list.retain(|listed| {
            bytes += listed.bytes;
            let keep =
                bytes <= self.limits.bytes_max && now_ms.saturating_sub(listed.ended_at_ms) <= age_max_ms;
            keep || !self.remove(&listed.id)
        });
    }

    /// Public replays that ended before a moment, the newest first.
    pub fn page(&self, before_ms: Option<u64>, count: usize) -> Vec<Listed> {
        let before = |listed: &&Listed| before_ms.is_none_or(|before| listed.ended_at_ms < before);
        self.read().iter().filter(|listed| listed.public).filter(before).take(count).cloned().collect()
    }

    /// Opens a replay; `None` if there is none with this id. Blocks.
    pub fn find(&self, id: &str) -> Option<File> {
        let known = self.read().iter().any(|listed| listed.id == id);
        known.then(|| File::open(self.file(id)).ok()).flatten()
    }

    fn file(&self, id: &str) -> PathBuf {
        self.path.join(format!("{id}{ENDING}"))
    }

    fn insert(&self, new: Listed) {
        let mut list = self.write();
        list.retain(|listed| listed.id != new.id);
        let place = list.partition_point(|listed| listed.ended_at_ms > new.ended_at_ms);
        list.insert(place, new);
    }

    /// Whether the file is gone.
    fn remove(&self, id: &str) -> bool {
        match fs::remove_file(self.file(id)) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                tracing::warn!(id, %error, "an old replay can't be removed");
                false
            }
            _ => true,
        }
    }

    fn read(&self) -> RwLockReadGuard<'_, Vec<Listed>> {
        self.list.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Vec<Listed>> {
        self.list.write().unwrap_or_else(PoisonError::into_inner)
    }
}

fn listed(path: &Path) -> io::Result<Listed> {
    let mut file = File::open(path)?;
    let bytes = file.metadata()?.len();
    let front = Front::read(&mut file).map_err(io::Error::other)?;
    Ok(Listed::new(&front.summary, bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY_MS: u64 = 86_400_000;
    const NOW_MS: u64 = 100 * DAY_MS;

    /// A shelf with replays of so many megabytes that ended so many days ago.
    fn shelf(folder: &Path, limits: (u32, u32), replays: &[(&str, u64, u64)]) -> Shelf {
        let shelf = Shelf::open(folder, Limits::new(limits.0, limits.1).unwrap()).unwrap();
        for (id, megabytes, days) in replays {
            fs::write(shelf.file(id), "a replay").unwrap();
            let (id, ended_at_ms) = ((*id).to_owned(), NOW_MS - days * DAY_MS);
            let (name, map, winner) = (String::new(), String::new(), None);
            let (length_ms, people, bots, kills) = (0, 1, 0, 0);
            let (bytes, public) = (megabytes << 20, true);
            let listed =
                Listed { id, name, map, ended_at_ms, length_ms, people, bots, kills, winner, bytes, public };
            shelf.insert(listed);
        }
        shelf
    }

    /// The replays that are left, in the list and in the folder.
    fn left(shelf: &Shelf) -> Vec<String> {
        let listed: Vec<String> = shelf.page(None, 100).into_iter().map(|listed| listed.id).collect();
        assert!(listed.iter().all(|id| shelf.file(id).exists()));
        assert_eq!(fs::read_dir(&shelf.path).unwrap().count(), listed.len(), "a file that nobody finds");
        listed
    }

    #[test]
    fn what_is_too_old_goes() {
        let folder = tempfile::tempdir().unwrap();
        let shelf = shelf(folder.path(), (1000, 30), &[("old", 1, 31), ("new", 1, 1), ("last", 1, 29)]);
        shelf.tidy(NOW_MS);
        assert_eq!(left(&shelf), ["new", "last"]);
        // A clock that jumps an hour takes nothing away, and neither does one that goes back before them all.
        shelf.tidy(NOW_MS + 3_600_000);
        shelf.tidy(0);
        assert_eq!(left(&shelf), ["new", "last"]);
        shelf.tidy(NOW_MS + 30 * DAY_MS);
        assert_eq!(left(&shelf), [""; 0]);
    }

    #[test]
    fn while_all_take_too_much_room_the_oldest_go() {
        let folder = tempfile::tempdir().unwrap();
        let replays = [("b", 4, 2), ("d", 4, 4), ("a", 4, 1), ("c", 4, 3)];
        let shelf = shelf(folder.path(), (10, 30), &replays);
        shelf.tidy(NOW_MS);
        assert_eq!(left(&shelf), ["a", "b"]);
        assert!(Limits::new(0, 30).is_none() && Limits::new(10, 0).is_none(), "0 keeps none");
    }
}
