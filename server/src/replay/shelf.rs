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
    /// The replay's id: the match's and the round's number.
    pub id: String,
    /// The match's id.
    pub match_id: String,
    /// Which of its rounds.
    pub round: u16,
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
    /// Who won, with the score; in modes with sides the side that did, and nobody if they are level.
    pub winner: Option<(String, u16)>,
    /// The file's size.
    pub bytes: u64,
    #[serde(skip)]
    public: bool,
}

impl Listed {
    fn new(summary: &Summary, bytes: u64) -> Listed {
        let bots = summary.players.iter().filter(|played| played.bot).count();
        Listed {
            id: summary.id.clone(),
            match_id: summary.of_match().to_owned(),
            round: summary.round,
            name: summary.name.clone(),
            map: summary.map.clone(),
            ended_at_ms: summary.ended_at_ms,
            length_ms: summary.length_ms,
            people: summary.players.len() - bots,
            bots,
            kills: summary.kills.len(),
            winner: summary.winner().map(|(name, score)| (name.to_owned(), score)),
            bytes,
            public: summary.public,
        }
    }
}

/// A part of the list of public replays.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Page {
    /// The replays, the newest first.
    pub replays: Vec<Listed>,
    /// What to put behind `before=` for the next part; `None` behind the last one.
    pub next: Option<u64>,
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

    /// Public replays that ended before a moment, the newest first. More than `count` only if the last ones ended in the
    /// same millisecond; the moment of the last is where the next page begins, and none is left out.
    pub fn page(&self, before_ms: Option<u64>, count: usize) -> Page {
        let before = |listed: &&Listed| before_ms.is_none_or(|before| listed.ended_at_ms < before);
        let list = self.read();
        let mut left = list.iter().filter(|listed| listed.public).filter(before).peekable();
        let mut replays: Vec<Listed> = left.by_ref().take(count).cloned().collect();
        let last_ms = replays.last().map(|listed| listed.ended_at_ms);
        while let Some(listed) = left.next_if(|listed| Some(listed.ended_at_ms) == last_ms) {
            replays.push(listed.clone());
        }
        Page { replays, next: left.peek().and(last_ms) }
    }

    /// Whether there is a replay with just this id.
    pub fn has(&self, id: &str) -> bool {
        self.read().iter().any(|listed| listed.id == id)
    }

    /// Opens a replay; a match's id alone is its newest one. `None` if there is none. Blocks.
    pub fn find(&self, id: &str) -> Option<File> {
        let list = self.read();
        let exact = list.iter().find(|listed| listed.id == id);
        let known = exact.or_else(|| list.iter().find(|listed| listed.match_id == id))?.id.clone();
        drop(list);
        File::open(self.file(&known)).ok()
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
    use shared::feed::{FEED_VERSION, Hello};
    use shared::id::PlayerId;
    use shared::world::Hull;

    use super::*;
    use crate::journal::sample;
    use crate::replay::file::{FEED, write};
    use crate::replay::summary::{Block, Played, REPLAY_VERSION};
    use crate::settings::RawSettings;

    const DAY_MS: u64 = 86_400_000;

    fn summary(id: &str, ended_at_ms: u64) -> Summary {
        let settings = RawSettings::default().check().unwrap();
        let (match_id, round) = id.split_once('-').unwrap();
        Summary {
            version: REPLAY_VERSION,
            id: id.to_owned(),
            match_id: match_id.to_owned(),
            round: round.parse().unwrap(),
            whole: true,
            name: "A".to_owned(),
            map: "open".to_owned(),
            public: match_id != "hidden",
            program: String::new(),
            bots: 1,
            ended_at_ms,
            first_tick: 0,
            length_ms: 1000,
            jumps_ms: Vec::new(),
            players: Vec::new(),
            rounds: Vec::new(),
            kills: Vec::new(),
            scores: Vec::new(),
            hello: Hello {
                version: FEED_VERSION,
                match_id: match_id.to_owned(),
                match_name: "A".to_owned(),
                tick_hz: settings.tick_hz,
                delay_ms: 0,
                arena: settings.arena(),
                mode: settings.mode,
                goal: 0,
                rules: settings.book,
            },
            blocks: vec![Block(0, 0)],
        }
    }

    fn replay(id: &str, ended_at_ms: u64) -> Vec<u8> {
        let summary = summary(id, ended_at_ms);
        // Bytes that no packing makes smaller, so that sizes are known.
        write(&sample::header(&summary.match_id), &summary, &[(FEED, vec![7; 300_000])])
    }

    fn ids(page: &Page) -> Vec<&str> {
        page.replays.iter().map(|listed| listed.id.as_str()).collect()
    }

    fn files(folder: &Path) -> usize {
        fs::read_dir(folder.join("replays")).unwrap().count()
    }

    #[test]
    fn a_side_wins_where_there_are_sides() {
        let winner = |round: &str| {
            let mut summary = summary("a-1", 0);
            let (id, name) = (PlayerId(1), "Ann".to_owned());
            summary.players.push(Played { id, name, hull: Hull::default(), bot: true });
            summary.rounds.push(serde_json::from_str(round).unwrap());
            Listed::new(&summary, 0).winner
        };
        let alone = r#"{"number": 1, "ended_ms": 9, "results": [[1, 5, 0]]}"#;
        assert_eq!(winner(alone), Some(("Ann".to_owned(), 5)), "as files of before have it");
        let sides = |scores: &str| {
            let rest = format!(r#", "team_scores": {scores}, "teams": [1]}}"#);
            winner(&alone.replace('}', &rest))
        };
        assert_eq!(sides("[7, 9]"), Some(("Amber".to_owned(), 9)));
        assert_eq!(sides("[9, 7]"), Some(("Azure".to_owned(), 9)));
        assert_eq!(sides("[7, 7]"), None);
        assert_eq!(sides("null"), Some(("Ann".to_owned(), 5)));
    }

    #[test]
    fn what_is_too_old_or_too_much_goes_and_the_oldest_first() {
        let data = tempfile::tempdir().unwrap();
        let shelf = Shelf::open(data.path(), Limits::new(1, 2).unwrap()).unwrap();
        for (id, day) in [("a-1", 1), ("a-2", 2), ("b-1", 3), ("c-1", 4)] {
            shelf.put(id, &replay(id, day * DAY_MS)).unwrap();
        }
        shelf.tidy(4 * DAY_MS);
        assert_eq!(ids(&shelf.page(None, 9)), ["c-1", "b-1", "a-2"], "a megabyte holds three");
        assert_eq!(files(data.path()), 3);
        shelf.tidy(5 * DAY_MS);
        assert_eq!(ids(&shelf.page(None, 9)), ["c-1", "b-1"], "two days");
        shelf.tidy(5 * DAY_MS + 1);
        assert!(!shelf.has("b-1") && shelf.find("b-1").is_none() && shelf.find("b").is_none());
        assert_eq!(files(data.path()), 1);
        let again = Shelf::open(data.path(), Limits::new(1, 2).unwrap()).unwrap();
        again.scan().unwrap();
        again.tidy(7 * DAY_MS);
        assert_eq!(
            (again.page(None, 9), files(data.path())),
            (Page::default(), 0),
            "what the next process finds"
        );
        assert!(Limits::new(0, 30).is_none() && Limits::new(1000, 0).is_none());
    }

    #[test]
    fn pages_follow_the_time_of_the_end_and_leave_none_out() {
        let data = tempfile::tempdir().unwrap();
        let shelf = Shelf::open(data.path(), Limits::new(1000, 30).unwrap()).unwrap();
        for (id, at_ms) in [("a-1", 10), ("a-2", 40), ("b-1", 30), ("c-1", 30), ("hidden-1", 35), ("d-1", 20)]
        {
            shelf.put(id, &replay(id, at_ms)).unwrap();
        }
        let first = shelf.page(None, 2);
        assert_eq!(
            (ids(&first), first.next),
            (vec!["a-2", "c-1", "b-1"], Some(30)),
            "ends at once stay together"
        );
        let second = shelf.page(first.next, 2);
        assert_eq!((ids(&second), second.next), (vec!["d-1", "a-1"], None));
        assert_eq!(shelf.page(Some(10), 2), Page::default());
        // A match's id alone is its newest round.
        let name = |id| Front::read(&mut shelf.find(id).unwrap()).unwrap().summary.id;
        assert_eq!((name("a"), name("a-1"), name("hidden")), ("a-2".into(), "a-1".into(), "hidden-1".into()));
        assert!(shelf.find("../a-1").is_none() && shelf.find("").is_none());
    }
}
