//! How a ship moves in one tick: the one rule that the client also predicts.
//! Ships pass through each other on purpose, so that a player's own motion depends on nobody's connection.

use glam::Vec2;

use crate::arena::Arena;
use crate::collision::push_out;
use crate::input::{Buttons, ShipInput};
use crate::rules::{Rules, SHIP_RADIUS};
use crate::world::Motion;

/// Longest way in one go, in units: less than a ship's radius, so that no wall is jumped.
const STRIDE_UNITS: f32 = 12.0;

/// Moves a ship by one tick. Returns whether a dash began.
pub fn move_ship(motion: &mut Motion, input: ShipInput, rules: &Rules, arena: &Arena) -> bool {
    let began = start_dash(motion, input, rules);
    if motion.dash_ticks == 0 {
        motion.dash_energy = (motion.dash_energy + 1).min(rules.dash_energy_max());
        thrust(motion, input, rules);
    }
    travel(motion, rules, arena);
    finish_dash(motion, rules);
    began
}

fn start_dash(motion: &mut Motion, input: ShipInput, rules: &Rules) -> bool {
    let wanted = input.buttons.has(Buttons::DASH);
    if !wanted || motion.dash_ticks > 0 || motion.dash_energy < rules.dash_recharge_ticks {
        return false;
    }
    let push = input.thrust.vector();
    let direction = push.try_normalize().unwrap_or_else(|| input.aim.direction());
    motion.velocity = direction * rules.book.ship.dash_speed;
    motion.dash_ticks = rules.dash_ticks;
    motion.dash_energy -= rules.dash_recharge_ticks;
    true
}

/// Thrust against linear drag, integrated exactly for a constant thrust, so that every tick rate flies alike.
fn thrust(motion: &mut Motion, input: ShipInput, rules: &Rules) {
    let goal = input.thrust.vector() * rules.speed_max;
    motion.velocity = goal + (motion.velocity - goal) * rules.drag_keep;
}

fn travel(motion: &mut Motion, rules: &Rules, arena: &Arena) {
    let way = motion.velocity.length() * rules.dt;
    let strides = (way / STRIDE_UNITS) as u32 + 1;
    let dt = rules.dt / strides as f32;
    for _ in 0..strides {
        let ahead = motion.position + motion.velocity * dt;
        let velocity = &mut motion.velocity;
        let bounce = |normal: Vec2| {
            let into = velocity.dot(normal);
            if into < 0.0 {
                *velocity -= normal * into * (1.0 + rules.book.ship.wall_bounce);
            }
        };
        motion.position = push_out(arena, ahead, SHIP_RADIUS, bounce);
    }
}

fn finish_dash(motion: &mut Motion, rules: &Rules) {
    if motion.dash_ticks == 1 {
        motion.velocity = motion.velocity.clamp_length_max(rules.book.ship.dash_exit_speed);
    }
    motion.dash_ticks = motion.dash_ticks.saturating_sub(1);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::Thrust;
    use crate::tick::TickRate;

    fn right() -> ShipInput {
        ShipInput { thrust: Thrust { x: 127, y: 0 }, ..ShipInput::default() }
    }

    #[test]
    fn thrust_reaches_top_speed_and_drag_ends_it() {
        let (arena, rules) = (Arena::open(1000), Rules::new(TickRate::DEFAULT, 1000));
        let mut motion = Motion::default();
        for _ in 0..90 {
            move_ship(&mut motion, right(), &rules, &arena);
        }
        assert!((motion.velocity.x - rules.speed_max).abs() < 2.0, "{motion:?}");
        for _ in 0..120 {
            move_ship(&mut motion, ShipInput::default(), &rules, &arena);
        }
        assert!(motion.velocity.length() < 1.0, "{motion:?}");
    }

    #[test]
    fn a_dash_costs_energy_and_comes_back() {
        let (arena, rules) = (Arena::open(1000), Rules::new(TickRate::DEFAULT, 1000));
        let mut motion = Motion { dash_energy: rules.dash_energy_max(), ..Motion::default() };
        let dash = ShipInput { buttons: Buttons::DASH, ..right() };
        let mut dashes = 0;
        for _ in 0..40 {
            dashes += u32::from(move_ship(&mut motion, dash, &rules, &arena));
        }
        assert_eq!(dashes, 3);
        assert!(motion.velocity.length() <= rules.book.ship.dash_speed);
        for _ in 0..rules.dash_recharge_ticks {
            move_ship(&mut motion, right(), &rules, &arena);
        }
        assert!(move_ship(&mut motion, dash, &rules, &arena));
    }

    #[test]
    fn flight_is_alike_at_every_tick_rate() {
        let far = |hz| {
            let (arena, rules) = (Arena::open(1000), Rules::new(TickRate::new(hz).unwrap(), 1000));
            let mut motion = Motion::default();
            for _ in 0..hz {
                move_ship(&mut motion, right(), &rules, &arena);
            }
            motion.position.x
        };
        assert!((far(10) - far(60)).abs() < 12.0, "{} {}", far(10), far(60));
    }
}
