//! The match's side of its spectator feed: which events when, and how much later than they happened.
//! The delay is here, before anything can be read, so that no way of reading gets round it.

use std::collections::VecDeque;
use std::sync::Arc;

use shared::event::Event;
use shared::feed::{Closing, FeedBye, FeedEvent, Notice};
use shared::feed_encoder::FeedEncoder;
use shared::protocol::CloseReason;
use shared::tick::{Tick, TickRate};
use shared::world::World;

use crate::feed::log::FeedLog;

/// For how long the feed goes on when nobody watches any more.
const LINGER_MS: u32 = 20_000;
/// For how long somebody who pulls counts as watching until the next pull.
const PULL_LINGER_MS: u32 = 10_000;
/// Events that wait for their time at most; a feed that would need more shortens its delay.
const WAITING_MAX: usize = 20_000;
/// When to look again after a match that broke.
const BROKEN_RETRY_MS: u32 = 1000;

/// What a match tells its spectators.
#[derive(Debug)]
pub struct Publisher {
    log: Arc<FeedLog>,
    encoder: FeedEncoder,
    waiting: VecDeque<(Tick, FeedEvent)>,
    fresh: Vec<FeedEvent>,
    delay_ticks: u32,
    rate: TickRate,
    linger_ticks: u32,
    watched_at: Tick,
    /// How often somebody had pulled when that was looked at last, and when it had changed.
    asks: u32,
    asked_at: Option<Tick>,
    /// Whether what comes next builds on what was told.
    goes_on: bool,
    ended: bool,
}

impl Publisher {
    /// A publisher into `log` for a match of `rate` whose spectators see it `delay_ms` later.
    pub fn new(log: Arc<FeedLog>, rate: TickRate, delay_ms: u32) -> Publisher {
        Publisher {
            log,
            encoder: FeedEncoder::new(),
            waiting: VecDeque::new(),
            fresh: Vec::new(),
            delay_ticks: rate.ticks_in(delay_ms),
            rate,
            linger_ticks: rate.ticks_in(LINGER_MS),
            watched_at: Tick(0),
            asks: 0,
            asked_at: None,
            goes_on: false,
            ended: false,
        }
    }

    /// The log that spectators read.
    pub fn log(&self) -> &Arc<FeedLog> {
        &self.log
    }

    /// Whether somebody watches, or has pulled and will probably do so again.
    pub fn is_watched(&self, now: Tick) -> bool {
        let linger = self.rate.ticks_in(PULL_LINGER_MS);
        let pulled = self.asked_at.is_some_and(|at| now.since(at) < linger);
        self.log.watching() > 0 || self.log.asks() != self.asks || pulled
    }

    /// Tells what the world's last step brought.
    pub fn publish(&mut self, world: &World, events: &[Event]) {
        if self.ended {
            return;
        }
        let asks = self.log.asks();
        if asks != self.asks {
            (self.asks, self.asked_at) = (asks, Some(world.tick));
        }
        let watched = self.is_watched(world.tick);
        if watched {
            self.watched_at = world.tick;
        }
        // With a delay the past has to be there when somebody comes; who follows wants all there is.
        let always = self.delay_ticks > 0 || self.log.is_followed();
        let wanted = always || world.tick.since(self.watched_at) < self.linger_ticks;
        if !wanted || (!self.goes_on && !watched && !always) {
            self.pause();
            return;
        }
        self.make(world, events);
        self.release(world.tick);
    }

    fn make(&mut self, world: &World, events: &[Event]) {
        let watching = self.log.watching();
        if self.goes_on {
            self.encoder.observe(world, events, &mut self.fresh);
            if self.encoder.delta_due(world.tick, self.rate) {
                self.fresh.push(FeedEvent::Delta(self.encoder.delta(world)));
            }
            if self.encoder.keyframe_due(world.tick, self.rate) {
                self.fresh.push(FeedEvent::Keyframe(self.encoder.keyframe(world, watching)));
            }
        } else {
            self.goes_on = true;
            self.encoder = FeedEncoder::new();
            self.fresh.push(FeedEvent::Keyframe(self.encoder.keyframe(world, watching)));
        }
        let due = world.tick + self.delay_ticks;
        self.waiting.extend(self.fresh.drain(..).map(|event| (due, event)));
    }

    /// Makes readable what is due.
    fn release(&mut self, now: Tick) {
        let mut any = false;
        while self.waiting.len() > WAITING_MAX || self.waiting.front().is_some_and(|(due, _)| *due <= now) {
            let Some((_, event)) = self.waiting.pop_front() else { break };
            self.write(&event);
            any = true;
        }
        if any {
            self.log.wake();
        }
    }

    fn write(&self, event: &FeedEvent) {
        if let Ok(json) = serde_json::to_string(event) {
            self.log.publish(event.name(), &json);
        }
    }

    /// Tells what the server's operator has to say: at once, whatever the delay, and to nobody if nobody watches.
    pub fn tell_notice(&mut self, text: String) {
        if self.goes_on && !self.ended {
            self.write(&FeedEvent::Notice(Notice { text }));
            self.log.wake();
        }
    }

    fn pause(&mut self) {
        if std::mem::take(&mut self.goes_on) {
            self.log.forget();
            self.waiting.clear();
        }
    }

    /// Tells whoever watches that the server stops in so many seconds: at once, whatever the delay is.
    pub fn tell_closing(&self, tick: Tick, in_s: u16) {
        if self.goes_on && !self.ended {
            self.write(&FeedEvent::Closing(Closing { tick, in_s }));
            self.log.wake();
        }
    }

    /// Says goodbye; nothing follows. What waits for its time stays untold.
    pub fn end(&mut self, reason: CloseReason, retry_ms: u32) {
        self.ended = true;
        self.waiting.clear();
        self.write(&FeedEvent::Bye(FeedBye { reason: reason.word().to_owned(), retry_ms }));
        self.log.end(reason);
    }
}

impl Drop for Publisher {
    /// A match that broke says goodbye too: its spectators would wait for ever. It may come back from its journal.
    fn drop(&mut self) {
        if !self.ended {
            self.end(CloseReason::Internal, BROKEN_RETRY_MS);
        }
    }
}
