//! The rail: a beam that is there at once and hits the first ship or wall on its way, where its player saw them.
//! Ships fire in the order of their ids; a shield, a lost connection or death at present beats a hit in the past.

use glam::Vec2;

use crate::combat::{Blow, hurt};
use crate::event::{Beam, Event};
use crate::input::Buttons;
use crate::rule_book::Weapon;
use crate::rules::MUZZLE_UNITS;
use crate::targets::{Ground, Sweep, first_met};
use crate::world::World;

/// Ships whose rail is held and ready fire it.
pub fn fire(world: &mut World, ground: &Ground<'_>, events: &mut Vec<Event>) {
    let weapons_on = world.weapons_on();
    for index in 0..world.ships.len() {
        let Some(ship) = world.ships.get_mut(index) else { continue };
        ship.rail_wait_ticks = ship.rail_wait_ticks.saturating_sub(1);
        let wants = ship.alive() && ship.input.buttons.has(Buttons::RAIL);
        if wants && weapons_on && ship.rail_wait_ticks == 0 {
            ship.rail_wait_ticks = ground.rules.second_every(Weapon::Rail, false);
            ship.guard_ticks = 0;
            let direction = ship.input.aim.direction();
            let from = ship.motion.position;
            let sweep = Sweep {
                from,
                to: from + direction * ground.rules.book.rail.range,
                radius: ground.rules.book.rail.radius,
                owner: ship.id,
                back: ship.rewind,
            };
            beam(world, ground, (&sweep, direction), events);
        }
    }
}

fn beam(world: &mut World, ground: &Ground<'_>, (sweep, direction): (&Sweep, Vec2), events: &mut Vec<Event>) {
    let met = first_met(world, ground, sweep);
    let to = met.map_or(sweep.to, |(part, _)| sweep.from.lerp(sweep.to, part));
    let muzzle = sweep.from + direction * MUZZLE_UNITS;
    events.push(Event::Beam(Beam { by: sweep.owner, from: muzzle, to }));
    if let Some((_, Some(victim))) = met {
        hurt(world, victim, Blow { by: sweep.owner, damage: ground.rules.book.rail.damage as u8 }, (ground.rules, events));
    }
}
