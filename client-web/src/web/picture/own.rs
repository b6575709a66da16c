//! The recipe of the own ship: the only solid white body and the only lamp, with its arcs, pips and line of aim.
//! A watched ship looks the same, without the line of aim.

use shared::bounds::within;
use std::f32::consts::TAU;

use glam::Vec2;
use shared::angle::Angle;
use shared::rule_book::Weapon;
use shared::world::Hull;

use super::look::Look;
use super::moment::{LENGTH, Moment, direction};
use super::ships::{Burn, flame, ghosts, guard_ring, shield_ring, stretched, trail};
use crate::view::OwnView;
use crate::web::hulls::HULL_UNITS;
use crate::web::palette::{BAD, BLACK, COCKPIT, HALO, SLATE, WARN, WHITE, YOU, mix};
use crate::web::renderer::layer::{Arc, Layer, Shape, Stance, paint};
use crate::web::renderer::{Lamp, Scene};

/// Radius of the arcs in CSS pixels at least, and in hull radii.
const ARC_PX_MIN: f32 = 36.0;
const ARC_RADII: f32 = 2.15;
/// Both arcs span this many degrees.
const ARC_DEGREES: f32 = 110.0;
/// The second weapon's charge above the ship spans this many degrees.
const RAIL_DEGREES: f32 = 44.0;
/// A ghost that is nearer than this shows nothing.
const GHOST_UNITS_MIN: f32 = 1.0;
const LOW_HULL: u8 = 30;
const HALF_HULL: u8 = 50;

/// Radius of the arcs round the own ship in units.
pub fn arc_radius(moment: &Moment<'_>) -> f32 {
    moment.camera.units(ARC_PX_MIN).max(HULL_UNITS * ARC_RADII)
}

/// The lamp that the own ship is.
pub fn lamp(own: &OwnView) -> Lamp {
    Lamp { place: own.position, radius: 430.0 * LENGTH, colour: HALO, alpha: 0.34 }
}

/// Draws the own or watched ship.
pub fn draw(moment: &Moment<'_>, own: &OwnView, look: &Look, scene: &mut Scene) {
    let nose = own.aim.direction();
    let size = HULL_UNITS * 1.08;
    trail(&mut scene.shots, look, moment.now_ms, paint(HALO, 0.2));
    let way = if own.thrust.length() > 0.1 { -own.thrust.normalize_or_zero() } else { -nose };
    let burn = Burn { way, power: look.thrust, long: 3.6, hue: HALO, alpha: 1.0, seed: 1 };
    flame(&mut scene.shots, moment, own.position, &burn);
    let layer = &mut scene.own;
    layer.glow(own.position, HULL_UNITS * 4.4, paint(HALO, 0.36));
    let flash = look.flash(moment.now_ms);
    let stance = Stance {
        place: own.position,
        nose,
        size: stretched(size, look, moment.now_ms),
        line_width: moment.camera.units(2.0),
        fill: paint(mix(YOU, BAD, flash * 0.55), 1.0),
        line: paint(mix(HALO, BAD, flash * 0.8), 1.0),
    };
    let hull = moment.cast.hull_of(own.id);
    ghosts(layer, look, moment, (Shape::Hull(hull), &stance, HALO));
    layer.shape(Shape::Hull(hull), &stance);
    let forward = if hull == Hull::Fork { -0.2 } else { 0.0 };
    let cockpit = Stance {
        place: own.position + nose * (size * forward),
        line_width: 0.0,
        fill: paint(COCKPIT, 1.0),
        line: paint(COCKPIT, 1.0),
        ..stance
    };
    layer.shape(Shape::Kite, &cockpit);
    if let Some(ghost) = moment.view.ghost.filter(|place| place.distance(own.position) > GHOST_UNITS_MIN) {
        let (fill, line) = (paint(HALO, 0.06), paint(HALO, 0.6));
        layer.shape(Shape::Hull(hull), &Stance { place: ghost, fill, line, ..stance });
    }
    if own.guard > 0.0 {
        guard_ring(layer, moment, own.position, (paint(HALO, 0.85), own.guard));
    }
    if own.shield > 0.0 {
        shield_ring(layer, moment, own.position, HALO);
    }
    arcs(moment, own, layer);
    if moment.me.is_some() {
        pips(moment, own, layer);
        aim_line(moment, own, layer);
    }
}

fn arcs(moment: &Moment<'_>, own: &OwnView, layer: &mut Layer) {
    let radius = arc_radius(moment);
    let px = |pixels: f32| moment.camera.units(pixels);
    let mut arc = |middle_degrees: f32, degrees: f32, width_px: f32, paint| {
        layer.arc(Arc {
            middle: own.position,
            radius,
            width: px(width_px),
            angle: middle_degrees.to_radians(),
            half_span: (degrees / 2.0).to_radians(),
            dashes: 0.0,
            paint,
            light: false,
        });
    };
    let share = f32::from(own.hull_points) / 100.0;
    let phase = Angle::from_radians((moment.now_ms / 1000.0).fract() as f32 * TAU);
    let pulse = if moment.calm { 1.0 } else { 0.72 + 0.28 * phase.direction().x };
    let (colour, alpha) = match own.hull_points {
        points if points < LOW_HULL => (BAD, pulse),
        points if points <= HALF_HULL => (WARN, 1.0),
        _ => (YOU, 1.0),
    };
    arc(180.0, ARC_DEGREES, 8.0, paint(BLACK, 0.55));
    arc(180.0, ARC_DEGREES, 4.0, paint(SLATE, 0.28));
    arc(125.0 + ARC_DEGREES * share / 2.0, ARC_DEGREES * share, 4.0, paint(colour, alpha));
    arc(0.0, ARC_DEGREES, 8.0, paint(BLACK, 0.55));
    arc(0.0, ARC_DEGREES, 4.0, paint(SLATE, 0.28));
    let shield = own.guard.max(own.shield.min(1.0));
    arc(55.0 - ARC_DEGREES * shield / 2.0, ARC_DEGREES * shield, 4.0, paint(HALO, 1.0));
    if moment.me.is_some() && own.arms.weapon != Weapon::None {
        let ready = if own.second >= 1.0 { 1.0 } else { 0.55 };
        arc(270.0, RAIL_DEGREES, 6.0, paint(BLACK, 0.45));
        arc(270.0, RAIL_DEGREES * own.second, 2.6, paint(YOU, ready));
    }
}

fn pips(moment: &Moment<'_>, own: &OwnView, layer: &mut Layer) {
    let radius = arc_radius(moment);
    let px = |pixels: f32| moment.camera.units(pixels);
    for i in 0..3_u8 {
        let full = within(own.dashes - f32::from(i), 0.0, 1.0);
        let place = own.position + direction((103.0 - 13.0 * f32::from(i)).to_radians()) * radius;
        layer.dot(place, px(4.0), paint(BLACK, 0.45), false);
        let (colour, alpha) = if full >= 1.0 { (YOU, 1.0) } else { (SLATE, 0.35 + 0.3 * full) };
        layer.dot(place, px(2.6), paint(colour, alpha), false);
    }
}

fn aim_line(moment: &Moment<'_>, own: &OwnView, layer: &mut Layer) {
    let way: Vec2 = own.aim.direction();
    let px = moment.camera.units(1.0);
    let (first, last) = (62.0 * LENGTH, 300.0 * LENGTH);
    let step = 11.0 * px;
    let count = ((last - first) / step).max(0.0) as u32;
    for i in 0..count {
        let along = first + step * i as f32;
        let fade = 1.0 - (along - first) / (last - first) * 0.7;
        let (tail, head) = (own.position + way * along, own.position + way * (along + 2.0 * px));
        layer.line(tail, head, px, paint(mix(YOU, WHITE, 0.5), 0.38 * fade));
    }
}
