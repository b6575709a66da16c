//! The controls, shown at the bottom left until the player has moved and fired.
//! Each line fades when its control was found; all go after a while in any case.

use web_sys::HtmlElement;

use crate::web::dom::{Changed, Fault, by_id, find_all, toggle};
use crate::web::input::{Control, Found};

/// The order of the lines in the page.
const ORDER: [Control; 6] =
    [Control::Thrust, Control::Aim, Control::Fire, Control::Rail, Control::Dash, Control::Scores];
/// After this long they go in any case.
const SHOWN_MS: f64 = 45_000.0;
/// They stay a moment after the last one was found.
const LINGER_MS: f64 = 4000.0;

/// The plate with the controls.
#[derive(Debug)]
pub struct Hints {
    plate: HtmlElement,
    lines: Vec<HtmlElement>,
    found: Changed<Found>,
    since_ms: Option<f64>,
    known_ms: Option<f64>,
}

impl Hints {
    /// Finds its elements.
    pub fn new() -> Result<Hints, Fault> {
        let plate: HtmlElement = by_id("help")?;
        let lines = find_all(&plate, "li");
        Ok(Hints { plate, lines, found: Changed::default(), since_ms: None, known_ms: None })
    }

    /// Shows which controls were found.
    pub fn show(&mut self, found: Found, now_ms: f64) {
        let since_ms = *self.since_ms.get_or_insert(now_ms);
        if found.has(Control::Thrust) && found.has(Control::Fire) && self.known_ms.is_none() {
            self.known_ms = Some(now_ms);
        }
        let over = self.known_ms.is_some_and(|at| now_ms - at > LINGER_MS) || now_ms - since_ms > SHOWN_MS;
        toggle(&self.plate, "gone", over);
        if self.found.is_new(found) {
            for (line, control) in self.lines.iter().zip(ORDER) {
                toggle(line, "done", found.has(control));
            }
        }
    }
}
