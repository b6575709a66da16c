//! The recipes of what lies about: pickups in their green hexagons, mines, cores with their stands and the marks at the
//! edge of the screen that lead to them. Green is for taking; a core has its side's colour.

use std::f32::consts::{PI, TAU};

use glam::Vec2;
use shared::arena::PickupKind;
use shared::mode::Team;

use super::moment::{LENGTH, Moment, direction};
use crate::view::{CoreView, MineView};
use crate::web::palette::{BLACK, Rgb, TAKE, WELL, WHITE};
use crate::web::renderer::Scene;
use crate::web::renderer::layer::{Arc, Layer, paint};

/// Radius of a pickup's hexagon.
const HEXAGON: f32 = 22.0 * LENGTH;
/// Half a core's height.
const CORE: f32 = 20.0 * LENGTH;
/// Distance of a mark from the edge of the screen in CSS pixels.
const EDGE_PX: f32 = 34.0;

/// Draws everything that lies about.
pub fn draw(moment: &Moment<'_>, scene: &mut Scene) {
    let arena = moment.cast.arena();
    for (place, pickup) in (0..).zip(arena.map(shared::arena::Arena::pickups).unwrap_or_default()) {
        let lies = moment.view.pickups.contains(&place);
        draw_pickup(&mut scene.shots, moment, (pickup.place, pickup.kind), lies);
    }
    for mine in &moment.view.mines {
        draw_mine(&mut scene.shots, moment, mine);
    }
    let cores = moment.view.sides.and_then(|sides| sides.cores);
    for (team, core) in Team::SIDES.into_iter().zip(cores.iter().flatten()) {
        draw_core(moment, moment.side_hue(team), core, scene);
    }
}

fn seen(moment: &Moment<'_>, place: Vec2) -> bool {
    (place - moment.camera.centre).abs().cmple(moment.camera.half_units() + 80.0).all()
}

fn ring(layer: &mut Layer, middle: Vec2, radius: f32, (width, colour): (f32, (Rgb, f32))) {
    let paint = paint(colour.0, colour.1);
    layer.arc(Arc { middle, radius, width, angle: 0.0, half_span: 4.0, dashes: 0.0, paint, light: false });
}

/// A closed line through corners round `middle`, the first at `angle`.
fn outline(
    layer: &mut Layer,
    middle: Vec2,
    (radius, corners, angle): (Vec2, u32, f32),
    line: (f32, (Rgb, f32)),
) {
    let corner = |i: u32| middle + direction(angle + TAU * i as f32 / corners as f32) * radius;
    for i in 0..corners {
        layer.line(corner(i), corner(i + 1), line.0, paint(line.1.0, line.1.1));
    }
}

fn draw_pickup(layer: &mut Layer, moment: &Moment<'_>, (place, kind): (Vec2, PickupKind), lies: bool) {
    if !seen(moment, place) {
        return;
    }
    let width = moment.camera.units(1.6);
    let alpha = if lies { 1.0 } else { 0.2 };
    if lies {
        layer.glow(place, HEXAGON * 2.4, paint(TAKE, 0.22));
        layer.dot(place, HEXAGON * 0.9, paint(WELL, 0.95), false);
    }
    outline(layer, place, (Vec2::splat(HEXAGON), 6, 0.0), (width, (TAKE, alpha)));
    if lies {
        glyph(layer, place, kind, width * 1.3);
    }
}

/// What stands in a pickup's hexagon.
fn glyph(layer: &mut Layer, place: Vec2, kind: PickupKind, width: f32) {
    let size = HEXAGON * 0.5;
    let mut line = |from: (f32, f32), to: (f32, f32)| {
        layer.line(place + Vec2::from(from) * size, place + Vec2::from(to) * size, width, paint(TAKE, 1.0));
    };
    match kind {
        PickupKind::Repair => {
            line((-1.0, 0.0), (1.0, 0.0));
            line((0.0, -1.0), (0.0, 1.0));
        }
        PickupKind::Rail => line((-1.0, 0.8), (1.0, -0.8)),
        PickupKind::Scatter => {
            for y in [-0.9, 0.0, 0.9] {
                line((-0.9, 0.0), (0.9, y));
            }
        }
        PickupKind::Shield => ring(layer, place, size * 0.9, (width, (TAKE, 1.0))),
        PickupKind::Mines => {
            layer.dot(place, size * 0.4, paint(TAKE, 1.0), false);
            ring(layer, place, size, (width * 0.7, (TAKE, 0.8)));
        }
    }
}

fn draw_mine(layer: &mut Layer, moment: &Moment<'_>, mine: &MineView) {
    if !seen(moment, mine.place) {
        return;
    }
    let hue = moment.hue(mine.owner);
    let beat = (moment.now_ms / 900.0 + f64::from(mine.id.0) * 0.37).fract() as f32;
    let alpha = if moment.calm { 0.6 } else { 0.35 + 0.65 * (1.0 - beat) };
    let width = moment.camera.units(1.6);
    layer.glow(mine.place, 24.0 * LENGTH, paint(hue, 0.4 * alpha));
    layer.dot(mine.place, 7.0 * LENGTH, paint(BLACK, 0.9), false);
    outline(layer, mine.place, (Vec2::splat(10.0 * LENGTH), 4, 0.0), (width, (hue, 0.9)));
    layer.dot(mine.place, 3.0 * LENGTH, paint(hue, alpha), false);
}

fn draw_core(moment: &Moment<'_>, hue: Rgb, core: &CoreView, scene: &mut Scene) {
    let width = moment.camera.units(2.0);
    if seen(moment, core.stand) {
        let layer = &mut scene.shots;
        ring(layer, core.stand, CORE * 1.7, (width, (hue, 0.55)));
        ring(layer, core.stand, CORE * 2.0, (width * 0.6, (hue, 0.3)));
    }
    let carried = core.by.is_some();
    // A carried core rides above its ship.
    let place = if carried { core.place - Vec2::new(0.0, CORE * 2.1) } else { core.place };
    let visible = !carried || carrier_seen(moment, core);
    if visible && seen(moment, place) {
        let size = if carried { 0.6 } else { 1.0 };
        let layer = &mut scene.blasts;
        layer.glow(place, CORE * 2.6 * size, paint(hue, 0.4));
        outline(layer, place, (Vec2::new(0.7, 1.0) * CORE * size, 4, PI / 2.0), (width, (hue, 1.0)));
        layer.dot(place, CORE * 0.24 * size, paint(WHITE, 0.9), false);
    }
    mark(moment, hue, core, scene);
}

fn carrier_seen(moment: &Moment<'_>, core: &CoreView) -> bool {
    let view = moment.view;
    view.own.is_some_and(|own| Some(own.id) == core.by)
        || view.ships.iter().any(|ship| Some(ship.id) == core.by)
}

/// A mark at the edge of the screen towards a core that is not on it; hollow while somebody has it.
fn mark(moment: &Moment<'_>, hue: Rgb, core: &CoreView, scene: &mut Scene) {
    let half = moment.camera.half_units() - moment.camera.units(EDGE_PX);
    let goal = if core.by.is_some() && !carrier_seen(moment, core) { core.stand } else { core.place };
    let way = goal - moment.camera.centre;
    if moment.view.own.is_none() || way.abs().cmple(half).all() {
        return;
    }
    let place = moment.camera.centre + way * (half / way.abs().max(Vec2::ONE)).min_element();
    let px = moment.camera.units(1.0);
    let layer = &mut scene.own;
    let ahead = way.normalize_or_zero();
    layer.dot(place, 9.0 * px, paint(BLACK, 0.5), false);
    outline(layer, place, (Vec2::new(0.7, 1.0) * 8.0 * px, 4, PI / 2.0), (1.8 * px, (hue, 1.0)));
    if core.by.is_none() {
        layer.dot(place, 3.0 * px, paint(hue, 1.0), false);
    }
    layer.line(place + ahead * 13.0 * px, place + ahead * 18.0 * px, 2.0 * px, paint(hue, 0.9));
}
