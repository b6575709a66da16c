//! The lobby: who you are, which ship, and where to fight. One press plays; the list shows what goes on.
//! It only asks the server and changes the address; playing begins on its own page.

pub mod hangar;
pub mod list;
pub mod live;

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::futures::spawn_local;
use shared::world::Hull;
use web_sys::{Element, HtmlElement, HtmlInputElement};

use self::hangar::Hangar;
use self::list::MatchList;
use super::host;
use super::route::{self, fatal};
use crate::web::dom::{
    Fault, Text, add, after, by_id, document, every, find_all, listen, toggle, visible, window,
};
use crate::web::hooks::{self, State};
use crate::web::hud::kills::icon;
use crate::web::hulls::{label, svg_points};
use crate::web::net::api::{self, MatchInfo};
use crate::web::net::feed::{Feed, SourceEvent};
use crate::web::net::json::Json;
use crate::web::storage;

/// The clocks of matches run on in the page.
const CLOCK_MS: i32 = 1000;
/// Pause before the list is asked for again when the browser has given up.
const AGAIN_MS: u32 = 3000;

#[derive(Debug)]
struct Lobby {
    list: MatchList,
    hangar: Hangar,
    live: Option<live::Shared>,
    next: Text,
    matches: Vec<MatchInfo>,
    feed: Option<Feed>,
    answered: bool,
}

/// Shows the lobby.
pub fn begin() -> Result<(), Fault> {
    route::show("lobby")?;
    hangar::draw_sky()?;
    let name: HtmlInputElement = by_id("name")?;
    name.set_value(&storage::name());
    listen(&name.clone(), "input", move |_| storage::set_name(name.value().trim()))?;
    let lobby = Lobby {
        list: MatchList::new()?,
        hangar: Hangar::new()?,
        live: live::begin()?,
        next: Text::by_id("next")?,
        matches: Vec::new(),
        feed: None,
        answered: false,
    };
    let lobby = Rc::new(RefCell::new(lobby));
    choose_hulls(&lobby)?;
    let resized = Rc::clone(&lobby);
    listen(&window()?, "resize", move |_| {
        let _ = hangar::draw_sky();
        resized.borrow_mut().redraw();
    })?;
    let played = Rc::clone(&lobby);
    listen(&by_id::<HtmlElement>("play-now")?, "click", move |_| play_now(&played))?;
    host::listen_to_form()?;
    let pictured = Rc::clone(&lobby);
    spawn_local(async move {
        if host::load_maps().await {
            pictured.borrow_mut().redraw();
        }
    });
    hooks::install(|| State { page: "lobby", ..State::default() }, || {})?;
    let clocked = Rc::clone(&lobby);
    every(CLOCK_MS, move || clocked.borrow_mut().pass())?;
    let shown = Rc::clone(&lobby);
    // Nobody reads a list in a hidden tab.
    listen(&document()?, "visibilitychange", move |_| {
        shown.borrow_mut().feed = None;
        if visible() {
            open(&shown);
        }
    })?;
    open(&lobby);
    lobby.borrow_mut().redraw();
    Ok(())
}

/// Opens the live list; when the browser gives up, it is opened again in a while.
fn open(lobby: &Rc<RefCell<Lobby>>) {
    let heard = Rc::clone(lobby);
    let tell: Rc<dyn Fn(SourceEvent)> = Rc::new(move |event| match event {
        SourceEvent::Message { name, data, .. } => {
            if let Some(json) = Json::parse(&data) {
                heard.borrow_mut().hear(name, &json);
            }
        }
        SourceEvent::Lost { retries } => {
            heard.borrow_mut().show_error("The server does not answer.");
            let again = Rc::clone(&heard);
            if !retries {
                after(AGAIN_MS, move || open(&again));
            }
        }
        SourceEvent::Opened | SourceEvent::Asked | SourceEvent::Bytes(_) => {}
    });
    let feed = Feed::open_named("/api/matches/live", &["list", "match", "gone"], &tell);
    lobby.borrow_mut().feed = feed.ok();
}

impl Lobby {
    /// Takes in an event of the live list.
    fn hear(&mut self, name: &str, json: &Json) {
        match name {
            "list" => {
                self.matches.clear();
                json.get("matches").entries().iter().for_each(|each| self.keep(each));
                self.answered = true;
            }
            "match" => self.keep(json),
            _ => {
                let gone = json.get("id").text();
                self.matches.retain(|info| Some(&info.id) != gone.as_ref());
            }
        }
        self.show_or_fail();
    }

    fn keep(&mut self, json: &Json) {
        let Some(info) = api::match_info(json) else { return };
        match self.matches.iter_mut().find(|known| known.id == info.id) {
            Some(known) => *known = info,
            None => self.matches.push(info),
        }
    }

    /// Lets the clocks run for a second, and shows what there is.
    fn pass(&mut self) {
        for info in &mut self.matches {
            info.phase_left_s = info.phase_left_s.map(|left_s| (left_s - 1.0).max(0.0));
        }
        self.show_or_fail();
    }

    fn show_or_fail(&mut self) {
        if let Err(fault) = self.show() {
            fatal(&fault);
        }
    }

    fn show(&mut self) -> Result<(), Fault> {
        if !self.answered {
            return Ok(());
        }
        let company = self.matches.iter().any(|info| info.people > 0 && info.takes_anybody());
        self.next.set(if company {
            "There is a free seat beside other people."
        } else {
            "You would be the first. Bots are ready."
        });
        toggle(self.next.element(), "bad", false);
        self.list.show(&self.matches)?;
        if let Some(live) = &self.live {
            // A password closes the feed too; then the map stays.
            let large = list::liveliest(&self.matches).filter(|info| !info.settings.password);
            live::watch(live, large.map(|info| info.id.as_str()));
        }
        Ok(())
    }

    fn show_error(&mut self, message: &str) {
        self.next.set(message);
        toggle(self.next.element(), "bad", true);
        let _ = self.list.show_error(self.answered);
    }

    fn redraw(&mut self) {
        self.hangar.draw(storage::hull());
        self.list.redraw(&self.matches);
    }
}

fn choose_hulls(lobby: &Rc<RefCell<Lobby>>) -> Result<(), Fault> {
    let group: Element = by_id("hulls")?;
    for hull in Hull::ALL {
        let button = add(&group, "button", "", "")?;
        button.set_attribute("role", "radio")?;
        let picture = icon("")?;
        picture.set_attribute("viewBox", "-28 -24 58 48")?;
        picture
            .set_inner_html(&format!("<polygon transform=\"rotate(-90)\" points=\"{}\"/>", svg_points(hull)));
        button.append_child(&picture)?;
        add(&button, "span", "", label(hull))?;
        let lobby = Rc::clone(lobby);
        listen(&button, "click", move |_| choose(&lobby, hull))?;
    }
    mark(storage::hull());
    let tapped = Rc::clone(lobby);
    // On narrow screens the four buttons are hidden and the picture itself goes through the ships.
    listen(&by_id::<Element>("ship")?, "click", move |_| {
        choose(&tapped, Hull::from((u8::from(storage::hull()) + 1) % Hull::ALL.len() as u8));
    })
}

fn choose(lobby: &Rc<RefCell<Lobby>>, hull: Hull) {
    storage::set_hull(hull);
    mark(hull);
    lobby.borrow_mut().hangar.draw(hull);
}

fn mark(hull: Hull) {
    let Ok(group) = by_id::<Element>("hulls") else { return };
    for (button, each) in find_all(&group, "button").iter().zip(Hull::ALL) {
        let _ = button.set_attribute("aria-checked", if each == hull { "true" } else { "false" });
    }
}

/// One press: into the best match for this player, as the server says; it makes one if there is none.
fn play_now(lobby: &Rc<RefCell<Lobby>>) {
    let lobby = Rc::clone(lobby);
    spawn_local(async move {
        match api::quick(storage::player_key().as_deref()).await {
            Ok(id) => route::go(&route::play(&id)),
            Err(error) => lobby.borrow_mut().show_error(&error.message),
        }
    });
}
