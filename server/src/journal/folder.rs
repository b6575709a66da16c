//! The folder of all journals: what is in it, whose it is, and how often somebody tried to read a file of it.
//! One process at a time owns it, by a lock that the system gives back when the process ends in whatever way.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

/// The end of a journal's file name.
const ENDING: &str = ".journal";
/// The end of a history's file name.
const HISTORY_ENDING: &str = ".history";
/// The end of the name of a file that counts how often a recovery was tried.
const ATTEMPTS_ENDING: &str = ".attempts";
const LOCK: &str = "lock";
const ASIDE: &str = "aside";

/// Longest journal that is read.
const JOURNAL_BYTES_MAX: u64 = 1 << 30;

/// The folder, ours as long as this lives.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    lock: File,
}

impl Folder {
    /// Makes the folder if it is missing, and takes it; `None` while another process has it.
    pub fn take(data_dir: &Path) -> io::Result<Option<Folder>> {
        let path = data_dir.join("journals");
        fs::create_dir_all(&path)?;
        let lock = OpenOptions::new().create(true).truncate(false).write(true).open(path.join(LOCK))?;
        match lock.try_lock() {
            Ok(()) => Ok(Some(Folder { path, lock })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Lets another process take it.
    pub fn give_back(&self) {
        if let Err(error) = self.lock.unlock() {
            tracing::warn!(%error, "the journals' folder can't be given back before the process ends");
        }
    }

    /// The ids of all journals, sorted. Names that no match has are passed over.
    pub fn list(&self) -> io::Result<Vec<String>> {
        let mut ids = self.list_ending(ENDING)?;
        ids.retain(|id| !id.contains('-'));
        Ok(ids)
    }

    /// The names, without the ending, of histories of rounds that have ended, sorted; also of those that a match left that
    /// has no journal any more. Only before matches are taken up.
    pub fn orphans(&self) -> io::Result<Vec<String>> {
        let mut names = self.list_ending(HISTORY_ENDING)?;
        names.retain(|name| name.contains('-') || !self.path.join(journal_name(name)).exists());
        Ok(names)
    }

    /// Takes all histories away, since nobody keeps replays. Only before matches are taken up.
    pub fn remove_histories(&self) -> io::Result<()> {
        for name in self.list_ending(HISTORY_ENDING)? {
            gone(fs::remove_file(self.path.join(history_name(&name))))?;
        }
        Ok(())
    }

    fn list_ending(&self, ending: &str) -> io::Result<Vec<String>> {
        let mut ids = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            let name = entry?.file_name();
            let id = name.to_str().and_then(|name| name.strip_suffix(ending)).unwrap_or_default();
            let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
            if !id.is_empty() && id.len() <= 40 && id.bytes().all(plain) {
                ids.push(id.to_owned());
            }
        }
        ids.sort_unstable();
        Ok(ids)
    }

    /// The bytes of a journal.
    pub fn read(&self, id: &str) -> io::Result<Vec<u8>> {
        let file = File::open(self.path.join(journal_name(id)))?;
        let mut bytes = Vec::new();
        file.take(JOURNAL_BYTES_MAX).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// How often the recovery of a match was begun since it last succeeded.
    pub fn attempts(&self, id: &str) -> u32 {
        let text = fs::read_to_string(self.path.join(attempts_name(id))).unwrap_or_default();
        text.trim().parse().unwrap_or(0)
    }

    /// Counts an attempt, on the disk before it is made, so that one which ends the process counts too.
    pub fn count_attempt(&self, id: &str) -> io::Result<()> {
        let count = self.attempts(id) + 1;
        fs::write(self.path.join(attempts_name(id)), count.to_string())
    }

    /// Takes the newest counted attempt back.
    pub fn uncount_attempt(&self, id: &str) -> io::Result<()> {
        match self.attempts(id) {
            0 | 1 => gone(fs::remove_file(self.path.join(attempts_name(id)))),
            count => fs::write(self.path.join(attempts_name(id)), (count - 1).to_string()),
        }
    }

    /// Puts a journal where nobody tries it again.
    pub fn put_aside(&self, id: &str) -> io::Result<PathBuf> {
        let folder = self.path.join(ASIDE);
        fs::create_dir_all(&folder)?;
        let place = folder.join(journal_name(id));
        fs::rename(self.path.join(journal_name(id)), &place)?;
        // A match of which there is no history has none to be put aside.
        let _ = fs::rename(self.path.join(history_name(id)), folder.join(history_name(id)));
        gone(fs::remove_file(self.path.join(attempts_name(id)))).map(|()| place)
    }
}

/// A file that is not there is as good as removed.
fn gone(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// The file of a match's journal.
pub fn journal_name(id: &str) -> String {
    format!("{id}{ENDING}")
}

/// The file of the history of the round that a match plays.
pub fn history_name(id: &str) -> String {
    format!("{id}{HISTORY_ENDING}")
}

/// What the history of a round that is over is called, without the ending.
pub fn round_name(id: &str, round: u16) -> String {
    format!("{id}-{round}")
}

/// The file that counts attempts to recover a match.
pub fn attempts_name(id: &str) -> String {
    format!("{id}{ATTEMPTS_ENDING}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_process_has_it_at_a_time_and_strange_files_are_passed_over() {
        let data = tempfile::tempdir().unwrap();
        let folder = Folder::take(data.path()).unwrap().unwrap();
        assert!(Folder::take(data.path()).unwrap().is_none());
        for name in ["b2.journal", "a1.journal", "a1.journal.new", "../x.journal", ".journal", "a.b.journal"]
        {
            fs::write(folder.path().join(name.replace("../", "..-")), b"").unwrap();
        }
        assert_eq!(folder.list().unwrap(), ["a1", "b2"]);
        folder.count_attempt("a1").unwrap();
        folder.count_attempt("a1").unwrap();
        assert_eq!((folder.attempts("a1"), folder.attempts("b2")), (2, 0));
        assert!(folder.put_aside("a1").unwrap().exists());
        assert_eq!((folder.list().unwrap(), folder.attempts("a1")), (vec!["b2".to_owned()], 0));
        fs::write(folder.path().join("b2-3.history"), b"").unwrap();
        folder.remove_histories().unwrap();
        assert!(folder.orphans().unwrap().is_empty() && folder.list().unwrap() == ["b2"]);
        drop(folder);
        assert!(Folder::take(data.path()).unwrap().is_some());
    }
}
