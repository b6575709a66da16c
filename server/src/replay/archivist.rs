//! The thread that makes replays of rounds that have ended, one after the other, and keeps the shelf within its limits.
//! Nobody waits for it. What it has not done when the server stops, or crashes, the next process does.

use std::fs;
use std::io;
use std::panic::catch_unwind;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::journal::folder::history_name;
use crate::journal::keeper::Journals;
use crate::replay::making::{Made, MakeError, make};
use crate::replay::shelf::Shelf;

/// Rounds that wait for their replay; more wait for the next process.
const WAITING_MAX: usize = 1024;
/// Time between two looks whether the thread is to end, or something is too old.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// The thread and its shelf.
#[derive(Debug)]
pub struct Archivist {
    shelf: Arc<Shelf>,
    stopping: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

struct Work {
    journals: PathBuf,
    shelf: Arc<Shelf>,
    stopping: Arc<AtomicBool>,
}

impl Archivist {
    /// Starts the thread. Call it before any match is taken up or hosted: histories without a journal are then those of
    /// rounds that ended before. `None` if the journals are too busy to hear of it.
    pub fn start(journals: &Journals, shelf: Arc<Shelf>) -> io::Result<Option<Archivist>> {
        let Some(ended) = journals.keep_histories(WAITING_MAX) else { return Ok(None) };
        let orphans = journals.folder().orphans().unwrap_or_default();
        let stopping = Arc::<AtomicBool>::default();
        let work = Work {
            journals: journals.folder().path().to_owned(),
            shelf: Arc::clone(&shelf),
            stopping: Arc::clone(&stopping),
        };
        let run = move || work.run(&orphans, &ended);
        let thread = thread::Builder::new().name("replays".to_owned()).spawn(run)?;
        Ok(Some(Archivist { shelf, stopping, thread }))
    }

    /// Where replays are.
    pub fn shelf(&self) -> Arc<Shelf> {
        Arc::clone(&self.shelf)
    }

    /// Ends the thread soon; what is half done is left for the next process.
    pub fn stop(self) {
        self.stopping.store(true, Ordering::Release);
        drop(self.thread);
    }
}

impl Work {
    fn run(&self, orphans: &[String], ended: &Receiver<Arc<str>>) {
        if let Err(error) = self.shelf.scan() {
            tracing::warn!(%error, "the folder of replays can't be read");
        }
        self.shelf.tidy(now_ms());
        orphans.iter().for_each(|name| self.archive(name));
        while !self.is_stopping() {
            match ended.recv_timeout(LOOK_EVERY) {
                Ok(name) => self.archive(&name),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            self.shelf.tidy(now_ms());
        }
    }

    fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Acquire)
    }

    /// Makes the replay of one round's history. The history goes, unless another process may do better.
    fn archive(&self, name: &str) {
        let path = self.journals.join(history_name(name));
        let done = fs::read(&path).map(|history| {
            let ended_at_ms = changed_ms(&path).unwrap_or_else(now_ms);
            let goes_on = || !self.stopping.load(Ordering::Acquire);
            catch_unwind(|| make(&history, ended_at_ms, &goes_on))
        });
        let settled = match done {
            Ok(Ok(Ok(made))) => self.keep(&made),
            Ok(Ok(Err(MakeError::Stopped))) => return,
            Ok(Ok(Err(error @ (MakeError::Nobody | MakeError::Empty)))) => {
                tracing::debug!(round = name, %error, "a round leaves no replay");
                Ok(())
            }
            Ok(Ok(Err(error))) => {
                tracing::warn!(round = name, %error, "a round leaves no replay");
                Ok(())
            }
            Ok(Err(_)) => {
                tracing::error!(round = name, "making a replay panicked; the round leaves none");
                Ok(())
            }
            Err(error) => Err(error),
        };
        match settled {
            // What is left is done again by the next process, with the same result.
            Ok(()) => drop(fs::remove_file(path)),
            Err(error) => tracing::warn!(round = name, %error, "a replay can't be kept; its history stays"),
        }
    }

    /// Puts a replay on the shelf. After a crash the end of a round may come twice; the first history is the whole one.
    fn keep(&self, made: &Made) -> io::Result<()> {
        if self.shelf.has(&made.id) {
            return Ok(());
        }
        self.shelf.put(&made.id, &made.bytes)?;
        tracing::info!(replay = made.id, bytes = made.bytes.len(), "replay kept");
        Ok(())
    }
}

fn now_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis() as u64
}

fn changed_ms(path: &PathBuf) -> Option<u64> {
    let since = fs::metadata(path).ok()?.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
    Some(since.as_millis() as u64)
}
