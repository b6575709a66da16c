//! One spectator's socket: the feed's events in the form that it asked for, heartbeats between them, and an end with
//! a reason. Who reads too slowly skips to the newest keyframe; who reads nothing at all is let go.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use shared::feed::FeedBye;
use shared::protocol::CloseReason;
use shared::random::Random;

use crate::feed::cursor::Cursor;
use crate::feed::ending::Ending;
use crate::feed::entry::Entry;
use crate::feed::form::{Form, Told, chunk};
use crate::feed::log::{FeedLog, Watching};
use crate::link::frame::write_close;
use crate::link::{Arrival, Link, Permit};
use crate::spectators::outbox::{Gone, Outbox};
use crate::spectators::peer::{Peer, Room};
use crate::telemetry::{Counted, disconnected};
use crate::timing::Timing;

/// Time without a successful write after which a full socket is given up, and without an acknowledgement from the
/// peer's system after which ours gives up.
const STUCK_AFTER: Duration = Duration::from_secs(15);
/// How long a finished socket is kept so that its last words arrive.
const LINGER: Duration = Duration::from_secs(1);
/// Time between two looks at what a spectator says.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Events that wait together are written together, up to so many bytes.
const GATHER_BYTES: usize = 16 * 1024;
/// The end of a chunked body.
const LAST_CHUNK: &[u8] = b"0\r\n\r\n";
/// A spectator whose connection ends for its age is to come back this soon, in milliseconds.
const AGED_RETRY_MS: u32 = 200;

/// A spectator.
pub struct Watcher {
    link: Link,
    outbox: Outbox,
    peer: Peer,
    log: Arc<FeedLog>,
    next: u64,
    form: Form,
    chunked: bool,
    event_at: Duration,
    looked_at: Duration,
    ends_at: Duration,
    stage: Stage,
    _watching: Watching,
    _counted: Counted,
    _permit: Permit,
}

/// How far a watcher is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// It follows the feed.
    Following,
    /// Its last words are on their way out.
    Closing,
    /// All is said; the peer has until then to go.
    Leaving(Duration),
}

impl std::fmt::Debug for Watcher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Watcher")
            .field("form", &self.form)
            .field("next", &self.next)
            .field("stage", &self.stage)
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

/// Somebody who comes to watch.
#[derive(Debug)]
pub struct Newcomer {
    /// The connection; its response's head is written.
    pub arrival: Arrival,
    /// What it watches.
    pub log: Arc<FeedLog>,
    /// That it watches, counted from the moment it asked.
    pub watching: Watching,
    /// Where it stood.
    pub resume: Option<Cursor>,
    /// The form of its events.
    pub form: Form,
    /// Whether an HTTP body is chunked; else it ends with the connection.
    pub chunked: bool,
}

/// What a thread brings to each watcher in a turn.
#[derive(Debug)]
pub struct Turn<'a> {
    /// Times and rates.
    pub timing: &'a Timing,
    /// Time since the thread began.
    pub now: Duration,
    /// Chances, so that not all come back in one instant.
    pub random: &'a mut Random,
    /// Room for events.
    pub entries: &'a mut Vec<Arc<Entry>>,
    /// Room to read into.
    pub room: &'a mut Room,
}

impl Watcher {
    /// Takes over a spectator's connection; the first bytes leave with its first turn.
    pub fn new(newcomer: Newcomer, turn: &mut Turn<'_>) -> Watcher {
        let Newcomer { arrival, log, watching, resume, form, chunked } = newcomer;
        let (now, age_ms) = (turn.now, turn.timing.feed_age.as_millis() as u32);
        let less = Duration::from_millis(turn.random.below(age_ms / 5 + 1).into());
        let age = turn.timing.feed_age.saturating_sub(less);
        if let Err(error) = arrival.link.give_up_after(STUCK_AFTER) {
            tracing::debug!(%error, "a spectator's socket has no time-out of its own");
        }
        let peer = if form == Form::WebSocket { Peer::web_socket(now) } else { Peer::Http };
        let mut watcher = Watcher {
            link: arrival.link,
            outbox: Outbox::new(now),
            peer,
            next: log.resume(resume),
            form,
            chunked,
            event_at: now,
            looked_at: now,
            ends_at: now + age,
            stage: Stage::Following,
            _watching: watching,
            _counted: Counted::connection(form.transport()),
            _permit: arrival.permit,
            log,
        };
        if let Err(reason) = watcher.peer.read_early(&arrival.early) {
            watcher.end(Ending::Link(reason), turn);
        } else {
            watcher.greet(turn);
        }
        watcher
    }

    fn greet(&mut self, turn: &mut Turn<'_>) {
        let hello = self.framed(&self.log.hello().frame(self.form));
        let retry = (self.form == Form::Sse).then(|| {
            let retry_ms = spread(turn.timing.sse_retry_ms, turn.random);
            self.framed(&chunk(&format!("retry: {retry_ms}\n\n")))
        });
        let greeting = [retry.unwrap_or_default(), hello].concat();
        // A peer that is gone already is found in its first turn.
        let _ = self.outbox.send(&mut self.link, greeting.into(), turn.now);
    }

    /// Writes what is new and looks after the connection.
    pub fn serve(&mut self, turn: &mut Turn<'_>) -> Stay {
        let served = match self.stage {
            Stage::Leaving(until) => {
                let there = turn.now < until && self.peer.read(&mut self.link, turn.room, turn.now).is_ok();
                return if there { Stay::Yes } else { Stay::No };
            }
            Stage::Closing => self.outbox.pay(&mut self.link, turn.now),
            Stage::Following => self.write_news(turn).and_then(|()| self.look_after(turn)),
        };
        if served.is_err() {
            return Stay::No;
        }
        if self.outbox.owes() {
            let stuck = self.outbox.quiet(turn.now) >= STUCK_AFTER;
            if stuck {
                disconnected(CloseReason::Slow.word());
            }
            return if stuck { Stay::No } else { Stay::Yes };
        }
        if self.stage == Stage::Closing {
            self.link.finish();
            self.stage = Stage::Leaving(turn.now + LINGER);
        }
        Stay::Yes
    }

    /// Bytes written since the last call.
    pub fn take_written(&mut self) -> u64 {
        self.outbox.take_written()
    }

    /// The form of its events.
    pub fn form(&self) -> Form {
        self.form
    }

    fn write_news(&mut self, turn: &mut Turn<'_>) -> Result<(), Gone> {
        self.outbox.pay(&mut self.link, turn.now)?;
        if self.outbox.owes() || self.log.head() < self.next {
            return Ok(());
        }
        turn.entries.clear();
        self.log.read(self.next, turn.entries);
        let mut rest = turn.entries.as_slice();
        while let (false, Some((first, others))) = (self.outbox.owes(), rest.split_first()) {
            let (bytes, more) = self.gather(first, others);
            let last = others.get(..more).and_then(<[_]>::last).unwrap_or(first);
            self.next = last.seq + 1;
            self.event_at = turn.now;
            rest = others.get(more..).unwrap_or_default();
            self.outbox.send(&mut self.link, bytes, turn.now)?;
        }
        Ok(())
    }

    /// The bytes of `first`, and of as many of the others as are worth one write; says how many.
    fn gather(&self, first: &Entry, others: &[Arc<Entry>]) -> (Bytes, usize) {
        let (first, mut all, mut more) = (self.framed(&first.frame(self.form)), Vec::new(), 0);
        for entry in others {
            let bytes = self.framed(&entry.frame(self.form));
            if first.len().max(all.len()) + bytes.len() > GATHER_BYTES {
                break;
            }
            if all.is_empty() {
                all.extend_from_slice(&first);
            }
            all.extend_from_slice(&bytes);
            more += 1;
        }
        (if all.is_empty() { first } else { all.into() }, more)
    }

    fn look_after(&mut self, turn: &mut Turn<'_>) -> Result<(), Gone> {
        let Turn { timing, now, .. } = *turn;
        if now.saturating_sub(self.looked_at) >= LOOK_EVERY {
            self.looked_at = now;
            self.listen(turn)?;
        }
        if self.outbox.owes() || self.stage != Stage::Following {
            return Ok(());
        }
        let all_told = self.log.head() < self.next;
        if all_told && let Some(reason) = self.log.end_reason() {
            self.end(Ending::Link(reason), turn);
        } else if now >= self.ends_at {
            self.end(Ending::Aged, turn);
        } else if now.saturating_sub(self.event_at) >= timing.feed_idle {
            self.end(Ending::Idle, turn);
        } else if self.form != Form::WebSocket && self.outbox.quiet(now) >= timing.feed_heartbeat {
            let heartbeat = self.framed(&self.form.heartbeat());
            self.outbox.send(&mut self.link, heartbeat, now)?;
        }
        Ok(())
    }

    /// Reads what the spectator says, pings it and answers its pings.
    fn listen(&mut self, turn: &mut Turn<'_>) -> Result<(), Gone> {
        match self.peer.read(&mut self.link, turn.room, turn.now) {
            Ok(_) => {}
            Err(CloseReason::ConnectionLost) => return Err(Gone),
            Err(reason) => {
                self.end(Ending::Link(reason), turn);
                return Ok(());
            }
        }
        if !self.outbox.owes() {
            let mut frames = self.peer.take_replies();
            if self.peer.ping_due(turn.timing.ping_every, turn.now) {
                frames.extend_from_slice(&self.form.heartbeat());
            }
            self.outbox.send(&mut self.link, frames.into(), turn.now)?;
        }
        if self.peer.is_silent(turn.timing.silence_after, turn.now) {
            self.end(Ending::Link(CloseReason::Silent), turn);
        }
        Ok(())
    }

    /// Says why the connection ends. What the match said to all was said before; what concerns this reader alone has
    /// no cursor.
    fn end(&mut self, ending: Ending, turn: &mut Turn<'_>) {
        let mut words = Vec::new();
        if self.log.end_reason().is_none() {
            disconnected(ending.word());
            let retry_ms = match ending {
                Ending::Aged => spread(AGED_RETRY_MS, turn.random),
                _ => spread(turn.timing.sse_retry_ms, turn.random),
            };
            if self.form == Form::Sse {
                words.extend(self.framed(&chunk(&format!("retry: {retry_ms}\n\n"))));
            }
            let bye = FeedBye { reason: ending.word().to_owned(), retry_ms };
            let json = serde_json::to_string(&bye).unwrap_or_default();
            words.extend(self.framed(&self.form.frame(Told { name: "bye", cursor: None, json: &json })));
        }
        match self.form {
            Form::WebSocket => write_close(&mut words, ending.code(), ending.word()),
            Form::Sse | Form::NdJson if self.chunked => words.extend_from_slice(LAST_CHUNK),
            Form::Sse | Form::NdJson => {}
        }
        self.stage = Stage::Closing;
        // A peer that is gone needs no reason; the next turn lets it go.
        let _ = self.outbox.send(&mut self.link, words.into(), turn.now);
    }

    fn framed(&self, frame: &Bytes) -> Bytes {
        if self.chunked { frame.clone() } else { self.form.unchunked(frame) }
    }
}

/// A time between `base_ms` and twice that, so that a crowd does not come back in one instant.
fn spread(base_ms: u32, random: &mut Random) -> u32 {
    base_ms + random.below(base_ms + 1)
}

#[cfg(test)]
mod tests;
