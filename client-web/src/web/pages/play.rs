//! Playing: the client's netcode between the way to the server, the player's hands, the arena and the HUD.
//! A hidden tab tells the server so: it keeps its link and its seat, and gets and sends nothing until it is seen again.

pub mod link;
pub mod overlay;
pub mod spare;
pub mod words;

use std::cell::RefCell;
use std::rc::{Rc, Weak};

use glam::Vec2;
use js_sys::futures::spawn_local;
use shared::codec::encode;
use shared::protocol::{ClientMessage, CloseReason, Nothing};

use self::link::{End, Link, Next, Stand};
use self::overlay::{Around, Overlay};
use super::playground::Playground;
use super::route::{self, fatal};
use crate::client::{Client, ReceiveError};
use crate::ladder::FIRST_MESSAGE_MS;
use crate::view::{Happening, View};
use crate::web::dom::{
    Changed, Fault, after, body, document, element, listen, now_ms, toggle, visible, window,
};
use crate::web::hooks::{self, State};
use crate::web::hud::menu::{Choice, Menu};
use crate::web::hud::notice::{Answer, Notice};
use crate::web::hud::wheel::Wheel;
use crate::web::input::Input;
use crate::web::net::api::{self, JoinRequest};
use crate::web::net::socket::{BROKEN, REFUSED, SocketEvent};
use crate::web::net::way::Way;
use crate::web::stage::{Now, Stage};
use crate::web::{animation, storage};

/// The play page.
#[derive(Debug)]
struct Play {
    me: Weak<RefCell<Play>>,
    client: Client,
    link: Link,
    input: Input,
    stage: Stage,
    overlay: Overlay,
    notice: Notice,
    menu: Menu,
    wheel: Wheel,
    seat: Changed<u16>,
    view: View,
    playground: Option<Rc<Playground>>,
}

/// Begins to play in a match, or in a playground.
pub fn begin(match_id: String, playground: Option<Rc<Playground>>) -> Result<(), Fault> {
    route::show("play")?;
    if let Some(playground) = &playground {
        playground.begin()?;
    }
    let mut play = Play {
        me: Weak::new(),
        client: Client::new(),
        link: Link::new(match_id),
        input: Input::new()?,
        stage: Stage::new("arena")?,
        overlay: Overlay::new()?,
        notice: Notice::new()?,
        menu: Menu::new()?,
        wheel: Wheel::new()?,
        seat: Changed::default(),
        view: View::default(),
        playground,
    };
    if play.playground.is_some() {
        play.overlay.figures.open(true);
    }
    if storage::is_host(&play.link.match_id) {
        load_panel()?;
    }
    let play = Rc::new(RefCell::new(play));
    play.borrow_mut().me = Rc::downgrade(&play);
    let next = play.borrow_mut().link.begin();
    play.borrow_mut().follow(next);
    let (seen, dropped, shown) = (Rc::clone(&play), Rc::clone(&play), Rc::clone(&play));
    hooks::install(move || seen.borrow().state(), move || dropped.borrow_mut().closed(BROKEN))?;
    listen(&document()?, "visibilitychange", move |_| shown.borrow_mut().looked_at())?;
    play.borrow_mut().looked_at();
    animation::run(move |picture_ms| {
        if let Err(fault) = play.borrow_mut().picture(picture_ms) {
            fatal(&fault);
        }
    })
}

/// Loads the host's panel. It knows the match from the address and has its token from the browser's storage.
fn load_panel() -> Result<(), Fault> {
    if document()?.query_selector("script[src='/panel.js']")?.is_none() {
        let script = element("script", "", "")?;
        script.set_attribute("type", "module")?;
        script.set_attribute("src", "/panel.js")?;
        body()?.append_child(&script)?;
    }
    Ok(())
}

impl Play {
    /// Does what the link says.
    fn follow(&mut self, next: Next) {
        match next {
            Next::Nothing => {}
            Next::Join => self.join(None),
            Next::Connect => self.connect(),
            Next::Wait(delay_ms) => self.wait(delay_ms),
            Next::Reload => {
                if let Ok(window) = window() {
                    let _ = window.location().reload();
                }
            }
        }
    }

    fn wait(&self, delay_ms: u32) {
        let me = self.me.clone();
        after(delay_ms, move || {
            if let Some(play) = me.upgrade() {
                play.borrow_mut().try_again(false);
            }
        });
    }

    fn join(&mut self, password: Option<String>) {
        self.link.stand = Stand::Joining;
        // Nobody's account is for a playground.
        let player_key = if self.playground.is_none() { storage::player_key() } else { None };
        let request =
            JoinRequest { name: storage::name(), hull: storage::hull().into(), password, player_key };
        let (me, id) = (self.me.clone(), self.link.match_id.clone());
        spawn_local(async move {
            let answer = api::join(&id, &request).await;
            if let Some(play) = me.upgrade() {
                let mut play = play.borrow_mut();
                let next = play.link.joined(answer, now_ms());
                play.follow(next);
            }
        });
    }

    fn connect(&mut self) {
        let Some(seat) = self.link.seat.clone() else { return };
        self.link.stand = Stand::Connecting;
        self.link.tries += 1;
        let (number, me) = (self.link.tries, self.me.clone());
        (self.link.number, self.link.spare) = (number, None);
        let tell = Rc::new(move |event| {
            if let Some(play) = me.upgrade() {
                play.borrow_mut().heard_on(number, event);
            }
        });
        self.expect_news(number);
        match Way::open((self.link.ladder.at(), false), &seat, &self.link.match_id, tell) {
            Ok(way) => self.link.way = Some(way),
            Err(_) => self.closed(REFUSED),
        }
    }

    /// Gives a way up that brings nothing in time.
    fn expect_news(&self, tries: u32) {
        let me = self.me.clone();
        after(FIRST_MESSAGE_MS, move || {
            let Some(play) = me.upgrade() else { return };
            let mut play = play.borrow_mut();
            if play.link.stand == Stand::Connecting && play.link.tries == tries {
                play.closed(REFUSED);
            }
        });
    }

    /// The waiting time is over, or somebody does not want to wait.
    fn try_again(&mut self, at_once: bool) {
        let due =
            matches!(self.link.stand, Stand::Waiting { until_ms } if at_once || until_ms <= now_ms() + 20.0);
        if due {
            let next = self.link.begin();
            self.follow(next);
        }
    }

    /// Something came on the way called `number`; one that is no longer in use is not listened to.
    fn heard_on(&mut self, number: u32, event: SocketEvent) {
        if self.link.number == number {
            self.heard(event);
        } else if self.link.spare.as_ref().is_some_and(|spare| spare.number == number) {
            self.heard_on_spare(event);
        }
    }

    fn heard(&mut self, event: SocketEvent) {
        match event {
            SocketEvent::Opened => self.client.link_opened(now_ms()),
            SocketEvent::RenewIn(renew_s) => self.renew_in(self.link.number, renew_s),
            SocketEvent::Message(bytes) => match self.client.receive(&bytes, now_ms()) {
                Ok(()) => {
                    if self.client.bye().is_none() {
                        self.link.works();
                    }
                    self.step();
                }
                Err(ReceiveError::Version(_)) => self.closed(CloseReason::ProtocolVersion.code()),
                Err(_) => self.closed(BROKEN),
            },
            SocketEvent::Closed(code) => self.closed(code),
        }
    }

    fn closed(&mut self, code: u16) {
        let now = now_ms();
        self.client.link_lost(now);
        // A link that never worked has no last word of its own.
        let bye = self.client.bye().filter(|_| self.link.stand == Stand::Open).cloned();
        let next = self.link.closed(code, bye.as_ref(), now);
        self.follow(next);
    }

    /// What the visitor of a playground has set.
    fn heed_playground(&mut self) {
        let Some(playground) = &self.playground else { return };
        self.client.set_aids(playground.aids());
        if playground.take_changed() {
            self.client.measure_anew(now_ms());
        }
    }

    /// Tells the server whether anybody looks: a hidden page gets nothing and keeps its seat.
    fn looked_at(&mut self) {
        self.client.set_hidden(!visible(), now_ms());
        self.step();
    }

    /// Hands, prediction, messages. Called with every picture and every message.
    fn step(&mut self) {
        let own = self.own_on_screen();
        self.client.control(self.input.controls(own));
        self.client.advance(now_ms());
        while let Some(bytes) = self.client.poll_send() {
            if let Some(way) = &self.link.way {
                way.send(&bytes, false);
            }
        }
    }

    fn own_on_screen(&self) -> Vec2 {
        let camera = self.stage.camera();
        self.view.own.map_or(camera.size / 2.0, |own| camera.to_screen(own.position))
    }

    fn picture(&mut self, picture_ms: f64) -> Result<(), Fault> {
        self.heed_playground();
        self.climb();
        self.step();
        if self.input.pressed("F3") {
            self.overlay.figures.toggle();
        }
        let now = now_ms();
        self.view = self.client.view(now);
        self.stage.draw(&self.view, &self.client, Now { now_ms: now, picture_ms }, self.client.player())?;
        let around = Around {
            now_ms: now,
            found: self.input.found(),
            transport: self.link.ladder.at(),
            wants_scores: self.input.holds("Tab"),
        };
        self.overlay.show(&self.client, &self.view, &mut self.stage, around)?;
        self.heed_rights()?;
        if let Some(phrase) = self.wheel.turn(&self.input) {
            self.client.say(phrase);
        }
        let words = words::notice(&self.link, now);
        if let Some(body) = document()?.body() {
            toggle(&body, "lost", words.is_some());
        }
        self.notice.show(words);
        self.answer();
        self.choose();
        Ok(())
    }

    /// The player may have become the host. The host's panel reads from the page which seat is theirs.
    fn heed_rights(&mut self) -> Result<(), Fault> {
        if let Some(player) = self.client.player().filter(|player| self.seat.is_new(player.0)) {
            body()?.set_attribute("data-seat", &player.0.to_string())?;
        }
        for happening in &self.view.happenings {
            if let Happening::HostToken { token } = happening {
                storage::set_host(&self.link.match_id, token);
                load_panel()?;
            }
        }
        Ok(())
    }

    /// Does what was pressed on the notice.
    fn answer(&mut self) {
        let Some(answer) = self.notice.take_answer() else { return };
        match (self.link.stand.clone(), answer) {
            (Stand::Asking { .. }, Answer::Yes) => self.join(Some(self.notice.password())),
            (Stand::Over(End::Replaced), Answer::Yes) => self.connect(),
            (Stand::Over(End::Full | End::Locked | End::Removed { .. }), Answer::Yes)
            | (Stand::Over(End::Inactive), Answer::No) => {
                route::go(&route::watch(&self.link.match_id));
            }
            (Stand::Over(End::Over), Answer::Yes) => {
                route::go(&route::results(&self.link.match_id, self.view.round, None));
            }
            (Stand::Over(End::Version), Answer::Yes) => self.follow(Next::Reload),
            (Stand::Over(End::Inactive | End::Other(_)), Answer::Yes) => {
                let next = self.link.begin();
                self.follow(next);
            }
            (Stand::Over(_) | Stand::Asking { .. }, _) => route::go("/"),
            (_, Answer::Yes) => self.try_again(true),
            (_, Answer::No) => self.leave("/"),
        }
    }

    /// Does what was chosen in the menu.
    fn choose(&mut self) {
        let escape = self.input.pressed("Escape").then_some(Choice::Toggle);
        let id = self.link.match_id.clone();
        match self.menu.take().or(escape) {
            Some(Choice::Toggle) => self.menu.toggle(self.client.match_name()),
            Some(Choice::Copy) => {
                route::copy(&route::absolute(&route::play(&id)));
                self.menu.copied();
            }
            Some(Choice::Watch) => self.leave(&route::watch(&id)),
            Some(Choice::Leave) => self.leave("/"),
            None => {}
        }
    }

    /// Gives the seat back and goes elsewhere.
    fn leave(&mut self, address: &str) {
        if let (Some(way), Ok(bytes)) = (&self.link.way, encode(&ClientMessage::Leave(Nothing()))) {
            way.send(&bytes, true);
        }
        storage::set_seat(&self.link.match_id, None);
        route::go(address);
    }

    fn state(&self) -> State {
        let instruments = self.client.instruments();
        State {
            player: self.client.player().map(|id| id.0),
            snapshots: instruments.snapshots,
            attempt: self.link.attempt(),
            generation: self.link.generation,
            transport: self.link.ladder.at().word(),
            ..State::of("play", &self.view)
        }
    }
}
