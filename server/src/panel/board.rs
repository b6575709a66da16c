//! The board on which the newest picture hangs: readers wait for the next one and always get the newest, so that a slow
//! reader costs nothing and gets nothing old. It knows no HTTP.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use bytes::Bytes;
use tokio::{
    sync::watch,
    time::{MissedTickBehavior, interval},
};

use super::{
    figures::History,
    picture::{Picture, matches},
};
use crate::{lobby::Lobby, telemetry::reading::Reading};

/// Time between two pictures.
const EVERY: Duration = Duration::from_secs(1);
/// Most readers at a time.
const READERS_MAX: usize = 16;
/// What stands before a picture, and behind it, where it is an event of a stream.
const EVENT: (&[u8], &[u8]) = (b"event: state\ndata: ", b"\n\n");

/// A picture as bytes that all readers share.
#[derive(Clone, Debug)]
pub struct Shown(Bytes);

impl Shown {
    fn new(json: &[u8]) -> Shown {
        Shown([EVENT.0, json, EVENT.1].concat().into())
    }

    /// As an event of a stream.
    pub fn event(&self) -> Bytes {
        self.0.clone()
    }

    /// As JSON alone.
    pub fn json(&self) -> Bytes {
        self.0.slice(EVENT.0.len()..self.0.len() - EVENT.1.len())
    }
}

/// The newest picture; `None` is that there will be no more.
pub type Reader = watch::Receiver<Option<Shown>>;

/// Where the newest picture hangs.
#[derive(Debug)]
pub struct Board {
    newest: watch::Sender<Option<Shown>>,
    began: Instant,
    closed: AtomicBool,
}

impl Board {
    /// A board without a picture, of a server that began at `began`.
    pub fn new(began: Instant) -> Board {
        Board { newest: watch::Sender::new(None), began, closed: AtomicBool::new(false) }
    }

    /// Waits for pictures from now on; `None` if as many wait as may, or there will be no more.
    pub fn watch(&self) -> Option<Reader> {
        let reader = self.newest.subscribe();
        // Beside the readers there is the one that waits for the close.
        let has_room = self.newest.receiver_count() <= READERS_MAX + 1;
        let is_open = has_room && !self.closed.load(Ordering::Acquire);
        is_open.then_some(reader)
    }

    /// There are no more pictures: readers end.
    pub fn close(&self) {
        self.closed.store(true, Ordering::Release);
        self.newest.send_replace(None);
    }
}

/// Hangs up a new picture once a second while somebody looks, until the board is closed.
pub async fn keep(board: &Board, lobby: &Lobby, is_draining: impl Fn() -> bool) {
    let mut turns = interval(EVERY);
    turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut closing = board.newest.subscribe();
    let mut history = History::default();
    loop {
        tokio::select! {
            _ = turns.tick() => {}
            _ = closing.wait_for(|_| board.closed.load(Ordering::Acquire)) => return,
        }
        // The one that waits for the close is no reader.
        if board.newest.receiver_count() <= 1 {
            history.clear();
            continue;
        }
        let now = Instant::now();
        let Some(figures) = history.add(Reading::take(now)) else { continue };
        let (matches, matches_left_out) = matches(lobby.all());
        let picture = Picture {
            version: env!("CARGO_PKG_VERSION"),
            uptime_s: now.saturating_duration_since(board.began).as_secs(),
            draining: is_draining(),
            figures: &figures,
            matches,
            matches_left_out,
        };
        if let Ok(json) = serde_json::to_vec(&picture) {
            board.newest.send_replace(Some(Shown::new(&json)));
        }
    }
}
