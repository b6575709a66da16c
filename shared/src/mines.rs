//! Mines: laid where a ship is, armed after a while, and off when an enemy comes near and no wall is between. They live in
//! the present: nobody's view of the past counts. `arms` says when a ship lays one.

use glam::Vec2;

use crate::collision::swept_walls;
use crate::combat::{Blow, hurt, spared};
use crate::event::Event;
use crate::id::PlayerId;
use crate::mode::Team;
use crate::rules::Rules;
use crate::targets::Ground;
use crate::world::{Mine, World};

/// The ship with the index `index` lays a mine; its oldest one goes if it has too many.
pub fn lay(world: &mut World, index: usize, rules: &Rules) {
    let (Some(ship), Some(pilot)) = (world.ships.get(index), world.pilots.get(index)) else { return };
    let own = world.mines.iter().filter(|mine| mine.owner == ship.id);
    if own.count() >= rules.book.mines.at_once as usize
        && let Some(oldest) = world.mines.iter().position(|mine| mine.owner == ship.id)
    {
        world.mines.remove(oldest);
    }
    let mine = Mine {
        id: world.next_mine,
        owner: ship.id,
        place: Vec2::new(libm::roundf(ship.motion.position.x), libm::roundf(ship.motion.position.y)),
        born: world.tick,
        spares: spared(rules, pilot.team),
    };
    world.next_mine = world.next_mine.next();
    world.mines.push(mine);
}

/// Mines whose time is over go, and those that somebody came near go off.
pub fn pass(world: &mut World, ground: &Ground<'_>, events: &mut Vec<Event>) {
    if world.mines.is_empty() {
        return;
    }
    let (rules, reach) = (ground.rules, ground.rules.book.mines.reach);
    let mut mines = std::mem::take(&mut world.mines);
    mines.retain(|mine| {
        let age = world.tick.since(mine.born);
        if age >= rules.mine_life_ticks {
            return false;
        }
        let armed = age >= rules.mine_arm_ticks && world.weapons_on();
        if !armed || within(world, ground, mine, reach).next().is_none() {
            return true;
        }
        blow(world, ground, mine, events);
        false
    });
    world.mines = mines;
}

/// A tick of a pause: no mine grows older.
pub fn wait(world: &mut World) {
    world.mines.iter_mut().for_each(|mine| mine.born += 1);
}

fn blow(world: &mut World, ground: &Ground<'_>, mine: &Mine, events: &mut Vec<Event>) {
    let book = &ground.rules.book.mines;
    events.push(Event::Blast { by: mine.owner, place: mine.place });
    let victims: Vec<usize> = within(world, ground, mine, book.blast).collect();
    for victim in victims {
        hurt(world, victim, Blow { by: mine.owner, damage: book.damage as u8 }, (ground.rules, events));
    }
}

/// Ships that the mine is meant for, at most `reach` units from it and with no wall between, by their index.
fn within<'a>(
    world: &'a World,
    ground: &'a Ground<'_>,
    mine: &'a Mine,
    reach: f32,
) -> impl Iterator<Item = usize> + 'a {
    let place = mine.place;
    ground.grid.near(place - reach, place + reach).filter(move |&index| {
        let (Some(ship), Some(pilot)) = (world.ships.get(index), world.pilots.get(index)) else {
            return false;
        };
        let spared = ship.id == mine.owner || (mine.spares != Team::None && pilot.team == mine.spares);
        let safe = spared || !ship.alive() || pilot.limbo || ship.guard_ticks > 0;
        !safe
            && ship.motion.position.distance(place) <= reach
            && swept_walls(ground.arena, place, ship.motion.position).is_none()
    })
}

/// The mines of `player` go.
pub fn clear_of(world: &mut World, player: PlayerId) {
    world.mines.retain(|mine| mine.owner != player);
}
