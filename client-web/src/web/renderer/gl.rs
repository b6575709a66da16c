//! WebGL2 behind a small door: programs, batches of vertices and instances, one draw call. Nothing of the game.
//! Straight on `web-sys`, which is safe code throughout: a wrapper library would cost the download more than it gives.

use js_sys::{Float32Array, Object, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{
    HtmlCanvasElement, WebGl2RenderingContext as Context, WebGlBuffer, WebGlProgram, WebGlShader,
    WebGlUniformLocation, WebGlVertexArrayObject,
};

use crate::web::dom::Fault;

/// Most floats in one instance or vertex.
const FLOATS_MAX: usize = 16;
const BYTES_PER_FLOAT: i32 = 4;

/// A WebGL2 context.
#[derive(Debug)]
pub struct Gl {
    context: Context,
}

/// A vertex and a fragment shader, linked, with the uniforms that they really have.
#[derive(Debug)]
pub struct Program {
    raw: WebGlProgram,
    uniforms: Vec<(&'static str, WebGlUniformLocation)>,
}

/// What is drawn with one call: a fixed list of vertices, or the four corners of a quad, once for every instance.
#[derive(Debug)]
pub struct Batch {
    array: WebGlVertexArrayObject,
    buffer: WebGlBuffer,
    floats_per_instance: usize,
    vertices: i32,
    mode: u32,
}

/// The numbers of a vertex or an instance as attributes, in order: how many floats each.
pub type Layout = &'static [i32];

impl Gl {
    /// A context on `canvas`; the fault tells people that their browser has none.
    pub fn new(canvas: &HtmlCanvasElement) -> Result<Gl, Fault> {
        let options = Object::new();
        let set = |key: &str, value: JsValue| Reflect::set(&options, &key.into(), &value);
        set("alpha", false.into())?;
        set("antialias", false.into())?;
        set("depth", false.into())?;
        set("powerPreference", "high-performance".into())?;
        let found = canvas.get_context_with_context_options("webgl2", &options).ok().flatten();
        let context = found.and_then(|c| c.dyn_into::<Context>().ok()).ok_or_else(no_webgl)?;
        Ok(Gl { context })
    }

    /// Compiles and links; `uniforms` are looked up once.
    pub fn program(&self, vertex: &str, fragment: &str, uniforms: &[&'static str]) -> Result<Program, Fault> {
        let gl = &self.context;
        let raw = gl.create_program().ok_or_else(lost)?;
        for shader in
            [self.shader(Context::VERTEX_SHADER, vertex)?, self.shader(Context::FRAGMENT_SHADER, fragment)?]
        {
            gl.attach_shader(&raw, &shader);
            gl.delete_shader(Some(&shader));
        }
        gl.link_program(&raw);
        if !gl.get_program_parameter(&raw, Context::LINK_STATUS).is_truthy() {
            return Err(gl.get_program_info_log(&raw).map_or_else(lost, Fault));
        }
        let found = uniforms.iter().filter_map(|name| Some((*name, gl.get_uniform_location(&raw, name)?)));
        let uniforms = found.collect();
        Ok(Program { raw, uniforms })
    }

    fn shader(&self, kind: u32, source: &str) -> Result<WebGlShader, Fault> {
        let gl = &self.context;
        let shader = gl.create_shader(kind).ok_or_else(lost)?;
        gl.shader_source(&shader, source);
        gl.compile_shader(&shader);
        if gl.get_shader_parameter(&shader, Context::COMPILE_STATUS).is_truthy() {
            return Ok(shader);
        }
        Err(gl.get_shader_info_log(&shader).map_or_else(lost, Fault))
    }

    /// A batch of quads: the shader makes the corners from `gl_VertexID`, everything else comes from the instance.
    pub fn quads(&self, instance: Layout) -> Result<Batch, Fault> {
        self.batch(&[], &[], instance, Context::TRIANGLE_STRIP)
    }

    /// A batch of triangles with fixed vertices, and optionally instances.
    pub fn triangles(&self, vertices: &[f32], vertex: Layout, instance: Layout) -> Result<Batch, Fault> {
        self.batch(vertices, vertex, instance, Context::TRIANGLES)
    }

    fn batch(&self, vertices: &[f32], vertex: Layout, instance: Layout, mode: u32) -> Result<Batch, Fault> {
        let gl = &self.context;
        let array = gl.create_vertex_array().ok_or_else(lost)?;
        gl.bind_vertex_array(Some(&array));
        if !vertex.is_empty() {
            let fixed = gl.create_buffer().ok_or_else(lost)?;
            self.upload(&fixed, vertices, Context::STATIC_DRAW);
            self.attributes(vertex, 0, 0);
        }
        let buffer = gl.create_buffer().ok_or_else(lost)?;
        gl.bind_buffer(Context::ARRAY_BUFFER, Some(&buffer));
        self.attributes(instance, vertex.len() as u32, 1);
        gl.bind_vertex_array(None);
        let count = vertices.len().checked_div(floats_in(vertex)).unwrap_or(4);
        Ok(Batch { array, buffer, floats_per_instance: floats_in(instance), vertices: count as i32, mode })
    }

    /// Describes the buffer that is bound, for the vertex array that is bound.
    fn attributes(&self, layout: Layout, first: u32, divisor: u32) {
        let gl = &self.context;
        let stride = floats_in(layout) as i32 * BYTES_PER_FLOAT;
        let mut offset = 0;
        for (index, size) in (first..).zip(layout) {
            gl.enable_vertex_attrib_array(index);
            gl.vertex_attrib_pointer_with_i32(index, *size, Context::FLOAT, false, stride, offset);
            gl.vertex_attrib_divisor(index, divisor);
            offset += size * BYTES_PER_FLOAT;
        }
    }

    fn upload(&self, buffer: &WebGlBuffer, floats: &[f32], usage: u32) {
        let gl = &self.context;
        gl.bind_buffer(Context::ARRAY_BUFFER, Some(buffer));
        let data = Float32Array::from(floats);
        gl.buffer_data_with_array_buffer_view(Context::ARRAY_BUFFER, &data, usage);
    }

    /// Begins a picture of `width` by `height` device pixels. Colours are premultiplied: an alpha of 0 adds light.
    pub fn begin(&self, width: i32, height: i32) {
        let gl = &self.context;
        gl.viewport(0, 0, width, height);
        gl.disable(Context::DEPTH_TEST);
        gl.disable(Context::CULL_FACE);
        gl.enable(Context::BLEND);
        gl.blend_func(Context::ONE, Context::ONE_MINUS_SRC_ALPHA);
    }

    /// Sets a uniform of one to four floats; a name that the program does not use is ignored.
    pub fn set(&self, program: &Program, name: &str, value: &[f32]) {
        self.set_all(program, name, value, value.len());
    }

    /// Sets a uniform array whose entries have `size` floats.
    pub fn set_all(&self, program: &Program, name: &str, values: &[f32], size: usize) {
        let gl = &self.context;
        let Some((_, place)) = program.uniforms.iter().find(|(known, _)| *known == name) else { return };
        gl.use_program(Some(&program.raw));
        match size {
            1 => gl.uniform1fv_with_f32_array(Some(place), values),
            2 => gl.uniform2fv_with_f32_array(Some(place), values),
            3 => gl.uniform3fv_with_f32_array(Some(place), values),
            _ => gl.uniform4fv_with_f32_array(Some(place), values),
        }
    }

    /// Gives `batch` its instances.
    pub fn fill(&self, batch: &Batch, instances: &[f32]) {
        self.upload(&batch.buffer, instances, Context::STREAM_DRAW);
    }

    /// Draws `batch` once for each of its `floats` instance floats' worth of instances.
    pub fn draw(&self, program: &Program, batch: &Batch, floats: usize) {
        let instances = floats.checked_div(batch.floats_per_instance).unwrap_or(1);
        if instances == 0 || batch.vertices == 0 {
            return;
        }
        let gl = &self.context;
        gl.use_program(Some(&program.raw));
        gl.bind_vertex_array(Some(&batch.array));
        gl.draw_arrays_instanced(batch.mode, 0, batch.vertices, instances as i32);
        gl.bind_vertex_array(None);
    }
}

fn no_webgl() -> Fault {
    let advice = "Try a current browser, or switch on hardware acceleration.";
    Fault(format!("This browser does not give us WebGL2, which draws the arena. {advice}"))
}

fn lost() -> Fault {
    Fault("The browser has taken the arena's canvas away. Reload the page to go on.".to_owned())
}

fn floats_in(layout: Layout) -> usize {
    layout.iter().sum::<i32>().clamp(0, FLOATS_MAX as i32) as usize
}
