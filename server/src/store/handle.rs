//! The store as routes see it: questions that are answered soon or not at all, and the desk where matches hand things in.
//! Nobody waits for the disk here but who asked; the thread behind it is `worker`.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle, Thread};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::bans::Ban;
use super::db::{BanList, Db};
use super::desk::{KEPT_MAX, ResultDesk};
use super::trouble::{REASONS, StoreError, Trouble};
use super::worker::{Inlets, Work, Worker, unix_s};
use crate::telemetry::store_figures;

/// Sign-ins and changes that wait at most; more are turned away.
const URGENT_MAX: usize = 256;
/// Questions that wait at most; more are turned away.
const ASKS_MAX: usize = 64;
/// Longest wait for an answer.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(2);

/// How soon something is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Before everything else: somebody is about to play, or changes something.
    First,
    /// When nothing else is to do: somebody reads.
    Last,
}

/// The store of a running server.
pub struct Store {
    desk: ResultDesk,
    urgent: SyncSender<Work>,
    asks: SyncSender<Work>,
    bans: BanList,
    closing: Arc<AtomicBool>,
    worker: Thread,
    joining: Mutex<Option<JoinHandle<()>>>,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("waiting", &self.desk.waiting()).finish_non_exhaustive()
    }
}

impl Store {
    /// Starts the store of a data folder; without one it is in memory. The database is opened by its thread, so that a
    /// slow or broken one keeps nobody from playing. Fails only if there are no threads.
    pub fn start(folder: Option<PathBuf>) -> std::io::Result<Store> {
        store_figures::describe(&REASONS);
        let (kept_in, kept) = sync_channel(KEPT_MAX);
        let (urgent, urgent_out) = sync_channel(URGENT_MAX);
        let (asks, asks_out) = sync_channel(ASKS_MAX);
        let (desk, closing, bans) =
            (ResultDesk::new(kept_in), Arc::<AtomicBool>::default(), BanList::default());
        let inlets = Inlets { kept, urgent: urgent_out, asks: asks_out, closing: Arc::clone(&closing) };
        let work = Worker::new(folder, inlets, desk.clone(), Arc::clone(&bans));
        let joining = thread::Builder::new().name("store".to_owned()).spawn(move || work.run())?;
        let worker = joining.thread().clone();
        desk.wake(worker.clone());
        Ok(Store { desk, urgent, asks, bans, closing, worker, joining: Mutex::new(Some(joining)) })
    }

    /// Where finished rounds and seats are handed in.
    pub fn desk(&self) -> &ResultDesk {
        &self.desk
    }

    /// Asks the database, or changes it, on its thread.
    pub async fn ask<T: Send + 'static>(
        &self,
        turn: Turn,
        work: impl FnOnce(&mut Db, i64) -> Result<T, Trouble> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        let work: Work = Box::new(move |db| {
            let Some(db) = db else {
                // Whoever asked may have gone; so also below.
                let _ = reply.send(Err(StoreError::Unavailable));
                return Ok(());
            };
            if reply.is_closed() {
                return Ok(());
            }
            let done = work(db, unix_s());
            let (told, trouble) = match done {
                Ok(value) => (Ok(value), Ok(())),
                Err(trouble) => (Err(StoreError::Unavailable), Err(trouble)),
            };
            let _ = reply.send(told);
            trouble
        });
        let queue = if turn == Turn::First { &self.urgent } else { &self.asks };
        queue.try_send(work).map_err(|_| StoreError::Busy)?;
        self.worker.unpark();
        let answer = tokio::time::timeout(ANSWER_TIME_MAX, answer).await.map_err(|_| StoreError::Busy)?;
        answer.unwrap_or(Err(StoreError::Unavailable))
    }

    /// All bans, also those that have just ended.
    pub fn bans(&self) -> Arc<Vec<Ban>> {
        self.bans.load_full()
    }

    /// The ban that keeps a caller out now, if any.
    pub fn ban_of(&self, address: IpAddr, account: Option<&str>) -> Option<Ban> {
        let now_s = unix_s();
        self.bans.load().iter().find(|ban| ban.holds(address, account, now_s)).cloned()
    }

    /// Writes what waits and ends the thread, or leaves it behind after `within`. Blocks.
    pub fn close(&self, within: Duration) {
        let deadline = Instant::now() + within;
        self.closing.store(true, Ordering::Release);
        self.worker.unpark();
        let thread = self.joining.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(thread) = thread else { return };
        while !thread.is_finished() && Instant::now() < deadline {
            thread::park_timeout(Duration::from_millis(5));
        }
    }
}

impl Drop for Store {
    /// A store that nobody closed ends by itself.
    fn drop(&mut self) {
        self.closing.store(true, Ordering::Release);
        self.worker.unpark();
    }
}
