//! What a shot or a beam meets first: walls as they are, ships where its shooter saw them.
//! It finds and changes nothing; `combat` and `rail` decide what a meeting does.

use glam::Vec2;

use crate::arena::Arena;
use crate::collision::{swept_circle, swept_walls};
use crate::grid::Grid;
use crate::id::PlayerId;
use crate::mode::Team;
use crate::rules::{Rules, SHIP_RADIUS};
use crate::tick::Rewind;
use crate::world::World;

/// Where it happens.
#[derive(Clone, Copy, Debug)]
pub struct Ground<'a> {
    /// Its walls stop everything.
    pub arena: &'a Arena,
    /// Its tick length counts.
    pub rules: &'a Rules,
    /// Living ships after this tick's movement.
    pub grid: &'a Grid,
}

/// A straight way through the arena.
#[derive(Clone, Copy, Debug)]
pub struct Sweep {
    /// Where it begins, in units.
    pub from: Vec2,
    /// Where it ends if nothing is met, in units.
    pub to: Vec2,
    /// Half its width in units, for ships.
    pub radius: f32,
    /// Whose it is: the own ship is never met.
    pub owner: PlayerId,
    /// The side whose ships are not met either; nobody's: all others are met.
    pub spares: Team,
    /// How far back ships count.
    pub back: Rewind,
}

/// What is met first: the part of the way, 0 to 1, and the ship's index in the world if it is one.
pub fn first_met(world: &World, ground: &Ground<'_>, sweep: &Sweep) -> Option<(f32, Option<usize>)> {
    let Sweep { from, to, radius, owner, spares, back } = *sweep;
    let reach = SHIP_RADIUS + radius;
    // No ship can have come farther since then.
    let margin = reach + ground.rules.book.ship.dash_speed * ground.rules.dt * back.ticks();
    let mut first = swept_walls(ground.arena, from, to).map(|part| (part, None));
    for index in ground.grid.near(from.min(to) - margin, from.max(to) + margin) {
        let Some(ship) = world.ships.get(index).filter(|s| s.alive() && s.id != owner) else { continue };
        if spares != Team::None && world.pilots.get(index).is_some_and(|p| p.team == spares) {
            continue;
        }
        let place = ship.trail.at(back).unwrap_or(ship.motion.position);
        if let Some(part) = swept_circle(from, to, place, reach)
            && first.is_none_or(|(best, _)| part < best)
        {
            first = Some((part, Some(index)));
        }
    }
    first
}
