//! The recipe of other people's ships: as bright as they matter now, from far over near to threat.
//! The own ship has its own recipe in `own`; both use the flames and trails here.

use glam::Vec2;
use shared::bounds::within;
use shared::world::Hull;

use super::look::{Class, Look, Looks};
use super::moment::{Chance, Moment, part};
use crate::view::{OwnView, ShipView};
use crate::web::hulls::HULL_UNITS;
use crate::web::palette::{HALO, HOT, HULL_BASE, Rgb, SLATE, WHITE, mix};
use crate::web::renderer::layer::{Arc, Layer, Paint, Shape, Stance, Streak, paint};

/// Ships nearer than this are near.
const NEAR_UNITS: f32 = 450.0;
/// Cosine of the 20 degrees within which somebody aims at us.
const AIM_COSINE: f32 = 0.94;

/// How much `ship` matters to `own`, given whether one of its shots can reach us.
pub fn class(ship: &ShipView, look: &Look, own: Option<&OwnView>, (aimed, now_ms): (bool, f64)) -> Class {
    let Some(own) = own else { return Class::Near };
    let way = own.position - ship.position;
    let near = way.length() < NEAR_UNITS;
    let aims = near && ship.aim.direction().dot(way.normalize_or_zero()) > AIM_COSINE;
    if aimed || aims || look.has_hit_us(now_ms) {
        Class::Threat
    } else if near {
        Class::Near
    } else {
        Class::Far
    }
}

/// A value for far, near and threat at this heat.
fn by_heat(heat: f32, [far, near, threat]: [f32; 3]) -> f32 {
    if heat < 1.0 { far + (near - far) * heat } else { near + (threat - near) * (heat - 1.0) }
}

/// Draws all other ships, the ones that matter most last.
pub fn draw(moment: &Moment<'_>, looks: &mut Looks, (under, over): (&mut Layer, &mut Layer)) {
    for class in [Class::Far, Class::Near, Class::Threat] {
        for ship in &moment.view.ships {
            let look = looks.of(ship.id).clone();
            if look.class() == class {
                draw_one(moment, ship, &look, (&mut *under, &mut *over));
            }
        }
    }
}

fn draw_one(moment: &Moment<'_>, ship: &ShipView, look: &Look, (under, over): (&mut Layer, &mut Layer)) {
    let heat = look.heat;
    let hue = moment.hue(ship.id);
    let hue = if ship.limbo { mix(hue, SLATE, 0.75) } else { hue };
    let nose = ship.aim.direction();
    let size = HULL_UNITS * by_heat(heat, [0.96, 0.96, 1.04]);
    trail(under, look, moment.now_ms, paint(hue, by_heat(heat, [0.04, 0.08, 0.13])));
    let burn = Burn {
        way: if ship.velocity.length() > 40.0 { -ship.velocity.normalize_or_zero() } else { -nose },
        power: look.thrust,
        long: by_heat(heat, [1.9, 2.1, 2.7]),
        hue,
        alpha: by_heat(heat, [0.25, 0.45, 0.75]),
        seed: u32::from(ship.id.0),
    };
    flame(under, moment, ship.position, &burn);
    over.glow(
        ship.position,
        HULL_UNITS * by_heat(heat, [1.4, 1.7, 2.5]),
        paint(hue, by_heat(heat, [0.0, 0.13, 0.42])),
    );
    let flash = look.flash(moment.now_ms);
    let fill = mix(mix(HULL_BASE, hue, by_heat(heat, [0.10, 0.20, 0.42])), WHITE, flash * 0.9);
    let line = paint(mix(hue, WHITE, flash), by_heat(heat, [0.52, 0.88, 1.0]).max(flash));
    let hull = moment.cast.hull_of(ship.id);
    let stance = Stance {
        place: ship.position,
        nose,
        size: stretched(size, look, moment.now_ms),
        line_width: moment.camera.units(by_heat(heat, [1.4, 1.8, 2.3])),
        fill: paint(fill, 1.0),
        line,
    };
    ghosts(over, look, moment, (Shape::Hull(hull), &stance, hue));
    over.shape(Shape::Hull(hull), &stance);
    if heat > 1.05 {
        cockpit(over, &stance, (hull, size), paint(HOT, heat - 1.0));
    }
    if moment.is_mate(ship.id) {
        mate_sign(over, moment, &stance, hue);
    }
    if ship.shielded {
        shield_ring(over, moment, ship.position, HALO);
    }
    if ship.guarded {
        guard_ring(over, moment, ship.position, (paint(hue, 0.7), 0.0));
    }
}

fn cockpit(over: &mut Layer, hull: &Stance, (shape, size): (Hull, f32), colour: Paint) {
    let forward = if shape == Hull::Fork { -0.12 } else { 0.06 };
    let place = hull.place + hull.nose * (size * forward);
    over.shape(
        Shape::Kite,
        &Stance {
            place,
            size: Vec2::new(0.79, 0.65) * size,
            line_width: 0.0,
            fill: colour,
            line: colour,
            ..*hull
        },
    );
}

/// The size of a hull along and across; a dash stretches it for a moment.
pub fn stretched(size: f32, look: &Look, now_ms: f64) -> Vec2 {
    let dash = look.dash_age(now_ms).and_then(|age| part(age, 0.0, 140.0));
    let pull = dash.map_or(0.0, |t| if t < 0.64 { 0.35 } else { 0.35 * (1.0 - t) / 0.36 });
    Vec2::new(size * (1.0 + pull), size * (1.0 - pull * 0.4))
}

/// Outlines where a dashing ship has just been.
pub fn ghosts(
    over: &mut Layer,
    look: &Look,
    moment: &Moment<'_>,
    (shape, stance, hue): (Shape, &Stance, Rgb),
) {
    let Some(age) = look.dash_age(moment.now_ms).filter(|_| !moment.calm) else { return };
    let fade = 1.0 - (age - 130.0).max(0.0) / 180.0;
    for (i, (place, _)) in look.trail.iter().rev().skip(1).take(3).enumerate() {
        let alpha = (0.42 - 0.12 * i as f32) * fade;
        if alpha > 0.0 {
            let ghost =
                Stance { place: *place, fill: paint(hue, alpha * 0.25), line: paint(hue, alpha), ..*stance };
            over.shape(shape, &ghost);
        }
    }
}

/// How a ship's engine looks now.
#[derive(Clone, Copy, Debug)]
pub struct Burn {
    /// Where the flame goes; a unit vector.
    pub way: Vec2,
    /// 0 to 1.
    pub power: f32,
    /// Length at full power in hull radii.
    pub long: f32,
    /// Its colour.
    pub hue: Rgb,
    /// Its brightness at full power.
    pub alpha: f32,
    /// Tells ships apart, so that their flames flicker by themselves.
    pub seed: u32,
}

/// One tapered light behind a ship.
pub fn flame(under: &mut Layer, moment: &Moment<'_>, place: Vec2, burn: &Burn) {
    let step = (moment.now_ms / 33.0) as u32;
    let jitter = if moment.calm { 0.0 } else { Chance::new(step ^ (burn.seed << 16)).between(-0.08, 0.08) };
    let idle = 0.42;
    let power = idle + (1.0 - idle) * burn.power;
    let length = HULL_UNITS * burn.long * power * (1.0 + jitter);
    let root = place + burn.way * (HULL_UNITS * 0.42);
    let light = paint(burn.hue, burn.alpha * (0.35 + 0.65 * burn.power));
    under.flame(root, burn.way, Vec2::new(length, HULL_UNITS * 0.3), light);
}

/// Where a ship has been in the last moments.
pub fn trail(under: &mut Layer, look: &Look, now_ms: f64, light: Paint) {
    let fresh = |at: f64| within(1.0 - (now_ms - at) / 400.0, 0.0, 1.0) as f32 * light.alpha;
    let next = look.trail.iter().skip(1);
    for (&(tail, old), &(head, new)) in look.trail.iter().zip(next) {
        if tail.distance(head) > 1.0 {
            under.streak(Streak {
                tail,
                head,
                width: HULL_UNITS * 0.22,
                from: Paint { alpha: fresh(old), ..light },
                to: Paint { alpha: fresh(new), ..light },
                light: true,
            });
        }
    }
}

/// What mates wear: a ring, and a chevron inside the hull.
fn mate_sign(over: &mut Layer, moment: &Moment<'_>, hull: &Stance, hue: Rgb) {
    let (place, nose, width) = (hull.place, hull.nose, moment.camera.units(1.6));
    let ring = paint(hue, 0.7);
    over.arc(Arc {
        middle: place,
        radius: HULL_UNITS * 1.5,
        width,
        angle: 0.0,
        half_span: 4.0,
        dashes: 0.0,
        paint: ring,
        light: false,
    });
    let corner = |along: f32, across: f32| place + (nose * along + nose.perp() * across) * HULL_UNITS;
    for side in [-0.24, 0.24] {
        over.line(corner(-0.15, side), corner(0.12, 0.0), width, paint(WHITE, 0.85));
    }
}

/// The ring of a shield that was picked up.
pub fn shield_ring(over: &mut Layer, moment: &Moment<'_>, place: Vec2, hue: Rgb) {
    over.arc(Arc {
        middle: place,
        radius: HULL_UNITS * 1.28,
        width: moment.camera.units(2.2),
        angle: 0.0,
        half_span: 4.0,
        dashes: 0.0,
        paint: paint(hue, 0.5),
        light: true,
    });
}

/// The ring round a ship that nothing can hurt. `left` is the share of time left, for the own ship.
pub fn guard_ring(over: &mut Layer, moment: &Moment<'_>, place: Vec2, (colour, left): (Paint, f32)) {
    let turn = if moment.calm { 0.0 } else { (moment.now_ms / 4000.0).fract() as f32 };
    let angle = turn * std::f32::consts::TAU;
    let glow = Paint { alpha: colour.alpha * 0.22, ..colour };
    over.glow(place, HULL_UNITS * (2.2 + 0.4 * left), glow);
    over.arc(Arc {
        middle: place,
        radius: HULL_UNITS * 1.7,
        width: moment.camera.units(1.8),
        angle,
        half_span: 4.0,
        dashes: 14.0,
        paint: colour,
        light: false,
    });
}
