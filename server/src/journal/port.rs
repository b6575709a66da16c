//! The way from matches to the thread that writes: a queue with a maximum, in messages and in bytes. It never waits. When it
//! is full the match is told so and leaves a gap, which its next checkpoint closes.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use thiserror::Error;

use crate::journal::checkpoint::Checkpoint;
use crate::journal::header::Header;

/// Messages that wait at most.
const MESSAGES_MAX: usize = 4096;
/// Bytes that wait at most: what fifty full matches of forty write in two minutes.
const BYTES_MAX: usize = 64 << 20;

/// The queue is full, or nobody reads it any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the journals' queue is full")]
pub struct Full;

/// What is to be done to one match's journal.
#[derive(Debug)]
pub enum Entry {
    /// It begins here, in the place of an older one.
    Open(Box<Header>, Box<Checkpoint>),
    /// The body of a run; it follows what was written last.
    Run(Vec<u8>),
    /// The whole match, after everything that was handed over.
    Checkpoint(Box<Checkpoint>),
    /// The whole match, after commands that were left out.
    Seam(Box<Checkpoint>),
    /// A round began: the whole match behind its first tick, with which a history begins.
    RoundBegan(Box<Checkpoint>),
    /// The round with this number is over, and so is its history.
    RoundOver(u16),
    /// Nothing follows for now; another process may go on from here.
    Close,
    /// The match is over for good, in or behind the round with this number.
    Remove(u16),
}

/// An entry, or somebody who waits until everything before it is done.
#[derive(Debug)]
pub enum Message {
    /// For the journal of the match with this id.
    Entry(Arc<str>, Entry),
    /// Everything before is on its way to the disk when the sender is dropped.
    Flush(SyncSender<()>),
    /// From now on the history of a round that ends stays, and its name without the ending goes there.
    KeepHistories(SyncSender<Arc<str>>),
    /// The thread writes what is there and ends.
    Stop,
}

/// The matches' end of the queue. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Port {
    queue: SyncSender<Message>,
    bytes: Arc<AtomicUsize>,
}

/// The writer's end of the queue.
#[derive(Debug)]
pub struct Desk {
    /// What comes.
    pub queue: Receiver<Message>,
    bytes: Arc<AtomicUsize>,
}

/// A queue.
pub fn queue() -> (Port, Desk) {
    let (sender, receiver) = sync_channel(MESSAGES_MAX);
    let bytes = Arc::new(AtomicUsize::new(0));
    (Port { queue: sender, bytes: Arc::clone(&bytes) }, Desk { queue: receiver, bytes })
}

impl Entry {
    fn weight(&self) -> usize {
        match self {
            Entry::Open(_, checkpoint)
            | Entry::Checkpoint(checkpoint)
            | Entry::Seam(checkpoint)
            | Entry::RoundBegan(checkpoint) => checkpoint.weight(),
            Entry::Run(body) => body.len(),
            Entry::RoundOver(_) | Entry::Close | Entry::Remove(_) => 0,
        }
    }
}

impl Port {
    /// Hands an entry over, or refuses it.
    pub fn send(&self, id: &Arc<str>, entry: Entry) -> Result<(), Full> {
        let weight = entry.weight();
        if self.bytes.fetch_add(weight, Ordering::Relaxed) + weight > BYTES_MAX
            || self.queue.try_send(Message::Entry(Arc::clone(id), entry)).is_err()
        {
            self.bytes.fetch_sub(weight, Ordering::Relaxed);
            return Err(Full);
        }
        Ok(())
    }

    /// Whether there is room enough that a checkpoint is worth making.
    pub fn has_room(&self) -> bool {
        self.bytes.load(Ordering::Relaxed) < BYTES_MAX / 2
    }

    /// Puts something beside entries into the queue.
    pub fn ask(&self, message: Message) -> Result<(), Full> {
        self.queue.try_send(message).map_err(|_| Full)
    }
}

impl Desk {
    /// Notes that an entry was taken out.
    pub fn taken(&self, entry: &Entry) {
        self.bytes.fetch_sub(entry.weight(), Ordering::Relaxed);
    }
}
