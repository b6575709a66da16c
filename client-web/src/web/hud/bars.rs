//! Dashes, shield and hull at the bottom of the screen, and the dash button's pips.
//! The same figures stand round the ship; these are for reading, those for feeling.

use shared::bounds::within;
use shared::rule_book::{Arms, Weapon};
use web_sys::HtmlElement;

use crate::view::OwnView;
use crate::web::dom::{Changed, Fault, Text, add, by_id, clear, find_all, style, toggle};

const SEGMENTS: u32 = 10;

/// Ten slanted segments that fill from the left.
#[derive(Debug)]
pub struct Segments {
    parts: Vec<HtmlElement>,
    shown: Changed<u32>,
}

impl Segments {
    /// Makes the segments inside the element that the page calls `id`.
    pub fn new(id: &str) -> Result<Segments, Fault> {
        let track: HtmlElement = by_id(id)?;
        clear(&track);
        let parts: Result<Vec<HtmlElement>, Fault> =
            (0..SEGMENTS).map(|_| add(&track, "u", "", "")).collect();
        Ok(Segments { parts: parts?, shown: Changed::default() })
    }

    /// Fills `percent` of 100.
    pub fn set(&mut self, percent: u32) {
        if self.shown.is_new(percent) {
            fill(&self.parts, percent as f32 / 100.0 * SEGMENTS as f32);
        }
    }
}

/// Fills the first `amount` of `parts`; the one after shows the fraction.
fn fill(parts: &[HtmlElement], amount: f32) {
    for (i, part) in parts.iter().enumerate() {
        let share = within(amount - i as f32, 0.0, 1.0);
        style(part, "--f", &format!("{}%", (share * 100.0).round() as u32));
        toggle(part, "on", share >= 1.0);
    }
}

/// The second weapon and what is left of it, as text.
fn arms_words(arms: Arms) -> String {
    let name = match arms.weapon {
        Weapon::None => return String::new(),
        Weapon::Rail => "Rail",
        Weapon::Scatter => "Scatter",
        Weapon::Mines => "Mines",
    };
    if arms.charges > 0 { format!("{name} {}", arms.charges) } else { name.to_owned() }
}

/// The plate at the bottom.
#[derive(Debug)]
pub struct Bars {
    plate: HtmlElement,
    shield_bar: HtmlElement,
    hull: Segments,
    shield: Segments,
    hull_text: Text,
    shield_text: Text,
    arms: Text,
    second_button: Text,
    dashes: Vec<HtmlElement>,
    pips: Vec<HtmlElement>,
    dashes_shown: Changed<u32>,
    state: Changed<(bool, bool, bool)>,
}

impl Bars {
    /// Finds its elements.
    pub fn new() -> Result<Bars, Fault> {
        Ok(Bars {
            plate: by_id("bars")?,
            shield_bar: by_id("shield-bar")?,
            hull: Segments::new("hull")?,
            shield: Segments::new("shield")?,
            hull_text: Text::by_id("hull-text")?,
            shield_text: Text::by_id("shield-text")?,
            arms: Text::by_id("arms")?,
            second_button: Text::by_id("rail-btn")?,
            dashes: find_all(&by_id::<HtmlElement>("dashes")?, "u"),
            pips: find_all(&by_id::<HtmlElement>("dash-pips")?, "u"),
            dashes_shown: Changed::default(),
            state: Changed::default(),
        })
    }

    /// Shows the own ship; `None` while it waits for its next life.
    pub fn show(&mut self, own: Option<&OwnView>) {
        let (hull, guard, dashes) = own.map_or((0, 0.0, 0.0), |o| (o.hull_points, o.guard, o.dashes));
        self.hull.set(u32::from(hull));
        self.hull_text.set(&hull.to_string());
        let shield = own.map_or(0.0, |own| own.shield.max(guard));
        let guard_percent = (within(shield, 0.0, 1.0) * 50.0).ceil() as u32 * 2;
        self.shield.set(guard_percent);
        self.shield_text.set(&match guard_percent {
            0 => String::new(),
            _ if guard > 0.0 => "On".to_owned(),
            percent => percent.to_string(),
        });
        let arms = own.map_or_else(String::new, |own| arms_words(own.arms));
        self.arms.set(&arms);
        self.second_button.set(&arms);
        if self.state.is_new((own.is_some(), guard_percent > 0, hull < 30)) {
            toggle(&self.plate, "dead", own.is_none());
            toggle(&self.plate, "low", own.is_some() && hull < 30);
            toggle(&self.shield_bar, "none", guard_percent == 0);
        }
        toggle(&self.plate, "half", (30..=50).contains(&hull));
        if self.dashes_shown.is_new((dashes * 20.0) as u32) {
            fill(&self.dashes, dashes);
            fill(&self.pips, dashes);
        }
    }
}
