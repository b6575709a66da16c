//! What one seat is sent in one tick, as one run of bytes for one write: its welcome if it is new, events that it
//! has not got, answers, and its snapshot. The link takes all of it or nothing; only then does the seat move on.

use std::time::Duration;

use glam::Vec2;
use serde::Serialize;
use shared::codec::encode_into;
use shared::event::CoreDeed;
use shared::id::PlayerId;
use shared::mode::{Mode, Team};
use shared::protocol::{CoreNews, PROTOCOL_VERSION, PlayerEvent, ServerMessage, Welcome, whole_units};
use shared::record::Head;
use shared::simulation::Stage;
use shared::tick::Tick;
use shared::world::{CoreState, Pilot, World};

use crate::link::frame::{Opcode, write_frame, write_head};
use crate::link::websocket::Sent;
use crate::matches::credit::{Credit, Permission};
use crate::matches::event_ring::EventRing;
use crate::matches::id::MatchId;
use crate::matches::known::NARROW_BYTES;
use crate::matches::replication::Replication;
use crate::matches::roster_pages::RosterPages;
use crate::matches::scores::Scores;
use crate::matches::seat::{Seat, SeatLink};
use crate::timing::Timing;

/// Pages of the roster that go out in one tick at most: a thousand pilots take a second on a good line.
const PAGES_MAX: usize = 4;

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
    /// How everybody stands.
    pub scores: &'a Scores,
    /// Times and rates.
    pub timing: &'a Timing,
    /// The time of this tick.
    pub now: Duration,
}

/// What makes the parts of frames that the world alone decides.
#[derive(Debug)]
pub struct Makers<'a> {
    /// Makes snapshots.
    pub replication: &'a mut Replication,
    /// Makes pages of the roster.
    pub pages: &'a mut RosterPages,
}

/// How far a link comes with what can wait.
#[derive(Clone, Copy, Debug)]
struct Told {
    event_cursor: u64,
    pages_from: Option<PlayerId>,
    bytes: usize,
}

/// The same message as [`ServerMessage::Events`], of events that somebody else keeps.
#[derive(Serialize)]
enum Borrowed<'a> {
    #[serde(rename = "e")]
    Events(Tick, &'a [PlayerEvent]),
}

impl Frames<'_> {
    /// Writes to a seat's link; `out` is scratch and then holds what was written. `None` if nothing was to be written.
    pub fn write(&self, seat: &mut Seat, makers: &mut Makers<'_>, out: &mut Vec<u8>) -> Option<Sent> {
        out.clear();
        let report = seat.report(self.world.tick);
        let (player, generation) = (seat.player, seat.generation);
        let link = seat.link.as_mut()?;
        let way = link.clear_the_way(self.now);
        if way != Sent::Taken {
            return Some(way);
        }
        if link.hidden {
            return Some(self.write_answers(link, out)).filter(|sent| *sent == Sent::Gone);
        }
        let index = self.world.find(player).ok()?;
        let (own, pilot) = (self.world.ships.get(index)?, self.world.pilots.get(index)?);
        if link.welcome_due {
            return Some(self.write_welcome(link, (pilot, generation), out));
        }
        link.figures.note_slack(report.slack_ticks().map(|ticks| ticks as f32));
        let permission = link.credit.permission(self.now);
        if permission == Permission::Nothing {
            return Some(self.write_answers(link, out));
        }
        let place = self.scores.place(index);
        let begins = self.ring.is_gone(link.event_cursor);
        if begins {
            self.append_welcome(pilot, generation, out);
        } else {
            self.append_personal((place != link.place_told).then_some(place), &mut seat.personal, out);
        }
        self.append_answers(link, out);
        let told = self.append_side(link, begins, makers.pages, out);
        link.known.set_budget(snapshot_bytes(&link.credit, told.bytes));
        if permission == Permission::Keyframe {
            link.known.forget();
        }
        let checked = (self.world.tick.0 + u32::from(player.0)).is_multiple_of(self.stage.rules.rate.hz());
        let head = Head { report, checksum: checked.then_some(0), ..Head::default() };
        makers.replication.append_snapshot(self.world, (&link.known, own), head, out);
        let sent = link.send(out, self.now);
        if sent == Sent::Taken {
            link.place_told = if begins { link.place_told } else { place };
            (link.event_cursor, link.pages_from) = (told.event_cursor, told.pages_from);
            self.answered(link);
            seat.personal.clear();
            seat.queue.reported();
            link.credit.sent(self.world.tick, out.len(), self.now);
            link.credit.spend_side(told.bytes);
            makers.replication.commit(&mut link.known);
        }
        Some(sent)
    }

    /// A welcome and a ping, a tick before the first snapshot: the answer tells how long the way is, and then the first
    /// snapshot's how much the line carries.
    fn write_welcome(
        &self,
        link: &mut SeatLink,
        (pilot, generation): (&Pilot, u32),
        out: &mut Vec<u8>,
    ) -> Sent {
        self.append_welcome(pilot, generation, out);
        self.append_ping(out);
        let sent = link.send(out, self.now);
        if sent == Sent::Taken {
            link.welcome_due = false;
            // One that took over goes on where the older one was.
            if link.event_cursor == 0 {
                link.event_cursor = self.ring.head();
            }
            (link.pinged_at, link.ping_flies) = (self.now, true);
        }
        sent
    }

    /// Answers and pings alone, for a link that has no credit for more: its snapshot counts as skipped.
    fn write_answers(&self, link: &mut SeatLink, out: &mut Vec<u8>) -> Sent {
        self.append_answers(link, out);
        let sent = if out.is_empty() { Sent::Skipped } else { link.send(out, self.now) };
        if sent == Sent::Taken {
            self.answered(link);
        }
        if sent == Sent::Gone { sent } else { Sent::Skipped }
    }

    /// Appends what only this player is told: before what everybody is told, because scores in that are newer.
    fn append_personal(&self, place: Option<u16>, personal: &mut Vec<PlayerEvent>, out: &mut Vec<u8>) {
        let known = personal.len();
        personal.extend(place.map(PlayerEvent::Place));
        if !personal.is_empty() {
            append(&Borrowed::Events(self.world.tick, personal), out);
        }
        personal.truncate(known);
    }

    /// Appends what can wait, as far as the line has room for it: what everybody is told, then the roster's pages. A
    /// page is true as of the last event, so there is none while events wait.
    fn append_side(
        &self,
        link: &mut SeatLink,
        begins: bool,
        pages: &mut RosterPages,
        out: &mut Vec<u8>,
    ) -> Told {
        let (start, room) = (out.len(), link.credit.side_bytes(self.now));
        let has_room = |out: &Vec<u8>| room > (out.len() - start) as f32;
        let (mut event_cursor, mut pages_from) = (link.event_cursor, link.pages_from);
        if begins {
            (event_cursor, pages_from) = (self.ring.head(), Some(PlayerId(0)));
        }
        while let Some(entry) = self.ring.entry(event_cursor).filter(|_| has_room(out)) {
            out.extend_from_slice(entry);
            event_cursor += 1;
        }
        for _ in 0..PAGES_MAX {
            let Some(from) = pages_from.filter(|_| event_cursor == self.ring.head() && has_room(out)) else {
                break;
            };
            pages_from = pages.append(self.world, from, out);
        }
        Told { event_cursor, pages_from, bytes: out.len() - start }
    }

    fn append_answers(&self, link: &SeatLink, out: &mut Vec<u8>) {
        if let Some(stamp) = link.pong_due {
            append(&ServerMessage::Pong(stamp), out);
        }
        if let Some(token) = &link.host_token_due {
            append(&Borrowed::Events(self.world.tick, &[PlayerEvent::HostToken(token.clone())]), out);
        }
        if self.ping_due(link) {
            self.append_ping(out);
        }
    }

    fn append_ping(&self, out: &mut Vec<u8>) {
        write_frame(out, Opcode::Ping, &(self.now.as_millis() as u64).to_le_bytes());
    }

    fn answered(&self, link: &mut SeatLink) {
        link.pong_due = None;
        link.host_token_due = None;
        if self.ping_due(link) {
            (link.pinged_at, link.ping_flies) = (self.now, true);
        }
    }

    fn ping_due(&self, link: &SeatLink) -> bool {
        self.now.saturating_sub(link.pinged_at) >= self.timing.ping_every
    }

    /// Where the cores are, as the last that happened to each.
    fn core_news(&self) -> Vec<CoreNews> {
        let stands = self.stage.arena.cores().filter(|_| self.stage.rules.mode == Mode::Ctc);
        let news = |((team, state), stand): ((Team, CoreState), Vec2)| match state {
            CoreState::Home => CoreNews(team, CoreDeed::Returned, None, whole_units(stand)),
            CoreState::Carried(by) => CoreNews(team, CoreDeed::Taken, Some(by), whole_units(stand)),
            CoreState::Dropped { place, .. } => CoreNews(team, CoreDeed::Dropped, None, whole_units(place)),
        };
        let cores = Team::SIDES.into_iter().zip(self.world.cores);
        stands.map_or_else(Vec::new, |stands| cores.zip(stands).map(news).collect())
    }

    fn append_welcome(&self, pilot: &Pilot, generation: u32, out: &mut Vec<u8>) {
        let rules = &self.stage.rules;
        let welcome = Welcome {
            protocol: PROTOCOL_VERSION,
            match_id: self.id.to_string(),
            match_name: self.name.to_owned(),
            player: pilot.id,
            generation,
            tick: self.world.tick,
            rate: rules.rate,
            round_ticks: rules.round_ticks,
            mode: rules.mode,
            goal: rules.goal,
            rules: rules.book,
            rules_hash: rules.hash(),
            arena: self.stage.arena.clone(),
            pilot: pilot.clone(),
            round: self.world.round,
            team_scores: if rules.mode.has_teams() { self.world.team_scores.to_vec() } else { Vec::new() },
            cores: self.core_news(),
        };
        append(&ServerMessage::Welcome(Box::new(welcome)), out);
    }
}

/// Bytes from which on a snapshot takes up nothing new when `side` bytes go with it: they count only where it is tight.
fn snapshot_bytes(credit: &Credit, side: usize) -> usize {
    let bytes = credit.snapshot_bytes();
    if bytes < NARROW_BYTES { bytes.saturating_sub(side).max(bytes / 3) } else { bytes }
}

/// Appends a message's frame. Its head is written last, when the length is known, and then brought to the front.
fn append<T: Serialize>(message: &T, out: &mut Vec<u8>) {
    let start = out.len();
    if encode_into(message, out).is_err() {
        out.truncate(start);
        return;
    }
    let end = out.len();
    write_head(out, Opcode::Binary, end - start);
    let head_bytes = out.len() - end;
    if let Some(frame) = out.get_mut(start..) {
        frame.rotate_right(head_bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::codec::encode;

    #[test]
    fn borrowed_events_are_events() {
        for count in [1, 40] {
            let events = vec![PlayerEvent::Killed(PlayerId(900), PlayerId(3)); count];
            let mut out = vec![7];
            append(&Borrowed::Events(Tick(5), &events), &mut out);
            let mut expected = vec![7];
            let message = encode(&ServerMessage::Events(Tick(5), events)).unwrap();
            write_frame(&mut expected, Opcode::Binary, &message);
            assert_eq!(out, expected);
        }
    }
}
