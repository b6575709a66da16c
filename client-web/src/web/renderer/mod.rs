//! Draws pictures of the arena with WebGL2: ground, walls, then layers of shapes. It knows shapes and light, not rules.
//! The recipes that turn a view into layers stand in `picture`, which calls this.

pub mod camera;
pub mod gl;
pub mod ground;
pub mod layer;
pub mod painter;
pub mod polygon;
pub mod programs;
pub mod walls;

use glam::Vec2;
use shared::arena::Arena;
use web_sys::HtmlCanvasElement;

use self::camera::Camera;
use self::gl::Gl;
use self::ground::Ground;
use self::layer::{Layer, paint};
use self::painter::Painter;
use self::programs::{LAMPS_MAX, Programs};
use self::walls::Walls;
use crate::web::dom::Fault;
use crate::web::palette::Rgb;

/// Share of a lamp's light on the grid that falls on the ground.
const GROUND_SHARE: f32 = 0.22;

/// Something that lights the grid and the walls round it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lamp {
    /// Where.
    pub place: Vec2,
    /// How far it reaches, in units.
    pub radius: f32,
    /// Its colour.
    pub colour: Rgb,
    /// Its brightness on the grid, 0 to 1.
    pub alpha: f32,
}

/// Everything that one picture shows besides the arena itself.
#[derive(Debug, Default)]
pub struct Scene {
    /// Lights; the first is the own ship's. More than six are not drawn.
    pub lamps: Vec<Lamp>,
    /// Trails, flames and shots.
    pub shots: Layer,
    /// Other ships.
    pub ships: Layer,
    /// Blasts and sparks.
    pub blasts: Layer,
    /// The own ship and what is round it.
    pub own: Layer,
    /// Brightness of the grid far from every lamp.
    pub grid: f32,
    /// How much the stars move with the camera: 0 or 1.
    pub parallax: f32,
}

impl Scene {
    /// Forgets all shapes and lamps.
    pub fn clear(&mut self) {
        self.lamps.clear();
        for layer in [&mut self.shots, &mut self.ships, &mut self.blasts, &mut self.own] {
            layer.clear();
        }
    }
}

/// A WebGL2 canvas with all that draws on it.
#[derive(Debug)]
pub struct Renderer {
    gl: Gl,
    programs: Programs,
    painter: Painter,
    ground: Ground,
    ground_light: Layer,
    walls: Option<Walls>,
    half: Vec2,
}

impl Renderer {
    /// Compiles all shaders on `canvas`.
    pub fn new(canvas: &HtmlCanvasElement) -> Result<Renderer, Fault> {
        let gl = Gl::new(canvas)?;
        let programs = Programs::new(&gl)?;
        let painter = Painter::new(&gl)?;
        let ground = Ground::new(&gl)?;
        let half = Vec2::splat(4000.0);
        Ok(Renderer { gl, programs, painter, ground, ground_light: Layer::default(), walls: None, half })
    }

    /// Builds the walls of `arena`, once for a match.
    pub fn set_arena(&mut self, arena: &Arena) -> Result<(), Fault> {
        self.walls = Some(Walls::new(&self.gl, arena)?);
        self.half = arena.half();
        Ok(())
    }

    /// Draws one picture of `width` by `height` device pixels.
    pub fn draw(&mut self, camera: &Camera, scene: &Scene, (width, height): (u32, u32)) {
        let gl = &self.gl;
        gl.begin(width as i32, height as i32);
        for program in self.programs.all() {
            gl.set(program, "u_view", &camera.uniform());
            gl.set(program, "u_pixel", &[camera.pixel_units()]);
        }
        self.set_lamps(&scene.lamps);
        self.ground_light.clear();
        for lamp in &scene.lamps {
            self.ground_light.glow(lamp.place, lamp.radius, paint(lamp.colour, lamp.alpha * GROUND_SHARE));
        }
        self.ground.draw_void(&self.gl, &self.programs, camera, scene.parallax);
        self.painter.draw(&self.gl, &self.programs, &self.ground_light);
        self.ground.draw_grid(&self.gl, &self.programs, camera, (self.half, scene.grid));
        if let Some(walls) = &self.walls {
            walls.draw(&self.gl, &self.programs, camera);
        }
        for layer in [&scene.shots, &scene.ships, &scene.blasts, &scene.own] {
            self.painter.draw(&self.gl, &self.programs, layer);
        }
    }

    fn set_lamps(&self, lamps: &[Lamp]) {
        let mut places = [0.0; LAMPS_MAX * 4];
        let mut colours = [0.0; LAMPS_MAX * 3];
        let slots = places.chunks_exact_mut(4).zip(colours.chunks_exact_mut(3));
        for (lamp, (place, colour)) in lamps.iter().zip(slots) {
            place.copy_from_slice(&[lamp.place.x, lamp.place.y, lamp.radius, lamp.alpha]);
            colour.copy_from_slice(&lamp.colour);
        }
        for program in [&self.programs.grid, &self.programs.wall_face, &self.programs.wall_edge] {
            self.gl.set_all(program, "u_lamps", &places, 4);
            self.gl.set_all(program, "u_lamp_colours", &colours, 3);
        }
    }
}
