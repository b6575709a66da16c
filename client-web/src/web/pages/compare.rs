//! `/compare`: one match over every way of the feed at once, each with a small picture of what that way has brought and
//! with its figures, so that anybody sees what push is good for. It holds three connections and a question a second; of
//! the six that a browser allows a page, two stay free. A hidden page holds none.

pub mod pane;

use std::cell::RefCell;
use std::rc::{Rc, Weak};

use js_sys::futures::spawn_local;
use web_sys::HtmlElement;

use self::pane::{Pane, Shown};
use super::route::{self, fatal};
use crate::feed_way::FeedWay;
use crate::way_figures::Quickest;
use crate::web::animation;
use crate::web::dom::{Fault, Text, after, by_id, document, listen, now_ms, visible};
use crate::web::hooks::{self, State};
use crate::web::net::api;
use crate::web::net::feed::SourceEvent;

/// Time between two pictures of all panes.
const PICTURE_EVERY_MS: f64 = 66.0;
/// Time between two looks for a match, and before a way that failed is opened again.
const AGAIN_MS: u32 = 3_000;

/// The ways, from being asked to telling, and what people read about each.
const WAYS: [(FeedWay, &str); 5] = [
    (FeedWay::Pull, "The page asks once a second. News wait for the next question."),
    (FeedWay::Poll, "The page asks, and the server answers when it has news. Then the page asks again."),
    (FeedWay::Lines, "One answer that never ends: a line for each thing that happens."),
    (FeedWay::EventSource, "The same, read by the browser itself, which also comes back by itself."),
    (FeedWay::WebSocket, "No requests at all after the first. Both sides may talk."),
];

/// The page.
#[derive(Debug)]
struct Compare {
    me: Weak<RefCell<Compare>>,
    /// The match that the address names; else the liveliest is taken.
    named: Option<String>,
    /// The match.
    id: Option<String>,
    panes: Vec<Pane>,
    quickest: Quickest,
    title: Text,
    drawn_ms: f64,
}

/// Shows the page, for the match called `named` or for the liveliest.
pub fn begin(named: Option<String>) -> Result<(), Fault> {
    route::show("compare")?;
    let list: HtmlElement = by_id("compare-ways")?;
    let panes = WAYS.into_iter().map(|(way, words)| Pane::new(&list, way, words));
    let compare = Compare {
        me: Weak::new(),
        named,
        id: None,
        panes: panes.collect::<Result<_, _>>()?,
        quickest: Quickest::default(),
        title: Text::by_id("compare-match")?,
        drawn_ms: 0.0,
    };
    let compare = Rc::new(RefCell::new(compare));
    compare.borrow_mut().me = Rc::downgrade(&compare);
    compare.borrow().look();
    let (drawn, shown) = (Rc::clone(&compare), Rc::clone(&compare));
    listen(&document()?, "visibilitychange", move |_| shown.borrow_mut().looked_at())?;
    hooks::install(move || compare.borrow().state(), || {})?;
    animation::run(move |_| {
        if let Err(fault) = drawn.borrow_mut().picture() {
            fatal(&fault);
        }
    })
}

impl Compare {
    /// Looks for a match to show.
    fn look(&self) {
        let (me, named) = (self.me.clone(), self.named.clone());
        spawn_local(async move {
            let found = match named {
                Some(id) => Some(id),
                None => api::liveliest().await,
            };
            let Some(compare) = me.upgrade() else { return };
            if found.is_some() {
                compare.borrow_mut().id = found;
                compare.borrow_mut().looked_at();
            } else {
                compare.borrow_mut().title.set("Nothing is on just now. Start a match, and come back.");
                after(AGAIN_MS, move || compare.borrow().look());
            }
        });
    }

    /// Somebody looks at the page, or nobody does.
    fn looked_at(&mut self) {
        for place in 0..self.panes.len() {
            self.open(place);
        }
    }

    /// Opens the feed of one pane behind what it has, or closes it while nobody looks.
    fn open(&mut self, place: usize) {
        let me = self.me.clone();
        let tell: Rc<dyn Fn(SourceEvent)> = Rc::new(move |event| {
            if let Some(compare) = me.upgrade() {
                compare.borrow_mut().heard(place, event);
            }
        });
        if let Some(pane) = self.panes.get_mut(place) {
            pane.open(self.id.as_deref().filter(|_| visible()), &tell);
        }
    }

    fn heard(&mut self, place: usize, event: SourceEvent) {
        let Some(pane) = self.panes.get_mut(place) else { return };
        if pane.heard(event, &mut self.quickest, now_ms()) {
            return;
        }
        let me = self.me.clone();
        after(AGAIN_MS, move || {
            let Some(compare) = me.upgrade() else { return };
            let ended = compare.borrow().panes.iter().all(Pane::ended);
            if ended && compare.borrow_mut().id.take().is_some() {
                compare.borrow().look();
            } else {
                compare.borrow_mut().open(place);
            }
        });
    }

    fn picture(&mut self) -> Result<(), Fault> {
        let now = now_ms();
        if now - self.drawn_ms < PICTURE_EVERY_MS {
            return Ok(());
        }
        self.drawn_ms = now;
        let newest = self.panes.iter().filter_map(Pane::state).max_by_key(|state| state.tick).cloned();
        let most = self.panes.iter().filter_map(Pane::late_ms).fold(0.0, f64::max);
        for pane in &mut self.panes {
            pane.show(Shown { newest: newest.as_ref(), most_late_ms: most, now_ms: now })?;
        }
        if let Some(name) = self.panes.iter().map(Pane::match_name).find(|name| !name.is_empty()) {
            self.title.set(&format!("Live: {name}"));
        }
        Ok(())
    }

    /// For tests: the ways that have brought a picture count as ships.
    fn state(&self) -> State {
        let ships = self.panes.iter().filter(|pane| pane.late_ms().is_some()).count();
        State { page: "compare", ships, ..State::default() }
    }
}
