//! What has happened and can still be seen: muzzle flashes, beams, sparks, blasts, rings, the arc of a hit.
//! Bounded: when too much happens at once, the oldest goes first. Each recipe follows from an effect's age.

use std::collections::VecDeque;
use std::f32::consts::{PI, TAU};

use glam::Vec2;
use shared::angle::Angle;
use shared::id::PlayerId;

use super::blast::{self, BLAST_MS, Blast};
use super::look::Looks;
use super::moment::{Chance, LENGTH, Moment, direction, ease_out, part};
use crate::view::Happening;
use crate::web::hulls::HULL_UNITS;
use crate::web::palette::{BAD, HALO, Rgb, TAKE, WHITE, mix, rgb};
use crate::web::renderer::Scene;
use crate::web::renderer::layer::{Arc, Layer, Streak, paint};

const EFFECTS_MAX: usize = 96;
const SPARK: Rgb = rgb(0x00ff_d9b0);

#[derive(Clone, Copy, Debug)]
enum Effect {
    Muzzle { place: Vec2, angle: Angle, hue: Rgb },
    Beam { from: Vec2, to: Vec2, hue: Rgb },
    Sparks { place: Vec2, angle: Angle, count: u32 },
    Blast(Blast),
    Ring { place: Vec2, hue: Rgb, inwards: bool },
    HurtFrom(f32),
    HitTicks(PlayerId),
}

impl Effect {
    fn life_ms(self) -> f32 {
        match self {
            Effect::Muzzle { .. } => 60.0,
            Effect::Sparks { .. } => 160.0,
            Effect::Blast(_) => BLAST_MS,
            Effect::Beam { .. } | Effect::Ring { .. } => 320.0,
            Effect::HurtFrom(_) => 700.0,
            Effect::HitTicks(_) => 200.0,
        }
    }
}

/// All effects that can still be seen.
#[derive(Debug, Default)]
pub struct Effects {
    running: VecDeque<(Effect, f64)>,
    seed: u32,
    shaken_ms: Option<f64>,
}

impl Effects {
    /// Takes over what has happened since the last picture.
    pub fn take(&mut self, moment: &Moment<'_>, looks: &mut Looks) {
        for happening in &moment.view.happenings {
            self.take_one(moment, happening, looks);
        }
        self.running.retain(|(effect, begun)| moment.now_ms - begun < f64::from(effect.life_ms()));
    }

    fn take_one(&mut self, moment: &Moment<'_>, happening: &Happening, looks: &mut Looks) {
        let (now_ms, view) = (moment.now_ms, moment.view);
        let hue_of = |id: PlayerId| moment.hue(id);
        match *happening {
            Happening::Fired { by, position, angle } => {
                self.start(Effect::Muzzle { place: position, angle, hue: hue_of(by) }, now_ms);
            }
            Happening::ShotEnded { position, angle, on_ship } => {
                let count = if on_ship { 6 } else { 4 };
                self.start(Effect::Sparks { place: position, angle, count }, now_ms);
                if on_ship {
                    looks.flash_near(position, &view.ships, now_ms);
                }
            }
            Happening::Beam { by, from, to, met } => self.beam((from, to, met), hue_of(by), now_ms),
            Happening::Hurt { from, .. } => self.hurt(moment, from, looks),
            Happening::HitOther { victim } => {
                looks.flash(victim, now_ms);
                self.start(Effect::HitTicks(victim), now_ms);
            }
            Happening::Killed { victim: id, position: Some(place), .. }
            | Happening::Blast { by: id, position: place } => {
                self.seed = self.seed.wrapping_add(1);
                let seed = self.seed;
                self.start(Effect::Blast(Blast { place, hue: hue_of(id), seed }), now_ms);
            }
            Happening::Armed => {
                if let Some(own) = &view.own {
                    let ring = Effect::Ring { place: own.position, hue: TAKE, inwards: true };
                    self.start(ring, now_ms);
                }
            }
            Happening::Dashed { id, position } => {
                looks.of(id).dashed_ms = Some(now_ms);
                self.start(Effect::Ring { place: position, hue: hue_of(id), inwards: false }, now_ms);
            }
            Happening::Appeared { id, position } => {
                self.start(Effect::Ring { place: position, hue: hue_of(id), inwards: true }, now_ms);
            }
            Happening::Killed { .. }
            | Happening::Core { .. }
            | Happening::RoundStarted
            | Happening::RoundEnded
            | Happening::Closing { .. }
            | Happening::Resumed
            | Happening::Said { .. }
            | Happening::HostToken { .. }
            | Happening::Notice { .. } => {}
        }
    }

    fn beam(&mut self, (from, to, met): (Vec2, Vec2, bool), hue: Rgb, now_ms: f64) {
        let way = to - from;
        let angle = Angle::of(way);
        self.start(Effect::Beam { from, to, hue }, now_ms);
        self.start(Effect::Muzzle { place: from, angle, hue }, now_ms);
        if met {
            self.start(Effect::Sparks { place: to, angle, count: 8 }, now_ms);
        }
    }

    fn hurt(&mut self, moment: &Moment<'_>, from: Option<Vec2>, looks: &mut Looks) {
        self.shaken_ms = Some(moment.now_ms);
        let Some(own) = &moment.view.own else { return };
        looks.flash(own.id, moment.now_ms);
        if let Some(place) = from {
            let way = place - own.position;
            self.start(Effect::HurtFrom(Angle::of(way).radians()), moment.now_ms);
            looks.blame(place, &moment.view.ships, moment.now_ms);
        }
    }

    fn start(&mut self, effect: Effect, now_ms: f64) {
        if self.running.len() >= EFFECTS_MAX {
            self.running.pop_front();
        }
        self.running.push_back((effect, now_ms));
    }

    /// How far the own ship is shaken now, in units.
    pub fn shake(&self, now_ms: f64) -> Vec2 {
        let age = self.shaken_ms.map_or(f64::INFINITY, |at| now_ms - at) as f32;
        part(age, 0.0, 90.0).map_or(Vec2::ZERO, |t| direction(t * 40.0) * (2.0 * (1.0 - t)))
    }

    /// Draws everything that still runs.
    pub fn draw(&self, moment: &Moment<'_>, scene: &mut Scene) {
        for (effect, begun) in &self.running {
            let age = (moment.now_ms - begun) as f32;
            let t = age / effect.life_ms();
            match effect {
                Effect::Muzzle { place, angle, hue } => {
                    muzzle(&mut scene.blasts, (*place, *angle), *hue, t);
                }
                Effect::Beam { from, to, hue } => beam(&mut scene.blasts, moment, (*from, *to), (*hue, t)),
                Effect::Sparks { place, angle, count } => {
                    sparks(&mut scene.blasts, moment, (*place, *angle), (*count, t));
                }
                Effect::Blast(blast) => blast::draw(moment, blast, age, scene),
                Effect::Ring { place, hue, inwards } => {
                    ring(&mut scene.blasts, moment, *place, (*hue, *inwards, t));
                }
                Effect::HurtFrom(angle) => hurt_arc(&mut scene.own, moment, *angle, t),
                Effect::HitTicks(victim) => hit_ticks(&mut scene.own, moment, *victim, t),
            }
        }
    }
}

fn muzzle(layer: &mut Layer, (place, angle): (Vec2, Angle), hue: Rgb, t: f32) {
    let place = place + angle.direction() * 4.0;
    layer.glow(place, 17.0 * LENGTH, paint(hue, 0.8 * (1.0 - t)));
    layer.glow(place, 8.0 * LENGTH, paint(WHITE, 0.9 * (1.0 - t)));
}

/// A wide light that fades at once, and a bright core that grows thin.
fn beam(layer: &mut Layer, moment: &Moment<'_>, (tail, head): (Vec2, Vec2), (hue, t): (Rgb, f32)) {
    let left = 1.0 - ease_out(t);
    for (width_px, colour, alpha) in [(14.0, hue, 0.22), (6.0, hue, 0.7), (2.4, WHITE, 1.0)] {
        let width = moment.camera.units(width_px * (0.3 + 0.7 * left));
        let light = paint(colour, alpha * left);
        layer.streak(Streak { tail, head, width, from: light, to: light, light: true });
    }
    layer.glow(head, 20.0 * LENGTH, paint(hue, 0.7 * left));
}

fn sparks(layer: &mut Layer, moment: &Moment<'_>, (place, angle): (Vec2, Angle), (count, t): (u32, f32)) {
    let seed = place.x.to_bits() ^ place.y.to_bits();
    let mut chance = Chance::new(seed);
    let back = angle.radians() + PI;
    for _ in 0..count {
        let way = direction(back + chance.between(-1.1, 1.1));
        let far = chance.between(10.0, 26.0) * ease_out(t);
        layer.streak(Streak {
            tail: place + way * (far * 0.5),
            head: place + way * far,
            width: moment.camera.units(1.5),
            from: paint(SPARK, 0.0),
            to: paint(SPARK, 0.9 * (1.0 - t)),
            light: true,
        });
    }
    layer.glow(place, 14.0, paint(SPARK, 0.5 * (1.0 - t)));
}

fn ring(layer: &mut Layer, moment: &Moment<'_>, place: Vec2, (hue, inwards, t): (Rgb, bool, f32)) {
    let grown = if inwards { 1.0 - ease_out(t) } else { ease_out((t * 1.6).min(1.0)) };
    let alpha = if inwards { 0.2 + 0.5 * t } else { 0.75 * (1.0 - (t * 1.6).min(1.0)) };
    layer.arc(Arc {
        middle: place,
        radius: HULL_UNITS * (0.2 + 2.8 * grown),
        width: moment.camera.units(1.6),
        angle: 0.0,
        half_span: 4.0,
        dashes: 0.0,
        paint: paint(hue, alpha),
        light: true,
    });
}

fn hurt_arc(layer: &mut Layer, moment: &Moment<'_>, angle: f32, t: f32) {
    let Some(own) = &moment.view.own else { return };
    let alpha = 1.0 - ease_out((t - 0.3).max(0.0) / 0.7);
    let radius = 96.0 * LENGTH;
    for (width_px, strength, half_span) in [(22.0, 0.18, 0.27), (8.0, 1.0, 0.2)] {
        layer.arc(Arc {
            middle: own.position,
            radius,
            width: moment.camera.units(width_px),
            angle,
            half_span,
            dashes: 0.0,
            paint: paint(BAD, strength * alpha),
            light: false,
        });
    }
}

fn hit_ticks(layer: &mut Layer, moment: &Moment<'_>, victim: PlayerId, t: f32) {
    let Some(ship) = moment.view.ships.iter().find(|s| s.id == victim) else { return };
    let near = HULL_UNITS * (1.9 - 0.6 * ease_out(t));
    for i in 0..4 {
        let way = direction(TAU * (i as f32 + 0.5) / 4.0);
        let (tail, head) = (ship.position + way * near, ship.position + way * (near + 8.0));
        let colour = mix(HALO, WHITE, 0.6);
        layer.line(tail, head, moment.camera.units(2.0), paint(colour, 1.0 - t));
    }
}
