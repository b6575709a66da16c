//! Keys by their place on the keyboard, not by their letter: held now, and pressed since somebody asked.
//! Keys that the game uses do not scroll or move the focus; a field that is being typed in keeps all keys.

use std::cell::RefCell;
use std::rc::Rc;

use wasm_bindgen::JsCast;
use web_sys::{Element, Event, KeyboardEvent};

use crate::web::dom::{Fault, listen, window};

/// Keys that the game uses; all others are the browser's.
const KEYS: [&str; 26] = [
    "KeyW",
    "KeyA",
    "KeyS",
    "KeyD",
    "ArrowUp",
    "ArrowDown",
    "ArrowLeft",
    "ArrowRight",
    "Space",
    "ShiftLeft",
    "ShiftRight",
    "Tab",
    "Escape",
    "F3",
    "KeyC",
    "KeyE",
    "KeyL",
    "Digit1",
    "Digit2",
    "Digit3",
    "Digit4",
    "Digit5",
    "Digit6",
    "Digit7",
    "Digit8",
    "Digit9",
];

/// The state of the keys. Both lists hold a key at most once.
#[derive(Debug, Default)]
pub struct Keyboard {
    held: Vec<&'static str>,
    pressed: Vec<&'static str>,
}

impl Keyboard {
    /// Whether the key is down.
    pub fn holds(&self, code: &str) -> bool {
        self.held.contains(&code)
    }

    /// Whether the key went down since the last question.
    pub fn take(&mut self, code: &str) -> bool {
        let place = self.pressed.iter().position(|pressed| *pressed == code);
        place.map(|place| self.pressed.swap_remove(place)).is_some()
    }

    /// Lets all keys go.
    pub fn let_go(&mut self) {
        self.held.clear();
        self.pressed.clear();
    }
}

/// Starts to listen.
pub fn listen_to_keys() -> Result<Rc<RefCell<Keyboard>>, Fault> {
    let keyboard: Rc<RefCell<Keyboard>> = Rc::default();
    let (down, up) = (Rc::clone(&keyboard), Rc::clone(&keyboard));
    listen(&window()?, "keydown", move |event| {
        let Some((code, event)) = known(&event) else { return };
        if event.ctrl_key() || event.meta_key() || event.alt_key() || elsewhere(event, code) {
            return;
        }
        event.prevent_default();
        let mut keyboard = down.borrow_mut();
        if !keyboard.holds(code) {
            keyboard.held.push(code);
            keyboard.take(code);
            keyboard.pressed.push(code);
        }
    })?;
    listen(&window()?, "keyup", move |event| {
        if let Some((code, _)) = known(&event) {
            up.borrow_mut().held.retain(|held| *held != code);
        }
    })?;
    Ok(keyboard)
}

fn known(event: &Event) -> Option<(&'static str, &KeyboardEvent)> {
    let event = event.dyn_ref::<KeyboardEvent>()?;
    let code = event.code();
    KEYS.into_iter().find(|key| *key == code).map(|key| (key, event))
}

/// Whether the key belongs to a field or, for the keys that press and leave buttons, to an open dialogue.
fn elsewhere(event: &KeyboardEvent, code: &str) -> bool {
    let Some(target) = event.target() else { return false };
    let Some(element) = target.dyn_ref::<Element>() else { return false };
    let inside = |selector: &str| element.closest(selector).ok().flatten().is_some();
    inside("input, select") || matches!(code, "Space" | "Tab") && inside(".notice")
}
