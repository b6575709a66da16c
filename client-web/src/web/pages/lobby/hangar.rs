//! The lobby's pictures: your ship, large, lighting the grid round it; and the sky behind the page.
//! Drawn once on 2D canvases, since nothing moves here.

use shared::bounds::within;
use std::f64::consts::TAU;

use glam::Vec2;
use shared::world::Hull;
use web_sys::HtmlCanvasElement;

use crate::web::dom::{Fault, by_id, media};
use crate::web::hulls::outline;
use crate::web::maps::Paper;
use crate::web::palette::{COCKPIT, GRID, HALO, WHITE, css, rgb};
use crate::web::picture::moment::Chance;

const TURN: f32 = -0.46;
const FLAMES: [(f64, f64, f32); 2] = [(5.0, 0.34, 0.5), (3.2, 0.2, 0.9)];

/// The picture of the own ship.
#[derive(Debug)]
pub struct Hangar {
    canvas: HtmlCanvasElement,
}

impl Hangar {
    /// Finds its canvas.
    pub fn new() -> Result<Hangar, Fault> {
        Ok(Hangar { canvas: by_id("ship")? })
    }

    /// Draws `hull`.
    pub fn draw(&self, hull: Hull) {
        let Some(paper) = Paper::of(&self.canvas) else { return };
        let large = !media("(max-width: 900px)");
        let radius = if large { within(paper.height * 0.23, 34.0, 74.0) } else { 34.0 };
        let middle = (paper.width * 0.55, paper.height * 0.48);
        lit_grid(&paper, middle, radius);
        paper.glow(middle, radius * 3.2, (HALO, 0.3));
        let pen = &paper.pen;
        pen.save();
        let _ = pen.translate(middle.0, middle.1);
        let _ = pen.rotate(f64::from(TURN));
        let _ = pen.set_global_composite_operation("lighter");
        flames(&paper, radius);
        let _ = pen.set_global_composite_operation("source-over");
        body(&paper, hull, radius);
        pen.restore();
    }
}

fn lit_grid(paper: &Paper, (x, y): (f64, f64), radius: f64) {
    let pen = &paper.pen;
    let Ok(light) = pen.create_radial_gradient(x, y, 0.0, x, y, radius * 4.0) else { return };
    for (stop, alpha) in [(0.0, 0.42), (0.5, 0.1), (1.0, 0.0)] {
        let _ = light.add_color_stop(stop, &css(HALO, alpha));
    }
    pen.set_stroke_style_canvas_gradient(&light);
    pen.set_line_width(1.0);
    pen.begin_path();
    let (step, reach) = (radius * 0.62, radius * 4.0);
    for i in -12..=12 {
        let at = (f64::from(i) + 0.5) * step;
        pen.move_to(x + at, y - reach);
        pen.line_to(x + at, y + reach);
        pen.move_to(x - reach, y + at);
        pen.line_to(x + reach, y + at);
    }
    pen.stroke();
}

fn flames(paper: &Paper, k: f64) {
    let pen = &paper.pen;
    for (length, width, alpha) in FLAMES {
        let light = pen.create_linear_gradient(-k * 0.5, 0.0, -k * length, 0.0);
        let _ = light.add_color_stop(0.0, &css(WHITE, alpha));
        let _ = light.add_color_stop(0.15, &css(HALO, alpha * 0.7));
        let _ = light.add_color_stop(1.0, &css(HALO, 0.0));
        pen.set_fill_style_canvas_gradient(&light);
        pen.begin_path();
        pen.move_to(-k * 0.45, -k * width);
        pen.quadratic_curve_to(-k * length * 0.4, -k * width * 0.8, -k * length, 0.0);
        pen.quadratic_curve_to(-k * length * 0.4, k * width * 0.8, -k * 0.45, k * width);
        pen.fill();
    }
}

fn body(paper: &Paper, hull: Hull, k: f64) {
    let pen = &paper.pen;
    let at = |p: Vec2| (f64::from(p.x) * k, f64::from(p.y) * k);
    paper.outline(outline(hull).into_iter().map(at));
    let light = pen.create_linear_gradient(0.0, -k, 0.0, k);
    for (stop, hex) in [(0.0, 0x00ff_ffff), (0.5, 0x00f2_fcff), (0.5, 0x00c4_e9f5), (1.0, 0x00a9_dcec)] {
        let _ = light.add_color_stop(stop, &css(rgb(hex), 1.0));
    }
    pen.set_fill_style_canvas_gradient(&light);
    pen.fill();
    pen.set_stroke_style_str(&css(HALO, 1.0));
    pen.set_line_width(2.5);
    pen.stroke();
    let back = if hull == Hull::Fork { -0.2 } else { 0.0 };
    let cockpit = [(0.46, 0.0), (0.02, 0.17), (-0.2, 0.0), (0.02, -0.17)];
    paper.outline(cockpit.into_iter().map(|(x, y)| ((x + back) * k, y * k)));
    pen.set_fill_style_str(&css(COCKPIT, 1.0));
    pen.fill();
}

/// The sky behind the page: stars and the faint grid.
pub fn draw_sky() -> Result<(), Fault> {
    let canvas: HtmlCanvasElement = by_id("sky")?;
    let Some(paper) = Paper::of(&canvas) else { return Ok(()) };
    let (w, h) = (paper.width, paper.height);
    let pen = &paper.pen;
    paper.glow((w * 0.2, h * 0.25), w.max(h) * 0.5, (rgb(0x0016_335c), 0.22));
    paper.glow((w * 0.86, h * 0.8), w.max(h) * 0.45, (rgb(0x003a_1c3d), 0.3));
    pen.set_stroke_style_str(&css(GRID, 0.045));
    pen.begin_path();
    for i in 0..=(w.max(h) / 100.0) as u32 {
        let at = f64::from(i) * 100.0 + 0.5;
        pen.move_to(at, 0.0);
        pen.line_to(at, h);
        pen.move_to(0.0, at);
        pen.line_to(w, at);
    }
    pen.stroke();
    let mut chance = Chance::new(7);
    for _ in 0..(w * h / 1900.0) as u32 {
        let (radius, alpha) = match chance.draw() {
            r if r > 0.97 => (1.3, 0.70),
            r if r > 0.80 => (0.9, 0.36),
            _ => (0.6, 0.18),
        };
        let hue = if chance.draw() > 0.7 { rgb(0x00ff_e6cf) } else { rgb(0x00bc_d3ff) };
        pen.set_fill_style_str(&css(hue, alpha));
        pen.begin_path();
        let (x, y) = (f64::from(chance.draw()) * w, f64::from(chance.draw()) * h);
        let _ = pen.arc(x, y, radius, 0.0, TAU);
        pen.fill();
    }
    Ok(())
}
