//! What one seat is sent in one tick, as one run of bytes for one write: its welcome if it is new, events that it
//! has not got, answers, and its snapshot. The link takes all of it or nothing; only then does the seat move on.

use std::time::Duration;

use shared::codec::encode;
use shared::protocol::{PROTOCOL_VERSION, ServerMessage, Welcome};
use shared::simulation::Stage;
use shared::world::World;

use crate::link::frame::{Opcode, write_frame};
use crate::link::websocket::Sent;
use crate::matches::event_ring::EventRing;
use crate::matches::id::MatchId;
use crate::matches::replication::Replication;
use crate::matches::seat::Seat;
use crate::timing::Timing;

/// What the frames of one tick are made from.
#[derive(Clone, Copy, Debug)]
pub struct Frames<'a> {
    /// The match's id.
    pub id: &'a MatchId,
    /// The match's name.
    pub name: &'a str,
    /// The world after the step.
    pub world: &'a World,
    /// The arena and the rules.
    pub stage: &'a Stage,
    /// What all are told.
    pub ring: &'a EventRing,
    /// Times and rates.
    pub timing: &'a Timing,
    /// The time of this tick.
    pub now: Duration,
}

impl Frames<'_> {
    /// Writes to a seat's link; `out` is scratch and then holds what was written. `None` without a link.
    pub fn write(&self, seat: &mut Seat, replication: &mut Replication, out: &mut Vec<u8>) -> Option<Sent> {
        out.clear();
        let index = self.world.find(seat.player).ok();
        let report = seat.report(self.world.tick);
        let (player, generation) = (seat.player, seat.generation);
        let link = seat.link.as_mut()?;
        if link.socket.owes() {
            // Encoding waits until the link can take it: then it is the newest.
            let paid = link.socket.pay();
            if paid != Sent::Taken {
                return Some(paid);
            }
        }
        let lost_events = !link.welcome_due && !self.ring.append_since(link.event_cursor, out);
        let welcome = link.welcome_due || lost_events;
        if welcome {
            self.append_welcome(player, generation, out);
        }
        if !seat.personal.is_empty() {
            append(&ServerMessage::Events(self.world.tick, seat.personal.clone()), out);
        }
        if let Some(stamp) = link.pong_due {
            append(&ServerMessage::Pong(stamp), out);
        }
        let ping = self.now.saturating_sub(link.pinged_at) >= self.timing.ping_every;
        if ping {
            write_frame(out, Opcode::Ping, &(self.now.as_millis() as u64).to_le_bytes());
        }
        if let Some(index) = index {
            replication.append_snapshot(self.world, self.stage.grid(), index, report, out);
        }
        let sent = link.socket.send(out);
        if sent == Sent::Taken {
            link.welcome_due = false;
            link.event_cursor = self.ring.head();
            link.pong_due = None;
            if ping {
                link.pinged_at = self.now;
            }
            seat.personal.clear();
        }
        Some(sent)
    }

    fn append_welcome(&self, player: shared::id::PlayerId, generation: u32, out: &mut Vec<u8>) {
        let welcome = Welcome {
            protocol: PROTOCOL_VERSION,
            match_id: self.id.to_string(),
            match_name: self.name.to_owned(),
            player,
            generation,
            tick: self.world.tick,
            rate: self.stage.rules.rate,
            round_ticks: self.stage.rules.round_ticks,
            rules_hash: self.stage.rules.hash(),
            arena: self.stage.arena.clone(),
            pilots: self.world.pilots.clone(),
            round: self.world.round,
        };
        append(&ServerMessage::Welcome(Box::new(welcome)), out);
    }
}

/// Appends a message's frame.
fn append(message: &ServerMessage, out: &mut Vec<u8>) {
    if let Ok(bytes) = encode(message) {
        write_frame(out, Opcode::Binary, &bytes);
    }
}
