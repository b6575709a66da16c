//! What all players are told, made once each tick as ready frames and kept for a while, so that a link that was
//! full gets every event later, in order. Who falls behind the ring is told everything anew instead.

use std::collections::VecDeque;

use shared::codec::encode;
use shared::event::Event;
use shared::protocol::{PlayerEvent, ServerMessage};
use shared::world::World;

use crate::link::frame::{Opcode, write_frame};

/// Ticks with events that are kept.
const ENTRIES_MAX: usize = 256;

/// Ready frames of the last ticks in which something happened, numbered without gaps.
#[derive(Debug, Default)]
pub struct EventRing {
    frames: VecDeque<Vec<u8>>,
    next: u64,
}

impl EventRing {
    /// Adds what happened in the world's last step, if any of it is for all players.
    pub fn publish(&mut self, world: &World, events: &[Event]) {
        let told: Vec<PlayerEvent> = events.iter().filter_map(|e| public(world, e)).collect();
        if told.is_empty() {
            return;
        }
        let Ok(message) = encode(&ServerMessage::Events(world.tick, told)) else { return };
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

    /// Appends all entries from `cursor` on; false if some of them are gone.
    pub fn append_since(&self, cursor: u64, out: &mut Vec<u8>) -> bool {
        let behind = (self.next - cursor.min(self.next)) as usize;
        let Some(skip) = self.frames.len().checked_sub(behind) else { return false };
        for frame in self.frames.iter().skip(skip) {
            out.extend_from_slice(frame);
        }
        true
    }
}

/// What every player may know of an event.
fn public(world: &World, event: &Event) -> Option<PlayerEvent> {
    match event {
        Event::Joined(p) => Some(PlayerEvent::Joined(p.id, p.name.clone(), p.hull, p.bot)),
        Event::Left(id) => Some(PlayerEvent::Left(*id)),
        Event::Lost(id) => Some(PlayerEvent::Limbo(*id, true)),
        Event::Returned(id) => Some(PlayerEvent::Limbo(*id, false)),
        Event::Killed { victim, by, .. } => Some(PlayerEvent::Killed(*victim, *by)),
        Event::RoundStarted { .. } | Event::RoundEnded { .. } | Event::MatchEnded => {
            Some(PlayerEvent::Round(world.round))
        }
        Event::Hit { .. }
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
    fn a_cursor_gets_the_rest_or_is_told_that_it_is_gone() {
        let (mut ring, world) = (EventRing::default(), World::new(1));
        let publish = |ring: &mut EventRing| ring.publish(&world, &[Event::Left(PlayerId(3))]);
        publish(&mut ring);
        ring.publish(&world, &[Event::Dashed(PlayerId(3))]);
        assert_eq!(ring.head(), 1);
        let mut out = Vec::new();
        assert!(ring.append_since(1, &mut out) && out.is_empty());
        assert!(ring.append_since(0, &mut out) && !out.is_empty());
        (0..ENTRIES_MAX).for_each(|_| publish(&mut ring));
        assert!(!ring.append_since(0, &mut out));
        assert!(ring.append_since(1, &mut out));
    }
}
