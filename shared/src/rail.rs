//! The rail: a beam that is there at once and hits the first ship or wall on its way, where its player saw them.
//! A shield, a lost connection or death at present beats a hit in the past. `arms` says when a ship uses it.

use crate::combat::{Blow, hurt, spared};
use crate::event::{Beam, Event};
use crate::rules::MUZZLE_UNITS;
use crate::targets::{Ground, Sweep, first_met};
use crate::world::World;

/// The ship with the index `index` fires.
pub fn fire(world: &mut World, index: usize, ground: &Ground<'_>, events: &mut Vec<Event>) {
    let (Some(ship), Some(pilot)) = (world.ships.get(index), world.pilots.get(index)) else { return };
    let rail = &ground.rules.book.rail;
    let direction = ship.input.aim.direction();
    let (by, from) = (ship.id, ship.motion.position);
    let sweep = Sweep {
        from,
        to: from + direction * rail.range,
        radius: rail.radius,
        owner: by,
        spares: spared(ground.rules, pilot.team),
        back: ship.rewind,
    };
    let met = first_met(world, ground, &sweep);
    let to = met.map_or(sweep.to, |(part, _)| from.lerp(sweep.to, part));
    events.push(Event::Beam(Beam { by, from: from + direction * MUZZLE_UNITS, to }));
    if let Some((_, Some(victim))) = met {
        hurt(world, victim, Blow { by, damage: rail.damage as u8 }, (ground.rules, events));
    }
}
