//! Who took out whom and who said what, the newest on top, for a few seconds each.
//! Bounded: at most four lines; older ones go when newer ones come.

use std::collections::VecDeque;

use web_sys::HtmlElement;

use crate::web::dom::{Fault, add, by_id, element, listen, toggle};

const LINES_MAX: usize = 4;
const SHOWN_MS: f64 = 6000.0;
const FADE_MS: f64 = 320.0;
const SVG: &str = "http://www.w3.org/2000/svg";

/// One name in a line, and whether it is the own one.
#[derive(Clone, Copy, Debug)]
pub struct Named<'a> {
    /// What to call them.
    pub name: &'a str,
    /// Whether it is the player.
    pub own: bool,
    /// The class of the side: `t1` for the own one, `t2` for the other, empty where there are none.
    pub side: &'static str,
}

impl Named<'_> {
    fn class(&self) -> String {
        format!("cut {}", if self.own { "you" } else { self.side })
    }
}

/// The list of kills.
#[derive(Debug)]
pub struct Kills {
    list: HtmlElement,
    lines: VecDeque<(HtmlElement, f64)>,
}

impl Kills {
    /// The list that the page calls `id`.
    pub fn new(id: &str) -> Result<Kills, Fault> {
        Ok(Kills { list: by_id(id)?, lines: VecDeque::new() })
    }

    /// Adds a line.
    pub fn add(&mut self, by: Named<'_>, victim: Named<'_>, now_ms: f64) -> Result<(), Fault> {
        let line = element("li", "", "")?;
        add(&line, "span", &by.class(), by.name)?;
        let gun = icon("gun")?;
        line.append_child(&gun)?;
        add(&line, "span", &victim.class(), victim.name)?;
        self.push(line, now_ms)
    }

    /// Adds a line about one player, or about nobody.
    pub fn note(&mut self, by: Option<Named<'_>>, words: &str, now_ms: f64) -> Result<(), Fault> {
        let line = element("li", "", "")?;
        if let Some(by) = by {
            add(&line, "span", &by.class(), by.name)?;
        }
        add(&line, "span", "", words)?;
        self.push(line, now_ms)
    }

    fn push(&mut self, line: HtmlElement, now_ms: f64) -> Result<(), Fault> {
        self.list.prepend_with_node_1(&line)?;
        self.lines.push_front((line, now_ms));
        while self.lines.len() > LINES_MAX {
            self.drop_last();
        }
        Ok(())
    }

    /// Adds what somebody says. A press on the line mutes them: `mute` is called.
    pub fn add_said(
        &mut self,
        by: Named<'_>,
        text: &str,
        mut mute: impl FnMut() + 'static,
        now_ms: f64,
    ) -> Result<(), Fault> {
        let line = element("li", "said", "")?;
        line.set_title("Press to mute");
        add(&line, "span", &by.class(), by.name)?;
        add(&line, "span", "", text)?;
        let pressed = line.clone();
        listen(&line, "click", move |_| {
            mute();
            pressed.set_text_content(Some("Muted"));
        })?;
        self.push(line, now_ms)
    }

    /// Lets lines go whose time is over.
    pub fn pass(&mut self, now_ms: f64) {
        for (line, at) in &self.lines {
            toggle(line, "old", now_ms - at > SHOWN_MS);
        }
        while self.lines.back().is_some_and(|(_, at)| now_ms - at > SHOWN_MS + FADE_MS) {
            self.drop_last();
        }
    }

    fn drop_last(&mut self) {
        if let Some((line, _)) = self.lines.pop_back() {
            line.remove();
        }
    }
}

/// One of the page's symbols as an element.
pub fn icon(symbol: &str) -> Result<web_sys::Element, Fault> {
    let document = crate::web::dom::document()?;
    let icon = document.create_element_ns(Some(SVG), "svg")?;
    icon.set_attribute("aria-hidden", "true")?;
    let link = document.create_element_ns(Some(SVG), "use")?;
    link.set_attribute("href", &format!("#{symbol}"))?;
    icon.append_child(&link)?;
    Ok(icon)
}
