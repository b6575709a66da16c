//! The one thread that writes journals. It alone waits for the disk; when the disk hangs, the queue fills and matches go
//! on. A journal that cannot be written is left as it is, counted, and begun anew with the match's next checkpoint.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, SyncSender};
use std::time::{Duration, Instant};

use crate::journal::checkpoint::Checkpoint;
use crate::journal::disk::{Disk, Sheet};
use crate::journal::folder::{attempts_name, history_name, journal_name, round_name};
use crate::journal::header::Header;
use crate::journal::history::History;
use crate::journal::port::{Desk, Entry, Message};
use crate::journal::record::{Kind, MAGIC, append};
use crate::telemetry::{journal_figures, seldom::Seldom};

/// Time between two syncs of one file.
const SYNC_EVERY: Duration = Duration::from_secs(1);
/// A file that has grown by this much, or by four checkpoints, is replaced at the next checkpoint.
const GROWTH_BYTES: usize = 1 << 20;
/// Messages that are taken between two syncs at most: a slow disk holds none of them up for long, and is synced all the same.
const MESSAGES_BETWEEN_SYNCS: usize = 256;
/// Least time between two warnings.
const WARN_EVERY: Duration = Duration::from_secs(60);

/// One match's journal.
#[derive(Debug)]
struct Book {
    /// The magic and the header's record.
    head: Vec<u8>,
    /// The file, as long as it is sound.
    sheet: Option<Box<dyn Sheet>>,
    /// Bytes behind the file's first checkpoint, and when it is time for a new one.
    grown: usize,
    grows_to: usize,
    /// Whether something of it would not survive a power cut yet.
    dirty: bool,
    /// Every command from the round's beginning, as long as it is whole and replays are kept.
    history: Option<History>,
    /// Whether the count of attempts is still there.
    tried: bool,
}

/// The thread's work.
#[derive(Debug)]
pub struct Writer {
    desk: Desk,
    disk: Box<dyn Disk>,
    sync: bool,
    books: BTreeMap<Arc<str>, Book>,
    synced_at: Instant,
    warning: Seldom,
    scratch: Vec<u8>,
    /// Who hears of ended rounds whose history is kept.
    ended: Option<SyncSender<Arc<str>>>,
    /// Whether files got names that would not survive a power cut yet.
    named: bool,
    stopping: bool,
}

impl Writer {
    /// Work before it begins. With `sync` what was written a second ago survives a power cut.
    pub fn new(desk: Desk, disk: Box<dyn Disk>, sync: bool) -> Writer {
        let (books, synced_at) = (BTreeMap::new(), Instant::now());
        let (warning, scratch) = (Seldom::new(WARN_EVERY), Vec::new());
        Writer {
            desk,
            disk,
            sync,
            books,
            synced_at,
            warning,
            scratch,
            ended: None,
            named: false,
            stopping: false,
        }
    }

    /// Writes until it is told to stop.
    pub fn run(mut self) {
        while !self.stopping {
            match self.desk.queue.recv_timeout(SYNC_EVERY) {
                Ok(message) => self.hear(message),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            if self.synced_at.elapsed() >= SYNC_EVERY {
                self.sync_all();
            }
        }
        self.sync_all();
    }

    fn hear(&mut self, message: Message) {
        match message {
            Message::Entry(id, entry) => {
                self.desk.taken(&entry);
                self.take(&id, entry);
            }
            Message::Flush(done) => drop(done),
            Message::KeepHistories(ended) => self.ended = Some(ended),
            Message::Stop => self.stopping = true,
        }
    }

    fn take(&mut self, id: &Arc<str>, entry: Entry) {
        let done = match entry {
            Entry::Open(header, checkpoint) => self.open(id, &header, &checkpoint),
            Entry::Run(body) => {
                self.note(id, Kind::Run, &body);
                self.append(id, Kind::Run, &body).and_then(|()| self.forget_attempts(id))
            }
            Entry::Checkpoint(checkpoint) => {
                self.checkpoint(id, &checkpoint.to_bytes()).and_then(|()| self.forget_attempts(id))
            }
            Entry::Seam(checkpoint) => {
                let body = checkpoint.to_bytes();
                self.note(id, Kind::Checkpoint, &body);
                self.checkpoint(id, &body)
            }
            Entry::RoundBegan(checkpoint) => {
                self.begin_history(id, &checkpoint);
                Ok(())
            }
            Entry::RoundOver(round) => {
                self.end_history(id, round);
                Ok(())
            }
            Entry::Close => self.close(id),
            Entry::Remove(round) => self.remove(id, round),
        };
        if let Err(error) = done {
            journal_figures::failed();
            if let Some(book) = self.books.get_mut(id) {
                book.sheet = None;
            }
            if self.warning.now() {
                tracing::warn!(match_id = %id, %error, "a journal can't be written; the match plays on without one");
            }
        }
        let behind = self.books.values().filter(|book| book.sheet.is_none()).count();
        journal_figures::behind(behind);
    }

    fn open(&mut self, id: &Arc<str>, header: &Header, checkpoint: &Checkpoint) -> io::Result<()> {
        let mut head = MAGIC.to_vec();
        let who = header.to_bytes();
        append(Kind::Header, &who, &mut head);
        let body = checkpoint.to_bytes();
        let history = self.ended.is_some().then(|| History::open(&mut *self.disk, id, &who, &body));
        let history = history.and_then(|opened| {
            let told = |error: &_| tracing::debug!(match_id = %id, %error, "a match is without a history");
            opened.inspect_err(told).ok()
        });
        let book = Book { head, sheet: None, grown: 0, grows_to: 0, dirty: false, history, tried: true };
        self.books.insert(Arc::clone(id), book);
        // A match that begins has nothing to lose by a power cut yet, so a burst of them waits for no sync.
        self.begin(id, &body, checkpoint.world.tick.0 > 0)
    }

    /// Adds to the history. One that can't be written, or is too long, is of no use and goes.
    fn note(&mut self, id: &Arc<str>, kind: Kind, body: &[u8]) {
        let Some(book) = self.books.get_mut(id) else { return };
        let Some(history) = &mut book.history else { return };
        if let Err(error) = history.note(kind, body) {
            tracing::debug!(match_id = %id, %error, "the history of a match is given up");
            book.history = None;
            // What can't be removed now is overwritten by nobody and goes with the match.
            let _ = self.disk.remove(&history_name(id));
        }
    }

    /// The history of a round begins in the place of what was left of the one before.
    fn begin_history(&mut self, id: &Arc<str>, checkpoint: &Checkpoint) {
        if self.ended.is_none() {
            return;
        }
        let Some(book) = self.books.get_mut(id) else { return };
        book.history = History::begin(&mut *self.disk, id, &book.head, &checkpoint.to_bytes())
            .inspect_err(|error| tracing::debug!(match_id = %id, %error, "a round is without a history"))
            .ok();
    }

    /// The history of a round is whole: it stays under a name of its own if replays are kept.
    fn end_history(&mut self, id: &Arc<str>, round: u16) {
        let Some(ended) = &self.ended else { return };
        let had = self.books.get_mut(id).and_then(|book| book.history.take()).is_some();
        let (from, name) = (history_name(id), round_name(id, round));
        let done = if had && round > 0 {
            // After a crash the end of a round may come twice; the first history is the whole one.
            self.disk.give_name(&from, &history_name(&name)).map(|()| {
                // One that finds no room is found by the next process.
                let _ = ended.try_send(name.as_str().into());
            })
        } else {
            self.disk.remove(&from)
        };
        if let Err(error) = done {
            tracing::debug!(match_id = %id, %error, "the history of a round is given up");
        }
    }

    /// Puts a file that begins with this checkpoint in the place of the old one, if `replaces` says that there may be one:
    /// then the new one is whole on the disk before the old one goes.
    fn begin(&mut self, id: &Arc<str>, body: &[u8], replaces: bool) -> io::Result<()> {
        let Some(book) = self.books.get_mut(id) else { return Ok(()) };
        let mut file = book.head.clone();
        append(Kind::Checkpoint, body, &mut file);
        book.sheet = None;
        book.sheet = Some(self.disk.replace(&journal_name(id), &file, self.sync && replaces)?);
        book.grown = 0;
        book.grows_to = GROWTH_BYTES.max(4 * body.len());
        book.dirty = !replaces;
        self.named |= !replaces;
        journal_figures::written(file.len());
        Ok(())
    }

    fn append(&mut self, id: &Arc<str>, kind: Kind, body: &[u8]) -> io::Result<()> {
        let Some(book) = self.books.get_mut(id) else { return Ok(()) };
        let Some(sheet) = &mut book.sheet else { return Ok(()) };
        self.scratch.clear();
        append(kind, body, &mut self.scratch);
        sheet.append(&self.scratch)?;
        book.grown += self.scratch.len();
        book.dirty = true;
        journal_figures::written(self.scratch.len());
        Ok(())
    }

    /// The match plays again, so its recovery was a success.
    fn forget_attempts(&mut self, id: &Arc<str>) -> io::Result<()> {
        let tried = self.books.get_mut(id).is_some_and(|book| std::mem::take(&mut book.tried));
        if tried { self.disk.remove(&attempts_name(id)) } else { Ok(()) }
    }

    fn checkpoint(&mut self, id: &Arc<str>, body: &[u8]) -> io::Result<()> {
        let in_place = |book: &Book| book.sheet.is_some() && book.grown < book.grows_to;
        if self.books.get(id).is_some_and(in_place) {
            self.append(id, Kind::Checkpoint, body)
        } else {
            self.begin(id, body, true)
        }
    }

    fn close(&mut self, id: &Arc<str>) -> io::Result<()> {
        self.forget_attempts(id)?;
        let Some(book) = self.books.remove(id) else { return Ok(()) };
        match book.sheet {
            Some(mut sheet) if self.sync && book.dirty => sheet.sync(),
            _ => Ok(()),
        }
    }

    fn remove(&mut self, id: &Arc<str>, round: u16) -> io::Result<()> {
        self.end_history(id, round);
        self.books.remove(id);
        self.disk.remove(&journal_name(id))?;
        self.disk.remove(&attempts_name(id))
    }

    /// Waits for the disk, file by file; what comes meanwhile is written in between.
    fn sync_all(&mut self) {
        if self.sync {
            let dirty = self.books.iter().filter(|(_, book)| book.dirty);
            for id in dirty.map(|(id, _)| Arc::clone(id)).collect::<Vec<_>>() {
                self.sync_one(&id);
                self.hear_some();
            }
            if std::mem::take(&mut self.named)
                && let Err(error) = self.disk.sync_names()
            {
                self.named = true;
                journal_figures::failed();
                if self.warning.now() {
                    tracing::warn!(%error, "the journals' folder can't be synced");
                }
            }
        }
        self.synced_at = Instant::now();
    }

    fn sync_one(&mut self, id: &Arc<str>) {
        let Some(book) = self.books.get_mut(id) else { return };
        let Some(sheet) = book.sheet.as_mut().filter(|_| std::mem::take(&mut book.dirty)) else { return };
        if let Err(error) = sheet.sync() {
            journal_figures::failed();
            book.sheet = None;
            if self.warning.now() {
                tracing::warn!(match_id = %id, %error, "a journal can't be synced; it is begun anew");
            }
        }
    }

    fn hear_some(&mut self) {
        for _ in 0..MESSAGES_BETWEEN_SYNCS {
            let Some(message) = (!self.stopping).then(|| self.desk.queue.try_recv().ok()).flatten() else {
                return;
            };
            self.hear(message);
        }
    }
}

#[cfg(test)]
mod tests;
