//! The whole arena in a corner: walls, the part that the screen shows, the own ship, and the ships in view.
//! Nobody sees more here than round the own ship; the server sends no more.

use shared::mode::Team;
use web_sys::HtmlCanvasElement;

use crate::view::{ShipView, View};
use crate::web::cast::{Cast, hue};
use crate::web::dom::{Fault, by_id};
use crate::web::maps::{Dot, Fit, Paper, draw};
use crate::web::palette::{HALO, SIDES, TAKE, YOU, css};
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
        let ship = |ship: &ShipView| Dot { place: ship.position, colour: hue(cast, ship.id), radius: 1.7 };
        let mut dots: Vec<Dot> = view.ships.iter().map(ship).collect();
        let pickups = view.pickups.iter().filter_map(|place| arena.pickups().get(usize::from(*place)));
        dots.extend(pickups.map(|pickup| Dot { place: pickup.place, colour: TAKE, radius: 1.3 }));
        let Some((paper, fit)) = draw(&self.canvas, arena, &dots) else { return };
        draw_cores(&paper, &fit, view, cast.own_side());
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

/// Stands as rings, cores as diamonds where they were last known to be.
fn draw_cores(paper: &Paper, fit: &Fit, view: &View, own: Team) {
    let cores = view.sides.and_then(|sides| sides.cores);
    for (team, core) in Team::SIDES.into_iter().zip(cores.iter().flatten()) {
        let colour = css(SIDES[usize::from(team != own)], 1.0);
        paper.pen.set_stroke_style_str(&colour);
        paper.pen.set_fill_style_str(&colour);
        paper.pen.set_line_width(1.2);
        let (x, y) = fit.place(core.stand);
        paper.pen.begin_path();
        let _ = paper.pen.arc(x, y, 4.5, 0.0, std::f64::consts::TAU);
        paper.pen.stroke();
        let (x, y) = fit.place(core.place);
        paper.outline([(x, y - 4.0), (x + 3.0, y), (x, y + 4.0), (x - 3.0, y)].into_iter());
        if core.by.is_none() {
            paper.pen.fill();
        } else {
            paper.pen.stroke();
        }
    }
}
