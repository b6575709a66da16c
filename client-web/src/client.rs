//! One player's netcode as a plain struct: bytes and time in, bytes and a picture out.
//! It owns no socket, no clock and no browser; the page, the tests and `starfray load` drive it the same way.

use glam::Vec2;
use shared::angle::Angle;
use shared::arena::Arena;
use shared::id::PlayerId;
use shared::protocol::Bye;
use shared::world::Hull;
use thiserror::Error;

use crate::instruments::Instruments;
use crate::view::{Score, View};

/// What the player wants at this moment.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Controls {
    /// Where to push; its length counts up to 1.
    pub thrust: Vec2,
    /// Where to point.
    pub aim: Angle,
    /// Whether the trigger is held.
    pub fire: bool,
    /// Whether dash was pressed since the last call.
    pub dash: bool,
}

/// Why a message from the server could not be read: close the link and come back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ReceiveError {
    /// Not written yet.
    #[error("not written yet")]
    Unwritten,
}

/// One player's netcode.
#[derive(Debug, Default)]
pub struct Client {
    instruments: Instruments,
}

impl Client {
    /// A client without a link.
    pub fn new() -> Client {
        Client::default()
    }
    /// A new link is open.
    pub fn link_opened(&mut self, now_ms: f64) {
        let _ = now_ms;
    }
    /// The link is gone.
    pub fn link_lost(&mut self, now_ms: f64) {
        let _ = now_ms;
    }
    /// A message from the server.
    pub fn receive(&mut self, bytes: &[u8], now_ms: f64) -> Result<(), ReceiveError> {
        let _ = (bytes, now_ms);
        Err(ReceiveError::Unwritten)
    }
    /// What the player holds now.
    pub fn control(&mut self, controls: Controls) {
        let _ = controls;
    }
    /// Samples inputs for each client tick that is due.
    pub fn advance(&mut self, now_ms: f64) {
        let _ = now_ms;
    }
    /// The next message to send.
    pub fn poll_send(&mut self) -> Option<Vec<u8>> {
        None
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
    /// The own seat.
    pub fn player(&self) -> Option<PlayerId> {
        None
    }
    /// Where it happens.
    pub fn arena(&self) -> Option<&Arena> {
        None
    }
    /// The match's name.
    pub fn match_name(&self) -> &str {
        ""
    }
    /// The server's reason to end the link.
    pub fn bye(&self) -> Option<&Bye> {
        None
    }
    /// Figures.
    pub fn instruments(&self) -> Instruments {
        self.instruments.clone()
    }
}
