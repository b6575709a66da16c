//! The mouse: where it points, whether its left button is down, how far it was dragged. Places are CSS pixels.
//! Fingers and pens are `touch`'s.

use std::cell::RefCell;
use std::rc::Rc;

use glam::Vec2;
use wasm_bindgen::JsCast;
use web_sys::{Event, HtmlElement, PointerEvent};

use crate::web::dom::{Fault, by_id, listen, window};

/// The state of the mouse.
#[derive(Debug, Default)]
pub struct Pointer {
    place: Option<Vec2>,
    pressed: bool,
    moved: bool,
    dragged: Vec2,
}

impl Pointer {
    /// Where it points; `None` before it first moved.
    pub fn place(&self) -> Option<Vec2> {
        self.place
    }

    /// Whether the left button is down.
    pub fn presses(&self) -> bool {
        self.pressed
    }

    /// Whether it has moved since the page began.
    pub fn moved(&self) -> bool {
        self.moved
    }

    /// How far it was dragged since the last question.
    pub fn take_drag(&mut self) -> Vec2 {
        std::mem::take(&mut self.dragged)
    }

    /// Lets the button go.
    pub fn let_go(&mut self) {
        self.pressed = false;
    }
}

/// Starts to listen.
pub fn listen_to_mouse() -> Result<Rc<RefCell<Pointer>>, Fault> {
    let pointer: Rc<RefCell<Pointer>> = Rc::default();
    let arena: HtmlElement = by_id("arena")?;
    let (moves, downs, ups) = (Rc::clone(&pointer), Rc::clone(&pointer), Rc::clone(&pointer));
    listen(&window()?, "pointermove", move |event| {
        let Some(event) = mouse(&event) else { return };
        let place = Vec2::new(event.client_x() as f32, event.client_y() as f32);
        let mut pointer = moves.borrow_mut();
        if let Some(before) = pointer.place.replace(place) {
            pointer.moved = true;
            if pointer.pressed {
                pointer.dragged += place - before;
            }
        }
    })?;
    listen(&arena, "pointerdown", move |event| {
        let Some(event) = mouse(&event) else { return };
        let mut pointer = downs.borrow_mut();
        pointer.place = Some(Vec2::new(event.client_x() as f32, event.client_y() as f32));
        pointer.pressed |= event.button() == 0;
    })?;
    listen(&window()?, "pointerup", move |event| {
        if mouse(&event).is_some_and(|event| event.button() == 0) {
            ups.borrow_mut().pressed = false;
        }
    })?;
    listen(&arena, "contextmenu", |event| event.prevent_default())?;
    Ok(pointer)
}

fn mouse(event: &Event) -> Option<&PointerEvent> {
    event.dyn_ref::<PointerEvent>().filter(|event| event.pointer_type() == "mouse")
}
