//! JSON as the browser reads it: a value, and questions about it. Wrong kinds are `None`, never an error of their own.
//! The lobby's few answers come this way because the browser's own reader costs the download nothing.

use js_sys::{Array, JSON, Object, Reflect};
use wasm_bindgen::{JsCast, JsValue};

/// A JSON value.
#[derive(Clone, Debug)]
#[must_use]
pub struct Json(JsValue);

impl Json {
    /// A value that the browser made.
    pub fn of(value: JsValue) -> Json {
        Json(value)
    }

    /// Reads a text; `None` if it is no JSON.
    pub fn parse(text: &str) -> Option<Json> {
        JSON::parse(text).ok().map(Json)
    }

    /// An empty object, to be filled with [`Json::with`].
    pub fn object() -> Json {
        Json(Object::new().into())
    }

    /// The object with one more field.
    pub fn with(self, name: &str, value: impl Into<JsValue>) -> Json {
        // Setting a field of a plain object cannot fail.
        let _ = Reflect::set(&self.0, &name.into(), &value.into());
        self
    }

    /// The value as JavaScript has it.
    pub fn into_js(self) -> JsValue {
        self.0
    }

    /// The value as a text.
    pub fn to_text(&self) -> Option<String> {
        JSON::stringify(&self.0).ok().map(String::from)
    }

    /// A field of an object; of anything else, nothing.
    pub fn get(&self, name: &str) -> Json {
        Json(Reflect::get(&self.0, &name.into()).unwrap_or(JsValue::UNDEFINED))
    }

    /// The text, if it is one.
    pub fn text(&self) -> Option<String> {
        self.0.as_string()
    }

    /// The number, if it is one.
    pub fn number(&self) -> Option<f64> {
        self.0.as_f64()
    }

    /// Whether it is true.
    pub fn is_true(&self) -> bool {
        self.0.is_truthy()
    }

    /// The entries, if it is a list; otherwise none.
    pub fn entries(&self) -> Vec<Json> {
        self.0.dyn_ref::<Array>().map_or_else(Vec::new, |list| list.iter().map(Json).collect())
    }
}
