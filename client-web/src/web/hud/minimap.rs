//! The whole arena in a corner: walls, the part that the screen shows, the own ship, and the ships in view.
//! Nobody sees more here than round the own ship; the server sends no more.

use web_sys::HtmlCanvasElement;

use crate::view::View;
use crate::web::cast::Cast;
use crate::web::dom::{Fault, by_id};
use crate::web::maps::{Dot, draw};
use crate::web::palette::{HALO, YOU, css, foe};
use crate::web::renderer::camera::Camera;

const EVERY_MS: f64 = 100.0;

/// The minimap's canvas.
#[derive(Debug)]
pub struct Minimap {
    canvas: HtmlCanvasElement,
    drawn_ms: f64,
}

impl Minimap {
    /// Finds its canvas.
    pub fn new() -> Result<Minimap, Fault> {
        Ok(Minimap { canvas: by_id("mini")?, drawn_ms: f64::NEG_INFINITY })
    }

    /// Draws it, ten times a second at most.
    pub fn show(&mut self, view: &View, cast: &dyn Cast, camera: &Camera, now_ms: f64) {
        let Some(arena) = cast.arena().filter(|_| now_ms - self.drawn_ms >= EVERY_MS) else { return };
        self.drawn_ms = now_ms;
        let dots =
            view.ships.iter().map(|ship| Dot { place: ship.position, colour: foe(ship.id), radius: 1.7 });
        let Some((paper, fit)) = draw(&self.canvas, arena, &dots.collect::<Vec<_>>()) else { return };
        let half = camera.half_units();
        let (left, top) = fit.place(camera.centre - half);
        let (right, bottom) = fit.place(camera.centre + half);
        paper.pen.set_stroke_style_str(&css(YOU, 0.4));
        paper.pen.set_line_width(1.0);
        paper.pen.stroke_rect(left, top, right - left, bottom - top);
        let Some(own) = &view.own else { return };
        let nose = own.aim.direction();
        let (x, y) = fit.place(own.position);
        let corner = |along: f64, across: f64| {
            let (c, s) = (f64::from(nose.x), f64::from(nose.y));
            (x + along * c - across * s, y + along * s + across * c)
        };
        paper.glow((x, y), 12.0, (HALO, 0.6));
        paper.pen.set_fill_style_str(&css(YOU, 1.0));
        paper.outline([corner(6.0, 0.0), corner(-4.0, 4.0), corner(-4.0, -4.0)].into_iter());
        paper.pen.fill();
    }
}
