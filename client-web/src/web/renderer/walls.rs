//! The arena's walls and its border: low relief, pushed away from the middle of the screen, lit by distance to the lamp.
//! Meshes are made once for an arena; a picture only sets a few numbers.

use glam::Vec2;
use shared::arena::Arena;

use super::camera::Camera;
use super::gl::{Batch, Gl};
use super::polygon::{ribbon, triangles};
use super::programs::Programs;
use crate::web::dom::Fault;
use crate::web::palette::rgb;

/// How far tops are pushed away from the middle of the screen.
const LIFT: f32 = 1.045;
/// Width of the border's top beyond the arena: more than any view shows.
const BORDER_UNITS: f32 = 1400.0;
const SHADOW_UNITS: f32 = 26.0;
const TOP: f32 = 0.0;
const SIDE: f32 = 1.0;
const OUTSIDE: f32 = 2.0;

/// The meshes of one arena's walls.
#[derive(Debug)]
pub struct Walls {
    sides: Batch,
    tops: Batch,
    base_edges: Batch,
    top_edges: Batch,
}

#[derive(Default)]
struct Meshes {
    sides: Vec<f32>,
    tops: Vec<f32>,
    base_edges: Vec<f32>,
    top_edges: Vec<f32>,
}

impl Walls {
    /// Makes the meshes of `arena`.
    pub fn new(gl: &Gl, arena: &Arena) -> Result<Walls, Fault> {
        let mut meshes = Meshes::default();
        for wall in arena.walls() {
            meshes.add_outline(wall.corners());
            meshes.add_top(&triangles(wall.corners()), TOP);
        }
        meshes.add_border(arena.half());
        Ok(Walls {
            sides: gl.triangles(&meshes.sides, &[4], &[])?,
            tops: gl.triangles(&meshes.tops, &[4], &[])?,
            base_edges: gl.triangles(&meshes.base_edges, &[3, 3], &[])?,
            top_edges: gl.triangles(&meshes.top_edges, &[3, 3], &[])?,
        })
    }

    /// Draws shadow, sides, tops and edges.
    pub fn draw(&self, gl: &Gl, programs: &Programs, camera: &Camera) {
        let edge = &programs.wall_edge;
        for program in [edge, &programs.wall_face] {
            gl.set(program, "u_lift", &[LIFT, 0.0, 0.0, 0.0]);
        }
        gl.set(edge, "u_shape", &[SHADOW_UNITS, 0.0, 0.0, 1.0]);
        gl.set(edge, "u_colour", &[0.0, 0.0, 0.0, 0.6]);
        gl.draw(edge, &self.base_edges, 0);
        gl.draw(&programs.wall_face, &self.sides, 0);
        let [r, g, b] = rgb(0x001d_2a43);
        gl.set(edge, "u_shape", &[camera.units(0.5), 0.0, 0.0, 0.0]);
        gl.set(edge, "u_colour", &[r, g, b, 1.0]);
        gl.draw(edge, &self.base_edges, 0);
        gl.draw(&programs.wall_face, &self.tops, 0);
        gl.set(edge, "u_shape", &[camera.units(0.8), 0.0, 0.0, 0.0]);
        gl.set(edge, "u_colour", &[0.0; 4]);
        gl.draw(edge, &self.top_edges, 0);
    }
}

impl Meshes {
    fn add_outline(&mut self, corners: &[Vec2]) {
        let next = corners.iter().cycle().skip(1);
        for (a, b) in corners.iter().zip(next) {
            for (p, height) in [(a, 0.0), (b, 0.0), (b, 1.0), (a, 0.0), (b, 1.0), (a, 1.0)] {
                self.sides.extend([p.x, p.y, height, SIDE]);
            }
        }
        for corner in ribbon(corners) {
            let side = [corner.mitre.x, corner.mitre.y, corner.side];
            for (list, height) in [(&mut self.base_edges, 0.0), (&mut self.top_edges, 1.0)] {
                list.extend([corner.place.x, corner.place.y, height]);
                list.extend(side);
            }
        }
    }

    fn add_top(&mut self, points: &[Vec2], face: f32) {
        self.tops.extend(points.iter().flat_map(|p| [p.x, p.y, 1.0, face]));
    }

    fn add_border(&mut self, half: Vec2) {
        let corners = [(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)].map(|c| Vec2::from(c) * half);
        self.add_outline(&corners);
        let outer = half + BORDER_UNITS;
        let rims = [
            (Vec2::new(-outer.x, -outer.y), Vec2::new(outer.x, -half.y)),
            (Vec2::new(-outer.x, half.y), Vec2::new(outer.x, outer.y)),
            (Vec2::new(-outer.x, -half.y), Vec2::new(-half.x, half.y)),
            (Vec2::new(half.x, -half.y), Vec2::new(outer.x, half.y)),
        ];
        for (low, high) in rims {
            let (right_top, left_low) = (Vec2::new(high.x, low.y), Vec2::new(low.x, high.y));
            self.add_top(&[low, right_top, high, low, high, left_low], OUTSIDE);
        }
    }
}
