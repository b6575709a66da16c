//! What lies about: taken by touch by whom it helps, back after a while. Where and what it is, the arena says.
//! Of two ships that touch it in one tick, the one with the lower id has it.

use crate::arena::{Pickup, PickupKind};
use crate::rule_book::{Arms, Weapon};
use crate::rules::{HULL_MAX, Rules};
use crate::targets::Ground;
use crate::world::{Ship, World};

/// Most charges of a weapon.
const CHARGES_MAX: u8 = 200;

/// Lets a tick pass for all pickups.
pub fn pass(world: &mut World, ground: &Ground<'_>) {
    let all = ground.arena.pickups();
    world.pickups.resize(all.len(), 0);
    for (place, pickup) in all.iter().enumerate() {
        let Some(wait) = world.pickups.get_mut(place) else { continue };
        if *wait > 0 {
            *wait -= 1;
        } else if give(world, pickup, ground)
            && let Some(wait) = world.pickups.get_mut(place)
        {
            *wait = ground.rules.pickup_return_ticks;
        }
    }
}

/// Gives it to the first ship that touches it and has use for it. Whether there was one.
fn give(world: &mut World, pickup: &Pickup, ground: &Ground<'_>) -> bool {
    let (place, reach) = (pickup.place, ground.rules.book.pickups.reach);
    let mut touching: Vec<usize> = Vec::new();
    for index in ground.grid.near(place - reach, place + reach) {
        let limbo = world.pilots.get(index).is_none_or(|p| p.limbo);
        let near = |ship: &Ship| ship.alive() && ship.motion.position.distance(place) <= reach;
        if !limbo && world.ships.get(index).is_some_and(near) {
            touching.insert(touching.partition_point(|other| *other < index), index);
        }
    }
    touching
        .into_iter()
        .any(|index| world.ships.get_mut(index).is_some_and(|ship| take(ship, pickup.kind, ground.rules)))
}

/// What it does to `ship`; false if it would do nothing.
fn take(ship: &mut Ship, kind: PickupKind, rules: &Rules) -> bool {
    let book = &rules.book.pickups;
    let weapon = match kind {
        PickupKind::Repair => {
            let whole = ship.hull_points >= HULL_MAX;
            ship.hull_points = ship.hull_points.saturating_add(book.repair as u8).min(HULL_MAX);
            return !whole;
        }
        PickupKind::Shield => {
            let full = ship.shield_points >= book.shield as u8;
            ship.shield_points = ship.shield_points.max(book.shield as u8);
            return !full;
        }
        PickupKind::Scatter => Weapon::Scatter,
        PickupKind::Rail => Weapon::Rail,
        PickupKind::Mines => Weapon::Mines,
    };
    let held = if ship.arms.weapon == weapon { ship.arms.charges } else { 0 };
    let charges = held.saturating_add(rules.charges(weapon)).min(CHARGES_MAX);
    let arms = Arms { weapon, charges };
    if ship.arms == arms {
        return false;
    }
    // Another weapon is ready at once, and one that was just used is not.
    if ship.arms.weapon != weapon {
        ship.second_wait_ticks = 0;
    }
    ship.arms = arms;
    true
}
