//! The shaders, one small program for each kind of shape: software renderers pay for every branch of a large one.
//! World units come in; `u_view` is camera x, y and clip units per world unit, `u_pixel` a device pixel in units.

use super::gl::{Gl, Program};
use crate::web::dom::Fault;

/// Most lamps that light the grid at once.
pub const LAMPS_MAX: usize = 6;

const UNIFORMS: [&str; 7] =
    ["u_view", "u_pixel", "u_lamps", "u_lamp_colours", "u_lift", "u_shape", "u_colour"];

/// All programs.
#[derive(Debug)]
pub struct Programs {
    /// The void behind everything.
    pub backdrop: Program,
    /// Stars with parallax.
    pub stars: Program,
    /// Lines of the grid.
    pub grid: Program,
    /// Faces of walls.
    pub wall_face: Program,
    /// Edges of walls and their shadow.
    pub wall_edge: Program,
    /// Round light.
    pub glow: Program,
    /// Tapered light behind a ship.
    pub flame: Program,
    /// A line with round ends and two colours; also dots.
    pub streak: Program,
    /// Arcs and rings.
    pub arc: Program,
    /// The inside of a polygon.
    pub fill: Program,
    /// The outline of a polygon.
    pub line: Program,
}

impl Programs {
    /// Compiles everything.
    pub fn new(gl: &Gl) -> Result<Programs, Fault> {
        let make = |vertex: &str, fragment: &str| {
            let vertex = format!("{HEAD}{VIEW}{vertex}");
            let lamps = format!("#define LAMPS {LAMPS_MAX}\n");
            let fragment = format!("{HEAD}{lamps}{fragment}");
            gl.program(&vertex, &fragment, &UNIFORMS)
        };
        Ok(Programs {
            backdrop: make(BACKDROP_V, BACKDROP_F)?,
            stars: make(STARS_V, STARS_F)?,
            grid: make(GRID_V, GRID_F)?,
            wall_face: make(FACE_V, FACE_F)?,
            wall_edge: make(EDGE_V, EDGE_F)?,
            glow: make(GLOW_V, GLOW_F)?,
            flame: make(FLAME_V, FLAME_F)?,
            streak: make(STREAK_V, STREAK_F)?,
            arc: make(ARC_V, ARC_F)?,
            fill: make(FILL_V, FILL_F)?,
            line: make(LINE_V, LINE_F)?,
        })
    }

    /// Every program, to set what all have in common.
    pub fn all(&self) -> [&Program; 11] {
        [
            &self.backdrop,
            &self.stars,
            &self.grid,
            &self.wall_face,
            &self.wall_edge,
            &self.glow,
            &self.flame,
            &self.streak,
            &self.arc,
            &self.fill,
            &self.line,
        ]
    }
}

const HEAD: &str = "#version 300 es\nprecision highp float;\nuniform float u_pixel;\n";

const VIEW: &str = "
uniform vec4 u_view;
vec2 corner() { return vec2(float(gl_VertexID & 1), float(gl_VertexID >> 1)) * 2. - 1.; }
vec4 clip(vec2 world) { return vec4((world - u_view.xy) * u_view.zw, 0., 1.); }
";

const BACKDROP_V: &str = "
uniform vec4 u_shape;
out vec2 v_at;
void main() { v_at = corner() * u_shape.xy; gl_Position = vec4(corner(), 0., 1.); }
";
// u_shape: half width and half height in CSS pixels, then the longer side.
const BACKDROP_F: &str = "
uniform vec4 u_shape;
in vec2 v_at;
out vec4 colour;
float glow(vec2 at, float radius) {
  float d = clamp(distance(v_at, at) / radius, 0., 1.);
  return d < .35 ? mix(1., .38, d / .35) : mix(.38, 0., (d - .35) / .65);
}
void main() {
  float d = length(v_at) / (length(u_shape.xy) * 1.2);
  vec3 c = d < .55 ? mix(vec3(.039, .063, .110), vec3(.027, .043, .078), d / .55)
                   : mix(vec3(.027, .043, .078), vec3(.016, .024, .043), min(1., (d - .55) / .45));
  c += vec3(.086, .200, .361) * .3 * glow(vec2(-.6, .5) * u_shape.xy, u_shape.z * .5);
  c += vec3(.227, .110, .239) * .3 * glow(vec2(.72, -.6) * u_shape.xy, u_shape.z * .45);
  float noise = fract(52.9829189 * fract(dot(gl_FragCoord.xy, vec2(.06711056, .00583715))));
  colour = vec4(c + (noise - .5) / 255., 1.);
}
";

// A star: place in a tile of the screen, parallax, radius in CSS pixels; then alpha, warmth.
const STARS_V: &str = "
uniform vec4 u_shape;
layout(location = 0) in vec4 a_star;
layout(location = 1) in vec2 a_light;
out vec2 v_at; out vec4 v_colour;
void main() {
  vec2 size = u_shape.xy * 2. + 8.;
  vec2 drift = vec2(u_view.x, -u_view.y) * u_shape.w * a_star.z;
  vec2 at = (fract(a_star.xy - drift / size) - .5) * size;
  float r = a_star.w + u_shape.z;
  v_at = corner() * r / a_star.w;
  v_colour = vec4(mix(vec3(.737, .827, 1.), vec3(1., .902, .812), a_light.y), a_light.x);
  gl_Position = vec4((at + corner() * r) / u_shape.xy, 0., 1.);
}
";
const STARS_F: &str = "
in vec2 v_at; in vec4 v_colour;
out vec4 colour;
void main() {
  float d = length(v_at);
  float a = clamp((1. - d) / fwidth(d) + .5, 0., 1.) * v_colour.a;
  colour = vec4(v_colour.rgb * a, 0.);
}
";

// u_shape.x: half the width of a line in units.
const GRID_V: &str = "
uniform vec4 u_shape;
layout(location = 0) in vec4 a_ends;
out vec2 v_at; out vec2 v_across;
void main() {
  vec2 along = normalize(a_ends.zw - a_ends.xy);
  float reach = u_shape.x + u_pixel;
  v_across = vec2(corner().y * reach, u_shape.x);
  v_at = mix(a_ends.xy, a_ends.zw, corner().x * .5 + .5) + vec2(-along.y, along.x) * v_across.x;
  gl_Position = clip(v_at);
}
";
// A lamp is x, y, radius, alpha.
const GRID_F: &str = "
uniform vec4 u_lamps[LAMPS]; uniform vec3 u_lamp_colours[LAMPS]; uniform vec4 u_colour;
in vec2 v_at; in vec2 v_across;
out vec4 colour;
void main() {
  float line = clamp((v_across.y - abs(v_across.x)) / u_pixel + .5, 0., 1.);
  vec3 c = u_colour.rgb * u_colour.a;
  for (int i = 0; i < LAMPS; i++) {
    vec4 lamp = u_lamps[i];
    float d = clamp(distance(v_at, lamp.xy) / max(lamp.z, 1.), 0., 1.);
    c += u_lamp_colours[i] * lamp.a * (d < .5 ? mix(1., .3, d * 2.) : mix(.3, 0., d * 2. - 1.));
  }
  colour = vec4(c * line, 0.);
}
";

// A vertex of a wall: place, height (0 base, 1 top), face (0 top, 1 side, 2 outside of the arena). u_lift: how far the top is pushed.
const FACE_V: &str = "
uniform vec4 u_lift;
layout(location = 0) in vec4 a_vertex;
out vec3 v_at;
void main() {
  vec2 p = u_view.xy + (a_vertex.xy - u_view.xy) * mix(1., u_lift.x, a_vertex.z);
  v_at = vec3(a_vertex.xy, a_vertex.w);
  gl_Position = clip(p);
}
";
const FACE_F: &str = "
uniform vec4 u_lamps[LAMPS];
in vec3 v_at;
out vec4 colour;
void main() {
  float d = fract((v_at.x * .914 + v_at.y * .406) / 10.6);
  float hatch = smoothstep(u_pixel / 10.6 * 1.6, 0., abs(d - .5)) * .032;
  float lit = 1. - clamp(distance(v_at.xy, u_lamps[0].xy) / max(u_lamps[0].z * 1.6, 1.), 0., 1.);
  vec3 top = vec3(.051, .082, .141) + vec3(.498, .604, .784) * hatch + vec3(.01, .02, .032) * lit * lit;
  vec3 side = vec3(.039, .067, .125) * mix(.62, 1.15, lit);
  vec3 outside = vec3(.019, .028, .050) + vec3(.02, .034, .056) * lit * lit + vec3(.498, .604, .784) * hatch * .25 * lit;
  colour = vec4(v_at.z < .5 ? top : v_at.z < 1.5 ? side : outside, 1.);
}
";

// A vertex of an edge: place and height, then mitre and side. u_shape: half width, softness, push, kind.
const EDGE_V: &str = "
uniform vec4 u_lift; uniform vec4 u_shape;
layout(location = 0) in vec3 a_place;
layout(location = 1) in vec3 a_side;
out vec3 v_at; out float v_across;
void main() {
  float half_width = u_shape.x + u_pixel * .75;
  vec2 p = u_view.xy + (a_place.xy - u_view.xy) * mix(1., u_lift.x, a_place.z);
  p += a_side.xy * a_side.z * half_width;
  v_at = vec3(a_place.xy, half_width);
  v_across = a_side.z * half_width;
  gl_Position = clip(p);
}
";
const EDGE_F: &str = "
uniform vec4 u_shape; uniform vec4 u_lamps[LAMPS]; uniform vec4 u_colour;
in vec3 v_at; in float v_across;
out vec4 colour;
void main() {
  float across = abs(v_across);
  if (u_shape.w > .5) {
    float a = clamp(1. - across / v_at.z, 0., 1.);
    colour = vec4(u_colour.rgb, 1.) * (a * a * u_colour.a);
    return;
  }
  float a = clamp((u_shape.x - across) / u_pixel + .5, 0., 1.);
  float d = clamp(distance(v_at.xy, u_lamps[0].xy) / 540., 0., 1.);
  vec3 near = vec3(.663, .769, .933), middle = vec3(.353, .443, .608), far = vec3(.200, .263, .373);
  vec3 lit = d < .5 ? mix(near, middle, d * 2.) : mix(middle, far, d * 2. - 1.);
  vec3 c = mix(far * 1.25, lit, step(.001, u_lamps[0].a));
  colour = vec4(mix(c, u_colour.rgb, u_colour.a) * a, a);
}
";

const GLOW_V: &str = "
layout(location = 0) in vec3 a_place;
layout(location = 1) in vec4 a_colour;
out vec2 v_at; out vec4 v_colour;
void main() {
  v_at = corner(); v_colour = a_colour;
  gl_Position = clip(a_place.xy + v_at * a_place.z);
}
";
const GLOW_F: &str = "
in vec2 v_at; in vec4 v_colour;
out vec4 colour;
void main() {
  float d = length(v_at);
  float a = d < .35 ? mix(1., .38, d / .35) : mix(.38, 0., min(1., (d - .35) / .65));
  colour = vec4(v_colour.rgb * (v_colour.a * a), 0.);
}
";

// A flame: root, direction; length, half width of the root; colour.
const FLAME_V: &str = "
layout(location = 0) in vec4 a_root;
layout(location = 1) in vec2 a_size;
layout(location = 2) in vec4 a_colour;
out vec2 v_at; out vec4 v_colour;
void main() {
  vec2 along = a_root.zw, across = vec2(-along.y, along.x);
  v_at = vec2(corner().x * .5 + .5, corner().y * 1.15); v_colour = a_colour;
  gl_Position = clip(a_root.xy + along * v_at.x * a_size.x + across * v_at.y * a_size.y);
}
";
const FLAME_F: &str = "
in vec2 v_at; in vec4 v_colour;
out vec4 colour;
void main() {
  float t = v_at.x;
  float rim = (1. - t * t) * mix(1., .72, t);
  float a = clamp((rim - abs(v_at.y)) / max(.24, fwidth(v_at.y) * 1.5), 0., 1.);
  float fade = t < .18 ? mix(1., .72, t / .18) : mix(.72, 0., (t - .18) / .82);
  vec3 c = mix(vec3(1.), v_colour.rgb, clamp(t / .18, 0., 1.));
  colour = vec4(c * (a * fade * v_colour.a), 0.);
}
";

// A streak: tail, head; half width, additive share; colour of the tail, colour of the head.
const STREAK_V: &str = "
layout(location = 0) in vec4 a_ends;
layout(location = 1) in vec2 a_size;
layout(location = 2) in vec4 a_tail;
layout(location = 3) in vec4 a_head;
out vec3 v_at; out vec4 v_colour; out vec2 v_size;
void main() {
  vec2 way = a_ends.zw - a_ends.xy;
  float len = length(way);
  vec2 along = len > 1e-4 ? way / len : vec2(1., 0.);
  vec2 across = vec2(-along.y, along.x);
  float r = a_size.x + u_pixel;
  v_at = vec3(corner().x > 0. ? len + r : -r, corner().y * r, len);
  v_size = a_size;
  v_colour = corner().x > 0. ? a_head : a_tail;
  gl_Position = clip(a_ends.xy + along * v_at.x + across * v_at.y);
}
";
const STREAK_F: &str = "
in vec3 v_at; in vec4 v_colour; in vec2 v_size;
out vec4 colour;
void main() {
  float d = length(vec2(v_at.x - clamp(v_at.x, 0., v_at.z), v_at.y));
  float a = clamp((v_size.x - d) / u_pixel + .5, 0., 1.) * v_colour.a;
  colour = vec4(v_colour.rgb * a, a * (1. - v_size.y));
}
";

// An arc: place, radius, half width; middle, half span, dashes, additive share; colour.
const ARC_V: &str = "
layout(location = 0) in vec4 a_place;
layout(location = 1) in vec4 a_span;
layout(location = 2) in vec4 a_colour;
out vec2 v_at; out vec4 v_span; out vec4 v_colour; out vec2 v_size;
void main() {
  float r = a_place.z + a_place.w + u_pixel;
  v_at = corner() * r; v_span = a_span; v_colour = a_colour; v_size = a_place.zw;
  gl_Position = clip(a_place.xy + v_at);
}
";
const ARC_F: &str = "
in vec2 v_at; in vec4 v_span; in vec4 v_colour; in vec2 v_size;
out vec4 colour;
const float TURN = 6.2831853;
void main() {
  float r = length(v_at);
  float a = clamp((v_size.y - abs(r - v_size.x)) / u_pixel + .5, 0., 1.);
  float turn = mod(atan(v_at.y, v_at.x) - v_span.x + TURN * .5, TURN) - TURN * .5;
  a *= clamp((v_span.y - abs(turn)) * r / u_pixel + .5, 0., 1.);
  if (v_span.z > .5) {
    float part = abs(fract((turn + TURN) / TURN * v_span.z) - .5) * 2.;
    a *= clamp((.62 - part) * TURN * r / (2. * v_span.z) / u_pixel + .5, 0., 1.);
  }
  a *= v_colour.a;
  colour = vec4(v_colour.rgb * a, a * (1. - v_span.w));
}
";

// An instance of a polygon: place, direction; stretch along and across, half width of the line; two colours.
const FILL_V: &str = "
layout(location = 0) in vec2 a_vertex;
layout(location = 1) in vec4 a_place;
layout(location = 2) in vec3 a_size;
layout(location = 3) in vec4 a_fill;
layout(location = 4) in vec4 a_line;
out vec4 v_colour;
void main() {
  vec2 p = a_vertex * a_size.xy;
  v_colour = a_fill;
  gl_Position = clip(a_place.xy + a_place.zw * p.x + vec2(-a_place.w, a_place.z) * p.y);
}
";
const FILL_F: &str = "
in vec4 v_colour;
out vec4 colour;
void main() { colour = vec4(v_colour.rgb * v_colour.a, v_colour.a); }
";
const LINE_V: &str = "
layout(location = 0) in vec2 a_vertex;
layout(location = 1) in vec3 a_side;
layout(location = 2) in vec4 a_place;
layout(location = 3) in vec3 a_size;
layout(location = 4) in vec4 a_fill;
layout(location = 5) in vec4 a_line;
out vec4 v_colour; out vec2 v_across;
void main() {
  float half_width = a_size.z + u_pixel * .75;
  vec2 p = a_vertex * a_size.xy + a_side.xy * (a_side.z * half_width);
  v_across = vec2(a_side.z * half_width, a_size.z);
  v_colour = a_line;
  gl_Position = clip(a_place.xy + a_place.zw * p.x + vec2(-a_place.w, a_place.z) * p.y);
}
";
const LINE_F: &str = "
in vec4 v_colour; in vec2 v_across;
out vec4 colour;
void main() {
  float a = clamp((v_across.y - abs(v_across.x)) / u_pixel + .5, 0., 1.) * v_colour.a;
  colour = vec4(v_colour.rgb * a, a);
}
";
