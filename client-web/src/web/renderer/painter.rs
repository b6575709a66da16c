//! Draws layers: one batch for each kind of shape, filled anew for each layer that uses it.
//! It owns the meshes of the polygons and knows nothing of what they mean.

use glam::Vec2;
use shared::world::Hull;

use super::gl::{Batch, Gl};
use super::layer::{Layer, SHAPES};
use super::polygon::{ribbon, triangles};
use super::programs::Programs;
use crate::web::dom::Fault;
use crate::web::hulls::outline;

const KITE: [(f32, f32); 4] = [(0.46, 0.0), (0.02, 0.2), (-0.2, 0.0), (0.02, -0.2)];
const SHARD: [(f32, f32); 4] = [(1.3, 0.0), (-0.2, 0.5), (-0.7, -0.1), (-0.1, -0.45)];

#[derive(Debug)]
struct Polygon {
    fill: Batch,
    line: Batch,
}

/// The batches of all kinds of shapes.
#[derive(Debug)]
pub struct Painter {
    glow: Batch,
    flame: Batch,
    streak: Batch,
    arc: Batch,
    polygons: Vec<Polygon>,
}

impl Painter {
    /// Uploads the polygons.
    pub fn new(gl: &Gl) -> Result<Painter, Fault> {
        let hulls = Hull::ALL.into_iter().map(outline);
        let extra = [KITE, SHARD].into_iter().map(|points| points.map(Vec2::from).to_vec());
        let polygons: Result<Vec<Polygon>, Fault> =
            hulls.chain(extra).map(|points| polygon(gl, &points)).collect();
        let polygons = polygons?;
        debug_assert_eq!(polygons.len(), SHAPES);
        Ok(Painter {
            glow: gl.quads(&[3, 4])?,
            flame: gl.quads(&[4, 2, 4])?,
            streak: gl.quads(&[4, 2, 4, 4])?,
            arc: gl.quads(&[4, 4, 4])?,
            polygons,
        })
    }

    /// Draws one layer over what is there.
    pub fn draw(&self, gl: &Gl, programs: &Programs, layer: &Layer) {
        let kinds = [
            (&programs.flame, &self.flame, &layer.flames),
            (&programs.glow, &self.glow, &layer.glows),
            (&programs.streak, &self.streak, &layer.streaks),
        ];
        for (program, batch, instances) in kinds {
            if !instances.is_empty() {
                gl.fill(batch, instances);
                gl.draw(program, batch, instances.len());
            }
        }
        for (polygon, instances) in self.polygons.iter().zip(&layer.shapes) {
            if !instances.is_empty() {
                gl.fill(&polygon.fill, instances);
                gl.draw(&programs.fill, &polygon.fill, instances.len());
                gl.fill(&polygon.line, instances);
                gl.draw(&programs.line, &polygon.line, instances.len());
            }
        }
        if !layer.arcs.is_empty() {
            gl.fill(&self.arc, &layer.arcs);
            gl.draw(&programs.arc, &self.arc, layer.arcs.len());
        }
    }
}

fn polygon(gl: &Gl, points: &[Vec2]) -> Result<Polygon, Fault> {
    let inside: Vec<f32> = triangles(points).iter().flat_map(|p| [p.x, p.y]).collect();
    let edge = ribbon(points);
    let edge: Vec<f32> =
        edge.iter().flat_map(|c| [c.place.x, c.place.y, c.mitre.x, c.mitre.y, c.side]).collect();
    Ok(Polygon {
        fill: gl.triangles(&inside, &[2], &[4, 3, 4, 4])?,
        line: gl.triangles(&edge, &[2, 3], &[4, 3, 4, 4])?,
    })
}
