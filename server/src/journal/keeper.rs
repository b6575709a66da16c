//! The journals of a server: the folder that it owns, the thread that writes, and the way back from files to matches.
//! The lobby asks for recorders of new matches and, at the start, for everything that another process left behind.

use std::io;
use std::panic::catch_unwind;
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::journal::disk::FolderDisk;
use crate::journal::folder::Folder;
use crate::journal::header::{Header, Origin};
use crate::journal::port::{Entry, Message, Port, queue};
use crate::journal::recorder::Recorder;
use crate::journal::recovery::{Recovered, recover};
use crate::journal::writer::Writer;
use crate::settings::MatchSettings;
use crate::telemetry::journal_figures;

/// Times that a recovery is tried before its journal is put aside.
const ATTEMPTS_MAX: u32 = 2;
/// Longest wait for the thread to have written what it has.
const FLUSH_WITHIN: Duration = Duration::from_secs(2);
/// Time between two looks at a thread that is to end.
const LOOK_EVERY: Duration = Duration::from_millis(2);

/// A server's journals.
#[derive(Debug)]
pub struct Journals {
    folder: Folder,
    port: Port,
    checkpoint_every: Duration,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Journals {
    /// Starts to write into `folder`. With `sync` what was written a second ago survives a power cut.
    pub fn start(folder: Folder, sync: bool, checkpoint_every: Duration) -> io::Result<Journals> {
        let (port, desk) = queue();
        let disk = Box::new(FolderDisk(folder.path().to_owned()));
        let writer = Writer::new(desk, disk, sync);
        let thread = thread::Builder::new().name("journals".to_owned()).spawn(move || writer.run())?;
        Ok(Journals { folder, port, checkpoint_every, thread: Mutex::new(Some(thread)) })
    }

    /// The recorder of a match that begins or goes on here.
    pub fn recorder(&self, origin: Origin, settings: &MatchSettings) -> Recorder {
        Recorder::new(Header::new(origin, settings), self.port.clone(), self.checkpoint_every)
    }

    /// All matches that another process left behind, in the order in which they were hosted.
    pub fn recover_all(&self) -> Vec<Recovered> {
        let ids = self.folder.list().unwrap_or_else(|error| {
            tracing::error!(%error, "the folder of journals can't be read; no match is recovered");
            Vec::new()
        });
        let mut found: Vec<Recovered> = ids.iter().filter_map(|id| self.recover(id)).collect();
        found.sort_by_key(|recovered| recovered.header.hosted_at_ms);
        found
    }

    /// The match of one journal that this process wrote until now.
    pub fn recover_again(&self, id: &str) -> Option<Recovered> {
        self.flush(FLUSH_WITHIN);
        self.recover(id)
    }

    /// The match of one journal. One whose recovery failed twice, by ending the process too, is put aside and reported.
    /// Only the journal being read is charged: what ends the process meanwhile is not the fault of the others.
    fn recover(&self, id: &str) -> Option<Recovered> {
        while self.folder.attempts(id) < ATTEMPTS_MAX {
            if let Err(error) = self.folder.count_attempt(id) {
                tracing::warn!(match_id = id, %error, "an attempt to recover a match can't be counted");
                return self.attempt(id);
            }
            if let Some(recovered) = self.attempt(id) {
                self.uncount(id);
                return Some(recovered);
            }
        }
        self.put_aside(id);
        None
    }

    /// Charges a recovered match that is about to play, until its journal goes on: its first ticks may end the process.
    pub fn count(&self, id: &str) {
        if let Err(error) = self.folder.count_attempt(id) {
            tracing::warn!(match_id = id, %error, "an attempt to play a recovered match can't be counted");
        }
    }

    /// Takes back what was counted last.
    pub fn uncount(&self, id: &str) {
        if let Err(error) = self.folder.uncount_attempt(id) {
            tracing::warn!(match_id = id, %error, "an attempt to recover a match stays counted");
        }
    }

    fn attempt(&self, id: &str) -> Option<Recovered> {
        let bytes = match self.folder.read(id) {
            Ok(bytes) => bytes,
            Err(error) => {
                tracing::error!(match_id = id, %error, "a journal can't be read");
                return None;
            }
        };
        match catch_unwind(|| recover(&bytes)) {
            Ok(Ok(recovered)) if recovered.header.match_id == id => {
                let report = recovered.report;
                let tick = recovered.checkpoint.world.tick.0;
                tracing::info!(match_id = id, tick, ?report, "match recovered");
                return Some(recovered);
            }
            Ok(Ok(_)) => tracing::error!(match_id = id, "a journal is of another match"),
            Ok(Err(error)) => tracing::error!(match_id = id, %error, "a match can't be recovered"),
            Err(_) => tracing::error!(match_id = id, "the recovery of a match panicked"),
        }
        None
    }

    /// Puts a journal where nobody tries it again, and says so.
    pub fn put_aside(&self, id: &str) {
        // Only a queue that is full keeps the file open; then it is moved all the same.
        let _ = self.port.send(&id.into(), Entry::Close);
        self.flush(FLUSH_WITHIN);
        journal_figures::put_aside();
        match self.folder.put_aside(id) {
            Ok(place) => {
                tracing::error!(match_id = id, place = %place.display(), "a journal was put aside");
            }
            Err(error) => tracing::error!(match_id = id, %error, "a journal can't be put aside"),
        }
    }

    /// From now on the histories of ended rounds stay in the folder, and their names come here, up to `waiting_max` that
    /// wait; the others are found by the next process. `None` if the queue is full.
    pub fn keep_histories(&self, waiting_max: usize) -> Option<Receiver<Arc<str>>> {
        let (sender, ended) = sync_channel(waiting_max);
        self.port.ask(Message::KeepHistories(sender)).ok().map(|()| ended)
    }

    /// Where they are.
    pub fn folder(&self) -> &Folder {
        &self.folder
    }

    /// Waits until everything that was handed over is written; false if that takes longer.
    fn flush(&self, within: Duration) -> bool {
        let (sender, done) = sync_channel(1);
        // The answer is that the sender is dropped.
        let disconnected = Err(std::sync::mpsc::RecvTimeoutError::Disconnected);
        self.port.ask(Message::Flush(sender)).is_ok() && done.recv_timeout(within) == disconnected
    }

    /// Writes what is there and gives the folder back, or leaves the thread behind after `within`.
    pub fn stop(&self, within: Duration) {
        let deadline = Instant::now() + within;
        while self.port.ask(Message::Stop).is_err() && Instant::now() < deadline {
            thread::sleep(LOOK_EVERY);
        }
        let Some(thread) = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take() else { return };
        while !thread.is_finished() && Instant::now() < deadline {
            thread::sleep(LOOK_EVERY);
        }
        if thread.is_finished() {
            self.folder.give_back();
        } else {
            tracing::warn!("journals were not written in time; matches come back a little older");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::folder::journal_name;
    use crate::journal::record::{Kind, MAGIC, append};
    use crate::journal::sample;

    /// A server's start in a data folder with the journals of these matches.
    fn start(data: &std::path::Path, ids: &[&str]) -> Journals {
        let folder = Folder::take(data).unwrap().unwrap();
        for id in ids {
            let mut file = MAGIC.to_vec();
            append(Kind::Header, &sample::header(id).to_bytes(), &mut file);
            append(Kind::Checkpoint, &sample::checkpoint(3).to_bytes(), &mut file);
            std::fs::write(folder.path().join(journal_name(id)), file).unwrap();
        }
        Journals::start(folder, false, Duration::from_secs(2)).unwrap()
    }

    #[test]
    fn who_ends_the_process_while_others_are_read_is_charged_alone() {
        let data = tempfile::tempdir().unwrap();
        let journals = start(data.path(), &["a1", "b2", "c3"]);
        for _ in 0..3 {
            assert_eq!(journals.recover_all().len(), 3, "a start that is cut short charges nobody");
        }
        assert!(["a1", "b2", "c3"].iter().all(|id| journals.folder.attempts(id) == 0));
        // The process ends while the first is read, and then while the second one plays its first ticks; both twice.
        for _ in 0..2 {
            journals.folder.count_attempt("a1").unwrap();
            journals.count("b2");
        }
        let left = journals.recover_all();
        assert_eq!(left.iter().map(|one| one.header.match_id.as_str()).collect::<Vec<_>>(), ["c3"]);
        assert!(
            ["a1", "b2"].iter().all(|id| data.path().join(format!("journals/aside/{id}.journal")).exists())
        );
    }

    #[test]
    fn one_bad_start_is_remembered_until_the_match_plays() {
        let data = tempfile::tempdir().unwrap();
        let journals = start(data.path(), &["a1"]);
        journals.count("a1");
        assert_eq!((journals.recover_all().len(), journals.folder.attempts("a1")), (1, 1));
        journals.count("a1");
        journals.uncount("a1");
        journals.uncount("a1");
        assert_eq!(journals.folder.attempts("a1"), 0);
        assert_eq!(journals.recover_all().len(), 1);
    }
}
