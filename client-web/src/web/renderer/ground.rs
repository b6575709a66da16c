//! What lies below everything: the void with its two clouds, three layers of stars, the grid that lamps light.
//! Drawn first in every picture; it knows the camera, the lamps and the arena's size, nothing else.

use glam::Vec2;

use super::camera::Camera;
use super::gl::{Batch, Gl};
use super::programs::Programs;
use crate::web::dom::Fault;
use crate::web::palette::GRID;

const GRID_UNITS: f32 = 100.0;
const STARS: u32 = 620;

/// The meshes of the ground.
#[derive(Debug)]
pub struct Ground {
    backdrop: Batch,
    stars: Batch,
    star_floats: usize,
    grid: Batch,
    lines: Vec<f32>,
}

impl Ground {
    /// Scatters the stars.
    pub fn new(gl: &Gl) -> Result<Ground, Fault> {
        let stars = gl.quads(&[4, 2])?;
        let scattered = scatter();
        gl.fill(&stars, &scattered);
        Ok(Ground {
            backdrop: gl.quads(&[])?,
            stars,
            star_floats: scattered.len(),
            grid: gl.quads(&[4])?,
            lines: Vec::new(),
        })
    }

    /// The void and the stars. `parallax` 0 keeps the stars still.
    pub fn draw_void(&self, gl: &Gl, programs: &Programs, camera: &Camera, parallax: f32) {
        let half = camera.size / 2.0;
        gl.set(&programs.backdrop, "u_shape", &[half.x, half.y, camera.size.max_element(), 0.0]);
        gl.draw(&programs.backdrop, &self.backdrop, 0);
        let soft = 1.0 / camera.ratio;
        gl.set(&programs.stars, "u_shape", &[half.x, half.y, soft, camera.scale * parallax]);
        gl.draw(&programs.stars, &self.stars, self.star_floats);
    }

    /// The grid inside the arena; `faint` is its brightness far from every lamp.
    pub fn draw_grid(&mut self, gl: &Gl, programs: &Programs, camera: &Camera, (arena, faint): (Vec2, f32)) {
        let low = (camera.centre - camera.half_units()).max(-arena);
        let high = (camera.centre + camera.half_units()).min(arena);
        self.lines.clear();
        for x in steps(low.x, high.x) {
            self.lines.extend([x, low.y, x, high.y]);
        }
        for y in steps(low.y, high.y) {
            self.lines.extend([low.x, y, high.x, y]);
        }
        let [r, g, b] = GRID;
        gl.set(&programs.grid, "u_colour", &[r, g, b, faint]);
        gl.set(&programs.grid, "u_shape", &[camera.units(0.5), 0.0, 0.0, 0.0]);
        gl.fill(&self.grid, &self.lines);
        gl.draw(&programs.grid, &self.grid, self.lines.len());
    }
}

/// The grid's places between `low` and `high`.
fn steps(low: f32, high: f32) -> impl Iterator<Item = f32> {
    let first = (low / GRID_UNITS).ceil() as i32;
    let last = (high / GRID_UNITS).floor() as i32;
    (first..=last).map(|i| i as f32 * GRID_UNITS)
}

/// Stars as instances: place in a tile, parallax, radius, alpha, warmth.
fn scatter() -> Vec<f32> {
    let mut state = 7_u32;
    let mut next = move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / 16_777_216.0
    };
    let mut out = Vec::new();
    for _ in 0..STARS {
        let rank = next();
        let (parallax, radius, alpha) = match rank {
            r if r > 0.97 => (0.25, 1.3, 0.70),
            r if r > 0.80 => (0.12, 0.9, 0.36),
            _ => (0.05, 0.6, 0.18),
        };
        let (x, y) = (next(), next());
        let warmth = if next() > 0.7 { 1.0 } else { 0.0 };
        out.extend([x, y, parallax, radius, alpha, warmth]);
    }
    out
}
