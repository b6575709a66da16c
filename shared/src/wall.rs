//! A solid polygon that stops ships and shots: its corners, and what can be asked about a place near it.
//! It knows geometry only; the arena checks it and the rooms of movement and combat ask it.

use crate::bounds::within;
use glam::Vec2;

/// A solid polygon: at least three corners, no two neighbours at the same place.
#[derive(Clone, Debug, PartialEq)]
pub struct Wall {
    corners: Vec<Vec2>,
    low: Vec2,
    high: Vec2,
}

impl Wall {
    /// A wall round these corners, which are to be checked.
    pub(crate) fn new(corners: Vec<Vec2>) -> Wall {
        let low = corners.iter().copied().fold(Vec2::INFINITY, Vec2::min);
        let high = corners.iter().copied().fold(Vec2::NEG_INFINITY, Vec2::max);
        Wall { corners, low, high }
    }

    /// The corners in order round the wall, in units.
    pub fn corners(&self) -> &[Vec2] {
        &self.corners
    }

    /// Each side as its two ends, in order.
    pub fn sides(&self) -> impl Iterator<Item = (Vec2, Vec2)> + '_ {
        let next = self.corners.iter().copied().cycle().skip(1);
        self.corners.iter().copied().zip(next)
    }

    /// Whether the box round the wall, grown by `margin` units, touches the box from `low` to `high`.
    pub fn near(&self, low: Vec2, high: Vec2, margin: f32) -> bool {
        self.low.x - margin <= high.x
            && self.low.y - margin <= high.y
            && self.high.x + margin >= low.x
            && self.high.y + margin >= low.y
    }

    /// Whether `point` lies inside (even-odd rule).
    pub fn contains(&self, point: Vec2) -> bool {
        let mut inside = false;
        for (a, b) in self.sides() {
            if (a.y > point.y) != (b.y > point.y)
                && point.x < (b.x - a.x) * (point.y - a.y) / (b.y - a.y) + a.x
            {
                inside = !inside;
            }
        }
        inside
    }

    /// The point of the wall's edge that is nearest to `point`.
    pub fn nearest_edge_point(&self, point: Vec2) -> Vec2 {
        let mut best = (f32::INFINITY, point);
        for (a, b) in self.sides() {
            let candidate = nearest_on_segment(a, b, point);
            let distance = candidate.distance_squared(point);
            if distance < best.0 {
                best = (distance, candidate);
            }
        }
        best.1
    }
}

/// The point between `a` and `b` that is nearest to `point`.
fn nearest_on_segment(a: Vec2, b: Vec2, point: Vec2) -> Vec2 {
    let along = b - a;
    let part = within((point - a).dot(along) / along.length_squared(), 0.0, 1.0);
    a + along * part
}
