//! One player's netcode as a plain struct: bytes and time in, bytes and a picture out.
//! It owns no socket, no clock and no browser; the page, the tests and `starfray load` drive it the same way.

use std::collections::VecDeque;

use glam::Vec2;
use shared::angle::Angle;
use shared::arena::Arena;
use shared::codec::{self, DecodeError};
use shared::id::PlayerId;
use shared::input::{Buttons, ShipInput, Thrust};
use shared::mode::Team;
use shared::protocol::{Bye, ClientMessage, Nothing, PROTOCOL_VERSION, ServerMessage, Welcome};
use shared::snapshot::SnapshotError;
use shared::world::{Hull, Phase};
use thiserror::Error;

use crate::aids::Aids;
use crate::input_buffer::InputBuffer;
use crate::instruments::{Instruments, Recorder, Samples};
use crate::net_gauge::NetGauge;
use crate::play::Play;
use crate::round_trip::RoundTrip;
use crate::view::{Freshness, Score, View};

/// Longest message that is read, in bytes.
pub const SERVER_MESSAGE_BYTES_MAX: usize = 1 << 20;
/// Most messages that wait to be sent; beyond it the oldest is dropped, since only the newest inputs count.
const OUTBOX_MAX: usize = 32;

/// Time in which a new way to the server is in effect, in milliseconds.
const WAY_CHANGES_WITHIN_MS: f64 = 150.0;
/// Time between two requests for a keyframe, in milliseconds.
const KEYFRAME_EVERY_MS: f64 = 1000.0;

/// What the player wants at this moment.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Controls {
    /// Where to push; its length counts up to 1.
    pub thrust: Vec2,
    /// Where to point.
    pub aim: Angle,
    /// Whether the trigger is held.
    pub fire: bool,
    /// Whether the trigger of the second weapon is held.
    pub rail: bool,
    /// Whether dash was pressed since the last call.
    pub dash: bool,
}

impl Controls {
    /// The same for a ship that is to stand still.
    fn at_rest(self) -> Controls {
        Controls { aim: self.aim, ..Controls::default() }
    }
}

impl From<Controls> for ShipInput {
    fn from(controls: Controls) -> ShipInput {
        let mut buttons = Buttons::default();
        let Controls { fire, rail, dash, .. } = controls;
        for (pressed, button) in [(fire, Buttons::FIRE), (rail, Buttons::RAIL), (dash, Buttons::DASH)] {
            if pressed {
                buttons = buttons.with(button);
            }
        }
        ShipInput { thrust: Thrust::from_vector(controls.thrust), aim: controls.aim, buttons }
    }
}

/// Why a message from the server could not be read: close the link and come back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ReceiveError {
    /// No message that this version knows.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// A snapshot that makes no sense.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    /// The server speaks another version: only a newer page helps.
    #[error("the server speaks version {0} of the protocol, this client {PROTOCOL_VERSION}")]
    Version(u16),
    /// The server plays by other numbers: only a newer page helps.
    #[error("the server plays by other rules than this client")]
    Rules,
    /// Something came before the welcome.
    #[error("the server sent a match's news before its welcome")]
    Early,
}

/// How the way to the server is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Link {
    #[default]
    Down,
    /// Open, without a welcome yet.
    Open,
    /// Welcomed.
    Up,
}

/// One player's netcode.
#[derive(Debug, Default)]
pub struct Client {
    link: Link,
    play: Option<Play>,
    buffer: InputBuffer,
    outbox: VecDeque<Vec<u8>>,
    bye: Option<Bye>,
    recorder: Recorder,
    gauge: NetGauge,
    aids: Aids,
    round_trip: RoundTrip,
    keyframe_asked_ms: f64,
    hidden: bool,
}

impl Client {
    /// A client without a link.
    pub fn new() -> Client {
        Client::default()
    }

    /// A new link is open: everything begins with a welcome and a keyframe. What was drawn stays until they come.
    pub fn link_opened(&mut self, _now_ms: f64) {
        self.link = Link::Open;
        self.bye = None;
        self.outbox.clear();
    }

    /// The link moves to another way, whose welcome is the next message: nothing that is known is forgotten.
    pub fn link_moved(&mut self, now_ms: f64) {
        self.bye = None;
        self.round_trip.restart(now_ms, 0.0);
    }

    /// The link is gone.
    pub fn link_lost(&mut self, _now_ms: f64) {
        self.link = Link::Down;
        self.outbox.clear();
    }

    /// A message from the server. After an error the link is to be closed and opened anew.
    pub fn receive(&mut self, bytes: &[u8], now_ms: f64) -> Result<(), ReceiveError> {
        self.recorder.figures.messages_in += 1;
        self.recorder.figures.bytes_in += bytes.len() as u64;
        match codec::decode::<ServerMessage>(bytes, SERVER_MESSAGE_BYTES_MAX)? {
            ServerMessage::Welcome(welcome) => self.welcome(*welcome),
            ServerMessage::Snapshot(packed) => {
                let play = self.play.as_mut().filter(|_| self.link == Link::Up).ok_or(ReceiveError::Early)?;
                match play.replica.apply(&packed.0) {
                    Ok(snapshot) => {
                        play.snapshot(&snapshot, now_ms, &mut self.recorder);
                        play.note_acks(&snapshot, &mut self.buffer, &mut self.recorder, now_ms);
                    }
                    // It builds on what is not held any more: a keyframe is under way.
                    Err(SnapshotError::Baseline) => {}
                    Err(error) => return Err(error.into()),
                }
                Ok(())
            }
            ServerMessage::Events(tick, events) => {
                let play = self.play.as_mut().filter(|_| self.link == Link::Up).ok_or(ReceiveError::Early)?;
                play.events(tick, &events);
                Ok(())
            }
            ServerMessage::Roster(page) => {
                let play = self.play.as_mut().filter(|_| self.link == Link::Up).ok_or(ReceiveError::Early)?;
                play.roster.turn_page(&page);
                Ok(())
            }
            ServerMessage::Pong(stamp) => {
                self.round_trip.returned(stamp, now_ms);
                Ok(())
            }
            ServerMessage::Bye(bye) => {
                self.bye = Some(bye);
                Ok(())
            }
        }
    }

    fn welcome(&mut self, welcome: Welcome) -> Result<(), ReceiveError> {
        if welcome.protocol != PROTOCOL_VERSION {
            return Err(ReceiveError::Version(welcome.protocol));
        }
        if self.link == Link::Up && self.play.as_mut().is_some_and(|play| play.renew(&welcome)) {
            // The way may be new, and then the server takes it that somebody looks.
            if self.hidden {
                self.send(&ClientMessage::Hidden(true));
            }
            return Ok(());
        }
        self.play = Some(Play::new(welcome).ok_or(ReceiveError::Rules)?);
        self.gauge.restart();
        self.link = Link::Up;
        self.buffer.forget_sent();
        self.round_trip = RoundTrip::default();
        if self.hidden {
            self.send(&ClientMessage::Hidden(true));
        }
        Ok(())
    }

    /// Whether anybody can see the picture. While nobody can, the server sends nothing and no command goes out; the
    /// seat and the link stay. After that it goes on with the next snapshot, a keyframe if the pause was long.
    pub fn set_hidden(&mut self, hidden: bool, now_ms: f64) {
        if self.hidden == hidden {
            return;
        }
        self.hidden = hidden;
        if self.link == Link::Up {
            self.send(&ClientMessage::Hidden(hidden));
        }
        if let Some(play) = self.play.as_mut().filter(|_| !hidden) {
            play.wake(now_ms);
        }
    }

    /// Says something to everybody: the number of a phrase.
    pub fn say(&mut self, phrase: u8) {
        if self.link == Link::Up {
            self.send(&ClientMessage::Say(phrase));
        }
    }

    /// What the player holds now.
    pub fn control(&mut self, controls: Controls) {
        let stands = self.play.as_ref().is_some_and(|play| play.phase() == Phase::Paused);
        let controls = if stands { controls.at_rest() } else { controls };
        self.buffer.hold(controls.into());
    }

    /// Samples inputs for each client tick that is due, at most eight, and predicts them.
    pub fn advance(&mut self, now_ms: f64) {
        let seen = self.link == Link::Up && !self.hidden;
        let Some(play) = self.play.as_mut().filter(|_| seen) else { return };
        let lost = play.replica.needs_keyframe() && play.has_snapshots();
        play.note_round_trip(self.round_trip.ms());
        play.truth.aids = self.aids;
        if let Some(message) = play.advance(&mut self.buffer, &mut self.recorder, now_ms) {
            self.send(&ClientMessage::Input(message));
        }
        if lost && now_ms - self.keyframe_asked_ms >= KEYFRAME_EVERY_MS {
            self.keyframe_asked_ms = now_ms;
            self.recorder.figures.mismatches += 1;
            self.send(&ClientMessage::Keyframe(Nothing()));
        }
        if let Some(stamp) = self.round_trip.stamp(now_ms) {
            self.send(&ClientMessage::Ping(stamp));
        }
        if let Some(figures) = self.gauge.pass(&mut self.recorder, now_ms) {
            self.send(&ClientMessage::Figures(figures));
        }
    }

    /// Switches parts of the netcode off and on, for a playground.
    pub fn set_aids(&mut self, aids: Aids) {
        self.aids = aids;
    }

    /// The way to the server changes within the server's next ticks: earlier measures of the round trip do not count.
    pub fn measure_anew(&mut self, now_ms: f64) {
        self.round_trip.restart(now_ms, WAY_CHANGES_WITHIN_MS);
    }

    fn send(&mut self, message: &ClientMessage) {
        let figures = &mut self.recorder.figures;
        let Ok(bytes) = codec::encode(message) else {
            figures.unsent += 1;
            return;
        };
        figures.messages_out += 1;
        figures.bytes_out += bytes.len() as u64;
        while self.outbox.len() >= OUTBOX_MAX {
            self.outbox.pop_front();
            figures.unsent += 1;
        }
        self.outbox.push_back(bytes);
    }

    /// The next message to send; call until `None` after each `advance`.
    pub fn poll_send(&mut self) -> Option<Vec<u8>> {
        self.outbox.pop_front()
    }

    /// What to draw now; once for each drawn picture, because each happening is told once.
    pub fn view(&mut self, now_ms: f64) -> View {
        let linked = self.link == Link::Up;
        self.gauge.picture();
        match &mut self.play {
            Some(play) => play.view(&self.buffer, linked, now_ms),
            None => View { freshness: Freshness::Waiting, ..View::default() },
        }
    }

    /// The score board, best first.
    pub fn scores(&self) -> Vec<Score> {
        self.play.as_ref().map(|play| play.roster.scores()).unwrap_or_default()
    }

    /// What to call a player.
    pub fn name_of(&self, id: PlayerId) -> Option<&str> {
        self.play.as_ref()?.roster.name_of(id)
    }

    /// A player's side; nobody's for strangers.
    pub fn team_of(&self, id: PlayerId) -> Team {
        self.play.as_ref().map(|play| play.roster.team_of(id)).unwrap_or_default()
    }

    /// The shape of a player's ship; the plain one for strangers.
    pub fn hull_of(&self, id: PlayerId) -> Hull {
        self.play.as_ref().map(|play| play.roster.hull_of(id)).unwrap_or_default()
    }

    /// The own seat, once welcomed.
    pub fn player(&self) -> Option<PlayerId> {
        self.play.as_ref().map(|play| play.player)
    }

    /// Where it happens; changes only with a new welcome.
    pub fn arena(&self) -> Option<&Arena> {
        self.play.as_ref().map(Play::arena)
    }

    /// The match's name; empty before the welcome.
    pub fn match_name(&self) -> &str {
        self.play.as_ref().map_or("", |play| play.match_name.as_str())
    }

    /// Why the server ended this link, if it said so.
    pub fn bye(&self) -> Option<&Bye> {
        self.bye.as_ref()
    }

    /// Figures about the netcode so far.
    pub fn instruments(&self) -> Instruments {
        self.recorder.figures.clone()
    }

    /// How long an input takes until the own ship shows it, in milliseconds; 0 is the same picture.
    pub fn input_latency_ms(&self) -> f32 {
        let figures = &self.recorder.figures;
        if self.aids.prediction { 0.0 } else { figures.input_ack_ms + self.interpolation_delay_ms() }
    }

    /// How far behind the newest snapshot's expected arrival others are drawn, in milliseconds.
    pub fn interpolation_delay_ms(&self) -> f32 {
        if self.aids.interpolation { self.recorder.figures.interpolation_delay_ms } else { 0.0 }
    }

    /// The last second of the link and of the machine, and what the player should know of it.
    pub fn gauge(&self) -> &NetGauge {
        &self.gauge
    }

    /// Single values since the last call, for percentiles.
    pub fn take_samples(&mut self) -> Samples {
        self.recorder.take_samples()
    }
}
