//! The liveliest match as a moving picture in the lobby: the watch page's feed and renderer in a small size.
//! It is only a picture: without WebGL2, or when less motion is wanted, the map stays instead. A hidden tab closes it.

use std::cell::RefCell;
use std::rc::Rc;

use web_sys::HtmlElement;

use crate::spectator::Spectator;
use crate::view::Freshness;
use crate::web::animation;
use crate::web::dom::{Fault, by_id, document, listen, now_ms, reduced_motion, toggle, visible};
use crate::web::net::feed::{Feed, SourceEvent, address};
use crate::web::stage::{Now, Stage};

/// The moving picture.
#[derive(Debug)]
pub struct Live {
    stage: Stage,
    canvas: HtmlElement,
    spectator: Spectator,
    feed: Option<Feed>,
    id: Option<String>,
}

/// The picture as its listeners share it.
pub type Shared = Rc<RefCell<Live>>;

/// Begins to draw; `None` if this browser or this person wants no moving picture.
pub fn begin() -> Result<Option<Shared>, Fault> {
    if reduced_motion() {
        return Ok(None);
    }
    let Ok(stage) = Stage::new("feature-live") else { return Ok(None) };
    let canvas = by_id("feature-live")?;
    let live = Live { stage, canvas, spectator: Spectator::new(), feed: None, id: None };
    let live = Rc::new(RefCell::new(live));
    let (drawn, shown) = (Rc::clone(&live), Rc::clone(&live));
    animation::run(move |picture_ms| drawn.borrow_mut().picture(picture_ms))?;
    listen(&document()?, "visibilitychange", move |_| {
        let id = shown.borrow().id.clone();
        shown.borrow_mut().feed = None;
        if let Some(id) = id.filter(|_| visible()) {
            open(&shown, id);
        }
    })?;
    Ok(Some(live))
}

/// Shows the match `id` from now on, or none.
pub fn watch(live: &Shared, id: Option<&str>) {
    if live.borrow().id.as_deref() == id {
        return;
    }
    let mut now = live.borrow_mut();
    now.id = id.map(str::to_owned);
    now.feed = None;
    drop(now);
    if let Some(id) = id {
        open(live, id.to_owned());
    }
}

fn open(live: &Shared, id: String) {
    let heard = Rc::downgrade(live);
    let tell: Rc<dyn Fn(SourceEvent)> = Rc::new(move |event| {
        if let Some(live) = heard.upgrade() {
            live.borrow_mut().heard(event);
        }
    });
    let mut now = live.borrow_mut();
    now.spectator = Spectator::new();
    now.feed = Feed::open(&address(&id, None, None), &tell).ok();
    now.id = Some(id);
}

impl Live {
    fn heard(&mut self, event: SourceEvent) {
        match event {
            SourceEvent::Asked | SourceEvent::Bytes(_) => {}
            SourceEvent::Opened => self.spectator.opened(now_ms()),
            SourceEvent::Message { name, cursor, data } => {
                if self.spectator.receive(name, &cursor, &data, now_ms()).is_err() {
                    self.feed = None;
                }
            }
            SourceEvent::Lost { retries } => {
                self.spectator.lost(now_ms());
                if !retries {
                    self.feed = None;
                }
            }
        }
    }

    fn picture(&mut self, picture_ms: f64) {
        if self.feed.is_none() {
            toggle(&self.canvas, "on", false);
            return;
        }
        let now = now_ms();
        let view = self.spectator.view(now);
        let fresh = matches!(view.freshness, Freshness::Live | Freshness::CatchingUp);
        let drawn =
            fresh && self.stage.draw(&view, &self.spectator, Now { now_ms: now, picture_ms }, None).is_ok();
        toggle(&self.canvas, "on", drawn);
    }
}
