//! Hosting a match: a form with the map, the seats and the bots. It belongs to the lobby's document; the match itself
//! begins on the play page, where the host's panel has the links to share.

use std::cell::RefCell;
use std::rc::Rc;

use glam::Vec2;
use js_sys::futures::spawn_local;
use wasm_bindgen::JsCast;
use web_sys::{Element, Event, HtmlCanvasElement, HtmlElement, HtmlInputElement};

use super::route;
use crate::web::dom::{Fault, Text, add, by_id, clear, find, find_all, listen, window};
use crate::web::maps;
use crate::web::net::api::{self, HostRequest};
use crate::web::{palette, storage};

/// Makes the form work: its map pictures, its steppers, its buttons.
pub fn listen_to_form() -> Result<(), Fault> {
    listen(&by_id::<HtmlElement>("open-host")?, "click", |_| {
        let _ = open();
    })?;
    for step in find_all(&by_id::<HtmlElement>("host-form")?, ".step") {
        listen_to_step(&step)?;
    }
    for input in find_all(&by_id::<HtmlElement>("host-form")?, "input[name=visibility]") {
        listen(&input, "change", |_| {
            let note = if checked("visibility") == "public" {
                "It stands in the lobby's list."
            } else {
                "Watching needs the link too."
            };
            if let Ok(mut line) = Text::by_id("visibility-note") {
                line.set(note);
            }
        })?;
    }
    for input in find_all(&by_id::<HtmlElement>("host-form")?, "input[name=mode]") {
        listen(&input, "change", |_| {
            let _ = fit_maps();
            draw_maps();
        })?;
    }
    let busy = Rc::new(RefCell::new(false));
    listen(&by_id::<HtmlElement>("host-form")?, "submit", move |event: Event| {
        event.prevent_default();
        if !busy.replace(true) {
            create(Rc::clone(&busy));
        }
    })?;
    listen(&window()?, "resize", |_| draw_maps())
}

/// Shows the form.
fn open() -> Result<(), Fault> {
    route::show("host")?;
    let name: HtmlInputElement = by_id("match-name")?;
    if name.value().is_empty() {
        name.set_value(&format!("{}'s match", storage::name()));
    }
    draw_maps();
    spawn_local(async {
        load_maps().await;
    });
    Ok(())
}

/// Asks the server for its maps and offers them; whether there was an answer.
pub async fn load_maps() -> bool {
    let Ok(list) = api::maps().await else { return false };
    maps::keep(&list);
    let filled = fill_maps();
    draw_maps();
    filled.is_ok()
}

/// One button for each map; the one that was chosen stays so.
fn fill_maps() -> Result<(), Fault> {
    let choice: HtmlElement = by_id("maps")?;
    let chosen = checked("map");
    clear(&choice);
    for (i, name) in maps::names().iter().enumerate() {
        let label = add(&choice, "label", "", "")?;
        let input = add(&label, "input", "", "")?;
        for (key, value) in [("type", "radio"), ("name", "map"), ("value", name)] {
            input.set_attribute(key, value)?;
        }
        // Of several that are checked the last one counts.
        if i == 0 || *name == chosen {
            input.set_attribute("checked", "")?;
        }
        add(&label, "canvas", "", "")?.set_attribute("data-map", name)?;
        add(&label, "span", "cut", &maps::label(name))?;
        listen(&input, "change", |_| draw_maps())?;
    }
    fit_maps()
}

/// Only maps that serve the game can be chosen; one that does not gives way to the first that does.
fn fit_maps() -> Result<(), Fault> {
    let choice: HtmlElement = by_id("maps")?;
    let needs_cores = checked("mode") == "ctc";
    for input in find_all(&choice, "input") {
        let input: HtmlInputElement = input.unchecked_into();
        input.set_disabled(needs_cores && !maps::about(&input.value()).get("teams").is_true());
    }
    if find::<HtmlInputElement>(&choice, ":checked:enabled").is_err()
        && let Ok(first) = find::<HtmlInputElement>(&choice, ":enabled")
    {
        first.set_checked(true);
    }
    Ok(())
}

/// Draws the small maps and the chosen one large.
fn draw_maps() {
    let Ok(choice) = by_id::<HtmlElement>("maps") else { return };
    for canvas in find_all(&choice, "canvas") {
        let id = canvas.get_attribute("data-map").unwrap_or_default();
        if let Ok(canvas) = canvas.dyn_into::<HtmlCanvasElement>() {
            maps::draw(&canvas, &maps::arena(&id, number("seats")), &[]);
        }
    }
    let _ = draw_chosen();
}

fn draw_chosen() -> Result<(), Fault> {
    let chosen = checked("map");
    let arena = maps::arena(&chosen, number("seats"));
    let dot = |place: &Vec2, colour, radius| maps::Dot { place: *place, colour, radius };
    let spawns = arena.spawns().iter().map(|place| dot(place, palette::HALO, 2.5));
    let cores = arena.cores().into_iter().flatten().zip(palette::SIDES);
    let dots: Vec<maps::Dot> = spawns.chain(cores.map(|(place, colour)| dot(&place, colour, 7.0))).collect();
    maps::draw(&by_id("big-map")?, &arena, &dots);
    let about = maps::about(&chosen);
    Text::by_id("map-name")?.set(&maps::label(&chosen));
    let size = arena.half() * 2.0;
    let hint = about.get("max_players_hint").number().unwrap_or(0.0) as u32;
    Text::by_id("map-size")?
        .set(&format!("{} by {} units, for about {hint} players", size.x as u32, size.y as u32));
    Text::by_id("map-line")?.set(&about.get("about").text().unwrap_or_default());
    Ok(())
}

/// The value of the radio button that is pressed in the group.
fn checked(group: &str) -> String {
    let form = by_id::<HtmlElement>("host-form").ok();
    let found = form.and_then(|f| find::<HtmlInputElement>(&f, &format!("input[name={group}]:checked")).ok());
    found.map(|input| input.value()).unwrap_or_default()
}

/// The number that a stepper shows.
fn number(id: &str) -> u32 {
    by_id::<HtmlElement>(id).ok().and_then(|e| e.text_content()).and_then(|t| t.parse().ok()).unwrap_or(0)
}

fn listen_to_step(step: &HtmlElement) -> Result<(), Fault> {
    let of = |name: &str| step.get_attribute(name).and_then(|v| v.parse::<i32>().ok()).unwrap_or(0);
    let (low, high, by) = (of("data-low"), of("data-high"), of("data-by"));
    let id = step.get_attribute("data-step").unwrap_or_default();
    for (button, sign) in find_all(step, "button").into_iter().zip([-1, 1]) {
        let id = id.clone();
        listen(&button, "click", move |_| {
            let value = (number(&id) as i32 + sign * by).clamp(low, high);
            if let Ok(output) = by_id::<Element>(&id) {
                output.set_text_content(Some(&value.to_string()));
            }
            if id == "seats" {
                draw_maps();
            }
        })?;
    }
    Ok(())
}

fn request() -> Result<HostRequest, Fault> {
    let field = |id: &str| by_id::<HtmlInputElement>(id).map(|input| input.value().trim().to_owned());
    let password = field("match-password")?;
    Ok(HostRequest {
        name: field("match-name")?,
        map: Some(checked("map")).filter(|name| !name.is_empty()),
        bots: number("bots"),
        bot_skill: checked("bot-skill").parse().unwrap_or(2),
        max_players: number("seats"),
        visibility: if checked("visibility") == "public" { "public" } else { "unlisted" },
        mode: checked("mode"),
        duration_s: checked("duration").parse().unwrap_or(600),
        start: if checked("start") == "host" { "host" } else { "now" },
        lag_compensation_ms: number("lag"),
        password: (!password.is_empty()).then_some(password),
    })
}

fn create(busy: Rc<RefCell<bool>>) {
    spawn_local(async move {
        let message = match request() {
            Ok(request) => match api::host(&request).await {
                Ok(hosted) => {
                    // The panel of the match has the links to share.
                    storage::set_host(&hosted.id, &hosted.host_token);
                    route::go(&route::play(&hosted.id));
                    return;
                }
                Err(error) => Some(error.message),
            },
            Err(fault) => Some(fault.0),
        };
        if let Ok(mut line) = Text::by_id("host-error") {
            line.set(&message.unwrap_or_default());
        }
        busy.replace(false);
    });
}
