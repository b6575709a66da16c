//! What all players are told, made once each tick as ready frames and kept for a while, so that a link that was
//! full gets every event later, in order. Who falls behind the ring is told everything anew instead.

use std::collections::VecDeque;

use shared::codec::encode;
use shared::event::Event;
use shared::protocol::{CoreNews, PlayerEvent, ServerMessage, Standing, whole_units};
use shared::tick::Tick;
use shared::world::World;

use crate::link::frame::{Opcode, write_frame};

/// Entries that are kept.
const ENTRIES_MAX: usize = 256;
/// Events in one entry at most: a narrow line takes a crowd's joins in pieces.
const EVENTS_IN_ENTRY: usize = 8;

/// Ready frames of what happened lately, numbered without gaps.
#[derive(Debug, Default)]
pub struct EventRing {
    frames: VecDeque<Vec<u8>>,
    next: u64,
}

impl EventRing {
    /// Adds what happened in the world's last step, as far as it is for all players. Kills are only with `all_kills`.
    pub fn publish(&mut self, world: &World, events: &[Event], all_kills: bool) {
        let mut told = Vec::new();
        for event in events {
            told.extend(public(world, event, all_kills));
            if told.len() >= EVENTS_IN_ENTRY {
                self.push(world.tick, std::mem::take(&mut told));
            }
        }
        if !told.is_empty() {
            self.push(world.tick, told);
        }
    }

    /// Adds how some stand.
    pub fn publish_scores(&mut self, tick: Tick, rows: &[Standing]) {
        if !rows.is_empty() {
            self.push(tick, vec![PlayerEvent::Scores(rows.to_vec())]);
        }
    }

    /// Adds that links are closed in so many seconds.
    pub fn publish_closing(&mut self, tick: Tick, in_s: u16) {
        self.push(tick, vec![PlayerEvent::Closing(in_s)]);
    }

    /// Adds what the server's operator has to say.
    pub fn publish_notice(&mut self, tick: Tick, text: String) {
        self.push(tick, vec![PlayerEvent::Notice(text)]);
    }

    fn push(&mut self, tick: Tick, told: Vec<PlayerEvent>) {
        let Ok(message) = encode(&ServerMessage::Events(tick, told)) else { return };
        let mut frame = if self.frames.len() >= ENTRIES_MAX {
            self.frames.pop_front().unwrap_or_default()
        } else {
            Vec::new()
        };
        frame.clear();
        write_frame(&mut frame, Opcode::Binary, &message);
        self.frames.push_back(frame);
        self.next += 1;
    }

    /// The number of the entry that comes next.
    pub fn head(&self) -> u64 {
        self.next
    }

    /// Whether the entry of that number was there and is no more.
    pub fn is_gone(&self, cursor: u64) -> bool {
        cursor < self.next && self.entry(cursor).is_none()
    }

    /// The entry of that number, ready to be sent; `None` if it is gone or has not come yet.
    pub fn entry(&self, cursor: u64) -> Option<&[u8]> {
        let behind = usize::try_from(self.next.checked_sub(cursor)?).ok()?;
        self.frames.get(self.frames.len().checked_sub(behind)?).map(Vec::as_slice)
    }
}

/// What every player may know of an event.
fn public(world: &World, event: &Event, all_kills: bool) -> Option<PlayerEvent> {
    match event {
        Event::Joined(p) => Some(PlayerEvent::Joined(p.id, p.name.clone(), p.hull, p.bot, p.team)),
        Event::Left(id) => Some(PlayerEvent::Left(*id)),
        Event::Lost(id) => Some(PlayerEvent::Limbo(*id, true)),
        Event::Returned(id) => Some(PlayerEvent::Limbo(*id, false)),
        Event::Killed { victim, by, .. } => all_kills.then_some(PlayerEvent::Killed(*victim, *by)),
        Event::Said { by, phrase } => Some(PlayerEvent::Said(*by, *phrase)),
        Event::RoundStarted { .. } | Event::RoundEnded { .. } | Event::MatchEnded | Event::ClockSet => {
            Some(PlayerEvent::Round(world.round))
        }
        Event::Teamed(id, team) => Some(PlayerEvent::Teamed(*id, *team)),
        Event::TeamScores([azure, amber]) => Some(PlayerEvent::TeamScores(*azure, *amber)),
        Event::Core { core, deed, by, place } => {
            Some(PlayerEvent::Core(CoreNews(*core, *deed, *by, whole_units(*place))))
        }
        Event::Blast { .. }
        | Event::Hit { .. }
        | Event::Beam(_)
        | Event::Appeared(_)
        | Event::Fired(_)
        | Event::ShotEnded { .. }
        | Event::Dashed(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::id::PlayerId;

    #[test]
    fn an_entry_is_there_until_the_ring_is_full() {
        let (mut ring, world) = (EventRing::default(), World::new(1));
        let publish = |ring: &mut EventRing| ring.publish(&world, &[Event::Left(PlayerId(3))], true);
        publish(&mut ring);
        ring.publish(&world, &[Event::Dashed(PlayerId(3))], true);
        assert_eq!(ring.head(), 1);
        assert!(ring.entry(0).is_some() && ring.entry(1).is_none() && ring.entry(2).is_none());
        (0..ENTRIES_MAX).for_each(|_| publish(&mut ring));
        assert!(ring.entry(0).is_none() && ring.entry(1).is_some());
        assert!(ring.is_gone(0) && !ring.is_gone(1) && !ring.is_gone(ring.head()));
    }

    #[test]
    fn a_rush_comes_in_pieces_and_kills_of_a_crowd_not_at_all() {
        let (mut ring, world) = (EventRing::default(), World::new(1));
        ring.publish(&world, &[const { Event::Left(PlayerId(3)) }; 20], true);
        assert_eq!(ring.head(), 3);
        let kill = Event::Killed { victim: PlayerId(1), by: PlayerId(2), position: glam::Vec2::ZERO };
        ring.publish(&world, std::slice::from_ref(&kill), false);
        assert_eq!(ring.head(), 3);
        ring.publish(&world, &[kill], true);
        ring.publish_scores(world.tick, &[]);
        assert_eq!(ring.head(), 4);
    }
}
