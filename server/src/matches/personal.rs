//! What only some players are told, when it happens: hits to the two whom they concern, beams to those whose view they
//! cross. What everybody is told is in the event ring; the match calls this once a tick.

use glam::Vec2;
use shared::event::{Beam, Event};
use shared::protocol::PlayerEvent;
use shared::replica::crosses_view;
use shared::world::World;

use crate::matches::roster::Roster;

/// Tells the seats that have a link what concerns them among `events`.
pub fn tell(world: &World, events: &[Event], roster: &mut Roster) {
    for event in events {
        if let Event::Hit { victim, by, hull_points } = *event {
            for player in [victim, by] {
                if let Some(seat) = roster.get_mut(player).filter(|s| s.link.is_some()) {
                    seat.tell(PlayerEvent::Hit(victim, by, hull_points));
                }
            }
        }
    }
    let is_beam = |event: &&Event| matches!(event, Event::Beam(_));
    if events.iter().any(|event| is_beam(&event)) {
        tell_beams(world, events, roster);
    }
}

fn tell_beams(world: &World, events: &[Event], roster: &mut Roster) {
    for seat in roster.seats_mut().iter_mut().filter(|s| s.link.is_some()) {
        let Some(place) = world.ship(seat.player).map(|ship| ship.motion.position) else { continue };
        for event in events {
            if let Event::Beam(beam) = event
                && (beam.by == seat.player || crosses_view(place, beam.from, beam.to))
            {
                seat.tell(told(beam));
            }
        }
    }
}

fn told(beam: &Beam) -> PlayerEvent {
    let whole = |place: Vec2| (place.x.round() as i32, place.y.round() as i32);
    PlayerEvent::Beam(beam.by, whole(beam.from), whole(beam.to))
}
