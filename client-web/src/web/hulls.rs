//! The outlines of the four ships, once for everything that draws one: the arena, the lobby's hangar and its buttons.
//! The unit is a hull's radius, the nose points to +x; the hit circle of every hull is 0.8 of the unit.

use glam::Vec2;
use shared::world::Hull;

use super::dom::tenths;

/// Units of the arena in one hull radius: the hit circle of 16 units is 0.8 of it.
pub const HULL_UNITS: f32 = 20.0;

const WEDGE: &[(f32, f32)] = &[(1.02, 0.0), (-0.26, 0.84), (-0.9, 0.84), (-0.6, 0.32), (-0.74, 0.0)];
const LANCE: &[(f32, f32)] =
    &[(1.28, 0.0), (0.2, 0.2), (-0.28, 0.66), (-0.86, 0.74), (-0.52, 0.26), (-0.72, 0.0)];
const FORK: &[(f32, f32)] = &[(0.3, 0.0), (0.42, 0.2), (1.08, 0.4), (0.16, 0.78), (-0.72, 0.56), (-0.5, 0.0)];
const ANVIL: &[(f32, f32)] =
    &[(0.8, 0.0), (0.76, 0.32), (0.26, 0.56), (0.06, 0.96), (-0.66, 0.9), (-0.82, 0.34), (-0.6, 0.0)];

/// The whole outline of a hull, in order round it.
pub fn outline(hull: Hull) -> Vec<Vec2> {
    let half = match hull {
        Hull::Wedge => WEDGE,
        Hull::Lance => LANCE,
        Hull::Fork => FORK,
        Hull::Anvil => ANVIL,
    };
    let upper = half.iter().map(|&(x, y)| Vec2::new(x, y));
    let lower = half.iter().rev().filter(|(_, y)| *y > 0.0).map(|&(x, y)| Vec2::new(x, -y));
    upper.chain(lower).collect()
}

/// What people call a hull.
pub fn label(hull: Hull) -> &'static str {
    match hull {
        Hull::Wedge => "Wedge",
        Hull::Lance => "Lance",
        Hull::Fork => "Fork",
        Hull::Anvil => "Anvil",
    }
}

/// The hull as the points of an SVG polygon, 20 to the unit.
pub fn svg_points(hull: Hull) -> String {
    let points: Vec<String> =
        outline(hull).iter().map(|p| format!("{},{}", tenths(p.x * 20.0), tenths(p.y * 20.0))).collect();
    points.join(" ")
}
