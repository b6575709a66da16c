//! Whom a watcher can follow: everybody by score, and the leader on top. And the card of who is followed now.
//! A press is kept until the page asks for it.

use std::cell::Cell;
use std::rc::Rc;

use shared::id::PlayerId;
use shared::mode::Team;
use wasm_bindgen::JsCast;
use web_sys::{Element, Event, HtmlElement};

use crate::spectator::Follow;
use crate::view::{Score, View};
use crate::web::cast::side_class;
use crate::web::dom::{Changed, Fault, Text, add, by_id, clear, listen, style, toggle};
use crate::web::hud::bars::Segments;
use crate::web::hud::clock::ordinal;

const ROWS_MAX: usize = 40;
const SEAT: &str = "data-seat";

#[derive(Debug)]
struct Row {
    button: HtmlElement,
    bar: HtmlElement,
    id: PlayerId,
    hull: Changed<u8>,
}

/// The list.
#[derive(Debug)]
pub struct Roster {
    list: HtmlElement,
    rows: Vec<Row>,
    shown: Changed<Vec<Score>>,
    top: Option<Text>,
    chosen: Rc<Cell<Option<Follow>>>,
}

impl Roster {
    /// Finds its element.
    pub fn new() -> Result<Roster, Fault> {
        let list: HtmlElement = by_id("watch-list")?;
        let chosen: Rc<Cell<Option<Follow>>> = Rc::default();
        let choice = Rc::clone(&chosen);
        listen(&list, "click", move |event| {
            if let Some(target) = target_of(&event) {
                choice.set(Some(target));
            }
        })?;
        Ok(Roster { list, rows: Vec::new(), shown: Changed::default(), top: None, chosen })
    }

    /// Whom somebody has chosen since the last question.
    pub fn take(&self) -> Option<Follow> {
        self.chosen.take()
    }

    /// Shows everybody, and who is followed.
    pub fn show(&mut self, scores: &[Score], view: &View, following: Follow) -> Result<(), Fault> {
        if self.shown.is_new(scores.to_vec()) {
            self.fill(scores)?;
        }
        let on = view.own.map(|own| own.id);
        if let Some(top) = &mut self.top {
            let name = scores.iter().find(|s| Some(s.id) == on).map(|s| s.name.as_str());
            top.set(&match (following, name) {
                (Follow::Leader, Some(name)) => format!("Leader, now {name}"),
                _ => "Follow the leader".to_owned(),
            });
            toggle(top.element(), "on", following == Follow::Leader);
        }
        for row in &mut self.rows {
            let hull = if on == Some(row.id) { view.own.map(|own| own.hull_points) } else { None };
            let other = view.ships.iter().find(|s| s.id == row.id).map(|s| s.hull_points);
            let hull = hull.or(other).unwrap_or(0);
            if row.hull.is_new(hull) {
                style(&row.bar, "--h", &format!("{hull}%"));
            }
            let followed = match following {
                Follow::Player(id) => id == row.id,
                Follow::Leader => on == Some(row.id),
                Follow::Free(_) => false,
            };
            toggle(&row.button, "on", followed);
        }
        Ok(())
    }

    fn fill(&mut self, scores: &[Score]) -> Result<(), Fault> {
        clear(&self.list);
        self.rows.clear();
        let top = add(&self.list, "button", "dir", "")?;
        self.top = Some(Text::of(top));
        for (i, score) in scores.iter().enumerate().take(ROWS_MAX) {
            let button = add(&self.list, "button", side_class(Team::Azure, score.team), "")?;
            toggle(&button, "off", score.limbo);
            add(&button, "span", "rank", &(i + 1).to_string())?;
            add(&button, "span", "cut", &score.name)?;
            let track = add(&button, "span", "h", "")?;
            add(&track, "u", "", "")?;
            add(&button, "b", "", &score.score.to_string())?;
            button.set_attribute(SEAT, &score.id.0.to_string())?;
            self.rows.push(Row { button, bar: track, id: score.id, hull: Changed::default() });
        }
        Ok(())
    }
}

/// Whom the pressed row stands for; the row without a seat is the leader's.
fn target_of(event: &Event) -> Option<Follow> {
    let pressed = event.target()?.dyn_into::<Element>().ok()?.closest("button").ok()??;
    let seat = pressed.get_attribute(SEAT).and_then(|seat| seat.parse().ok());
    Some(seat.map_or(Follow::Leader, |seat| Follow::Player(PlayerId(seat))))
}

/// The card of the followed ship.
#[derive(Debug)]
pub struct Card {
    plate: HtmlElement,
    name: Text,
    score: Text,
    deaths: Text,
    place: Text,
    hull: Segments,
}

impl Card {
    /// Finds its elements.
    pub fn new() -> Result<Card, Fault> {
        Ok(Card {
            plate: by_id("card")?,
            name: Text::by_id("card-name")?,
            score: Text::by_id("card-score")?,
            deaths: Text::by_id("card-deaths")?,
            place: Text::by_id("card-place")?,
            hull: Segments::new("card-hull")?,
        })
    }

    /// Shows the followed ship, if any.
    pub fn show(&mut self, scores: &[Score], view: &View) {
        let own = view.own.as_ref();
        let found = own.and_then(|own| scores.iter().enumerate().find(|(_, s)| s.id == own.id));
        toggle(&self.plate, "none", found.is_none());
        let (Some((i, score)), Some(own)) = (found, own) else { return };
        self.name.set(&score.name);
        self.score.set(&score.score.to_string());
        self.deaths.set(&score.deaths.to_string());
        self.place.set(&ordinal(i + 1));
        self.hull.set(u32::from(own.hull_points));
    }
}
