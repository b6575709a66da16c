//! The few things that every part needs from the page: finding, making and changing elements, and listening to them.
//! It knows nothing of the game. Text from strangers goes in as text only, never as HTML.

use js_sys::Function;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{AddEventListenerOptions, Document, Element, Event, EventTarget, HtmlElement, Window};

/// Why the page cannot do what it should; the text is for the person in front of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Fault(pub String);

impl From<JsValue> for Fault {
    fn from(value: JsValue) -> Fault {
        Fault(value.as_string().unwrap_or_else(|| format!("{value:?}")))
    }
}

/// The browser's window.
pub fn window() -> Result<Window, Fault> {
    web_sys::window().ok_or_else(|| Fault("There is no window.".to_owned()))
}

/// The page's document.
pub fn document() -> Result<Document, Fault> {
    window()?.document().ok_or_else(|| Fault("There is no document.".to_owned()))
}

/// The page's body.
pub fn body() -> Result<HtmlElement, Fault> {
    document()?.body().ok_or_else(|| Fault("The page has no body.".to_owned()))
}

/// Milliseconds since the page began; never goes back. 0 if the browser has no clock.
pub fn now_ms() -> f64 {
    web_sys::window().and_then(|w| w.performance()).map_or(0.0, |p| p.now())
}

/// The element that the page calls `id`, as the kind `T`.
pub fn by_id<T: JsCast>(id: &str) -> Result<T, Fault> {
    let element =
        document()?.get_element_by_id(id).ok_or_else(|| Fault(format!("The page has no #{id}.")))?;
    element.dyn_into::<T>().map_err(|_| Fault(format!("#{id} is another kind of element.")))
}

/// The first element inside `root` that fits the CSS `selector`.
pub fn find<T: JsCast>(root: &impl AsRef<Element>, selector: &str) -> Result<T, Fault> {
    let found = root
        .as_ref()
        .query_selector(selector)?
        .ok_or_else(|| Fault(format!("The page has no {selector}.")))?;
    found.dyn_into::<T>().map_err(|_| Fault(format!("{selector} is another kind of element.")))
}

/// All elements inside `root` that fit the CSS `selector`.
pub fn find_all(root: &impl AsRef<Element>, selector: &str) -> Vec<HtmlElement> {
    let Ok(list) = root.as_ref().query_selector_all(selector) else { return Vec::new() };
    (0..list.length()).filter_map(|i| list.item(i)?.dyn_into::<HtmlElement>().ok()).collect()
}

/// A new element with a class and a text; both may be empty.
pub fn element(tag: &str, class: &str, text: &str) -> Result<HtmlElement, Fault> {
    let element: HtmlElement = document()?.create_element(tag)?.unchecked_into();
    if !class.is_empty() {
        element.set_class_name(class);
    }
    if !text.is_empty() {
        element.set_text_content(Some(text));
    }
    Ok(element)
}

/// A new element as the last child of `parent`.
pub fn add(parent: &impl AsRef<Element>, tag: &str, class: &str, text: &str) -> Result<HtmlElement, Fault> {
    let child = element(tag, class, text)?;
    parent.as_ref().append_child(&child)?;
    Ok(child)
}

/// Removes all that is inside `element`.
pub fn clear(element: &Element) {
    element.set_text_content(None);
}

/// Gives `element` the class `name`, or takes it away.
pub fn toggle(element: &Element, name: &str, on: bool) {
    let list = element.class_list();
    if list.contains(name) != on {
        // A class name from our own source is always valid.
        let _ = list.toggle_with_force(name, on);
    }
}

/// A number with one digit after the point, as CSS and SVG want it.
pub fn tenths(value: f32) -> String {
    let tenths = (value * 10.0).round() as i32;
    let sign = if tenths < 0 { "-" } else { "" };
    format!("{sign}{}.{}", tenths.abs() / 10, tenths.abs() % 10)
}

/// Sets a CSS property or custom property.
pub fn style(element: &HtmlElement, property: &str, value: &str) {
    let _ = element.style().set_property(property, value);
}

/// Calls `action` at every `event` of `target`, as long as the page lives.
pub fn listen<F>(target: &impl AsRef<EventTarget>, event: &str, action: F) -> Result<(), Fault>
where
    F: FnMut(Event) + 'static,
{
    attach(target.as_ref(), event, Box::new(action))
}

/// One function for all listeners, because each copy would cost the download.
fn attach(target: &EventTarget, event: &str, action: Box<dyn FnMut(Event)>) -> Result<(), Fault> {
    let closure = Closure::wrap(action);
    let options = AddEventListenerOptions::new();
    options.set_passive(false);
    let function: &Function = closure.as_ref().unchecked_ref();
    target.add_event_listener_with_callback_and_add_event_listener_options(event, function, &options)?;
    closure.forget();
    Ok(())
}

/// Calls `action` once after `delay_ms`.
pub fn after<F>(delay_ms: u32, action: F)
where
    F: FnOnce() + 'static,
{
    let function = Closure::once_into_js(action);
    if let Ok(window) = window() {
        let delay = i32::try_from(delay_ms).unwrap_or(i32::MAX);
        let _ = window.set_timeout_with_callback_and_timeout_and_arguments_0(function.unchecked_ref(), delay);
    }
}

/// Calls `action` every `period_ms`, as long as the page lives.
pub fn every<F>(period_ms: i32, action: F) -> Result<(), Fault>
where
    F: FnMut() + 'static,
{
    let closure = Closure::<dyn FnMut()>::new(action);
    let function: &Function = closure.as_ref().unchecked_ref();
    window()?.set_interval_with_callback_and_timeout_and_arguments_0(function, period_ms)?;
    closure.forget();
    Ok(())
}

/// Whether the page can be seen now.
pub fn visible() -> bool {
    document().is_ok_and(|d| d.visibility_state() == web_sys::VisibilityState::Visible)
}

/// Whether the CSS media query `query` holds now.
pub fn media(query: &str) -> bool {
    web_sys::window().and_then(|w| w.match_media(query).ok().flatten()).is_some_and(|m| m.matches())
}

/// Whether the person asked for less motion.
pub fn reduced_motion() -> bool {
    media("(prefers-reduced-motion: reduce)")
}

/// Text that changes an element only when it differs from what is there.
#[derive(Debug)]
pub struct Text {
    element: HtmlElement,
    shown: String,
}

impl Text {
    /// The text of the element that the page calls `id`.
    pub fn by_id(id: &str) -> Result<Text, Fault> {
        Ok(Text { element: by_id(id)?, shown: "\0".to_owned() })
    }

    /// The text of `element`.
    pub fn of(element: HtmlElement) -> Text {
        Text { element, shown: "\0".to_owned() }
    }

    /// Shows `text`.
    pub fn set(&mut self, text: &str) {
        if self.shown != text {
            self.element.set_text_content(Some(text));
            text.clone_into(&mut self.shown);
        }
    }

    /// The element itself.
    pub fn element(&self) -> &HtmlElement {
        &self.element
    }
}

/// A value that is shown by an action, called only when the value differs from the last one.
#[derive(Debug, Default)]
pub struct Changed<T>(Option<T>);

impl<T: PartialEq> Changed<T> {
    /// Whether `value` is new; it is remembered.
    pub fn is_new(&mut self, value: T) -> bool {
        if self.0.as_ref() == Some(&value) {
            return false;
        }
        self.0 = Some(value);
        true
    }
}
