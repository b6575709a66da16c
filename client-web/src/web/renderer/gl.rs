//! WebGL2 behind a small safe door: programs, batches of vertices and instances, one draw call. Nothing of the game.
//! The only file with unsafe code, since glow's calls are unsafe; every value that reaches them is made here.
#![expect(
    unsafe_code,
    reason = "glow's interface is unsafe as a whole; this file is its only user and wraps it"
)]

use glow::HasContext;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{HtmlCanvasElement, WebGl2RenderingContext};

use crate::web::dom::Fault;

/// Most floats in one instance or vertex.
const FLOATS_MAX: usize = 16;
const BYTES_PER_FLOAT: i32 = 4;

/// A WebGL2 context.
#[derive(Debug)]
pub struct Gl {
    context: glow::Context,
}

/// A vertex and a fragment shader, linked, with the uniforms that they really have.
#[derive(Debug)]
pub struct Program {
    raw: glow::Program,
    uniforms: Vec<(&'static str, glow::UniformLocation)>,
}

/// What is drawn with one call: a fixed list of vertices, or the four corners of a quad, once for every instance.
#[derive(Debug)]
pub struct Batch {
    array: glow::VertexArray,
    buffer: glow::Buffer,
    floats_per_instance: usize,
    vertices: i32,
    mode: u32,
}

/// The numbers of a vertex or an instance as attributes, in order: how many floats each.
pub type Layout = &'static [i32];

impl Gl {
    /// A context on `canvas`; the fault tells people that their browser has none.
    pub fn new(canvas: &HtmlCanvasElement) -> Result<Gl, Fault> {
        let options = js_sys::Object::new();
        let set = |key: &str, value: JsValue| js_sys::Reflect::set(&options, &key.into(), &value);
        set("alpha", false.into())?;
        set("antialias", false.into())?;
        set("depth", false.into())?;
        set("powerPreference", "high-performance".into())?;
        let found = canvas.get_context_with_context_options("webgl2", &options).ok().flatten();
        let raw = found.and_then(|c| c.dyn_into::<WebGl2RenderingContext>().ok()).ok_or_else(no_webgl)?;
        Ok(Gl { context: glow::Context::from_webgl2_context(raw) })
    }

    /// Compiles and links; `uniforms` are looked up once.
    pub fn program(&self, vertex: &str, fragment: &str, uniforms: &[&'static str]) -> Result<Program, Fault> {
        let gl = &self.context;
        // SAFETY: all objects belong to this context.
        unsafe {
            let raw = gl.create_program().map_err(Fault)?;
            for (kind, source) in [(glow::VERTEX_SHADER, vertex), (glow::FRAGMENT_SHADER, fragment)] {
                let shader = gl.create_shader(kind).map_err(Fault)?;
                gl.shader_source(shader, source);
                gl.compile_shader(shader);
                if !gl.get_shader_compile_status(shader) {
                    return Err(Fault(gl.get_shader_info_log(shader)));
                }
                gl.attach_shader(raw, shader);
                gl.delete_shader(shader);
            }
            gl.link_program(raw);
            if !gl.get_program_link_status(raw) {
                return Err(Fault(gl.get_program_info_log(raw)));
            }
            let found = uniforms.iter().filter_map(|name| Some((*name, gl.get_uniform_location(raw, name)?)));
            Ok(Program { raw, uniforms: found.collect() })
        }
    }

    /// A batch of quads: the shader makes the corners from `gl_VertexID`, everything else comes from the instance.
    pub fn quads(&self, instance: Layout) -> Result<Batch, Fault> {
        self.batch(&[], &[], instance, glow::TRIANGLE_STRIP)
    }

    /// A batch of triangles with fixed vertices, and optionally instances.
    pub fn triangles(&self, vertices: &[f32], vertex: Layout, instance: Layout) -> Result<Batch, Fault> {
        self.batch(vertices, vertex, instance, glow::TRIANGLES)
    }

    fn batch(&self, vertices: &[f32], vertex: Layout, instance: Layout, mode: u32) -> Result<Batch, Fault> {
        let gl = &self.context;
        // SAFETY: all objects belong to this context; the layouts describe exactly the floats that are uploaded.
        unsafe {
            let array = gl.create_vertex_array().map_err(Fault)?;
            gl.bind_vertex_array(Some(array));
            if !vertex.is_empty() {
                let fixed = gl.create_buffer().map_err(Fault)?;
                gl.bind_buffer(glow::ARRAY_BUFFER, Some(fixed));
                gl.buffer_data_u8_slice(glow::ARRAY_BUFFER, bytes_of(vertices), glow::STATIC_DRAW);
                self.attributes(vertex, 0, 0);
            }
            let buffer = gl.create_buffer().map_err(Fault)?;
            gl.bind_buffer(glow::ARRAY_BUFFER, Some(buffer));
            self.attributes(instance, vertex.len() as u32, 1);
            gl.bind_vertex_array(None);
            let per_vertex = floats_in(vertex);
            let count = vertices.len().checked_div(per_vertex).unwrap_or(4);
            Ok(Batch {
                array,
                buffer,
                floats_per_instance: floats_in(instance),
                vertices: count as i32,
                mode,
            })
        }
    }

    /// # Safety
    /// A vertex array and a buffer must be bound.
    unsafe fn attributes(&self, layout: Layout, first: u32, divisor: u32) {
        let gl = &self.context;
        let stride = floats_in(layout) as i32 * BYTES_PER_FLOAT;
        let mut offset = 0;
        for (index, size) in (first..).zip(layout) {
            // SAFETY: offset and stride stay within one record of the layout.
            unsafe {
                gl.enable_vertex_attrib_array(index);
                gl.vertex_attrib_pointer_f32(index, *size, glow::FLOAT, false, stride, offset);
                gl.vertex_attrib_divisor(index, divisor);
            }
            offset += size * BYTES_PER_FLOAT;
        }
    }

    /// Begins a picture of `width` by `height` device pixels. Colours are premultiplied: an alpha of 0 adds light.
    pub fn begin(&self, width: i32, height: i32) {
        let gl = &self.context;
        // SAFETY: plain state changes.
        unsafe {
            gl.viewport(0, 0, width, height);
            gl.disable(glow::DEPTH_TEST);
            gl.disable(glow::CULL_FACE);
            gl.enable(glow::BLEND);
            gl.blend_func(glow::ONE, glow::ONE_MINUS_SRC_ALPHA);
        }
    }

    /// Sets a uniform of one to four floats; a name that the program does not use is ignored.
    pub fn set(&self, program: &Program, name: &str, value: &[f32]) {
        self.set_all(program, name, value, value.len());
    }

    /// Sets a uniform array whose entries have `size` floats.
    pub fn set_all(&self, program: &Program, name: &str, values: &[f32], size: usize) {
        let gl = &self.context;
        let Some((_, place)) = program.uniforms.iter().find(|(known, _)| *known == name) else { return };
        // SAFETY: the location belongs to the program in use.
        unsafe {
            gl.use_program(Some(program.raw));
            match size {
                1 => gl.uniform_1_f32_slice(Some(place), values),
                2 => gl.uniform_2_f32_slice(Some(place), values),
                3 => gl.uniform_3_f32_slice(Some(place), values),
                _ => gl.uniform_4_f32_slice(Some(place), values),
            }
        }
    }

    /// Gives `batch` its instances.
    pub fn fill(&self, batch: &Batch, instances: &[f32]) {
        let gl = &self.context;
        // SAFETY: the buffer belongs to this context.
        unsafe {
            gl.bind_buffer(glow::ARRAY_BUFFER, Some(batch.buffer));
            gl.buffer_data_u8_slice(glow::ARRAY_BUFFER, bytes_of(instances), glow::STREAM_DRAW);
        }
    }

    /// Draws `batch` once for each of its `floats` instance floats' worth of instances.
    pub fn draw(&self, program: &Program, batch: &Batch, floats: usize) {
        let instances = floats.checked_div(batch.floats_per_instance).unwrap_or(1);
        if instances == 0 || batch.vertices == 0 {
            return;
        }
        let gl = &self.context;
        // SAFETY: the counts are those of the uploaded data.
        unsafe {
            gl.use_program(Some(program.raw));
            gl.bind_vertex_array(Some(batch.array));
            gl.draw_arrays_instanced(batch.mode, 0, batch.vertices, instances as i32);
            gl.bind_vertex_array(None);
        }
    }
}

fn no_webgl() -> Fault {
    Fault("This browser does not give us WebGL2, which draws the arena. Try a current browser, or switch on hardware acceleration.".to_owned())
}

fn floats_in(layout: Layout) -> usize {
    layout.iter().sum::<i32>().clamp(0, FLOATS_MAX as i32) as usize
}

fn bytes_of(floats: &[f32]) -> &[u8] {
    // SAFETY: every f32 is four initialised bytes, and u8 has no alignment.
    unsafe { std::slice::from_raw_parts(floats.as_ptr().cast(), size_of_val(floats)) }
}
