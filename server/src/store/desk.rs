//! Where matches and routes hand in what the store is to keep: a bounded queue that never makes anybody wait.
//! When it is full, what comes is dropped and counted; nothing here touches the disk. The store's thread empties it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, OnceLock};
use std::thread::Thread;

use shared::id::PlayerId;
use shared::name::PlayerName;

use super::key::KeyHash;
use super::record::RoundRecord;
use crate::telemetry::store_figures;

/// Results and seats that wait to be written at most; with a broken database they stay until it works again.
pub const KEPT_MAX: usize = 1024;

/// Something to be kept, in the order in which it was handed in.
#[derive(Debug)]
pub enum Kept {
    /// A finished round.
    Round(Box<RoundRecord>),
    /// Whose seat of a match it is.
    Seat {
        /// The match.
        match_id: String,
        /// The seat.
        seat: PlayerId,
        /// The account's key.
        key: KeyHash,
        /// What the player is called.
        name: PlayerName,
    },
}

/// The desk. Cheap to clone; all clones share one bound.
#[derive(Clone, Debug)]
pub struct ResultDesk(Option<Arc<Counter>>);

#[derive(Debug)]
struct Counter {
    queue: SyncSender<Kept>,
    waiting: AtomicUsize,
    worker: OnceLock<Thread>,
}

impl ResultDesk {
    /// A desk that puts things into `queue`, which must hold [`KEPT_MAX`] of them.
    pub fn new(queue: SyncSender<Kept>) -> ResultDesk {
        let (waiting, worker) = (AtomicUsize::new(0), OnceLock::new());
        ResultDesk(Some(Arc::new(Counter { queue, waiting, worker })))
    }

    /// A desk that keeps nothing.
    pub fn closed() -> ResultDesk {
        ResultDesk(None)
    }

    /// Says which thread to wake when something was handed in.
    pub fn wake(&self, worker: Thread) {
        if let Some(counter) = &self.0 {
            // A desk has one thread for all its life.
            let _ = counter.worker.set(worker);
        }
    }

    /// Hands something in; false if there is no room, and then it is dropped and counted. Never waits.
    pub fn keep(&self, thing: Kept) -> bool {
        let Some(counter) = &self.0 else { return false };
        let before = counter.waiting.fetch_add(1, Ordering::Relaxed);
        if before >= KEPT_MAX || counter.queue.try_send(thing).is_err() {
            counter.waiting.fetch_sub(1, Ordering::Relaxed);
            store_figures::dropped();
            return false;
        }
        store_figures::waiting(before + 1);
        if let Some(worker) = counter.worker.get() {
            worker.unpark();
        }
        true
    }

    /// Things that were handed in and are not written yet.
    pub fn waiting(&self) -> usize {
        self.0.as_ref().map_or(0, |counter| counter.waiting.load(Ordering::Relaxed))
    }

    /// One thing is written, or given up.
    pub fn done(&self) {
        if let Some(counter) = &self.0 {
            let before = counter.waiting.fetch_sub(1, Ordering::Relaxed);
            store_figures::waiting(before.saturating_sub(1));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::sync_channel;

    use super::*;

    #[test]
    fn a_full_desk_drops_and_goes_on_when_there_is_room() {
        let (queue, things) = sync_channel(KEPT_MAX);
        let desk = ResultDesk::new(queue);
        let seat = |n| Kept::Seat {
            match_id: "m".into(),
            seat: PlayerId(n),
            key: KeyHash([0; 32]),
            name: PlayerName::sanitise(""),
        };
        assert!((0..KEPT_MAX).all(|n| desk.keep(seat(n as u16))));
        assert!(!desk.clone().keep(seat(0)));
        assert_eq!(desk.waiting(), KEPT_MAX);
        things.recv().unwrap();
        assert!(!desk.keep(seat(0)), "what was taken counts until it is written");
        desk.done();
        assert!(desk.keep(seat(0)));
        assert!(!ResultDesk::closed().keep(seat(0)));
    }
}
