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
    let margin = reach + ground.rules.fastest * ground.rules.dt * back.ticks();
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::PlayerName;
    use crate::rule_book::RuleBook;
    use crate::tick::TickRate;
    use crate::world::{Hull, Pilot, Ship};

    #[test]
    fn a_fast_ship_is_met_where_it_was() {
        let mut book = RuleBook::STANDARD;
        book.ship.drag = 0.5;
        let rules = Rules::of(&book, TickRate::DEFAULT, 1000).with_lag_compensation(500);
        // From here a dash of that time ends in another cell of the grid than the ship's flight.
        let (arena, id, start, y) = (Arena::open(100), PlayerId(1), 150.0, 10.0);
        let mut ship = Ship { respawn_ticks: 0, ..Ship::waiting(id, &rules) };
        let mut world = World::new(1);
        let (name, hull, team) = (PlayerName::sanitise("Ann"), Hull::default(), Team::None);
        world.pilots.push(Pilot { id, name, hull, bot: false, limbo: false, score: 0, deaths: 0, team });
        for tick in 0..16_u8 {
            ship.motion.position = Vec2::new(start + f32::from(tick) * rules.speed_max * rules.dt, y);
            ship.trail.note(ship.motion.position, &rules);
        }
        world.ships.push(ship.clone());
        let mut grid = Grid::default();
        grid.rebuild(&arena, [(0, ship.motion.position)].into_iter());
        let ground = Ground { arena: &arena, rules: &rules, grid: &grid };
        let was = Vec2::new(start, y);
        let (from, to, owner) = (was - Vec2::new(0.0, 40.0), was + Vec2::new(0.0, 40.0), PlayerId(2));
        let sweep = Sweep { from, to, radius: 4.0, owner, spares: Team::None, back: rules.rewind_max };
        assert!(matches!(first_met(&world, &ground, &sweep), Some((_, Some(0)))));
    }
}
