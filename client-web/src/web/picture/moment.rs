//! What every recipe may look at while one picture is made, and the few tools that they share.
//! Nothing here remembers anything; memory of ships is in `look`, of events in `effects`.

use glam::Vec2;
use shared::bounds::within;
use shared::id::PlayerId;
use shared::mode::Team;

use crate::view::View;
use crate::web::cast::{self, Cast};
use crate::web::palette::{HALO, Rgb, SIDES};
use crate::web::renderer::camera::Camera;

/// Lengths of the art direction are given for a larger view; this makes them units of the arena.
pub const LENGTH: f32 = 0.75;

/// One picture's world.
#[derive(Clone, Copy)]
#[expect(missing_debug_implementations, reason = "a trait object without one; it lives for one picture only")]
pub struct Moment<'a> {
    /// What is to be shown.
    pub view: &'a View,
    /// The people.
    pub cast: &'a dyn Cast,
    /// The way to the screen.
    pub camera: Camera,
    /// The page's clock.
    pub now_ms: f64,
    /// Since the last picture, at most 100 ms.
    pub dt_ms: f32,
    /// Less motion is wanted.
    pub calm: bool,
    /// Who plays here; `None` if somebody only watches.
    pub me: Option<PlayerId>,
}

impl Moment<'_> {
    /// The colour of somebody's ship, shots and mines.
    pub fn hue(&self, id: PlayerId) -> Rgb {
        let own = self.me.or(self.view.own.map(|own| own.id));
        if own == Some(id) { HALO } else { cast::hue(self.cast, id) }
    }

    /// The colour of a side.
    pub fn side_hue(&self, team: Team) -> Rgb {
        SIDES[usize::from(team != self.cast.own_side())]
    }

    /// Whether `id` is on the own side.
    pub fn is_mate(&self, id: PlayerId) -> bool {
        let team = self.cast.team_of(id);
        team != Team::None && self.me.is_some() && team == self.cast.own_side()
    }
}

/// A small source of chance that always gives the same for the same seed, so that an effect needs no memory.
#[derive(Clone, Copy, Debug)]
pub struct Chance(u32);

impl Chance {
    /// A source for `seed`.
    pub fn new(seed: u32) -> Chance {
        let mut chance = Chance(seed.wrapping_mul(0x9e37_79b9) ^ 0x5bd1_e995);
        chance.draw();
        chance.draw();
        chance
    }

    /// A number from 0 to 1.
    pub fn draw(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 8) as f32 / 16_777_216.0
    }

    /// A number from `low` to `high`.
    pub fn between(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.draw()
    }
}

/// The unit vector of an angle in radians.
pub fn direction(radians: f32) -> Vec2 {
    Vec2::from_angle(radians)
}

/// Where `age_ms` stands between `from_ms` (0) and `to_ms` (1); `None` outside.
pub fn part(age_ms: f32, from_ms: f32, to_ms: f32) -> Option<f32> {
    (from_ms..=to_ms).contains(&age_ms).then(|| (age_ms - from_ms) / (to_ms - from_ms))
}

/// Fast at first, slow at the end; 0 to 1.
pub fn ease_out(share: f32) -> f32 {
    let rest = 1.0 - within(share, 0.0, 1.0);
    1.0 - rest * rest * rest
}

/// Moves `value` towards `target` by at most `step`.
pub fn approach(value: f32, target: f32, step: f32) -> f32 {
    value + within(target - value, -step, step)
}
