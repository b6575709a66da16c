//! The score board at the top left: the best five and the own row, however far down that is.
//! Narrow screens hide rows by the style sheet.

use shared::id::PlayerId;
use web_sys::HtmlElement;

use super::clock::ordinal;
use crate::view::Score;
use crate::web::cast::side_class;
use crate::web::dom::{Changed, Fault, Text, add, by_id, clear, toggle};

const ROWS: usize = 5;

/// The board and the own place beside the clock.
#[derive(Debug)]
pub struct ScoreBoard {
    list: HtmlElement,
    place: Text,
    of: Text,
    shown: Changed<(Vec<Score>, Option<PlayerId>)>,
    own_score: u16,
}

impl ScoreBoard {
    /// Finds its elements.
    pub fn new() -> Result<ScoreBoard, Fault> {
        Ok(ScoreBoard {
            list: by_id("score")?,
            place: Text::by_id("place")?,
            of: Text::by_id("of")?,
            shown: Changed::default(),
            own_score: 0,
        })
    }

    /// Shows `scores`, the best first.
    pub fn show(&mut self, scores: &[Score], me: Option<PlayerId>) -> Result<(), Fault> {
        if !self.shown.is_new((scores.to_vec(), me)) {
            return Ok(());
        }
        clear(&self.list);
        let mine = scores.iter().position(|s| Some(s.id) == me);
        let own = mine.and_then(|i| scores.get(i)).map(|s| s.team).unwrap_or_default();
        for (i, score) in scores.iter().enumerate().filter(|(i, _)| Some(*i) != mine).take(ROWS) {
            row(&self.list, i, score, side_class(own, score.team))?;
        }
        if let Some((i, score)) = mine.and_then(|i| Some((i, scores.get(i)?))) {
            let line = row(&self.list, i, score, &format!("me gap {}", side_class(own, score.team)))?;
            toggle(&line, "rose", score.score > self.own_score);
            self.own_score = score.score;
            self.place.set(&ordinal(i + 1));
        }
        self.of.set(&if mine.is_some() { format!("of {}", scores.len()) } else { String::new() });
        Ok(())
    }
}

fn row(list: &HtmlElement, index: usize, score: &Score, class: &str) -> Result<HtmlElement, Fault> {
    let line = add(list, "li", class, "")?;
    toggle(&line, "off", score.limbo);
    add(&line, "span", "rank", &(index + 1).to_string())?;
    add(&line, "span", "cut", &score.name)?;
    add(&line, "b", "", &score.score.to_string())?;
    Ok(line)
}
