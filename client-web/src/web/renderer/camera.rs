//! From the arena to the screen and back: where the camera looks, and how large a unit is.
//! Screen lengths are CSS pixels; device pixels matter only for smooth edges.

use glam::Vec2;
use shared::rules::VIEW_HALF;

/// One picture's way from units to pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Camera {
    /// The place in the middle of the screen, in units.
    pub centre: Vec2,
    /// CSS pixels in a unit.
    pub scale: f32,
    /// Size of the screen in CSS pixels.
    pub size: Vec2,
    /// Device pixels in a CSS pixel.
    pub ratio: f32,
}

impl Camera {
    /// A camera on `centre`. The view of 1,200 by 800 units fills the screen; what does not fit is cut off.
    pub fn new(centre: Vec2, size: Vec2, ratio: f32) -> Camera {
        let size = size.max(Vec2::ONE);
        let scale = (size.x / (VIEW_HALF.0 * 2.0)).max(size.y / (VIEW_HALF.1 * 2.0));
        Camera { centre, scale, size, ratio }
    }

    /// Where `place` is on the screen, in CSS pixels from its top left corner.
    pub fn to_screen(&self, place: Vec2) -> Vec2 {
        (place - self.centre) * self.scale + self.size / 2.0
    }

    /// The place in the arena at `point` on the screen.
    pub fn to_world(&self, point: Vec2) -> Vec2 {
        (point - self.size / 2.0) / self.scale + self.centre
    }

    /// `pixels` CSS pixels in units.
    pub fn units(&self, pixels: f32) -> f32 {
        pixels / self.scale
    }

    /// Half of what the screen shows, in units.
    pub fn half_units(&self) -> Vec2 {
        self.size / (2.0 * self.scale)
    }

    /// Camera and clip units per unit, as the shaders want them.
    pub fn uniform(&self) -> [f32; 4] {
        let per_unit = Vec2::splat(2.0 * self.scale) / self.size;
        [self.centre.x, self.centre.y, per_unit.x, -per_unit.y]
    }

    /// A device pixel in units.
    pub fn pixel_units(&self) -> f32 {
        1.0 / (self.scale * self.ratio)
    }
}
