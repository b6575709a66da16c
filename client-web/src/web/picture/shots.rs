//! The recipe of shots: the own ones in halo, those that can reach us hot, all others dull.
//! It also says whose shots can reach us, which makes their ships threats.

use glam::Vec2;
use shared::id::PlayerId;
use shared::rules::SHIP_RADIUS;

use super::moment::{LENGTH, Moment};
use crate::view::{OwnView, ShotView};
use crate::web::palette::{HALO, Rgb, WHITE, mix, rgb};
use crate::web::renderer::layer::{Layer, Streak, paint};

const HOT_SHOT: Rgb = rgb(0x00ff_f3e4);
/// A shot that passes nearer than this is one to move away from.
const REACH_UNITS: f32 = SHIP_RADIUS * 2.6;
/// How far away it may be for that, in units.
const AHEAD_UNITS: f32 = 620.0;

/// Whether `shot` can still meet `own` if nobody turns.
pub fn reaches(shot: &ShotView, own: &OwnView) -> bool {
    if shot.owner == own.id {
        return false;
    }
    let way = own.position - shot.position;
    let flight = shot.angle.direction();
    let ahead = flight.dot(way);
    (-SHIP_RADIUS..AHEAD_UNITS).contains(&ahead) && flight.perp_dot(way).abs() < REACH_UNITS
}

/// Everybody who has a shot on its way to us.
pub fn shooters(moment: &Moment<'_>) -> Vec<PlayerId> {
    let Some(own) = &moment.view.own else { return Vec::new() };
    moment.view.shots.iter().filter(|shot| reaches(shot, own)).map(|shot| shot.owner).collect()
}

struct Recipe {
    hue: Rgb,
    core: Rgb,
    core_alpha: f32,
    width_px: f32,
    tail: f32,
    alpha: f32,
    glow: f32,
}

fn recipe(moment: &Moment<'_>, shot: &ShotView) -> Recipe {
    let hue = moment.hue(shot.owner);
    match &moment.view.own {
        Some(own) if own.id == shot.owner => Recipe {
            hue: HALO,
            core: WHITE,
            core_alpha: 1.0,
            width_px: 2.4,
            tail: 30.0,
            alpha: 0.9,
            glow: 0.35,
        },
        Some(own) if reaches(shot, own) && !moment.is_mate(shot.owner) => {
            Recipe { hue, core: HOT_SHOT, core_alpha: 1.0, width_px: 2.8, tail: 24.0, alpha: 1.0, glow: 0.60 }
        }
        Some(_) => {
            Recipe { hue, core: hue, core_alpha: 0.4, width_px: 1.8, tail: 24.0, alpha: 0.75, glow: 0.0 }
        }
        None => {
            let core = mix(hue, WHITE, 0.6);
            Recipe { hue, core, core_alpha: 0.9, width_px: 2.2, tail: 24.0, alpha: 0.9, glow: 0.25 }
        }
    }
}

/// Draws all shots.
pub fn draw(moment: &Moment<'_>, layer: &mut Layer) {
    let camera = &moment.camera;
    let margin = camera.half_units() + 60.0;
    for shot in &moment.view.shots {
        if (shot.position - camera.centre).abs().cmpgt(margin).any() {
            continue;
        }
        let look = recipe(moment, shot);
        let flight = shot.angle.direction();
        let head = shot.position + flight * 3.0;
        let tail = head - flight * (look.tail * LENGTH);
        layer.glow(shot.position, 15.0 * LENGTH * 1.15, paint(look.hue, look.glow));
        layer.streak(streak((tail, head), camera.units(look.width_px), (look.hue, look.alpha)));
        let core = head - flight * (look.tail * LENGTH / 3.0);
        let width = camera.units(look.width_px * 0.8);
        layer.streak(Streak {
            from: paint(look.core, look.core_alpha * 0.5),
            ..streak((core, head), width, (look.core, look.core_alpha))
        });
    }
}

fn streak((tail, head): (Vec2, Vec2), width: f32, (colour, alpha): (Rgb, f32)) -> Streak {
    Streak { tail, head, width, from: paint(colour, 0.0), to: paint(colour, alpha), light: true }
}
