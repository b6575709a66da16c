//! One notice in the middle of the page: what is so, what to do about it, and one or two buttons.
//! Also the question for a match's password. What the buttons do is the page's.

use std::cell::Cell;
use std::rc::Rc;

use web_sys::{Event, HtmlElement, HtmlInputElement};

use crate::web::dom::{Changed, Fault, Text, by_id, listen, style, toggle};

/// What a notice says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words {
    /// The heading.
    pub title: String,
    /// One or two sentences.
    pub text: String,
    /// The first button; empty is none.
    pub yes: &'static str,
    /// The second button; empty is none.
    pub no: &'static str,
    /// Whether a password is asked for.
    pub asks: bool,
    /// A share of time that is left, in percent, as a bar.
    pub bar_percent: Option<u32>,
}

/// A press on a notice's button.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The first button, or Enter in the field.
    Yes,
    /// The second button.
    No,
}

/// The page's notice.
#[derive(Debug)]
pub struct Notice {
    veil: HtmlElement,
    title: Text,
    text: Text,
    yes: Text,
    no: Text,
    ask: HtmlElement,
    field: HtmlInputElement,
    bar: HtmlElement,
    fill: HtmlElement,
    shown: Changed<Option<Words>>,
    answer: Rc<Cell<Option<Answer>>>,
}

impl Notice {
    /// Finds its elements and listens to its buttons.
    pub fn new() -> Result<Notice, Fault> {
        let answer: Rc<Cell<Option<Answer>>> = Rc::default();
        let on = |id: &str, event: &str, value: Answer| {
            let answer = Rc::clone(&answer);
            listen(&by_id::<HtmlElement>(id)?, event, move |event: Event| {
                event.prevent_default();
                answer.set(Some(value));
            })
        };
        on("notice-yes", "click", Answer::Yes)?;
        on("notice-no", "click", Answer::No)?;
        on("notice-ask", "submit", Answer::Yes)?;
        let bar: HtmlElement = by_id("notice-bar")?;
        Ok(Notice {
            veil: by_id("veil")?,
            title: Text::by_id("notice-title")?,
            text: Text::by_id("notice-text")?,
            yes: Text::by_id("notice-yes")?,
            no: Text::by_id("notice-no")?,
            ask: by_id("notice-ask")?,
            field: by_id("notice-field")?,
            fill: crate::web::dom::find(&bar, "u")?,
            bar,
            shown: Changed::default(),
            answer,
        })
    }

    /// The button that was pressed since the last question.
    pub fn take_answer(&self) -> Option<Answer> {
        self.answer.take()
    }

    /// What stands in the password field.
    pub fn password(&self) -> String {
        self.field.value()
    }

    /// Shows `words`, or hides the notice.
    pub fn show(&mut self, words: Option<Words>) {
        if !self.shown.is_new(words.clone()) {
            return;
        }
        let opens = !self.veil.class_list().contains("on");
        toggle(&self.veil, "on", words.is_some());
        let Some(words) = words else { return };
        self.title.set(&words.title);
        self.text.set(&words.text);
        self.yes.set(words.yes);
        self.no.set(words.no);
        self.yes.element().set_hidden(words.yes.is_empty());
        self.no.element().set_hidden(words.no.is_empty());
        self.ask.set_hidden(!words.asks);
        self.bar.set_hidden(words.bar_percent.is_none());
        style(&self.fill, "width", &format!("{}%", words.bar_percent.unwrap_or(0)));
        if opens && words.asks {
            let _ = self.field.focus();
        }
    }
}
