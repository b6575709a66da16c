//! The second weapon: which it is, whether it is ready, what a use of it does. Ships use it in the order of their ids.
//! The client predicts the same by `Rules::spend`.

use crate::event::Event;
use crate::input::Buttons;
use crate::rule_book::Weapon;
use crate::targets::Ground;
use crate::world::World;
use crate::{mines, rail, scatter};

/// Ships that hold the second weapon's trigger use it if it is ready.
pub fn fire(world: &mut World, ground: &Ground<'_>, events: &mut Vec<Event>) {
    let weapons_on = world.weapons_on();
    for index in 0..world.ships.len() {
        let Some(ship) = world.ships.get_mut(index) else { continue };
        ship.second_wait_ticks = ship.second_wait_ticks.saturating_sub(1);
        let wants = ship.alive() && ship.input.buttons.has(Buttons::RAIL);
        let weapon = ship.arms.weapon;
        if !wants || !weapons_on || ship.second_wait_ticks > 0 || weapon == Weapon::None {
            continue;
        }
        ship.second_wait_ticks = ground.rules.spend(&mut ship.arms);
        ship.guard_ticks = 0;
        match weapon {
            Weapon::None => {}
            Weapon::Rail => rail::fire(world, index, ground, events),
            Weapon::Scatter => scatter::fire(world, index, ground.rules, events),
            Weapon::Mines => mines::lay(world, index, ground.rules),
        }
    }
}
