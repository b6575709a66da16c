//! One spectator's socket: HTTP chunks of server-sent events, each written whole or finished first next time.
//! Who reads too slowly skips to the newest keyframe; who reads nothing at all is let go.

use std::io::{ErrorKind, Read, Write};
use std::sync::Arc;
use std::time::Duration;

use crate::feed::cursor::Cursor;
use crate::feed::log::{Entry, FeedLog, Watching};
use crate::link::{Arrival, Link, Permit};
use crate::telemetry::{Counted, Transport};
use crate::timing::Timing;

/// Time without a successful write after which a full socket is given up.
const STUCK_AFTER: Duration = Duration::from_secs(15);
/// How long a finished socket is kept so that its last words arrive.
const LINGER: Duration = Duration::from_secs(1);
/// The end of a chunked body.
const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

/// A spectator.
pub struct Watcher {
    link: Link,
    log: Arc<FeedLog>,
    next: u64,
    chunked: bool,
    owed: Vec<u8>,
    wrote_at: Duration,
    looked_at: Duration,
    leaving_until: Option<Duration>,
    _watching: Watching,
    _counted: Counted,
    _permit: Permit,
}

impl std::fmt::Debug for Watcher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Watcher")
            .field("next", &self.next)
            .field("owed", &self.owed.len())
            .finish_non_exhaustive()
    }
}

/// Whether a watcher stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stay {
    /// It does.
    Yes,
    /// It is gone, or to be let go.
    No,
}

/// What comes to the spectators' thread.
#[derive(Debug)]
pub struct Ticket {
    /// The connection; its response's head is written.
    pub arrival: Arrival,
    /// What it watches.
    pub log: Arc<FeedLog>,
    /// That it watches, counted from the moment it asked.
    pub watching: Watching,
    /// Where it stood.
    pub resume: Option<Cursor>,
    /// Whether its body is chunked; else it ends with the connection.
    pub chunked: bool,
}

impl Watcher {
    /// Takes over a spectator's connection; the first bytes leave at once.
    pub fn new(ticket: Ticket, timing: &Timing, now: Duration) -> Watcher {
        let next = ticket.log.resume(ticket.resume);
        let mut watcher = Watcher {
            link: ticket.arrival.link,
            next,
            chunked: ticket.chunked,
            owed: Vec::new(),
            wrote_at: now,
            looked_at: now,
            leaving_until: None,
            _watching: ticket.watching,
            _counted: Counted::connection(Transport::Sse),
            _permit: ticket.arrival.permit,
            log: ticket.log,
        };
        let head = [format!("retry: {}\n\n", timing.sse_retry_ms).as_bytes(), &watcher.log.hello()].concat();
        watcher.owe(&head);
        watcher
    }

    /// Writes what is new. Returns the bytes written, and whether the watcher stays.
    pub fn serve(&mut self, timing: &Timing, now: Duration, scratch: &mut Vec<Entry>) -> (usize, Stay) {
        if let Some(until) = self.leaving_until {
            return (0, if now < until && self.peer_is_there() { Stay::Yes } else { Stay::No });
        }
        let Ok(mut written) = self.pay(now) else { return (0, Stay::No) };
        if self.owed.is_empty() && self.log.head() >= self.next {
            scratch.clear();
            self.log.read(self.next, scratch);
            for entry in scratch.iter() {
                self.next = entry.seq + 1;
                self.owe(&entry.sse);
            }
            match self.pay(now) {
                Ok(count) => written += count,
                Err(()) => return (written, Stay::No),
            }
        }
        let stay = self.look_after(timing, now);
        (written, stay)
    }

    fn look_after(&mut self, timing: &Timing, now: Duration) -> Stay {
        if !self.owed.is_empty() {
            return if now.saturating_sub(self.wrote_at) < STUCK_AFTER { Stay::Yes } else { Stay::No };
        }
        if self.log.ended() && self.log.head() < self.next {
            self.finish(now);
            return Stay::Yes;
        }
        if now.saturating_sub(self.wrote_at) >= timing.sse_heartbeat {
            self.owe(b":\n\n");
        }
        if now.saturating_sub(self.looked_at) >= Duration::from_secs(1) {
            self.looked_at = now;
            return if self.peer_is_there() { Stay::Yes } else { Stay::No };
        }
        Stay::Yes
    }

    fn owe(&mut self, block: &[u8]) {
        if self.chunked {
            self.owed.extend_from_slice(format!("{:x}\r\n", block.len()).as_bytes());
            self.owed.extend_from_slice(block);
            self.owed.extend_from_slice(b"\r\n");
        } else {
            self.owed.extend_from_slice(block);
        }
    }

    /// Writes what is owed, as far as the socket takes it.
    fn pay(&mut self, now: Duration) -> Result<usize, ()> {
        if self.owed.is_empty() {
            return Ok(0);
        }
        match self.link.write(&self.owed) {
            Ok(count) => {
                self.owed.drain(..count);
                if self.owed.is_empty() {
                    // A big keyframe's room is given back: thousands of watchers wait with nothing to write.
                    self.owed = Vec::new();
                }
                self.wrote_at = now;
                Ok(count)
            }
            Err(e) if e.kind() == ErrorKind::WouldBlock => Ok(0),
            Err(_) => Err(()),
        }
    }

    fn finish(&mut self, now: Duration) {
        if self.chunked {
            // A peer that cannot take five bytes more loses only the clean end.
            drop(self.link.write(LAST_CHUNK));
        }
        self.link.finish();
        self.leaving_until = Some(now + LINGER);
    }

    /// Reads and forgets; a spectator has nothing to say.
    fn peer_is_there(&mut self) -> bool {
        let mut scrap = [0; 256];
        match self.link.read(&mut scrap) {
            Ok(count) => count > 0,
            Err(e) => e.kind() == ErrorKind::WouldBlock,
        }
    }
}
