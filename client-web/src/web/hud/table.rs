//! All scores in a sheet: while Tab is held, and as results when a round has ended.
//! Long lists are cut to what fits; the own row is always there.

use shared::id::PlayerId;
use shared::mode::Team;
use web_sys::HtmlElement;

use super::clock::ordinal;
use super::sides::totals;
use crate::view::{Score, Sides};
use crate::web::cast::side_class;
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

/// Scores, who looks at them, and what both sides have reached.
type Shown = (Vec<Score>, Option<PlayerId>, Option<(u16, u16)>);

/// The sheet.
#[derive(Debug)]
pub struct Table {
    section: HtmlElement,
    links: [HtmlElement; 2],
    linked: Changed<u16>,
    title: Text,
    line: Text,
    rows: HtmlElement,
    shown: Changed<Shown>,
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
    pub fn show(
        &mut self,
        scores: &[Score],
        (me, sides): (Option<PlayerId>, Option<Sides>),
        occasion: &Occasion,
    ) -> Result<(), Fault> {
        toggle(&self.section, "on", true);
        toggle(&self.section, "board", matches!(occasion, Occasion::Asked(_)));
        let mine = scores.iter().position(|s| Some(s.id) == me);
        let own = mine.and_then(|i| scores.get(i)).map_or(Team::Azure, |s| s.team);
        let both = sides.map(|sides| totals(&sides, own));
        match occasion {
            Occasion::Asked(name) => {
                self.title.set(name);
                self.line.set(&format!("{} in the match", scores.len()));
            }
            Occasion::RoundOver(left_s) => {
                self.title
                    .set(&both.map_or_else(|| headline(scores), |both| side_headline(both, mine.is_some())));
                let own = mine.map(|i| format!("You came {} of {}. ", ordinal(i + 1), scores.len()));
                let next = left_s.map_or_else(String::new, |s| format!("Next round in {s} s."));
                self.line.set(&format!("{}{next}", own.unwrap_or_default()));
            }
        }
        if self.shown.is_new((scores.to_vec(), me, both)) {
            match both {
                Some(both) => self.fill_sides(scores, me, (own, both))?,
                None => self.fill(scores, me, mine)?,
            }
        }
        Ok(())
    }

    fn fill(&self, scores: &[Score], me: Option<PlayerId>, mine: Option<usize>) -> Result<(), Fault> {
        clear(&self.rows);
        let low = mine.is_some_and(|i| i >= ROWS_MAX);
        let best = ROWS_MAX - usize::from(low);
        let rows = scores.iter().enumerate().filter(|(i, _)| *i < best || Some(*i) == mine);
        for (i, score) in rows {
            self.row(score, (i, ""), me)?;
        }
        Ok(())
    }

    /// Two columns, the own side first, each under its total.
    fn fill_sides(
        &self,
        scores: &[Score],
        me: Option<PlayerId>,
        (own, (ours, theirs)): (Team, (u16, u16)),
    ) -> Result<(), Fault> {
        clear(&self.rows);
        for (team, total) in [(own, ours), (own.other(), theirs)] {
            let class = side_class(own, team);
            let head = add(&self.rows, "tr", &format!("{class} total"), "")?;
            add(&head, "td", "", &total.to_string())?;
            let rows = scores.iter().filter(|s| s.team == team).take(ROWS_MAX - 4);
            for (i, score) in rows.enumerate() {
                self.row(score, (i, class), me)?;
            }
        }
        Ok(())
    }

    fn row(&self, score: &Score, (i, class): (usize, &str), me: Option<PlayerId>) -> Result<(), Fault> {
        let row = add(&self.rows, "tr", class, "")?;
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
        Ok(())
    }
}

fn side_headline((ours, theirs): (u16, u16), plays: bool) -> String {
    let (best, other) = (ours.max(theirs), ours.min(theirs));
    let who = match (plays, ours > theirs) {
        _ if ours == theirs => return format!("Level at {best}"),
        (true, true) => "Your side wins",
        (true, false) => "The other side wins",
        (false, true) => "Azure wins",
        (false, false) => "Amber wins",
    };
    format!("{who} {best} to {other}")
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
