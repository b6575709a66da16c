//! The menu of a player: copy the link, watch instead, leave. The match goes on meanwhile.
//! It tells what was chosen; doing it is the page's.

use std::cell::Cell;
use std::rc::Rc;

use web_sys::HtmlElement;

use crate::web::dom::{Fault, Text, by_id, listen, toggle};

/// What was chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// Open or close the menu.
    Toggle,
    /// Copy the link to the match.
    Copy,
    /// Watch the match instead.
    Watch,
    /// Leave the match.
    Leave,
}

/// The menu.
#[derive(Debug)]
pub struct Menu {
    veil: HtmlElement,
    button: HtmlElement,
    title: Text,
    copy: Text,
    chosen: Rc<Cell<Option<Choice>>>,
    open: bool,
}

impl Menu {
    /// Finds its elements and listens to them.
    pub fn new() -> Result<Menu, Fault> {
        let chosen: Rc<Cell<Option<Choice>>> = Rc::default();
        let buttons = [
            ("menu-open", Choice::Toggle),
            ("menu-back", Choice::Toggle),
            ("menu-copy", Choice::Copy),
            ("menu-watch", Choice::Watch),
            ("menu-leave", Choice::Leave),
        ];
        for (id, choice) in buttons {
            let chosen = Rc::clone(&chosen);
            listen(&by_id::<HtmlElement>(id)?, "click", move |_| chosen.set(Some(choice)))?;
        }
        Ok(Menu {
            veil: by_id("menu-veil")?,
            button: by_id("menu-open")?,
            title: Text::by_id("menu-title")?,
            copy: Text::by_id("menu-copy")?,
            chosen,
            open: false,
        })
    }

    /// What was chosen since the last question.
    pub fn take(&self) -> Option<Choice> {
        self.chosen.take()
    }

    /// Opens or closes the menu.
    pub fn toggle(&mut self, match_name: &str) {
        self.open = !self.open;
        self.title.set(match_name);
        self.copy.set("Copy link");
        toggle(&self.veil, "on", self.open);
        let _ = self.button.set_attribute("aria-expanded", if self.open { "true" } else { "false" });
        // Focus moves with the menu, so that Enter and Escape do what is on the screen.
        let focus = if self.open { by_id::<HtmlElement>("menu-back").ok() } else { None };
        match focus {
            Some(first) => first.focus().unwrap_or_default(),
            None => self.button.blur().unwrap_or_default(),
        }
    }

    /// Says that the link was copied.
    pub fn copied(&mut self) {
        self.copy.set("Copied");
    }
}
