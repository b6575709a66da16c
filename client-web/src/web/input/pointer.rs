//! The mouse: where it points, which buttons are down, how far it was dragged. Places are CSS pixels.
//! Fingers and pens are `touch`'s.

use std::cell::RefCell;
use std::rc::Rc;

use glam::Vec2;
use wasm_bindgen::JsCast;
use web_sys::{Event, HtmlElement, PointerEvent};

use crate::web::dom::{Fault, by_id, listen, window};

/// Buttons of the mouse as a pointer event counts them.
const LEFT: u16 = 1;
const RIGHT: u16 = 2;

/// The state of the mouse.
#[derive(Debug, Default)]
pub struct Pointer {
    place: Option<Vec2>,
    pressed: bool,
    right: bool,
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

    /// Whether the right button is down.
    pub fn presses_right(&self) -> bool {
        self.right
    }

    /// Whether it has moved since the page began.
    pub fn moved(&self) -> bool {
        self.moved
    }

    /// How far it was dragged since the last question.
    pub fn take_drag(&mut self) -> Vec2 {
        std::mem::take(&mut self.dragged)
    }

    /// Lets the buttons go.
    pub fn let_go(&mut self) {
        (self.pressed, self.right) = (false, false);
    }

    /// Takes over which buttons are down. A second button comes and goes as a move, not as a press.
    fn hold(&mut self, event: &PointerEvent) {
        (self.pressed, self.right) = (event.buttons() & LEFT != 0, event.buttons() & RIGHT != 0);
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
        // What was pressed elsewhere stays there.
        if pointer.pressed || pointer.right {
            pointer.hold(event);
        }
    })?;
    listen(&arena, "pointerdown", move |event| {
        let Some(event) = mouse(&event) else { return };
        let mut pointer = downs.borrow_mut();
        pointer.place = Some(Vec2::new(event.client_x() as f32, event.client_y() as f32));
        pointer.pressed |= event.button() == 0;
        pointer.right |= event.button() == 2;
    })?;
    listen(&window()?, "pointerup", move |event| {
        if mouse(&event).is_some() {
            ups.borrow_mut().let_go();
        }
    })?;
    listen(&arena, "contextmenu", |event| event.prevent_default())?;
    Ok(pointer)
}

fn mouse(event: &Event) -> Option<&PointerEvent> {
    event.dyn_ref::<PointerEvent>().filter(|event| event.pointer_type() == "mouse")
}
