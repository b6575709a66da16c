//! The store's thread: writes what was handed in, in order, and answers questions in between. When the database does not
//! work it says so once, keeps what is to be written and tries again, so that nobody else has to know.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Receiver;
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::db::{BanList, Db};
use super::desk::{KEPT_MAX, Kept, ResultDesk};
use super::schema;
use super::trouble::Trouble;
use crate::telemetry::store_figures;

/// Pause after the first failure; each further one doubles it.
const PAUSE_MIN: Duration = Duration::from_millis(500);
/// Longest pause between two attempts.
const PAUSE_MAX: Duration = Duration::from_secs(10);
/// Longest sleep without anything to do.
const DOZE: Duration = Duration::from_secs(60);
/// Time between two looks for what nobody will ask for.
const SWEEP_EVERY: Duration = Duration::from_secs(24 * 3600);

/// A question or a change with its answer on the way; without a database it answers that itself.
pub type Work = Box<dyn FnOnce(Option<&mut Db>) -> Result<(), Trouble> + Send>;

/// What comes to the thread.
#[derive(Debug)]
pub struct Inlets {
    /// What is to be kept.
    pub kept: Receiver<Kept>,
    /// Changes and sign-ins, which go before everything else.
    pub urgent: Receiver<Work>,
    /// Questions, which come last.
    pub asks: Receiver<Work>,
    /// Set when the server stops.
    pub closing: Arc<AtomicBool>,
}

/// The thread's work.
#[derive(Debug)]
pub struct Worker {
    folder: Option<PathBuf>,
    inlets: Inlets,
    desk: ResultDesk,
    bans: BanList,
    db: Option<Db>,
    /// Whether a database was ever open; only before that may a damaged one be put aside.
    begun: bool,
    pending: VecDeque<(Kept, i64)>,
    pause: Duration,
    try_at: Instant,
    failing: bool,
    sweep_at: Instant,
}

impl Worker {
    /// The work before it begins; without a folder the database is in memory.
    pub fn new(folder: Option<PathBuf>, inlets: Inlets, desk: ResultDesk, bans: BanList) -> Worker {
        let now = Instant::now();
        Worker {
            folder,
            inlets,
            desk,
            bans,
            db: None,
            begun: false,
            pending: VecDeque::new(),
            pause: PAUSE_MIN,
            try_at: now,
            failing: false,
            sweep_at: now,
        }
    }

    /// Runs until the server stops; then writes what is left, if it can.
    pub fn run(mut self) {
        loop {
            let closing = self.inlets.closing.load(Ordering::Acquire);
            self.take_in();
            self.reopen();
            let busy = self.urgent() || self.write_one() || self.answer_one();
            if busy {
                continue;
            }
            if closing {
                return self.finish();
            }
            self.sweep();
            let due = if self.pending.is_empty() && self.db.is_some() {
                DOZE
            } else {
                self.try_at.saturating_duration_since(Instant::now())
            };
            thread::park_timeout(due);
        }
    }

    fn take_in(&mut self) {
        let now_s = unix_s();
        while let Ok(thing) = self.inlets.kept.try_recv() {
            self.pending.push_back((thing, now_s));
        }
    }

    fn reopen(&mut self) {
        if self.db.is_some() || !self.is_time() {
            return;
        }
        match self.open() {
            Ok(db) => {
                self.db = Some(db);
                self.begun = true;
            }
            Err(trouble) => self.note(&trouble),
        }
    }

    fn open(&self) -> Result<Db, Trouble> {
        let open = || Db::open(self.folder.as_deref(), Arc::clone(&self.bans), !self.begun);
        match open() {
            Err(trouble) if trouble.reason() == "damaged" && !self.begun => {
                let Some(folder) = &self.folder else { return Err(trouble) };
                store_figures::failed(trouble.reason());
                let aside = schema::put_aside(folder, unix_s())?;
                tracing::error!(
                    error = %trouble,
                    aside = %aside.display(),
                    "the database is damaged: it was put aside and a new one begun; restore a backup, or save it with sqlite3's .recover"
                );
                open()
            }
            outcome => outcome,
        }
    }

    fn urgent(&mut self) -> bool {
        let Ok(work) = self.inlets.urgent.try_recv() else { return false };
        self.answer(work);
        true
    }

    fn answer_one(&mut self) -> bool {
        let Ok(work) = self.inlets.asks.try_recv() else { return false };
        self.answer(work);
        true
    }

    fn answer(&mut self, work: Work) {
        if let Err(trouble) = work(self.db.as_mut()) {
            self.note(&trouble);
        }
    }

    /// Writes the oldest of what waits, if it is time; true if that is one thing less to do.
    fn write_one(&mut self) -> bool {
        if !self.is_time() {
            return false;
        }
        let (Some(db), Some((thing, at_s))) = (&mut self.db, self.pending.front()) else { return false };
        let outcome = db.write(thing, *at_s);
        match outcome {
            Ok(()) => self.works(),
            Err(trouble) if trouble.may_pass() => {
                self.note(&trouble);
                return false;
            }
            Err(trouble) => {
                store_figures::failed(trouble.reason());
                store_figures::dropped();
                tracing::error!(error = %trouble, "a result can't be written and is given up");
            }
        }
        self.pending.pop_front();
        self.desk.done();
        true
    }

    fn works(&mut self) {
        self.pause = PAUSE_MIN;
        if std::mem::take(&mut self.failing) {
            tracing::info!(waiting = self.desk.waiting(), "the database works again");
        }
    }

    /// Something did not work: counts it, says so if it is news, and waits before the next attempt.
    fn note(&mut self, trouble: &Trouble) {
        let reason = trouble.reason();
        store_figures::failed(reason);
        if !std::mem::replace(&mut self.failing, true) {
            tracing::warn!(
                reason,
                error = %trouble,
                kept_max = KEPT_MAX,
                "the database does not work; play goes on, results wait and are written later"
            );
        }
        self.try_at = Instant::now() + self.pause;
        self.pause = (self.pause * 2).min(PAUSE_MAX);
        if matches!(reason, "io" | "read_only" | "damaged") && self.folder.is_some() {
            // What it knows of the file may no longer be so.
            self.db = None;
        }
    }

    fn is_time(&self) -> bool {
        Instant::now() >= self.try_at || self.inlets.closing.load(Ordering::Acquire)
    }

    fn sweep(&mut self) {
        if Instant::now() < self.sweep_at {
            return;
        }
        if let Some(db) = &mut self.db {
            self.sweep_at = Instant::now() + SWEEP_EVERY;
            if let Err(trouble) = db.sweep(unix_s()) {
                self.note(&trouble);
            }
        }
    }

    fn finish(&mut self) {
        if !self.pending.is_empty() {
            tracing::error!(lost = self.pending.len(), "results could not be written before the end");
        }
    }
}

/// Seconds since 1970 by the wall clock.
pub fn unix_s() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() as i64)
}
