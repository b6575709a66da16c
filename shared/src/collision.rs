//! Geometry of circles against walls and the arena's edge: pure functions of positions.
//! Source for the swept test: C. Ericson, "Real-Time Collision Detection" (2005), ray against sphere, 5.3.2.

use crate::bounds::within;
use glam::Vec2;

use crate::arena::Arena;

/// A circle that was moved out of what it touched.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Contact {
    /// Where the circle's middle has to be, in units.
    pub position: Vec2,
    /// The unit vector away from what was touched.
    pub normal: Vec2,
}

/// Moves a circle out of the walls and back inside the edge; calls `touched` with each contact's normal.
pub fn push_out(arena: &Arena, position: Vec2, radius: f32, mut touched: impl FnMut(Vec2)) -> Vec2 {
    let mut place = position;
    let (low, high) = (position - 2.0 * radius, position + 2.0 * radius);
    for wall in arena.walls().iter().filter(|w| w.near(low, high, radius)) {
        let edge = wall.nearest_edge_point(place);
        if let Some(contact) = push_from(edge, place, radius, wall.contains(place)) {
            place = contact.position;
            touched(contact.normal);
        }
    }
    let inside = arena.half() - radius;
    let kept = place.clamp(-inside, inside);
    if kept.x != place.x {
        touched(Vec2::new((kept.x - place.x).signum(), 0.0));
    }
    if kept.y != place.y {
        touched(Vec2::new(0.0, (kept.y - place.y).signum()));
    }
    kept
}

/// Moves a circle away from the nearest point of a wall's edge, if it touches or is inside.
fn push_from(edge: Vec2, place: Vec2, radius: f32, inside: bool) -> Option<Contact> {
    let away = if inside { edge - place } else { place - edge };
    let distance = away.length();
    if !inside && distance >= radius {
        return None;
    }
    let normal = if distance > 1e-4 { away / distance } else { Vec2::X };
    Some(Contact { position: edge + normal * radius, normal })
}

/// The part of the way from `from` to `to` (0 to 1) at which a point first comes within `radius` of `middle`.
pub fn swept_circle(from: Vec2, to: Vec2, middle: Vec2, radius: f32) -> Option<f32> {
    let along = to - from;
    let start = from - middle;
    let c = start.length_squared() - radius * radius;
    if c <= 0.0 {
        return Some(0.0);
    }
    let a = along.length_squared();
    let b = start.dot(along);
    if b >= 0.0 || a <= 0.0 {
        return None;
    }
    let discriminant = b * b - a * c;
    if discriminant < 0.0 {
        return None;
    }
    let part = (-b - discriminant.sqrt()) / a;
    (part <= 1.0).then_some(part)
}

/// The part of the way from `from` to `to` (0 to 1) at which a point first meets a wall or the edge.
pub fn swept_walls(arena: &Arena, from: Vec2, to: Vec2) -> Option<f32> {
    let (low, high) = (from.min(to), from.max(to));
    let mut first = leave_box(arena.half(), from, to);
    for wall in arena.walls().iter().filter(|w| w.near(low, high, 0.0)) {
        let crossing = wall.sides().filter_map(|(a, b)| segments_cross(from, to, a, b)).reduce(f32::min);
        let part = if wall.contains(from) { Some(0.0) } else { crossing };
        first = match (first, part) {
            (Some(x), Some(y)) => Some(x.min(y)),
            (x, y) => x.or(y),
        };
    }
    first
}

fn leave_box(half: Vec2, from: Vec2, to: Vec2) -> Option<f32> {
    let axis = |half: f32, from: f32, to: f32| {
        let outside = to.abs() > half && to != from;
        outside.then(|| within((half.copysign(to) - from) / (to - from), 0.0, 1.0))
    };
    match (axis(half.x, from.x, to.x), axis(half.y, from.y, to.y)) {
        (Some(x), Some(y)) => Some(x.min(y)),
        (x, y) => x.or(y),
    }
}

/// The part of the way from `p` to `q` at which it crosses the segment from `a` to `b`.
fn segments_cross(p: Vec2, q: Vec2, a: Vec2, b: Vec2) -> Option<f32> {
    let (r, s) = (q - p, b - a);
    let cross = r.perp_dot(s);
    if cross.abs() < 1e-6 {
        return None;
    }
    let t = (a - p).perp_dot(s) / cross;
    let u = (a - p).perp_dot(r) / cross;
    ((0.0..=1.0).contains(&t) && (0.0..=1.0).contains(&u)).then_some(t)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arena::ArenaFile;

    fn arena() -> Arena {
        Arena::try_from(ArenaFile {
            name: "Test".to_owned(),
            width: 1000.0,
            height: 800.0,
            walls: vec![vec![[-50.0, -50.0], [50.0, -50.0], [50.0, 50.0], [-50.0, 50.0]]],
            spawns: vec![],
            ..ArenaFile::default()
        })
        .unwrap()
    }

    #[test]
    fn a_circle_leaves_walls_and_edges() {
        let mut normals = Vec::new();
        let place = push_out(&arena(), Vec2::new(60.0, 0.0), 16.0, |n| normals.push(n));
        assert_eq!((place, normals.as_slice()), (Vec2::new(66.0, 0.0), [Vec2::X].as_slice()));
        let place = push_out(&arena(), Vec2::new(45.0, 0.0), 16.0, |_| ());
        assert_eq!(place, Vec2::new(66.0, 0.0));
        let place = push_out(&arena(), Vec2::new(600.0, -500.0), 16.0, |_| ());
        assert_eq!(place, Vec2::new(484.0, -384.0));
    }

    #[test]
    fn sweeps_find_the_first_meeting() {
        let (from, to) = (Vec2::new(-100.0, 0.0), Vec2::new(100.0, 0.0));
        assert_eq!(swept_walls(&arena(), from, to), Some(0.25));
        assert_eq!(swept_walls(&arena(), from, Vec2::new(-60.0, 0.0)), None);
        assert_eq!(swept_walls(&arena(), Vec2::new(400.0, 0.0), Vec2::new(600.0, 0.0)), Some(0.5));
        assert_eq!(swept_circle(from, to, Vec2::ZERO, 20.0), Some(0.4));
        assert_eq!(swept_circle(from, to, Vec2::new(0.0, 21.0), 20.0), None);
        assert_eq!(swept_circle(to, to * 2.0, Vec2::ZERO, 20.0), None);
        assert_eq!(swept_circle(Vec2::ONE, to, Vec2::ZERO, 20.0), Some(0.0));
    }
}
