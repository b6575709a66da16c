//! What a player can say: eight phrases, opened with a key or a press, chosen with a digit or a press.
//! It tells which one was chosen; sending it is the page's. It is made when it is first opened.

use std::cell::Cell;
use std::rc::Rc;

use shared::phrases::{PHRASES, words};
use web_sys::HtmlElement;

use crate::web::dom::{Fault, add, body, by_id, element, listen, toggle};
use crate::web::input::Input;

/// The phrases to choose from.
#[derive(Debug)]
pub struct Wheel {
    sheet: Option<HtmlElement>,
    toggled: Rc<Cell<bool>>,
    chosen: Rc<Cell<Option<u8>>>,
    open: bool,
}

impl Wheel {
    /// Finds its button.
    pub fn new() -> Result<Wheel, Fault> {
        let toggled: Rc<Cell<bool>> = Rc::default();
        let pressed = Rc::clone(&toggled);
        listen(&by_id::<HtmlElement>("say-open")?, "click", move |_| pressed.set(true))?;
        Ok(Wheel { sheet: None, toggled, chosen: Rc::default(), open: false })
    }

    /// Opens and closes as the player wants it. Returns the phrase that was chosen.
    pub fn turn(&mut self, input: &Input) -> Option<u8> {
        if self.toggled.take() || input.pressed("KeyC") {
            self.show(!self.open);
        }
        let digit = (0..PHRASES).find(|i| self.open && input.pressed(&format!("Digit{}", i + 1)));
        let chosen = self.chosen.take().or(digit)?;
        self.show(false);
        Some(chosen)
    }

    fn show(&mut self, open: bool) {
        self.open = open;
        if self.sheet.is_none() {
            self.sheet = self.make().ok();
        }
        if let Some(sheet) = &self.sheet {
            toggle(sheet, "on", open);
        }
    }

    fn make(&self) -> Result<HtmlElement, Fault> {
        let sheet = element("div", "wheel num", "")?;
        sheet.set_attribute("role", "menu")?;
        for phrase in 0..PHRASES {
            let text = format!("{}  {}", phrase + 1, words(phrase).unwrap_or_default());
            let button = add(&sheet, "button", "btn", &text)?;
            let chosen = Rc::clone(&self.chosen);
            listen(&button, "click", move |_| chosen.set(Some(phrase)))?;
        }
        body()?.append_child(&sheet)?;
        Ok(sheet)
    }
}
