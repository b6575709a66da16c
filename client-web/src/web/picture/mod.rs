//! Turns a view into a scene of light and shapes, by the recipes of the art direction. The renderer draws the scene.
//! The modules stand in reading order; each may import only those above it.

pub mod moment;

pub mod look;

pub mod blast;
pub mod ships;
pub mod shots;
pub mod things;

pub mod own;

pub mod effects;

use self::effects::Effects;
use self::look::{Class, Looks};
use self::moment::Moment;
use crate::web::renderer::Scene;

/// Brightness of the grid far from every lamp.
const GRID_FAINT: f32 = 0.055;
/// The same when nobody is followed and no lamp is there.
const GRID_ALONE: f32 = 0.15;

/// The memory of one match's picture.
#[derive(Debug, Default)]
pub struct Picture {
    looks: Looks,
    effects: Effects,
    scene: Scene,
}

impl Picture {
    /// A picture of nothing yet.
    pub fn new() -> Picture {
        Picture::default()
    }

    /// The scene for one moment.
    pub fn compose(&mut self, moment: &Moment<'_>) -> &Scene {
        let Picture { looks, effects, scene } = self;
        scene.clear();
        scene.parallax = if moment.calm { 0.0 } else { 1.0 };
        let own = moment.view.own.as_ref();
        let shooters = shots::shooters(moment);
        looks.pass(moment, &|ship, look| {
            if moment.is_mate(ship.id) {
                return Class::Near;
            }
            ships::class(ship, look, own, (shooters.contains(&ship.id), moment.now_ms))
        });
        effects.take(moment, looks);
        scene.grid = if own.is_some() { GRID_FAINT } else { GRID_ALONE };
        if let Some(own) = own {
            scene.lamps.push(own::lamp(own));
        }
        things::draw(moment, scene);
        shots::draw(moment, &mut scene.shots);
        ships::draw(moment, looks, (&mut scene.shots, &mut scene.ships));
        if let Some(own) = own {
            let look = looks.of(own.id).clone();
            own::draw(moment, own, &look, scene);
        }
        effects.draw(moment, scene);
        scene
    }

    /// How far the camera is shaken, in units.
    pub fn shake(&self, now_ms: f64) -> glam::Vec2 {
        self.effects.shake(now_ms)
    }

    /// How much a ship matters now.
    pub fn class_of(&mut self, id: shared::id::PlayerId) -> Class {
        self.looks.of(id).class()
    }
}
