//! Polygons as triangles: ears cut off for the inside, a mitred ribbon for the outline. Pure geometry.
//! Called once for every hull and every wall; nothing here runs in a picture's time.

use glam::Vec2;

/// Longest mitre, as a multiple of half the line's width, like a canvas' default.
const MITRE_MAX: f32 = 10.0;

/// The inside of a simple polygon as triangles, three corners each. Odd polygons give what could be cut.
pub fn triangles(corners: &[Vec2]) -> Vec<Vec2> {
    let mut ring: Vec<Vec2> = corners.to_vec();
    if area(&ring) < 0.0 {
        ring.reverse();
    }
    let mut out = Vec::with_capacity(corners.len() * 3);
    while ring.len() >= 3 {
        let Some(ear) = (0..ring.len()).find(|&i| is_ear(&ring, i)) else { break };
        out.extend(around(&ring, ear));
        ring.remove(ear);
    }
    out
}

/// Twice the signed area.
fn area(ring: &[Vec2]) -> f32 {
    let next = ring.iter().cycle().skip(1);
    ring.iter().zip(next).map(|(a, b)| a.perp_dot(*b)).sum()
}

/// The corner `index` with its neighbours; the ring has at least three corners.
fn around(ring: &[Vec2], index: usize) -> [Vec2; 3] {
    let count = ring.len();
    let at = |i: usize| ring.get(i % count).copied().unwrap_or_default();
    [at(index + count - 1), at(index), at(index + 1)]
}

fn is_ear(ring: &[Vec2], index: usize) -> bool {
    let [a, b, c] = around(ring, index);
    if (b - a).perp_dot(c - b) <= 0.0 {
        return ring.len() == 3;
    }
    let inside = |p: Vec2| {
        (b - a).perp_dot(p - a) >= 0.0 && (c - b).perp_dot(p - b) >= 0.0 && (a - c).perp_dot(p - c) >= 0.0
    };
    !ring.iter().any(|&p| p != a && p != b && p != c && inside(p))
}

/// A corner of an outline's ribbon: where, the mitre's direction and length, and which side (-1 or 1).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RibbonCorner {
    /// On the outline.
    pub place: Vec2,
    /// To be multiplied by the side and half the width.
    pub mitre: Vec2,
    /// -1 or 1.
    pub side: f32,
}

/// The outline of a closed polygon as triangles, for any width.
pub fn ribbon(corners: &[Vec2]) -> Vec<RibbonCorner> {
    let count = corners.len();
    let pair = |i: usize| {
        let [before, here, after] = around(corners, i);
        let mitre = mitre(before, here, after);
        [-1.0, 1.0].map(|side| RibbonCorner { place: here, mitre, side })
    };
    let piece = |i: usize| {
        let ([a, b], [c, d]) = (pair(i), pair(i + 1));
        [a, b, c, c, b, d]
    };
    if count < 3 { Vec::new() } else { (0..count).flat_map(piece).collect() }
}

fn mitre(before: Vec2, here: Vec2, after: Vec2) -> Vec2 {
    let first = (here - before).normalize_or_zero().perp();
    let second = (after - here).normalize_or_zero().perp();
    let middle = (first + second).normalize_or(first);
    middle * (1.0 / middle.dot(second).max(1.0 / MITRE_MAX)).min(MITRE_MAX)
}
