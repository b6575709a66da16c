//! Directions as whole numbers, and the only trigonometry of the simulation.
//! The standard library's sine differs between platforms in the last bit; libm's does not.

use std::f32::consts::TAU;

use glam::Vec2;
use serde::{Deserialize, Serialize};

/// A direction: 65,536 steps in a turn, 0 along +x, growing towards +y (clockwise on the screen).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Angle(pub u16);

const STEPS: f32 = 65_536.0;

impl Angle {
    /// The nearest step to `radians`; any finite value is taken modulo a turn, others give 0.
    pub fn from_radians(radians: f32) -> Angle {
        if !radians.is_finite() {
            return Angle(0);
        }
        let turns = radians / TAU;
        let part = turns - libm::floorf(turns);
        Angle((libm::roundf(part * STEPS) as u32 & 0xffff) as u16)
    }

    /// The direction of `vector`; 0 for the null vector.
    pub fn of(vector: Vec2) -> Angle {
        Angle::from_radians(libm::atan2f(vector.y, vector.x))
    }

    /// Radians in 0 to 2π.
    pub fn radians(self) -> f32 {
        f32::from(self.0) * (TAU / STEPS)
    }

    /// The unit vector of this direction.
    pub fn direction(self) -> Vec2 {
        let radians = self.radians();
        Vec2::new(libm::cosf(radians), libm::sinf(radians))
    }

    /// The shorter way from `self` to `other` in steps: -32,768 to 32,767.
    pub fn turn_to(self, other: Angle) -> i16 {
        other.0.wrapping_sub(self.0) as i16
    }

    /// This direction turned by `steps`.
    #[must_use]
    pub fn turned(self, steps: i32) -> Angle {
        Angle((i32::from(self.0).wrapping_add(steps) & 0xffff) as u16)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directions_survive_the_way_through_a_vector() {
        for step in (0..65_536).step_by(97) {
            let angle = Angle(step as u16);
            assert!(Angle::of(angle.direction()).turn_to(angle).abs() <= 1, "step {step}");
        }
    }

    #[test]
    fn odd_radians_are_tamed() {
        assert_eq!(Angle::from_radians(f32::NAN), Angle(0));
        assert_eq!(Angle::from_radians(TAU), Angle(0));
        assert_eq!(Angle::from_radians(-TAU / 4.0), Angle(49_152));
        assert_eq!(Angle(65_000).turn_to(Angle(500)), 1036);
    }
}
