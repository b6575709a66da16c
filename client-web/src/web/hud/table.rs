//! All scores in a sheet: while Tab is held, and as results when a round has ended.
//! Long lists are cut to what fits; the own row is always there.

use shared::id::PlayerId;
use web_sys::HtmlElement;

use super::clock::ordinal;
use crate::view::Score;
use crate::web::dom::{Changed, Fault, Text, add, by_id, clear, toggle, window};

const ROWS_MAX: usize = 14;

/// Why the sheet is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Occasion {
    /// Somebody wants to see all scores.
    Asked(String),
    /// The round is over; the next begins in so many seconds.
    RoundOver(Option<u32>),
}

/// The sheet.
#[derive(Debug)]
pub struct Table {
    section: HtmlElement,
    links: [HtmlElement; 2],
    linked: Changed<u16>,
    title: Text,
    line: Text,
    rows: HtmlElement,
    shown: Changed<(Vec<Score>, Option<PlayerId>)>,
}

impl Table {
    /// Finds its elements.
    pub fn new() -> Result<Table, Fault> {
        Ok(Table {
            section: by_id("results")?,
            links: [by_id("results-more")?, by_id("results-again")?],
            linked: Changed::default(),
            title: Text::by_id("results-title")?,
            line: Text::by_id("results-line")?,
            rows: by_id("results-rows")?,
            shown: Changed::default(),
        })
    }

    /// Hides the sheet.
    pub fn hide(&mut self) {
        toggle(&self.section, "on", false);
    }

    /// Says where the result and the replay of a round are.
    pub fn link(&mut self, round: u16) -> Result<(), Fault> {
        if !self.linked.is_new(round) {
            return Ok(());
        }
        let location = window()?.location();
        let (path, key) = (location.pathname()?, location.search()?);
        let key = if key.contains("key=") { key.as_str() } else { "" };
        // Pages of matches end with the match; a playground's rounds are nobody's.
        let place = path.trim_end_matches('/').rsplit_once('/').filter(|(page, _)| !page.is_empty());
        for (link, page) in self.links.iter().zip(["results", "replay"]) {
            link.set_hidden(place.is_none());
            if let Some((_, id)) = place {
                // A replay's address names the round already.
                let id = id.split('-').next().unwrap_or(id);
                link.set_attribute("href", &format!("/{page}/{id}-{round}{key}"))?;
            }
        }
        Ok(())
    }

    /// Shows `scores`, the best first.
    pub fn show(&mut self, scores: &[Score], me: Option<PlayerId>, occasion: &Occasion) -> Result<(), Fault> {
        toggle(&self.section, "on", true);
        toggle(&self.section, "board", matches!(occasion, Occasion::Asked(_)));
        let mine = scores.iter().position(|s| Some(s.id) == me);
        match occasion {
            Occasion::Asked(name) => {
                self.title.set(name);
                self.line.set(&format!("{} in the match", scores.len()));
            }
            Occasion::RoundOver(left_s) => {
                self.title.set(&headline(scores));
                let own = mine.map(|i| format!("You came {} of {}. ", ordinal(i + 1), scores.len()));
                let next = left_s.map_or_else(String::new, |s| format!("Next round in {s} s."));
                self.line.set(&format!("{}{next}", own.unwrap_or_default()));
            }
        }
        if self.shown.is_new((scores.to_vec(), me)) {
            self.fill(scores, me, mine)?;
        }
        Ok(())
    }

    fn fill(&self, scores: &[Score], me: Option<PlayerId>, mine: Option<usize>) -> Result<(), Fault> {
        clear(&self.rows);
        let low = mine.is_some_and(|i| i >= ROWS_MAX);
        let best = ROWS_MAX - usize::from(low);
        let rows = scores.iter().enumerate().filter(|(i, _)| *i < best || Some(*i) == mine);
        for (i, score) in rows {
            let row = add(&self.rows, "tr", "", "")?;
            toggle(&row, "me", Some(score.id) == me);
            toggle(&row, "off", score.limbo);
            add(&row, "td", "", &(i + 1).to_string())?;
            let name = add(&row, "td", "", &score.name)?;
            if score.bot {
                add(&name, "span", "bot", "bot")?;
            }
            let points = add(&row, "td", "r", "")?;
            add(&points, "b", "", &score.score.to_string())?;
            add(&row, "td", "r", &score.deaths.to_string())?;
        }
        Ok(())
    }
}

fn headline(scores: &[Score]) -> String {
    match scores {
        [first, second, ..] if first.score > second.score => {
            format!("{} wins by {}", first.name, first.score - second.score)
        }
        [first, second, ..] => format!("{} and {} are level", first.name, second.name),
        [only] => format!("{} was alone", only.name),
        [] => "The round is over".to_owned(),
    }
}
