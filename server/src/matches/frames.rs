//! What one seat is sent in one tick, as one run of bytes for one write: its welcome if it is new, events that it
//! has not got, answers, and its snapshot. The link takes all of it or nothing; only then does the seat move on.

use std::time::Duration;

use shared::codec::encode;
use shared::id::PlayerId;
use shared::protocol::{PROTOCOL_VERSION, ServerMessage, Welcome};
use shared::record::Head;
use shared::simulation::Stage;
use shared::world::World;

use crate::link::frame::{Opcode, write_frame};
use crate::link::websocket::Sent;
use crate::matches::credit::Permission;
use crate::matches::event_ring::EventRing;
use crate::matches::id::MatchId;
use crate::matches::replication::Replication;
use crate::matches::seat::{Seat, SeatLink};
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
    /// Writes to a seat's link; `out` is scratch and then holds what was written. `None` if nothing was to be written.
    pub fn write(&self, seat: &mut Seat, replication: &mut Replication, out: &mut Vec<u8>) -> Option<Sent> {
        out.clear();
        let report = seat.report(self.world.tick);
        let (player, generation) = (seat.player, seat.generation);
        let link = seat.link.as_mut()?;
        let way = link.clear_the_way(self.now);
        if way != Sent::Taken {
            return Some(way);
        }
        let permission = link.credit.permission(self.now);
        if permission == Permission::Nothing && !link.welcome_due {
            return Some(self.write_answers(link, out));
        }
        let lost_events = !link.welcome_due && !self.ring.append_since(link.event_cursor, out);
        if link.welcome_due || lost_events {
            self.append_welcome(player, generation, out);
        }
        if !seat.personal.is_empty() {
            append(&ServerMessage::Events(self.world.tick, seat.personal.clone()), out);
        }
        self.append_answers(link, out);
        link.known.set_budget(link.credit.snapshot_bytes());
        if permission == Permission::Keyframe {
            link.known.forget();
        }
        let ship = self.world.ship(player);
        if let Some(own) = ship {
            let checked =
                (self.world.tick.0 + u32::from(player.0)).is_multiple_of(self.stage.rules.rate.hz());
            let head = Head { report, checksum: checked.then_some(0), ..Head::default() };
            replication.append_snapshot(self.world, (&link.known, own), head, out);
        }
        let sent = link.socket.send(out);
        if sent == Sent::Taken {
            link.welcome_due = false;
            link.event_cursor = self.ring.head();
            self.answered(link);
            seat.personal.clear();
            if ship.is_some() {
                link.credit.sent(self.world.tick, out.len(), self.now);
                replication.commit(&mut link.known);
            }
        }
        Some(sent)
    }

    /// Answers and pings alone, for a link that has no credit for more: its snapshot counts as skipped.
    fn write_answers(&self, link: &mut SeatLink, out: &mut Vec<u8>) -> Sent {
        self.append_answers(link, out);
        let sent = if out.is_empty() { Sent::Skipped } else { link.socket.send(out) };
        if sent == Sent::Taken {
            self.answered(link);
        }
        if sent == Sent::Gone { sent } else { Sent::Skipped }
    }

    fn append_answers(&self, link: &SeatLink, out: &mut Vec<u8>) {
        if let Some(stamp) = link.pong_due {
            append(&ServerMessage::Pong(stamp), out);
        }
        if self.ping_due(link) {
            write_frame(out, Opcode::Ping, &(self.now.as_millis() as u64).to_le_bytes());
        }
    }

    fn answered(&self, link: &mut SeatLink) {
        link.pong_due = None;
        if self.ping_due(link) {
            link.pinged_at = self.now;
        }
    }

    fn ping_due(&self, link: &SeatLink) -> bool {
        self.now.saturating_sub(link.pinged_at) >= self.timing.ping_every
    }

    fn append_welcome(&self, player: PlayerId, generation: u32, out: &mut Vec<u8>) {
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
