//! The watch page's core: the public feed in, the same kind of picture out as for players.
//! It knows no EventSource; whoever reads the feed hands over each event's name, cursor and text.

use glam::Vec2;
use shared::arena::Arena;
use shared::id::PlayerId;
use shared::world::Hull;
use thiserror::Error;

use crate::view::{Score, View};

/// Whom the camera follows.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Follow {
    /// One player.
    Player(PlayerId),
    /// Nobody: the camera stands here, in units.
    Free(Vec2),
    /// Whoever leads.
    #[default]
    Leader,
}

/// Why the feed could not be read on: open it anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum FeedError {
    /// Not written yet.
    #[error("not written yet")]
    Unwritten,
}

/// A spectator's netcode.
#[derive(Debug, Default)]
pub struct Spectator {
    follow: Follow,
}

impl Spectator {
    /// A spectator without a feed.
    pub fn new() -> Spectator {
        Spectator::default()
    }
    /// The feed is open.
    pub fn opened(&mut self, now_ms: f64) {
        let _ = now_ms;
    }
    /// The feed is gone.
    pub fn lost(&mut self, now_ms: f64) {
        let _ = now_ms;
    }
    /// An event of the feed.
    pub fn receive(&mut self, event_name: &str, id: &str, data: &str, now_ms: f64) -> Result<(), FeedError> {
        let _ = (event_name, id, data, now_ms);
        Err(FeedError::Unwritten)
    }
    /// Chooses whom to follow.
    pub fn follow(&mut self, target: Follow) {
        self.follow = target;
    }
    /// Whom the camera follows.
    pub fn following(&self) -> Follow {
        self.follow
    }
    /// What to draw now.
    pub fn view(&mut self, now_ms: f64) -> View {
        let _ = now_ms;
        View::default()
    }
    /// The score board, best first.
    pub fn scores(&self) -> Vec<Score> {
        Vec::new()
    }
    /// What to call a player.
    pub fn name_of(&self, id: PlayerId) -> Option<&str> {
        let _ = id;
        None
    }
    /// The shape of a player's ship.
    pub fn hull_of(&self, id: PlayerId) -> Hull {
        let _ = id;
        Hull::default()
    }
    /// Where it happens.
    pub fn arena(&self) -> Option<&Arena> {
        None
    }
    /// The match's name.
    pub fn match_name(&self) -> &str {
        ""
    }
    /// By how much the match delays its feed, in milliseconds.
    pub fn delay_ms(&self) -> u32 {
        0
    }
    /// The cursor of the last event.
    pub fn last_cursor(&self) -> Option<&str> {
        None
    }
    /// Whether the feed said that the match is over.
    pub fn ended(&self) -> bool {
        false
    }
}
