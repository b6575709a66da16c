//! The lobby: who you are, which ship, and where to fight. One press plays; the list shows what goes on.
//! It only asks the server and changes the address; playing begins on its own page.

pub mod hangar;
pub mod list;
pub mod live;

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::futures::spawn_local;
use shared::rules::LAG_COMPENSATION_MS;
use shared::world::Hull;
use web_sys::{Element, HtmlElement, HtmlInputElement};

use self::hangar::Hangar;
use self::list::MatchList;
use super::host;
use super::route::{self, fatal};
use crate::web::dom::{Fault, Text, add, by_id, every, find_all, listen, toggle, visible, window};
use crate::web::hooks::{self, State};
use crate::web::hud::kills::icon;
use crate::web::hulls::{label, svg_points};
use crate::web::net::api::{self, HostRequest, MatchInfo};
use crate::web::net::http::ApiError;
use crate::web::{maps, storage};

const REFRESH_MS: i32 = 2000;
/// A match for people who press Play now when there is none.
const QUICK_BOTS: u32 = 6;
/// Newcomers press it.
const QUICK_BOT_SKILL: u32 = 1;
const QUICK_SEATS: u32 = 16;
const QUICK_SECONDS: u32 = 600;

#[derive(Debug)]
struct Lobby {
    list: MatchList,
    hangar: Hangar,
    live: Option<live::Shared>,
    next: Text,
    matches: Vec<MatchInfo>,
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
    let refreshed = Rc::clone(&lobby);
    every(REFRESH_MS, move || {
        if visible() {
            refresh(&refreshed);
        }
    })?;
    refresh(&lobby);
    lobby.borrow_mut().redraw();
    Ok(())
}

/// Asks for the list and shows the answer.
fn refresh(lobby: &Rc<RefCell<Lobby>>) {
    let lobby = Rc::clone(lobby);
    spawn_local(async move {
        let answer = api::matches().await;
        if let Err(fault) = lobby.borrow_mut().show(answer) {
            fatal(&fault);
        }
    });
}

impl Lobby {
    fn show(&mut self, answer: Result<Vec<MatchInfo>, ApiError>) -> Result<(), Fault> {
        match answer {
            Ok(matches) => {
                self.matches = matches;
                self.answered = true;
                let next = best(&self.matches).map(|m| format!("Next seat: {}", place(m)));
                self.next.set(&next.unwrap_or_else(|| "You would be the first. Bots are ready.".to_owned()));
                toggle(self.next.element(), "bad", false);
                self.list.show(&self.matches)?;
                if let Some(live) = &self.live {
                    live::watch(live, list::liveliest(&self.matches).map(|info| info.id.as_str()));
                }
                Ok(())
            }
            Err(error) => {
                self.next.set(&error.message);
                toggle(self.next.element(), "bad", true);
                self.list.show_error(self.answered)
            }
        }
    }

    fn redraw(&mut self) {
        self.hangar.draw(storage::hull());
        self.list.redraw(&self.matches);
    }
}

/// What a match is called in one line.
fn place(info: &MatchInfo) -> String {
    let map = maps::label(&info.settings.map);
    if info.name == map {
        format!("{map}, free for all")
    } else {
        format!("{}, {map}, free for all", info.name)
    }
}

/// The best match to be thrown into: a place is free, and most people are there.
fn best(matches: &[MatchInfo]) -> Option<&MatchInfo> {
    let open = matches.iter().filter(|m| !m.full() && m.phase != "ended");
    // Of equals the first counts, and `max_by_key` takes the last.
    open.rev().max_by_key(|m| m.people())
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

/// One press: into the best match, or into a new one with bots.
fn play_now(lobby: &Rc<RefCell<Lobby>>) {
    let lobby = Rc::clone(lobby);
    spawn_local(async move {
        let known = api::matches().await;
        let found = known.as_ref().ok().and_then(|matches| best(matches)).map(|m| m.id.clone());
        if let Some(id) = found {
            route::go(&route::play(&id));
            return;
        }
        let request = HostRequest {
            name: format!("{}'s match", storage::name()),
            map: None,
            bots: QUICK_BOTS,
            bot_skill: QUICK_BOT_SKILL,
            max_players: QUICK_SEATS,
            visibility: "public",
            mode: "ffa".to_owned(),
            duration_s: QUICK_SECONDS,
            lag_compensation_ms: LAG_COMPENSATION_MS,
            password: None,
        };
        match api::host(&request).await {
            Ok(hosted) => route::go(&route::play(&hosted.id)),
            Err(error) => {
                let _ = lobby.borrow_mut().show(Err(error));
            }
        }
    });
}
