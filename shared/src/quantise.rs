//! Numbers of the world as small integers for the wire, and back. Every function states its error bound;
//! tests hold it. Only the own ship travels exactly; all others are rounded by these.

use glam::Vec2;

use crate::angle::Angle;
use crate::arena::Arena;

/// Velocity step in units/s: one byte for each axis covers a dash.
pub const VELOCITY_STEP: f32 = 8.0;

/// How positions of one arena become 16-bit integers: the finest power of two that spans it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PositionGrid {
    half: Vec2,
    step: f32,
}

impl PositionGrid {
    /// The grid of `arena`: steps of 1/16 unit up to a side of 4,095 units, then 1/8, then 1/4.
    pub fn new(arena: &Arena) -> PositionGrid {
        let side = arena.half().max_element() * 2.0;
        let step = if side <= 4095.0 {
            1.0 / 16.0
        } else if side <= 8191.0 {
            1.0 / 8.0
        } else {
            1.0 / 4.0
        };
        PositionGrid { half: arena.half(), step }
    }

    /// Units between two neighbouring positions.
    pub fn step(&self) -> f32 {
        self.step
    }

    /// The nearest grid position; at most half a step away on each axis for positions inside the arena.
    pub fn pack(&self, position: Vec2) -> [u16; 2] {
        let axis =
            |value: f32, half: f32| libm::roundf((value + half) / self.step).clamp(0.0, 65_535.0) as u16;
        [axis(position.x, self.half.x), axis(position.y, self.half.y)]
    }

    /// The position in units; always inside the arena.
    pub fn unpack(&self, [x, y]: [u16; 2]) -> Vec2 {
        let place = Vec2::new(f32::from(x), f32::from(y)) * self.step - self.half;
        place.clamp(-self.half, self.half)
    }
}

/// The nearest velocity in steps; at most half a step away up to 1,016 units/s.
pub fn pack_velocity(velocity: Vec2) -> [i8; 2] {
    let axis = |value: f32| libm::roundf(value / VELOCITY_STEP).clamp(-127.0, 127.0) as i8;
    [axis(velocity.x), axis(velocity.y)]
}

/// The velocity in units/s.
pub fn unpack_velocity([x, y]: [i8; 2]) -> Vec2 {
    Vec2::new(f32::from(x), f32::from(y)) * VELOCITY_STEP
}

/// The nearest of 256 directions; at most 1/512 turn away.
pub fn pack_angle(angle: Angle) -> u8 {
    (angle.0.wrapping_add(128) >> 8) as u8
}

/// The direction that stands for one byte.
pub fn unpack_angle(byte: u8) -> Angle {
    Angle(u16::from(byte) << 8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn positions_keep_their_bound(players in 1u32..2000, u in -1.0f32..1.0, v in -1.0f32..1.0) {
            let arena = Arena::open(players);
            let grid = PositionGrid::new(&arena);
            let place = arena.half() * Vec2::new(u, v);
            let error = (grid.unpack(grid.pack(place)) - place).abs().max_element();
            prop_assert!(error <= grid.step() * 0.5 + 1e-3, "{error}");
        }

        #[test]
        fn velocities_and_angles_keep_their_bounds(x in -1000.0f32..1000.0, y in -1000.0f32..1000.0, a: u16) {
            let velocity = Vec2::new(x, y);
            let error = (unpack_velocity(pack_velocity(velocity)) - velocity).abs().max_element();
            prop_assert!(error <= VELOCITY_STEP * 0.5);
            prop_assert!(Angle(a).turn_to(unpack_angle(pack_angle(Angle(a)))).unsigned_abs() <= 128);
        }
    }
}
