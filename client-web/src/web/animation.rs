//! Calls the page's drawing once for every picture that the screen shows, and stops by itself while it is hidden.
//! It knows no game; whoever draws gives it one closure.

use std::cell::RefCell;
use std::rc::Rc;

use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;

use super::dom::{Fault, window};

type Step = Closure<dyn FnMut(f64)>;

/// Calls `draw` with the picture's time in milliseconds, again and again.
pub fn run<F>(mut draw: F) -> Result<(), Fault>
where
    F: FnMut(f64) + 'static,
{
    let slot: Rc<RefCell<Option<Step>>> = Rc::default();
    let again = Rc::clone(&slot);
    *slot.borrow_mut() = Some(Closure::new(move |time_ms: f64| {
        draw(time_ms);
        request(again.borrow().as_ref());
    }));
    request(slot.borrow().as_ref());
    window().map(|_| ())
}

fn request(step: Option<&Step>) {
    if let (Some(step), Ok(window)) = (step, window()) {
        let _ = window.request_animation_frame(step.as_ref().unchecked_ref());
    }
}
