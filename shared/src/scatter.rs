//! The scatter: a fan of short shots. Which way each flies follows from its tick and its shooter, so that the shooter's own
//! client shows the very same fan before the server knows of it. `arms` says when a ship uses it.

use crate::angle::Angle;
use crate::combat::{Load, shot, spared};
use crate::event::Event;
use crate::id::PlayerId;
use crate::random::Random;
use crate::rules::Rules;
use crate::tick::Tick;
use crate::world::{Shot, World};

/// Steps of an [`Angle`] in a degree.
const STEPS_PER_DEGREE: f32 = 65_536.0 / 360.0;

/// Where the shots of a volley fly that `player` fires along `aim` in `tick`: one in each lane of the fan.
pub fn fan(rules: &Rules, (tick, player): (Tick, PlayerId), aim: Angle) -> impl Iterator<Item = Angle> {
    let pellets = rules.book.scatter.pellets as u32;
    let width = (2.0 * rules.book.scatter.spread_degrees * STEPS_PER_DEGREE) as u32;
    let mut random = Random::new(u64::from(tick.0) << 16 | u64::from(player.0));
    (0..pellets).map(move |lane| {
        let low = width * lane / pellets;
        let high = width * (lane + 1) / pellets;
        let place = low + random.below(high - low + 1);
        aim.turned(place as i32 - (width / 2) as i32)
    })
}

/// The ship with the index `index` fires a volley.
pub fn fire(world: &mut World, index: usize, rules: &Rules, events: &mut Vec<Event>) {
    let (Some(ship), Some(pilot)) = (world.ships.get(index), world.pilots.get(index)) else { return };
    let load = Load { damage: rules.book.scatter.damage as u8, life_ticks: rules.pellet_life_ticks };
    for angle in fan(rules, (world.tick, ship.id), ship.input.aim) {
        let pellet = Shot {
            id: world.next_shot,
            spares: spared(rules, pilot.team),
            ..shot(ship, angle, world.tick, (load, rules))
        };
        world.next_shot = world.next_shot.next();
        events.push(Event::Fired(pellet.clone()));
        world.shots.push(pellet);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tick::TickRate;

    #[test]
    fn a_fan_is_even_and_its_own_every_time() {
        let rules = Rules::new(TickRate::DEFAULT, 1000);
        let turns = |tick: u32| -> Vec<i16> {
            let aim = Angle(20_000);
            fan(&rules, (Tick(tick), PlayerId(3)), aim).map(|angle| aim.turn_to(angle)).collect()
        };
        let half = (rules.book.scatter.spread_degrees * STEPS_PER_DEGREE) as i16;
        for tick in 0..200 {
            let turns = turns(tick);
            assert_eq!(turns.len(), rules.book.scatter.pellets as usize);
            assert!(turns.is_sorted() && turns.iter().all(|turn| turn.abs() <= half), "{turns:?}");
            assert!(turns[0] < 0 && turns[turns.len() - 1] > 0, "{turns:?}");
        }
        assert_ne!(turns(7), turns(8));
        assert_eq!(turns(7), turns(7));
    }
}
