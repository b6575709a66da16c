//! A player's place in a match: it outlives the connection. What comes over the link is decoded and limited here,
//! once; behind this nothing has to be doubted.

use std::time::Duration;

use shared::codec::decode;
use shared::id::PlayerId;
use shared::protocol::{
    CLIENT_MESSAGE_BYTES_MAX, ClientMessage, CloseReason, InputMessage, PlayerEvent,
};
use shared::snapshot::InputReport;
use shared::tick::{Tick, TickRate};

use crate::link::websocket::{Incoming, WebSocketLink};
use crate::matches::allowance::Allowance;
use crate::matches::input_queue::InputQueue;
use crate::timing::Timing;
use crate::telemetry::Counted;

/// Personal events that wait for the link; they are for the eye, so the oldest goes first when there are more.
const PERSONAL_MAX: usize = 16;

/// A player's place.
#[derive(Debug)]
pub struct Seat {
    /// Whose it is.
    pub player: PlayerId,
    /// Input commands that wait for their tick.
    pub queue: InputQueue,
    /// The way to the client, if there is one.
    pub link: Option<SeatLink>,
    /// When the seat becomes free, while there is no link.
    pub free_at: Duration,
    /// Counts the links that this seat had.
    pub generation: u32,
    /// What only this player is told, until the link takes it.
    pub personal: Vec<PlayerEvent>,
    _counted: Counted,
}

/// One link of a seat, and what is known of its other end.
#[derive(Debug)]
pub struct SeatLink {
    /// The link.
    pub socket: WebSocketLink,
    /// When something came last.
    pub heard_at: Duration,
    /// When it was last asked whether it is there.
    pub pinged_at: Duration,
    /// The shortest round trip of late, in milliseconds; 0 is unknown.
    pub rtt_ms: u16,
    /// Whether the client still needs its welcome.
    pub welcome_due: bool,
    /// The first entry of the event ring that was not sent.
    pub event_cursor: u64,
    /// The newest snapshot that the client has.
    pub ack: Tick,
    /// A client's stamp that is to be sent back.
    pub pong_due: Option<u32>,
    allowance: Allowance,
    _counted: Counted,
}

impl SeatLink {
    /// A link that has just arrived.
    pub fn new(socket: WebSocketLink, timing: &Timing, now: Duration) -> SeatLink {
        SeatLink {
            socket,
            heard_at: now,
            pinged_at: now,
            rtt_ms: 0,
            welcome_due: true,
            event_cursor: 0,
            ack: Tick(0),
            pong_due: None,
            allowance: Allowance::new(timing.messages_per_s, now),
            _counted: Counted::connection(crate::telemetry::Transport::WebSocket),
        }
    }

    fn note_pong(&mut self, content: &[u8], now: Duration) {
        let Some(sent_ms) = content.first_chunk().map(|c| u64::from_le_bytes(*c)) else { return };
        let now_ms = now.as_millis() as u64;
        if let Some(rtt) = now_ms.checked_sub(sent_ms).filter(|ms| *ms < 60_000) {
            // Links are read once a tick, so a single measure is up to a tick too long: the shortest is nearest.
            let grown = self.rtt_ms.saturating_add(self.rtt_ms / 4).max(1);
            self.rtt_ms = if self.rtt_ms == 0 { rtt as u16 } else { (rtt as u16).min(grown) };
        }
    }
}

impl Seat {
    /// A new seat without a link; it becomes free at `free_at`.
    pub fn new(player: PlayerId, rate: TickRate, free_at: Duration) -> Seat {
        Seat {
            player,
            queue: InputQueue::new(rate),
            link: None,
            free_at,
            generation: 0,
            personal: Vec::new(),
            _counted: Counted::player(),
        }
    }

    /// Reads what came over the link. `tick` is the last one that was stepped. `Err` is the end of the link.
    pub fn read(&mut self, tick: Tick, now: Duration) -> Result<(), CloseReason> {
        let Some(mut link) = self.link.take() else { return Ok(()) };
        let queue = &mut self.queue;
        let SeatLink { socket, heard_at, allowance, .. } = &mut link;
        let mut notes = Notes::default();
        let end = socket.read(|incoming| {
            *heard_at = now;
            if !allowance.take(now) {
                return Err(CloseReason::TooMany);
            }
            match incoming {
                Incoming::Message(bytes) => take_message(&bytes, queue, tick, &mut notes),
                Incoming::Pong(content) => {
                    notes.pong = content.first_chunk().copied();
                    Ok(())
                }
                Incoming::Ping => Ok(()),
            }
        });
        if let Some(content) = notes.pong {
            link.note_pong(&content, now);
        }
        link.ack = link.ack.max(notes.ack);
        link.pong_due = notes.stamp.or(link.pong_due);
        self.link = Some(link);
        end
    }

    /// What the next snapshot says of the inputs.
    pub fn report(&self, tick: Tick) -> InputReport {
        let applied_ago = self.queue.applied().map(|t| tick.since(t)).filter(|&ago| ago < 255);
        let ahead = self.queue.newest().map(|t| t.distance(tick).clamp(-127, 127) as i8);
        InputReport {
            applied_ago: applied_ago.map(|ago| ago as u8),
            received_ahead: ahead,
            waiting: self.queue.waiting(),
            slack_ticks: self.queue.slack_ticks(),
            rtt_ms: self.link.as_ref().map_or(0, |l| l.rtt_ms),
        }
    }

    /// Remembers something that only this player is told.
    pub fn tell(&mut self, event: PlayerEvent) {
        if self.personal.len() >= PERSONAL_MAX {
            self.personal.remove(0);
        }
        self.personal.push(event);
    }
}

/// What messages said beside inputs.
#[derive(Default)]
struct Notes {
    ack: Tick,
    stamp: Option<u32>,
    pong: Option<[u8; 8]>,
}

fn take_message(bytes: &[u8], queue: &mut InputQueue, tick: Tick, notes: &mut Notes) -> Result<(), CloseReason> {
    match decode::<ClientMessage>(bytes, CLIENT_MESSAGE_BYTES_MAX) {
        Ok(ClientMessage::Input(message)) => take_input(&message, queue, tick, notes),
        Ok(ClientMessage::Ping(stamp)) => {
            notes.stamp = Some(stamp);
            Ok(())
        }
        Ok(ClientMessage::Leave(_)) => Err(CloseReason::Left),
        Err(_) => Err(CloseReason::BadMessage),
    }
}

fn take_input(
    message: &InputMessage,
    queue: &mut InputQueue,
    tick: Tick,
    notes: &mut Notes,
) -> Result<(), CloseReason> {
    let commands = message.commands().ok_or(CloseReason::BadMessage)?;
    for command in commands {
        queue.push(tick, command);
    }
    // Nobody has seen the future: a larger claim counts as the newest tick.
    notes.ack = notes.ack.max(message.ack.min(tick));
    Ok(())
}
