//! The recipe of a blast: core, glow, broken ring, sparks, shards of the hull, embers; for 300 ms it is a lamp.
//! Everything follows from age and seed, so nothing is remembered between pictures.

use std::f32::consts::TAU;

use glam::Vec2;

use super::moment::{Chance, LENGTH, Moment, direction, ease_out, part};
use crate::web::palette::{BLAST, HULL_BASE, Rgb, WHITE, mix, rgb};
use crate::web::renderer::layer::{Arc, Layer, Shape, Stance, Streak, paint};
use crate::web::renderer::{Lamp, Scene};

/// How long a blast is to be seen.
pub const BLAST_MS: f32 = 1400.0;

const CORE: Rgb = rgb(0x00ff_f6e8);
const RING: Rgb = rgb(0x00ff_d9b0);
const SPARK_LONG: Rgb = rgb(0x00ff_f0da);
const SPARK_SHORT: Rgb = rgb(0x00ff_b884);
const EMBER: Rgb = rgb(0x00ff_cf9c);

/// A ship that burst.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Blast {
    /// Where.
    pub place: Vec2,
    /// The ship's colour.
    pub hue: Rgb,
    /// Makes every blast another one.
    pub seed: u32,
}

/// Draws `blast` at `age_ms`.
pub fn draw(moment: &Moment<'_>, blast: &Blast, age_ms: f32, scene: &mut Scene) {
    light(blast, age_ms, scene);
    let layer = &mut scene.blasts;
    if moment.calm {
        calm_ring(moment, blast, age_ms, layer);
        return;
    }
    ring(moment, blast, age_ms, layer);
    sparks(moment, blast, age_ms, layer);
    embers(moment, blast, age_ms, layer);
    shards(moment, blast, age_ms, layer);
}

fn light(blast: &Blast, age_ms: f32, scene: &mut Scene) {
    if let Some(t) = part(age_ms, 0.0, 300.0) {
        let alpha = 0.34 * (1.0 - t * t);
        scene.lamps.push(Lamp { place: blast.place, radius: 300.0 * LENGTH, colour: BLAST, alpha });
    }
    let layer = &mut scene.blasts;
    if let Some(t) = part(age_ms, 0.0, 520.0) {
        let rise = (age_ms / 60.0).min(1.0);
        let fade = (1.0 - t) * (1.0 - t);
        layer.glow(blast.place, 150.0 * LENGTH * (0.5 + 0.5 * rise), paint(BLAST, 0.34 * fade));
        layer.glow(blast.place, 58.0 * LENGTH * (0.6 + 0.7 * t), paint(mix(BLAST, WHITE, 0.2), 0.6 * fade));
    }
    if let Some(t) = part(age_ms, 0.0, 240.0) {
        let fade = if age_ms < 60.0 { 1.0 } else { 1.0 - t };
        layer.glow(blast.place, 30.0 * LENGTH * (1.0 + 0.5 * t), paint(CORE, fade));
        layer.dot(blast.place, 9.0 * LENGTH * fade, paint(WHITE, fade), false);
    }
}

fn calm_ring(moment: &Moment<'_>, blast: &Blast, age_ms: f32, layer: &mut Layer) {
    let Some(t) = part(age_ms, 0.0, 450.0) else { return };
    layer.arc(Arc {
        middle: blast.place,
        radius: (20.0 + 60.0 * t) * LENGTH,
        width: moment.camera.units(2.0),
        angle: 0.0,
        half_span: 4.0,
        dashes: 0.0,
        paint: paint(blast.hue, 0.8 * (1.0 - t)),
        light: true,
    });
}

fn ring(moment: &Moment<'_>, blast: &Blast, age_ms: f32, layer: &mut Layer) {
    let Some(t) = part(age_ms, 40.0, 420.0) else { return };
    let mut chance = Chance::new(blast.seed);
    let radius = (20.0 + 90.0 * ease_out(t)) * LENGTH;
    for i in 0..9 {
        let start = i as f32 / 9.0 * TAU + chance.draw() * 0.25;
        let span = chance.between(0.28, 0.62);
        layer.arc(Arc {
            middle: blast.place,
            radius,
            width: moment.camera.units(2.6 + (0.5 - 2.6) * t),
            angle: start + span / 2.0,
            half_span: span / 2.0,
            dashes: 0.0,
            paint: paint(RING, chance.between(0.3, 0.85) * (1.0 - t)),
            light: true,
        });
    }
}

fn sparks(moment: &Moment<'_>, blast: &Blast, age_ms: f32, layer: &mut Layer) {
    let Some(t) = part(age_ms, 0.0, 480.0) else { return };
    let mut chance = Chance::new(blast.seed ^ 0x5a5a);
    let fly = ease_out(t);
    for i in 0..34 {
        let long = i % 3 == 0;
        let way = direction(i as f32 / 34.0 * TAU + chance.draw() * 0.35);
        let (near, far) = if long { (40.0, 144.0) } else { (18.0, 74.0) };
        let reach = chance.between(0.55, 1.0) * far * LENGTH;
        let (start, colour) = (near * LENGTH * 0.3, if long { SPARK_LONG } else { SPARK_SHORT });
        let head = start + (reach - start) * fly;
        let tail = head - (head - start) * (1.0 - t) * 0.75;
        layer.streak(Streak {
            tail: blast.place + way * tail,
            head: blast.place + way * head,
            width: moment.camera.units(if long { 2.0 } else { 1.3 }),
            from: paint(blast.hue, 0.0),
            to: paint(colour, 0.95 * (1.0 - t * t)),
            light: true,
        });
    }
}

fn embers(moment: &Moment<'_>, blast: &Blast, age_ms: f32, layer: &mut Layer) {
    let Some(t) = part(age_ms, 120.0, BLAST_MS) else { return };
    let mut chance = Chance::new(blast.seed ^ 0x1234);
    for _ in 0..26 {
        let way = direction(chance.draw() * TAU);
        let far = chance.between(50.0, 140.0) * LENGTH * (0.35 + 0.65 * ease_out(t));
        let radius = moment.camera.units(chance.between(0.7, 1.7));
        let alpha = chance.between(0.3, 0.9) * (1.0 - t);
        layer.dot(blast.place + way * far, radius, paint(EMBER, alpha), true);
    }
}

fn shards(moment: &Moment<'_>, blast: &Blast, age_ms: f32, layer: &mut Layer) {
    let Some(t) = part(age_ms, 0.0, 900.0) else { return };
    let mut chance = Chance::new(blast.seed ^ 0x7777);
    for i in 0..6 {
        let way = direction(i as f32 / 6.0 * TAU + chance.draw());
        let far = chance.between(55.0, 95.0) * LENGTH * ease_out(t);
        let spin = chance.between(-5.0, 5.0) * t + chance.draw() * TAU;
        let size = chance.between(7.0, 13.0) * LENGTH;
        let alpha = (1.0 - t).min(0.5) * 2.0;
        let stance = Stance {
            place: blast.place + way * far,
            nose: direction(spin),
            size: Vec2::splat(size),
            line_width: moment.camera.units(1.5),
            fill: paint(mix(HULL_BASE, blast.hue, 0.15), alpha),
            line: paint(blast.hue, alpha),
        };
        layer.shape(Shape::Shard, &stance);
    }
}
