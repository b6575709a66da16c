//! The matches that go on: the liveliest one large, the others as rows; or the words for an empty list.
//! Rebuilt only when the answer differs from what is shown.

use web_sys::{Element, HtmlCanvasElement, HtmlElement};

use crate::web::dom::{Changed, Fault, Text, add, by_id, clear, style};
use crate::web::hud::clock::minutes;
use crate::web::hud::kills::icon;
use crate::web::maps;
use crate::web::net::api::MatchInfo;
use crate::web::pages::route;

/// Rows below the large one; more would not be read.
const ROWS_MAX: usize = 30;
/// More seats than this are one bar instead of pips.
const PIPS_MAX: u32 = 24;

/// The list.
#[derive(Debug)]
pub struct MatchList {
    rows: HtmlElement,
    empty: Text,
    feature: HtmlElement,
    feature_map: HtmlCanvasElement,
    feature_name: Text,
    feature_line: Text,
    count: Text,
    shown: Changed<Vec<MatchInfo>>,
}

impl MatchList {
    /// Finds its elements.
    pub fn new() -> Result<MatchList, Fault> {
        Ok(MatchList {
            rows: by_id("matches")?,
            empty: Text::by_id("empty")?,
            feature: by_id("feature")?,
            feature_map: by_id("feature-map")?,
            feature_name: Text::by_id("feature-name")?,
            feature_line: Text::by_id("feature-line")?,
            count: Text::by_id("live-count")?,
            shown: Changed::default(),
        })
    }

    /// Shows the matches.
    pub fn show(&mut self, matches: &[MatchInfo]) -> Result<(), Fault> {
        if !self.shown.is_new(matches.to_vec()) {
            return Ok(());
        }
        let people: u32 = matches.iter().map(|m| m.people).sum();
        let watching: u32 = matches.iter().map(|m| m.watching).sum();
        self.count.set(&format!("{people} playing, {watching} watching"));
        self.empty.element().set_hidden(!matches.is_empty());
        self.empty.set("Nobody plays in public right now. Play now opens a match with bots; friends can join by its link.");
        self.feature.set_hidden(matches.is_empty());
        clear(&self.rows);
        let Some(large) = liveliest(matches) else { return Ok(()) };
        self.show_feature(large)?;
        for info in matches.iter().filter(|info| info.id != large.id).take(ROWS_MAX) {
            row(&self.rows, info)?;
        }
        Ok(())
    }

    /// The list could not be read; what was shown before stays.
    pub fn show_error(&mut self, answered: bool) -> Result<(), Fault> {
        if !answered {
            self.empty.element().set_hidden(false);
            self.empty.set("The list of matches is not here yet. This page tries again by itself.");
        }
        Ok(())
    }

    /// Draws the maps again, for a new size of the page.
    pub fn redraw(&mut self, matches: &[MatchInfo]) {
        self.shown = Changed::default();
        if !matches.is_empty() {
            let _ = self.show(matches);
        }
    }

    fn show_feature(&mut self, info: &MatchInfo) -> Result<(), Fault> {
        self.feature_name.set(&info.name);
        self.feature_line.set(&format!("{}, {}", kind(info), standing(info)));
        let seats: Element = by_id("feature-seats")?;
        clear(&seats);
        pips(&seats, info)?;
        let acts: Element = by_id("feature-do")?;
        clear(&acts);
        doors(&acts, info)?;
        maps::draw(&self.feature_map, &maps::arena(&info.settings.map, info.settings.max_players), &[]);
        Ok(())
    }
}

/// The match with the most people; of equals the first.
pub fn liveliest(matches: &[MatchInfo]) -> Option<&MatchInfo> {
    let most = matches.iter().map(|m| m.people).max()?;
    matches.iter().find(|info| info.people == most)
}

fn row(rows: &HtmlElement, info: &MatchInfo) -> Result<(), Fault> {
    let line = add(rows, "li", "", "")?;
    let thumb = add(&line, "canvas", "thumb", "")?;
    thumb.set_attribute("aria-hidden", "true")?;
    let what = add(&line, "div", "what", "")?;
    add(&what, "b", "cut", &info.name)?;
    add(&what, "span", "cut", &kind(info))?;
    let how = add(&line, "div", "how", "")?;
    add(&how, "span", "cut", &standing(info))?;
    let left = info.phase_left_s.map(|s| format!("{} left", minutes(s as f32)));
    add(&how, "span", "", &left.unwrap_or_default())?;
    let seats = add(&line, "div", "seats", "")?;
    pips(&seats, info)?;
    let acts = add(&line, "div", "do", "")?;
    doors(&acts, info)?;
    if let Ok(thumb) = wasm_bindgen::JsCast::dyn_into::<HtmlCanvasElement>(thumb) {
        maps::draw(&thumb, &maps::arena(&info.settings.map, info.settings.max_players), &[]);
    }
    Ok(())
}

/// The game and its map; a match that is called as its map needs no second word for it.
fn kind(info: &MatchInfo) -> String {
    let (game, map) = (game(&info.settings.mode), maps::label(&info.settings.map));
    match game {
        "" => map,
        _ if info.name == map => game.to_owned(),
        _ => format!("{game}, {map}"),
    }
}

/// What the form for hosts calls the game `mode`; empty for one that this page does not know.
fn game(mode: &str) -> &'static str {
    match mode {
        "ffa" => "Free for all",
        "tdm" => "Teams",
        "ctc" => "Cores",
        _ => "",
    }
}

/// How the match stands, in a few words.
fn standing(info: &MatchInfo) -> String {
    match (&info.leader, info.people + info.bots) {
        (Some((name, score)), _) => format!("{name} leads, {score}"),
        (None, 0) => "nobody there yet".to_owned(),
        (None, _) => "no score yet".to_owned(),
    }
}

/// Seats taken of all seats, as words and as slanted pips.
fn pips(cell: &Element, info: &MatchInfo) -> Result<(), Fault> {
    let (taken, seats) = (info.people, info.settings.max_players);
    cell.set_attribute("aria-label", &format!("{taken} of {seats} seats taken"))?;
    let words = add(cell, "span", "", "")?;
    add(&words, "b", "", &taken.to_string())?;
    add(&words, "span", "", &format!(" of {seats}"))?;
    let bots = info.bots;
    if bots > 0 {
        add(&words, "span", "bot", &format!("{bots} bots"))?;
    }
    let shown = seats.clamp(1, PIPS_MAX);
    let full = if seats > PIPS_MAX { (taken * PIPS_MAX).div_ceil(seats) } else { taken };
    let track = add(cell, "i", "pips", "")?;
    style(&track, "--n", &shown.to_string());
    for i in 0..shown {
        add(&track, "u", if i < full { "on" } else { "" }, "")?;
    }
    Ok(())
}

/// Watch, and Join or Full. A password closes the feed too, and has a lock at the door.
fn doors(cell: &Element, info: &MatchInfo) -> Result<(), Fault> {
    let password = info.settings.password;
    if !password {
        let watch = add(cell, "a", "btn sm quiet", "")?;
        watch.set_attribute("href", &route::watch(&info.id))?;
        watch.set_attribute("aria-label", &format!("Watch {}", info.name))?;
        watch.append_child(&*icon("eye")?)?;
        add(&watch, "span", "w", "Watch")?;
    }
    if info.full() {
        add(cell, "span", "btn sm full", if info.locked { "Locked" } else { "Full" })?
            .set_attribute("aria-disabled", "true")?;
    } else {
        let join = add(cell, "a", "btn sm", "Join")?;
        join.set_attribute("href", &route::play(&info.id))?;
        let asks = if password { " with its password" } else { "" };
        join.set_attribute("aria-label", &format!("Join {}{asks}", info.name))?;
        if password {
            join.prepend_with_node_1(&*icon("lock")?)?;
        }
    }
    Ok(())
}
