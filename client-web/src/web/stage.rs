//! The canvas of the arena: its size, its camera, its renderer, and how sharp it may be on this machine.
//! Play and watch both draw through this; what is shown comes in as a view.

use shared::bounds::within;
use std::cell::Cell;
use std::rc::Rc;

use glam::Vec2;
use shared::arena::Arena;
use shared::id::PlayerId;
use web_sys::{Event, HtmlCanvasElement};

use super::cast::Cast;
use super::dom::{Fault, by_id, listen, reduced_motion, window};
use super::picture::Picture;
use super::picture::look::Class;
use super::picture::moment::Moment;
use super::quality::Quality;
use super::renderer::Renderer;
use super::renderer::camera::Camera;
use crate::view::View;

/// More device pixels per CSS pixel than this cost time and show nothing.
const RATIO_MAX: f32 = 2.0;
const DT_MS_MAX: f32 = 100.0;

/// When a picture is made.
#[derive(Clone, Copy, Debug)]
pub struct Now {
    /// The page's clock.
    pub now_ms: f64,
    /// The picture's own time, as the browser gives it.
    pub picture_ms: f64,
}

/// The arena's canvas.
#[derive(Debug)]
pub struct Stage {
    canvas: HtmlCanvasElement,
    renderer: Renderer,
    picture: Picture,
    quality: Quality,
    arena: Option<Arena>,
    camera: Camera,
    drawn_ms: f64,
    resized: Rc<Cell<bool>>,
    restored: Rc<Cell<bool>>,
    calm: bool,
}

impl Stage {
    /// The canvas that the page calls `id`.
    pub fn new(id: &str) -> Result<Stage, Fault> {
        let canvas: HtmlCanvasElement = by_id(id)?;
        let renderer = Renderer::new(&canvas)?;
        let resized = Rc::new(Cell::new(true));
        let flag = Rc::clone(&resized);
        listen(&window()?, "resize", move |_| flag.set(true))?;
        let restored = Rc::new(Cell::new(false));
        let flag = Rc::clone(&restored);
        listen(&canvas, "webglcontextlost", |event: Event| event.prevent_default())?;
        listen(&canvas, "webglcontextrestored", move |_| flag.set(true))?;
        Ok(Stage {
            canvas,
            renderer,
            picture: Picture::new(),
            quality: Quality::new(),
            arena: None,
            camera: Camera::new(Vec2::ZERO, Vec2::ONE, 1.0),
            drawn_ms: 0.0,
            resized,
            restored,
            calm: reduced_motion(),
        })
    }

    /// The camera of the last picture.
    pub fn camera(&self) -> &Camera {
        &self.camera
    }

    /// Whether less motion is wanted.
    pub fn calm(&self) -> bool {
        self.calm
    }

    /// How much a ship matters now.
    pub fn class_of(&mut self, id: PlayerId) -> Class {
        self.picture.class_of(id)
    }

    /// Draws one picture; `me` is who plays, if somebody does.
    pub fn draw(
        &mut self,
        view: &View,
        cast: &dyn Cast,
        now: Now,
        me: Option<PlayerId>,
    ) -> Result<(), Fault> {
        self.rebuild(cast)?;
        if self.quality.measure(now.picture_ms) {
            self.resized.set(true);
        }
        if self.resized.take() {
            self.resize()?;
        }
        let dt_ms = within((now.now_ms - self.drawn_ms) as f32, 0.0, DT_MS_MAX);
        self.drawn_ms = now.now_ms;
        let shake = if self.calm { Vec2::ZERO } else { self.picture.shake(now.now_ms) };
        self.camera = Camera::new(view.camera + shake, self.camera.size, self.camera.ratio);
        let moment =
            Moment { view, cast, camera: self.camera, now_ms: now.now_ms, dt_ms, calm: self.calm, me };
        let scene = self.picture.compose(&moment);
        self.renderer.draw(&self.camera, scene, (self.canvas.width(), self.canvas.height()));
        Ok(())
    }

    /// New walls for a new arena; everything new when the browser has taken the context away and given it back.
    fn rebuild(&mut self, cast: &dyn Cast) -> Result<(), Fault> {
        if self.restored.take() {
            self.renderer = Renderer::new(&self.canvas)?;
            self.arena = None;
        }
        if let Some(arena) = cast.arena().filter(|arena| self.arena.as_ref() != Some(arena)) {
            self.renderer.set_arena(arena)?;
            self.arena = Some(arena.clone());
        }
        Ok(())
    }

    fn resize(&mut self) -> Result<(), Fault> {
        let size =
            Vec2::new(self.canvas.client_width() as f32, self.canvas.client_height() as f32).max(Vec2::ONE);
        let ratio = within(window()?.device_pixel_ratio() as f32, 0.5, RATIO_MAX) * self.quality.scale();
        self.canvas.set_width((size.x * ratio).round() as u32);
        self.canvas.set_height((size.y * ratio).round() as u32);
        self.camera = Camera::new(self.camera.centre, size, ratio);
        Ok(())
    }
}
