//! Firing, flying, hitting, dying, and coming back. Order is fixed: ships by id, shots by birth.
//! A shot is tested by its swept way against where ships are after this tick's movement.

use glam::Vec2;

use crate::arena::Arena;
use crate::collision::{swept_circle, swept_walls};
use crate::event::{Event, ShotEnd};
use crate::grid::Grid;
use crate::id::PlayerId;
use crate::input::Buttons;
use crate::rules::{HULL_MAX, MUZZLE_UNITS, Rules, SHIP_RADIUS, SHOT_DAMAGE, SHOT_RADIUS, SHOT_SPEED};
use crate::world::{Motion, Shot, World};

/// Ships whose trigger is held and whose weapon is ready fire.
pub fn fire(world: &mut World, rules: &Rules, events: &mut Vec<Event>) {
    let weapons_on = world.weapons_on();
    for ship in &mut world.ships {
        ship.fire_wait_ticks = ship.fire_wait_ticks.saturating_sub(1);
        ship.guard_ticks = ship.guard_ticks.saturating_sub(1);
        let wants = ship.alive() && ship.input.buttons.has(Buttons::FIRE);
        if !wants || !weapons_on || ship.fire_wait_ticks > 0 {
            continue;
        }
        ship.fire_wait_ticks = rules.fire_every_ticks;
        ship.guard_ticks = 0;
        let direction = ship.input.aim.direction();
        let origin = ship.motion.position + direction * MUZZLE_UNITS;
        let shot = Shot {
            id: world.next_shot,
            owner: ship.id,
            origin,
            angle: ship.input.aim,
            born: world.tick,
            position: origin,
            velocity: direction * SHOT_SPEED,
        };
        world.next_shot = world.next_shot.next();
        events.push(Event::Fired(shot.clone()));
        world.shots.push(shot);
    }
}

/// Shots fly by one tick and end where they meet something. A shot born in this tick stays at its muzzle, unless
/// that is already inside a wall.
pub fn fly(world: &mut World, rules: &Rules, arena: &Arena, grid: &Grid, events: &mut Vec<Event>) {
    let mut shots = std::mem::take(&mut world.shots);
    shots.retain_mut(|shot| {
        let newborn = shot.born == world.tick;
        let to = if newborn { shot.position } else { shot.position + shot.velocity * rules.dt };
        let from =
            if newborn { to - shot.velocity.normalize_or_zero() * MUZZLE_UNITS } else { shot.position };
        let met = first_meeting(world, arena, grid, (from, to), shot.owner);
        let spent = world.tick.since(shot.born) >= u32::from(rules.shot_life_ticks);
        let (end, position) = match met {
            Some((part, Some(victim))) => {
                hurt(world, victim, shot.owner, rules, events);
                (ShotEnd::Ship, from.lerp(to, part))
            }
            Some((part, None)) => (ShotEnd::Wall, from.lerp(to, part)),
            None if spent => (ShotEnd::Spent, to),
            None => {
                shot.position = to;
                return true;
            }
        };
        events.push(Event::ShotEnded { shot: shot.id, position, end });
        false
    });
    world.shots = shots;
}

/// What a shot on the way `(from, to)` meets first: the part of the way, and the victim's index if it is a ship.
fn first_meeting(
    world: &World,
    arena: &Arena,
    grid: &Grid,
    (from, to): (Vec2, Vec2),
    owner: PlayerId,
) -> Option<(f32, Option<usize>)> {
    let reach = SHIP_RADIUS + SHOT_RADIUS;
    let mut first = swept_walls(arena, from, to).map(|part| (part, None));
    for index in grid.near(from.min(to) - reach, from.max(to) + reach) {
        let Some(ship) = world.ships.get(index).filter(|s| s.alive() && s.id != owner) else { continue };
        if let Some(part) = swept_circle(from, to, ship.motion.position, reach)
            && first.is_none_or(|(best, _)| part < best)
        {
            first = Some((part, Some(index)));
        }
    }
    first
}

/// A shot of `by` meets the ship at `index`.
fn hurt(world: &mut World, index: usize, by: PlayerId, rules: &Rules, events: &mut Vec<Event>) {
    let limbo = world.pilots.get(index).is_some_and(|p| p.limbo);
    let Some(ship) = world.ships.get_mut(index) else { return };
    if limbo || ship.guard_ticks > 0 {
        return;
    }
    ship.hull_points = ship.hull_points.saturating_sub(SHOT_DAMAGE);
    let victim = ship.id;
    events.push(Event::Hit { victim, by, hull_points: ship.hull_points });
    if ship.hull_points > 0 {
        return;
    }
    let position = ship.motion.position;
    ship.respawn_ticks = rules.respawn_ticks;
    ship.motion.velocity = Vec2::ZERO;
    ship.motion.dash_ticks = 0;
    events.push(Event::Killed { victim, by, position });
    if let Some(pilot) = world.pilots.get_mut(index) {
        pilot.deaths = pilot.deaths.saturating_add(1);
    }
    if let Some(killer) = world.find(by).ok().and_then(|i| world.pilots.get_mut(i)) {
        killer.score = killer.score.saturating_add(1);
    }
}

/// Ships whose waiting is over appear at the safest of a few places drawn by chance.
pub fn respawn(world: &mut World, rules: &Rules, arena: &Arena, events: &mut Vec<Event>) {
    for index in 0..world.ships.len() {
        let Some(ship) = world.ships.get_mut(index) else { continue };
        if ship.respawn_ticks > 1 {
            ship.respawn_ticks -= 1;
        } else if ship.respawn_ticks == 1 {
            let position = safest_place(world, arena);
            if let Some(ship) = world.ships.get_mut(index) {
                ship.respawn_ticks = 0;
                ship.hull_points = HULL_MAX;
                ship.fire_wait_ticks = 0;
                ship.guard_ticks = rules.guard_ticks;
                ship.motion = Motion { position, dash_energy: rules.dash_energy_max(), ..Motion::default() };
                events.push(Event::Appeared(ship.id));
            }
        }
    }
}

/// Of a few places drawn by chance, the one whose nearest living ship is farthest.
fn safest_place(world: &mut World, arena: &Arena) -> Vec2 {
    const DRAWS: u32 = 6;
    let mut best = (f32::NEG_INFINITY, Vec2::ZERO);
    for _ in 0..DRAWS {
        let place = draw_place(world, arena);
        let alive = world.ships.iter().filter(|s| s.alive());
        let nearest = alive.map(|s| s.motion.position.distance_squared(place)).fold(f32::INFINITY, f32::min);
        if nearest > best.0 {
            best = (nearest, place);
        }
    }
    best.1
}

fn draw_place(world: &mut World, arena: &Arena) -> Vec2 {
    let count = arena.spawns().len() as u32;
    let chosen = world.random.below(count) as usize;
    if let Some(&place) = arena.spawns().get(chosen) {
        return place;
    }
    let spread = arena.half() - 2.0 * SHIP_RADIUS;
    (Vec2::new(world.random.unit(), world.random.unit()) * 2.0 - 1.0) * spread
}
