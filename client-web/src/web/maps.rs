//! Small pictures of arenas on a 2D canvas: thumbnails in the lobby, the choice of a map, the minimap's walls.
//! The maps are those that the server lists; a page keeps the list that it got last, and only looks at it.

use shared::bounds::within;
use std::cell::RefCell;

use glam::Vec2;
use shared::arena::{Arena, ArenaFile};
use wasm_bindgen::JsCast;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement};

use super::dom::window;
use super::net::json::Json;
use super::palette::{GRID, Rgb, css, rgb};

thread_local! {
    static KNOWN: RefCell<Vec<Json>> = const { RefCell::new(Vec::new()) };
}

/// Keeps the server's list.
pub fn keep(list: &Json) {
    KNOWN.set(list.entries());
}

/// The names of the maps that the server listed last; none before its first answer.
pub fn names() -> Vec<String> {
    KNOWN.with_borrow(|maps| maps.iter().filter_map(|map| map.get("name").text()).collect())
}

/// What the server says about the map `name`; nothing while it is not known.
pub fn about(name: &str) -> Json {
    let is_it = |map: &&Json| map.get("name").text().is_some_and(|text| text == name);
    KNOWN.with_borrow(|maps| maps.iter().find(is_it).cloned()).unwrap_or_else(Json::object)
}

/// The arena that the server calls `name`, for a match of `seats`; without walls while it is not known.
pub fn arena(name: &str, seats: u32) -> Arena {
    read(&about(name)).unwrap_or_else(|| Arena::open(seats))
}

/// A map's arena; `None` if its size follows the number of seats.
fn read(json: &Json) -> Option<Arena> {
    let point = |json: &Json| match json.entries().as_slice() {
        [x, y] => Some([x.number()? as f32, y.number()? as f32]),
        _ => None,
    };
    let points = |json: &Json| json.entries().iter().filter_map(point).collect::<Vec<_>>();
    let file = ArenaFile {
        width: json.get("width").number()? as f32,
        height: json.get("height").number()? as f32,
        walls: json.get("walls").entries().iter().map(points).collect(),
        spawns: points(&json.get("spawns")),
        cores: points(&json.get("cores")),
        ..ArenaFile::default()
    };
    Arena::try_from(file).ok().filter(|_| !json.get("grows").is_true())
}

/// What people call the map.
pub fn label(name: &str) -> String {
    about(name).get("title").text().unwrap_or_else(|| name.to_owned())
}

/// A dot on a map.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dot {
    /// In units of the arena.
    pub place: Vec2,
    /// Its colour.
    pub colour: Rgb,
    /// In CSS pixels.
    pub radius: f64,
}

/// A 2D canvas whose coordinates are CSS pixels.
#[derive(Clone, Debug)]
pub struct Paper {
    /// What to draw with.
    pub pen: CanvasRenderingContext2d,
    /// Width in CSS pixels.
    pub width: f64,
    /// Height in CSS pixels.
    pub height: f64,
}

impl Paper {
    /// Takes `canvas` at its present size and clears it. `None` while it is not shown.
    pub fn of(canvas: &HtmlCanvasElement) -> Option<Paper> {
        let ratio = within(window().ok()?.device_pixel_ratio(), 1.0, 2.0);
        let (width, height) = (f64::from(canvas.client_width()), f64::from(canvas.client_height()));
        if width < 1.0 || height < 1.0 {
            return None;
        }
        canvas.set_width((width * ratio).round() as u32);
        canvas.set_height((height * ratio).round() as u32);
        let pen: CanvasRenderingContext2d = canvas.get_context("2d").ok().flatten()?.dyn_into().ok()?;
        pen.scale(ratio, ratio).ok()?;
        Some(Paper { pen, width, height })
    }

    /// Begins a closed path through `points`.
    pub fn outline(&self, points: impl Iterator<Item = (f64, f64)>) {
        self.pen.begin_path();
        for (x, y) in points {
            self.pen.line_to(x, y);
        }
        self.pen.close_path();
    }

    /// A filled circle.
    pub fn dot(&self, x: f64, y: f64, radius: f64) {
        self.pen.begin_path();
        let _ = self.pen.arc(x, y, radius, 0.0, std::f64::consts::TAU);
        self.pen.fill();
    }

    /// Light that fades from the middle.
    pub fn glow(&self, (x, y): (f64, f64), radius: f64, (colour, alpha): (Rgb, f32)) {
        let Ok(gradient) = self.pen.create_radial_gradient(x, y, 0.0, x, y, radius) else { return };
        for (stop, share) in [(0.0, 1.0), (0.35, 0.38), (1.0, 0.0)] {
            let _ = gradient.add_color_stop(stop, &css(colour, alpha * share));
        }
        self.pen.set_fill_style_canvas_gradient(&gradient);
        self.pen.fill_rect(x - radius, y - radius, radius * 2.0, radius * 2.0);
    }
}

/// From units to a map's pixels.
#[derive(Clone, Copy, Debug)]
pub struct Fit {
    middle: (f64, f64),
    /// CSS pixels in a unit.
    pub scale: f64,
}

impl Fit {
    /// The whole arena on the paper, with a small margin.
    pub fn new(paper: &Paper, arena: &Arena) -> Fit {
        let size = arena.half() * 2.0;
        let scale = (paper.width / f64::from(size.x)).min(paper.height / f64::from(size.y)) * 0.96;
        Fit { middle: (paper.width / 2.0, paper.height / 2.0), scale }
    }

    /// Where a place is on the paper.
    pub fn place(&self, place: Vec2) -> (f64, f64) {
        (self.middle.0 + f64::from(place.x) * self.scale, self.middle.1 + f64::from(place.y) * self.scale)
    }
}

/// Draws the ground, the grid and the walls of `arena`.
pub fn draw(canvas: &HtmlCanvasElement, arena: &Arena, dots: &[Dot]) -> Option<(Paper, Fit)> {
    let paper = Paper::of(canvas)?;
    let fit = Fit::new(&paper, arena);
    let pen = &paper.pen;
    let (w, h) = (paper.width, paper.height);
    let ground = pen.create_radial_gradient(w / 2.0, h / 2.0, 0.0, w / 2.0, h / 2.0, w * 0.7).ok()?;
    let _ = ground.add_color_stop(0.0, "#111a2c");
    let _ = ground.add_color_stop(1.0, "#070b13");
    pen.set_fill_style_canvas_gradient(&ground);
    pen.fill_rect(0.0, 0.0, w, h);
    draw_grid(&paper, &fit, arena.half());
    pen.set_fill_style_str("#26344f");
    pen.set_stroke_style_str("#7890bb");
    pen.set_line_width(1.1);
    for wall in arena.walls() {
        paper.outline(wall.corners().iter().map(|corner| fit.place(*corner)));
        pen.fill();
        pen.stroke();
    }
    for dot in dots {
        let (x, y) = fit.place(dot.place);
        pen.set_fill_style_str(&css(dot.colour, 1.0));
        paper.dot(x, y, dot.radius);
    }
    Some((paper, fit))
}

fn draw_grid(paper: &Paper, fit: &Fit, half: Vec2) {
    let pen = &paper.pen;
    pen.set_stroke_style_str(&css(GRID, 0.09));
    pen.set_line_width(1.0);
    pen.begin_path();
    let step = (half.max_element() / 6.0 / 100.0).ceil() * 100.0;
    let count = (half.max_element() / step) as i32;
    for i in -count..=count {
        let at = i as f32 * step;
        for (from, to) in
            [(Vec2::new(at, -half.y), Vec2::new(at, half.y)), (Vec2::new(-half.x, at), Vec2::new(half.x, at))]
        {
            let ((a, b), (c, d)) = (fit.place(from), fit.place(to));
            pen.move_to(a, b);
            pen.line_to(c, d);
        }
    }
    pen.stroke();
    let (left, top) = fit.place(-half);
    let (right, bottom) = fit.place(half);
    pen.set_stroke_style_str(&css(rgb(0x0052_678f), 0.6));
    pen.stroke_rect(left, top, right - left, bottom - top);
}
