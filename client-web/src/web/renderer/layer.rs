//! One layer of a picture as numbers: whoever knows the recipes adds shapes, the painter draws them kind by kind.
//! Units of the arena everywhere; colours are 0 to 1. It keeps its memory from picture to picture.

use glam::Vec2;
use shared::world::Hull;

use crate::web::palette::Rgb;

/// The polygons that can be drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A ship's hull.
    Hull(Hull),
    /// A cockpit.
    Kite,
    /// A piece of a hull that burst.
    Shard,
}

/// How many polygons there are.
pub const SHAPES: usize = 6;

impl Shape {
    /// Its place in lists of all shapes; also the order of drawing.
    pub fn index(self) -> usize {
        match self {
            Shape::Hull(hull) => usize::from(u8::from(hull)),
            Shape::Kite => 4,
            Shape::Shard => 5,
        }
    }
}

/// A colour with its alpha.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Paint {
    /// The colour.
    pub colour: Rgb,
    /// 0 is nothing, 1 covers.
    pub alpha: f32,
}

/// A colour with its alpha.
pub fn paint(colour: Rgb, alpha: f32) -> Paint {
    Paint { colour, alpha }
}

impl Paint {
    fn numbers(self) -> [f32; 4] {
        let [r, g, b] = self.colour;
        [r, g, b, self.alpha]
    }
}

/// A line with round ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Streak {
    /// Where it begins.
    pub tail: Vec2,
    /// Where it ends.
    pub head: Vec2,
    /// Width in units.
    pub width: f32,
    /// Colour where it begins.
    pub from: Paint,
    /// Colour where it ends.
    pub to: Paint,
    /// Whether it adds light instead of covering.
    pub light: bool,
}

/// A part of a circle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Arc {
    /// The circle's middle.
    pub middle: Vec2,
    /// The circle's radius.
    pub radius: f32,
    /// Width of the line in units.
    pub width: f32,
    /// The direction of the arc's middle in radians.
    pub angle: f32,
    /// Half of its length in radians; π or more is the whole circle.
    pub half_span: f32,
    /// Number of dashes in a whole circle; 0 is a plain line.
    pub dashes: f32,
    /// Colour.
    pub paint: Paint,
    /// Whether it adds light instead of covering.
    pub light: bool,
}

/// How a polygon stands and looks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stance {
    /// Where.
    pub place: Vec2,
    /// Where its nose points; a unit vector.
    pub nose: Vec2,
    /// Units per unit of the outline, along and across.
    pub size: Vec2,
    /// Width of the outline in units.
    pub line_width: f32,
    /// The inside.
    pub fill: Paint,
    /// The outline.
    pub line: Paint,
}

/// Shapes of one layer, drawn as flames, glows, streaks, polygons, arcs.
#[derive(Debug, Default)]
pub struct Layer {
    /// Instances of the glow program.
    pub glows: Vec<f32>,
    /// Instances of the flame program.
    pub flames: Vec<f32>,
    /// Instances of the streak program.
    pub streaks: Vec<f32>,
    /// Instances of the arc program.
    pub arcs: Vec<f32>,
    /// Instances of the polygons.
    pub shapes: [Vec<f32>; SHAPES],
}

impl Layer {
    /// Forgets all shapes.
    pub fn clear(&mut self) {
        for list in [&mut self.glows, &mut self.flames, &mut self.streaks, &mut self.arcs] {
            list.clear();
        }
        for list in &mut self.shapes {
            list.clear();
        }
    }

    /// Round light.
    pub fn glow(&mut self, place: Vec2, radius: f32, light: Paint) {
        if light.alpha > 0.002 && radius > 0.0 {
            self.glows.extend([place.x, place.y, radius]);
            self.glows.extend(light.numbers());
        }
    }

    /// A tapered light from `root` along the unit vector `way`; `size` is length and half the root's width.
    pub fn flame(&mut self, root: Vec2, way: Vec2, size: Vec2, light: Paint) {
        if light.alpha > 0.002 && size.x > 0.5 {
            self.flames.extend([root.x, root.y, way.x, way.y, size.x, size.y]);
            self.flames.extend(light.numbers());
        }
    }

    /// A line with round ends.
    pub fn streak(&mut self, streak: Streak) {
        let Streak { tail, head, width, from, to, light } = streak;
        self.streaks.extend([tail.x, tail.y, head.x, head.y, width / 2.0, f32::from(u8::from(light))]);
        self.streaks.extend(from.numbers());
        self.streaks.extend(to.numbers());
    }

    /// A line of one colour that covers what is below.
    pub fn line(&mut self, tail: Vec2, head: Vec2, width: f32, colour: Paint) {
        self.streak(Streak { tail, head, width, from: colour, to: colour, light: false });
    }

    /// A dot of one colour.
    pub fn dot(&mut self, place: Vec2, radius: f32, colour: Paint, light: bool) {
        self.streak(Streak {
            tail: place,
            head: place,
            width: radius * 2.0,
            from: colour,
            to: colour,
            light,
        });
    }

    /// A part of a circle.
    pub fn arc(&mut self, arc: Arc) {
        let Arc { middle, radius, width, angle, half_span, dashes, paint, light } = arc;
        if paint.alpha > 0.002 && half_span > 0.0 && radius > 0.0 {
            self.arcs.extend([middle.x, middle.y, radius, width / 2.0]);
            self.arcs.extend([angle, half_span, dashes, f32::from(u8::from(light))]);
            self.arcs.extend(paint.numbers());
        }
    }

    /// A polygon.
    pub fn shape(&mut self, shape: Shape, stance: &Stance) {
        if let Some(list) = self.shapes.get_mut(shape.index()) {
            list.extend([stance.place.x, stance.place.y, stance.nose.x, stance.nose.y]);
            list.extend([stance.size.x, stance.size.y, stance.line_width / 2.0]);
            list.extend(stance.fill.numbers());
            list.extend(stance.line.numbers());
        }
    }
}
