//! The own ship as it is drawn: between its present and its next tick, as the keys are at this moment.
//! It knows no clock and decides nothing; `play` gives it what was predicted.

use glam::Vec2;
use shared::id::PlayerId;
use shared::input::ShipInput;
use shared::snapshot::OwnShip;

use crate::prediction::Flight;
use crate::view::{OwnView, View};

/// Puts the ship of `id` into `view`, and returns its place in units. `input` is what is held now; `fraction` is how far
/// the next tick has come, 0 to 1; `error` is what is still drawn beside the truth.
pub fn draw_own(
    view: &mut View,
    id: PlayerId,
    ship: OwnShip,
    (input, flight): (ShipInput, &Flight<'_>),
    (fraction, error): (f32, Vec2),
) -> Vec2 {
    let rules = flight.rules;
    if ship.respawn_ticks > 0 {
        view.respawn_s = ((f32::from(ship.respawn_ticks) - fraction) * rules.dt).max(0.0);
        return ship.motion.position + error;
    }
    let arms = ship.kit.arms;
    let every = rules.second_every(arms.weapon, arms.charges > 0);
    let mut next = ship;
    flight.fly(&mut next, input);
    let position = ship.motion.position.lerp(next.motion.position, fraction) + error;
    view.own = Some(OwnView {
        id,
        position,
        velocity: ship.motion.velocity.lerp(next.motion.velocity, fraction),
        aim: input.aim,
        thrust: input.thrust.vector(),
        hull_points: ship.hull_points,
        guard: (f32::from(ship.guard_ticks) / f32::from(rules.guard_ticks.max(1))).min(1.0),
        dashes: f32::from(ship.motion.dash_energy) / f32::from(rules.dash_recharge_ticks.max(1)),
        arms: ship.kit.arms,
        second: 1.0 - f32::from(ship.second_wait_ticks) / f32::from(every.max(1)),
        shield: f32::from(ship.kit.shield_points) / rules.book.pickups.shield,
        carries: ship.carries,
        dashing: ship.motion.dash_ticks > 0 || next.motion.dash_ticks > 0,
    });
    position
}
