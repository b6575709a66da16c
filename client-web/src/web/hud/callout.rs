//! One line in the middle of the screen: whom you took out, who took you out, when you are back.
//! At most one at a time; a newer one replaces the older. A notice of the server's operator comes back after those that
//! were said meanwhile, until it was there long enough to be read.

use web_sys::HtmlElement;

use crate::web::dom::{Fault, add, by_id, clear, toggle};

const SHOWN_MS: f64 = 1600.0;
/// Time for which a notice is shown, but for what is said meanwhile.
const NOTICE_MS: f64 = 10_000.0;

/// The line.
#[derive(Debug)]
pub struct Callout {
    line: HtmlElement,
    until_ms: f64,
    shown: String,
    notice: String,
    notice_until_ms: f64,
}

impl Callout {
    /// Finds its element.
    pub fn new() -> Result<Callout, Fault> {
        let (shown, notice) = (String::new(), String::new());
        Ok(Callout { line: by_id("call")?, until_ms: 0.0, shown, notice, notice_until_ms: 0.0 })
    }

    /// You took out somebody.
    pub fn took_out(&mut self, name: &str, now_ms: f64) -> Result<(), Fault> {
        self.until_ms = now_ms + SHOWN_MS;
        self.set("You took out ", (name, ""), "")
    }

    /// Somebody took you out; `respawn_s` seconds until the next life.
    pub fn taken_out(&mut self, name: Option<&str>, respawn_s: f32, now_ms: f64) -> Result<(), Fault> {
        self.until_ms = now_ms + 200.0;
        let back = format!("back in {} s", respawn_s.ceil().max(1.0) as u32);
        match name {
            Some(name) => self.set("", (name, "foe"), &format!(" took you out, {back}")),
            None => self.set("You are ", ("", ""), &back),
        }
    }

    /// A plain sentence.
    pub fn say(&mut self, text: &str, now_ms: f64) -> Result<(), Fault> {
        self.until_ms = now_ms + SHOWN_MS;
        self.set(text, ("", ""), "")
    }

    /// A plain sentence that is true now, and shown as long as this is called.
    pub fn stay(&mut self, text: &str, now_ms: f64) -> Result<(), Fault> {
        self.until_ms = now_ms + 200.0;
        self.set(text, ("", ""), "")
    }

    /// What the server's operator says to everybody.
    pub fn announce(&mut self, text: &str, now_ms: f64) -> Result<(), Fault> {
        text.clone_into(&mut self.notice);
        self.notice_until_ms = now_ms + NOTICE_MS;
        self.say(text, now_ms)
    }

    /// Whether nothing is said now.
    pub fn quiet(&self, now_ms: f64) -> bool {
        now_ms >= self.until_ms
    }

    /// Hides the line when its time is over, or goes on with a notice.
    pub fn pass(&mut self, now_ms: f64) -> Result<(), Fault> {
        if now_ms < self.until_ms {
            return Ok(());
        }
        if now_ms < self.notice_until_ms {
            let notice = self.notice.clone();
            return self.set(&notice, ("", ""), "");
        }
        if !self.shown.is_empty() {
            toggle(&self.line, "on", false);
            self.shown.clear();
        }
        Ok(())
    }

    fn set(&mut self, before: &str, (name, class): (&str, &str), after: &str) -> Result<(), Fault> {
        let whole = format!("{before}{name}{after}");
        if whole != self.shown {
            clear(&self.line);
            add(&self.line, "span", "", before)?;
            add(&self.line, "em", class, name)?;
            add(&self.line, "span", "", after)?;
            self.shown = whole;
        }
        toggle(&self.line, "on", true);
        Ok(())
    }
}
