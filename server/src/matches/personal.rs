//! What only some players are told of a tick: hits to the two whom they concern, beams to those whose view they cross,
//! and in a crowd kills to those who can see them. What everybody is told is in the event ring; the match calls this
//! once after each step.

use glam::Vec2;
use shared::event::{Beam, Event};
use shared::id::PlayerId;
use shared::protocol::{PlayerEvent, whole_units};
use shared::replica::{crosses_view, in_view};
use shared::world::World;

use crate::matches::roster::Roster;

/// Tells players what concerns them of the world's last step. `all_kills` is that everybody is told kills anyway.
pub fn tell(roster: &mut Roster, world: &World, events: &[Event], all_kills: bool) {
    for event in events {
        match event {
            &Event::Hit { victim, by, hull_points } => {
                for player in [victim, by] {
                    tell_one(roster, player, &PlayerEvent::Hit(victim, by, hull_points));
                }
            }
            &Event::Killed { victim, by, position } if !all_kills => {
                let told = PlayerEvent::Killed(victim, by);
                tell_near(roster, world, &told, |player, place| {
                    player == victim || player == by || in_view(place, position)
                });
            }
            Event::Blast { by, place } => {
                let told = PlayerEvent::Blast(*by, whole_units(*place));
                tell_near(roster, world, &told, |_, own| in_view(own, *place));
            }
            Event::Beam(beam) => {
                tell_near(roster, world, &beam_told(beam), |player, place| {
                    player == beam.by || crosses_view(place, beam.from, beam.to)
                });
            }
            _ => {}
        }
    }
}

/// Tells those players for whom `concerns` holds, given where their ship is.
fn tell_near(
    roster: &mut Roster,
    world: &World,
    event: &PlayerEvent,
    concerns: impl Fn(PlayerId, Vec2) -> bool,
) {
    for ship in world.ships.iter().filter(|ship| concerns(ship.id, ship.motion.position)) {
        tell_one(roster, ship.id, event);
    }
}

fn tell_one(roster: &mut Roster, player: PlayerId, event: &PlayerEvent) {
    if let Some(seat) = roster.get_mut(player).filter(|s| s.link.is_some()) {
        seat.tell(event.clone());
    }
}

fn beam_told(beam: &Beam) -> PlayerEvent {
    PlayerEvent::Beam(beam.by, whole_units(beam.from), whole_units(beam.to))
}
