//! What single players are told of a tick: hits to the two whom they concern, and in a crowd also kills to those who
//! can see them. What everybody is told is in the event ring; the match calls this once after each step.

use shared::event::Event;
use shared::id::PlayerId;
use shared::protocol::PlayerEvent;
use shared::replica::in_view;
use shared::world::World;

use crate::matches::roster::Roster;

/// Tells players what concerns them of the world's last step. `all_kills` is that everybody is told kills anyway.
pub fn tell(roster: &mut Roster, world: &World, events: &[Event], all_kills: bool) {
    for event in events {
        match *event {
            Event::Hit { victim, by, hull_points } => {
                for player in [victim, by] {
                    tell_one(roster, player, &PlayerEvent::Hit(victim, by, hull_points));
                }
            }
            Event::Killed { victim, by, position } if !all_kills => {
                let told = PlayerEvent::Killed(victim, by);
                let sees = |ship: &&shared::world::Ship| {
                    ship.id == victim || ship.id == by || in_view(ship.motion.position, position)
                };
                world.ships.iter().filter(sees).for_each(|ship| tell_one(roster, ship.id, &told));
            }
            _ => {}
        }
    }
}

fn tell_one(roster: &mut Roster, player: PlayerId, event: &PlayerEvent) {
    if let Some(seat) = roster.get_mut(player).filter(|s| s.link.is_some()) {
        seat.tell(event.clone());
    }
}
