//! Watching: the public feed on the way that works, the same arena, a list to choose whom to follow, a camera that flies free.
//! The browser connects again by itself; when it gives up, this opens a new feed where the old one ended.

mod deck;
pub mod plates;
pub mod roster;
mod words;

use shared::bounds::within;
use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use glam::Vec2;
use shared::world::Phase;
use web_sys::HtmlElement;

use self::deck::Deck;
use self::plates::Plates;
use super::route::{self, fatal};
use super::tagging::{self, Naming};
use crate::feed_way::{FeedChoice, FeedWay};
use crate::ladder::FIRST_MESSAGE_MS;
use crate::session::Backoff;
use crate::spectator::{Follow, Spectator};
use crate::view::{Freshness, Score, View};
use crate::web::animation;
use crate::web::dom::{Fault, after, by_id, document, listen, now_ms, toggle, visible};
use crate::web::hooks::{self, State};
use crate::web::hud::notice::Answer;
use crate::web::hud::table::Occasion;
use crate::web::input::Input;
use crate::web::net::feed::SourceEvent;
use crate::web::net::feed_fetch::{self, AnyFeed};
use crate::web::stage::{Now, Stage};
use crate::web::storage;

const SCORES_EVERY_MS: f64 = 150.0;
/// Speed of the free camera in units per second.
const FLY_UNITS: f32 = 620.0;
/// A feed that never came is asked for this often; then only when somebody wants it.
const ATTEMPTS_UNSEEN_MAX: u32 = 6;
const HINT_MS: f64 = 14_000.0;
const MOVE_KEYS: [(&str, Vec2); 4] =
    [("KeyW", Vec2::NEG_Y), ("KeyS", Vec2::Y), ("KeyA", Vec2::NEG_X), ("KeyD", Vec2::X)];

/// What the watch page's buttons ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Press {
    FullScreen,
    Copy,
}

#[derive(Debug)]
struct Watch {
    me: Weak<RefCell<Watch>>,
    id: String,
    key: Option<String>,
    spectator: Spectator,
    feed: Option<AnyFeed>,
    /// Feeds that were opened; the last but a spare is the one in use.
    opened: u32,
    number: u32,
    /// A better way that is tried beside it.
    spare: Option<(u32, FeedWay, AnyFeed)>,
    choice: FeedChoice,
    /// What plays instead of a feed.
    deck: Option<Deck>,
    backoff: Backoff,
    failed: u32,
    input: Input,
    stage: Stage,
    plates: Plates,
    view: View,
    scores: Vec<Score>,
    scores_ms: f64,
    begun_ms: f64,
    flown_ms: f64,
    pressed: Rc<Cell<Option<Press>>>,
}

/// Begins to watch a match, or what one that has ended left.
pub fn begin(id: String, key: Option<String>, replay: bool) -> Result<(), Fault> {
    route::show("watch")?;
    let deck = replay.then(|| Deck::new(&id, key.as_deref(), now_ms())).transpose()?;
    if !replay {
        by_id::<HtmlElement>("watch-join")?.set_attribute("href", &route::play(&id))?;
    }
    let pressed: Rc<Cell<Option<Press>>> = Rc::default();
    for (button, press) in [("full-screen", Press::FullScreen), ("watch-copy", Press::Copy)] {
        let pressed = Rc::clone(&pressed);
        listen(&by_id::<HtmlElement>(button)?, "click", move |_| pressed.set(Some(press)))?;
    }
    let watch = Rc::new(RefCell::new(Watch {
        me: Weak::new(),
        id,
        key,
        spectator: Spectator::new(),
        feed: None,
        opened: 0,
        number: 0,
        spare: None,
        choice: FeedChoice::new(storage::feed_way()),
        deck,
        backoff: Backoff::new((js_sys::Math::random() * 1e15) as u64),
        failed: 0,
        input: Input::new()?,
        stage: Stage::new("arena")?,
        plates: Plates::new()?,
        view: View::default(),
        scores: Vec::new(),
        scores_ms: f64::NEG_INFINITY,
        begun_ms: now_ms(),
        flown_ms: now_ms(),
        pressed,
    }));
    watch.borrow_mut().me = Rc::downgrade(&watch);
    if !replay {
        watch.borrow_mut().open();
    }
    let (seen, dropped) = (Rc::clone(&watch), Rc::clone(&watch));
    hooks::install(move || seen.borrow().state(), move || dropped.borrow_mut().lost(false))?;
    animation::run(move |picture_ms| {
        if let Err(fault) = watch.borrow_mut().picture(picture_ms) {
            fatal(&fault);
        }
    })
}

impl Watch {
    fn open(&mut self) {
        self.choice.opening(now_ms());
        self.plates.way.set(self.choice.way().name());
        let feed = self.open_way(self.choice.way());
        (self.number, self.spare) = (self.opened, None);
        match feed {
            Ok(feed) => self.feed = Some(feed),
            Err(_) => self.lost(false),
        }
    }

    /// Opens the feed on a way, behind the last event; what comes there is told with the number of the opening.
    fn open_way(&mut self, way: FeedWay) -> Result<AnyFeed, Fault> {
        self.opened += 1;
        let (number, me) = (self.opened, self.me.clone());
        let tell: Rc<dyn Fn(SourceEvent)> = Rc::new(move |event| {
            if let Some(watch) = me.upgrade() {
                watch.borrow_mut().heard_on(number, event);
            }
        });
        let (id, key) = (self.id.as_str(), self.key.as_deref());
        let cursor = self.spectator.last_cursor().unwrap_or_default();
        feed_fetch::open(way, (id, key, cursor), &tell)
    }

    /// Tries the better way, if that is due. The picture goes on over the old one until the new one brings something.
    fn climb(&mut self, now: f64) {
        let due = self.spare.is_none() && self.feed.is_some() && visible();
        let Some(way) = due.then(|| self.choice.climb(now, js_sys::Math::random())).flatten() else { return };
        self.spare = self.open_way(way).ok().map(|feed| (self.opened, way, feed));
        let (number, me) = (self.opened, self.me.clone());
        after(FIRST_MESSAGE_MS, move || {
            if let Some(watch) = me.upgrade() {
                watch.borrow_mut().spare.take_if(|(spare, ..)| *spare == number);
            }
        });
    }

    fn heard_on(&mut self, number: u32, event: SourceEvent) {
        if number == self.number {
            return self.heard(event);
        }
        let Some((_, way, feed)) = self.spare.take_if(|(spare, ..)| *spare == number) else { return };
        match event {
            SourceEvent::Opened | SourceEvent::Asked | SourceEvent::Bytes(_) => {
                self.spare = Some((number, way, feed));
            }
            SourceEvent::Lost { .. } => {}
            SourceEvent::Message { .. } => {
                (self.number, self.feed) = (number, Some(feed));
                self.choice.moved(way);
                self.plates.way.set(way.name());
                storage::set_feed_way(way);
                self.heard(event);
            }
        }
    }

    fn heard(&mut self, event: SourceEvent) {
        match event {
            SourceEvent::Asked | SourceEvent::Bytes(_) => {}
            SourceEvent::Opened => self.spectator.opened(now_ms()),
            SourceEvent::Message { name, cursor, data } => {
                match self.spectator.receive(name, &cursor, &data, now_ms()) {
                    Ok(()) => {
                        self.failed = 0;
                        if self.choice.brought_event(now_ms()) {
                            storage::set_feed_way(self.choice.way());
                        }
                        self.backoff.succeeded();
                    }
                    Err(_) => self.lost(false),
                }
            }
            SourceEvent::Lost { retries } => self.lost(retries),
        }
    }

    /// The feed is gone. Unless the browser tries again by itself, a new one is opened in a while.
    fn lost(&mut self, retries: bool) {
        self.spectator.lost(now_ms());
        self.failed = self.failed.saturating_add(1);
        if retries || self.spectator.ended() {
            return;
        }
        self.feed = None;
        self.choice.failed();
        let never_seen = self.view.freshness == Freshness::Waiting;
        if never_seen && self.failed > ATTEMPTS_UNSEEN_MAX {
            return;
        }
        let me = self.me.clone();
        after(self.backoff.next_delay_ms(), move || {
            if let Some(watch) = me.upgrade() {
                watch.borrow_mut().open_again();
            }
        });
    }

    fn open_again(&mut self) {
        if self.feed.is_none() {
            self.open();
        }
    }

    fn picture(&mut self, picture_ms: f64) -> Result<(), Fault> {
        let now = now_ms();
        if self.feed.is_some() && self.choice.is_late(now) {
            self.open();
        }
        self.climb(now);
        self.steer(now);
        let shown_ms = match &mut self.deck {
            Some(deck) => deck.run(&self.input, &mut self.spectator, now),
            None => now,
        };
        self.view = self.spectator.view(shown_ms);
        self.stage.draw(&self.view, &self.spectator, Now { now_ms: now, picture_ms }, None)?;
        let begun = self.deck.as_mut().is_some_and(Deck::has_begun_anew);
        if begun || now - self.scores_ms > SCORES_EVERY_MS {
            self.scores_ms = now;
            self.scores = self.spectator.scores();
        }
        self.show(now)?;
        self.press()
    }

    /// Keys and drags: another ship, the leader, or a camera that flies free.
    fn steer(&mut self, now: f64) {
        let dt_s = within((now - self.flown_ms) / 1000.0, 0.0, 0.1) as f32;
        self.flown_ms = now;
        let keys = MOVE_KEYS.iter().filter(|(code, _)| self.input.holds(code)).map(|(_, way)| *way);
        let flown = keys.sum::<Vec2>().normalize_or_zero() * FLY_UNITS * dt_s;
        let dragged = self.input.take_drag() / self.stage.camera().scale.max(0.01);
        if flown != Vec2::ZERO || dragged.length() > 0.5 {
            let half = self.spectator.arena().map_or(Vec2::splat(4000.0), shared::arena::Arena::half);
            let place = (self.view.camera + flown - dragged).clamp(-half, half);
            self.spectator.follow(Follow::Free(place));
        }
        if self.input.pressed("KeyL") {
            self.spectator.follow(Follow::Leader);
        }
        // A replay's timeline has the other two.
        let side = |code| self.deck.is_none() && self.input.pressed(code);
        let step = i32::from(self.input.pressed("ArrowDown") || side("ArrowRight"))
            - i32::from(self.input.pressed("ArrowUp") || side("ArrowLeft"));
        if step != 0 {
            self.next_ship(step);
        }
        for digit in 1..=9_usize {
            if self.input.pressed(&format!("Digit{digit}"))
                && let Some(score) = self.scores.get(digit - 1)
            {
                self.spectator.follow(Follow::Player(score.id));
            }
        }
        if let Some(target) = self.plates.roster.take() {
            self.spectator.follow(target);
        }
    }

    fn next_ship(&mut self, step: i32) {
        let now = self.view.own.map(|own| own.id).or(match self.spectator.following() {
            Follow::Player(id) => Some(id),
            _ => None,
        });
        let count = self.scores.len() as i32;
        let at =
            now.and_then(|id| self.scores.iter().position(|s| s.id == id)).map_or(0, |i| i as i32 + step);
        if count > 0
            && let Some(score) = self.scores.get(at.rem_euclid(count) as usize)
        {
            self.spectator.follow(Follow::Player(score.id));
        }
    }

    fn show(&mut self, now: f64) -> Result<(), Fault> {
        let following = self.spectator.following();
        let leader = self.scores.first().filter(|s| s.score > 0);
        let leads = leader.map_or_else(String::new, |s| format!("{} leads, {}", s.name, s.score));
        let leader = leader.map(|s| s.id);
        let plates = &mut self.plates;
        plates.tell(&self.view, &self.spectator, now)?;
        plates.clock.show(&self.view);
        plates.leads.set(&leads);
        plates.title.set(self.spectator.match_name());
        let delay_s = self.spectator.delay_ms() / 1000;
        plates.behind.set(&if delay_s > 0 { format!("{delay_s} s behind") } else { String::new() });
        plates.roster.show(&self.scores, &self.view, following)?;
        plates.card.show(&self.scores, &self.view);
        toggle(&plates.keys, "gone", now - self.begun_ms > HINT_MS);
        match &mut self.deck {
            Some(deck) => {
                deck.show();
                plates.state.set("Replay");
            }
            None => plates.show_state(&self.view),
        }
        if matches!(self.view.phase, Phase::Results | Phase::Ended)
            && self.view.freshness != Freshness::Waiting
        {
            plates.table.link(self.view.round)?;
            let occasion = Occasion::RoundOver(self.view.phase_left_s.map(|s| s.ceil() as u32));
            plates.table.show(&self.scores, (None, self.view.sides), &occasion)?;
        } else {
            plates.table.hide();
        }
        let naming = Naming { leader, me: None, watching: true, now_ms: now };
        let (labels, slots) = (&mut plates.labels, &mut plates.slots);
        tagging::show((labels, slots), &mut self.stage, &self.view, &self.spectator, naming);
        self.notice();
        Ok(())
    }

    fn notice(&mut self) {
        let words = match &self.deck {
            Some(deck) => deck.failed().then_some(words::NO_REPLAY),
            None => words::of(self.spectator.ended(), self.failed, self.view.freshness),
        };
        let over = self.deck.is_none() && self.spectator.ended();
        if let Some(body) = document().ok().and_then(|d| d.body()) {
            toggle(&body, "lost", words.is_some());
        }
        self.plates.notice.show(words.map(words::Said::words));
        match self.plates.notice.take_answer() {
            Some(Answer::Yes) if over => {
                route::go(&route::results(&self.id, self.view.round, self.key.as_deref()));
            }
            Some(Answer::Yes) if self.deck.is_none() => {
                self.feed = None;
                self.open();
            }
            Some(_) => route::go("/"),
            None => {}
        }
    }

    fn press(&mut self) -> Result<(), Fault> {
        match self.pressed.take() {
            Some(Press::FullScreen) => {
                let document = document()?;
                if document.fullscreen_element().is_some() {
                    document.exit_fullscreen();
                } else if let Some(page) = document.document_element() {
                    let _ = page.request_fullscreen();
                }
            }
            Some(Press::Copy) => {
                let key = self.key.as_deref().map_or_else(String::new, |key| format!("?key={key}"));
                let path = if self.deck.is_some() { route::replay(&self.id) } else { route::watch(&self.id) };
                route::copy(&route::absolute(&format!("{path}{key}")));
                self.plates.copy.set("Copied");
            }
            None => {}
        }
        Ok(())
    }

    fn state(&self) -> State {
        let known = self.spectator.watch().and_then(crate::watch::Watch::state);
        let tick = known.map_or(0, |state| state.tick.0);
        State { attempt: self.failed, tick, ..State::of("watch", &self.view) }
    }
}
