//! A player's page: what everybody may see, and for oneself the name, the key and the end of the account.
//! The key stays in this browser; it is shown only when its player asks.

use js_sys::futures::spawn_local;
use web_sys::{Event, HtmlElement, HtmlInputElement};

use super::{Sheet, cell, result_list, when};
use crate::web::dom::{Fault, Text, add, find, listen};
use crate::web::net::http::{ApiError, ask, get};
use crate::web::net::json::Json;
use crate::web::pages::route::{copy, fatal, go};
use crate::web::storage;

const OWN: &str = "/player";
const FIGURES: [(&str, &str); 6] = [
    ("Rating", "rating"),
    ("Wins", "wins"),
    ("Rounds", "rounds"),
    ("Kills", "kills"),
    ("Deaths", "deaths"),
    ("Rated", "rated"),
];

/// Shows the player `id`, or oneself.
pub fn begin(id: Option<String>) -> Result<(), Fault> {
    let mut sheet = Sheet::show("Your account")?;
    spawn_local(async move {
        let filled = match id {
            Some(id) => fill(&mut sheet, &id).await,
            None => fill_own(&mut sheet).await,
        };
        if let Err(fault) = filled {
            fatal(&fault);
        }
    });
    Ok(())
}

async fn fill(sheet: &mut Sheet, id: &str) -> Result<(), Fault> {
    let player = match get(&format!("/api/players/{id}")).await {
        Ok(player) => player,
        Err(error) => {
            sheet.title.set("Player");
            return Ok(sheet.line.set(&error.message));
        }
    };
    sheet.title.set(&cell(&player, "name").0);
    sheet.line.set(&format!("Plays here since {}.", when(&player, "created_at")));
    let facts = add(&sheet.main, "dl", "facts", "")?;
    for (head, name) in FIGURES {
        let fact = add(&facts, "div", "", "")?;
        add(&fact, "dt", "", head)?;
        let (value, _) = cell(&player, name);
        add(&fact, "dd", "", if value.is_empty() { "\u{2013}" } else { &value })?;
    }
    result_list(&sheet.side, "Latest rounds", &player.get("results"))
}

async fn fill_own(sheet: &mut Sheet) -> Result<(), Fault> {
    let key = storage::player_key();
    let own = match &key {
        Some(key) => ask("GET", "/api/player", None, Some(key)).await.map_err(|error| error.message),
        None => Err("It begins with your first match in this browser.".to_owned()),
    };
    match &own {
        Ok(own) => fill(sheet, &cell(own, "account_id").0).await?,
        Err(message) => sheet.line.set(message),
    }
    if let (Ok(own), Some(key)) = (own, key) {
        let rename = row(&sheet.main, "Name", "Save", &cell(&own, "name").0)?;
        rename.field.set_max_length(16);
        let named = key.clone();
        rename.on_press(move |name| {
            storage::set_name(&name);
            tell("POST", Some(Json::object().with("name", name)), named.clone(), || go(OWN))
        })?;
        let shown = row(&sheet.main, "Key", "Copy", &key)?;
        shown.field.set_read_only(true);
        shown.field.set_type("password");
        let field = shown.field.clone();
        listen(&shown.field, "focus", move |_| field.set_type("text"))?;
        let copied = shown.button.clone();
        shown.on_press(move |key| {
            copy(&key);
            copied.set_text_content(Some("Copied"));
        })?;
        add(
            &sheet.main,
            "p",
            "note",
            "Whoever has the key is you. With it you play as yourself in another browser; lost, it cannot be had again.",
        )?;
        offer_end(sheet, key)?;
    }
    let other = row(&sheet.main, "Use another key", "Use", "")?;
    other.on_press(|key| {
        spawn_local(async move {
            match ask("GET", "/api/player", None, Some(key.trim())).await {
                Ok(own) => {
                    storage::set_player_key(Some(key.trim()));
                    storage::set_name(&cell(&own, "name").0);
                    go(OWN);
                }
                Err(error) => complain(&error),
            }
        });
    })
}

/// The end of the account takes two presses.
fn offer_end(sheet: &Sheet, key: String) -> Result<(), Fault> {
    let button = add(&add(&sheet.main, "div", "submit", "")?, "button", "btn", "Delete account")?;
    button.set_id("delete-account");
    let mut sure = false;
    let pressed = button.clone();
    listen(&button, "click", move |_| {
        if std::mem::replace(&mut sure, true) {
            tell("DELETE", None, key.clone(), || {
                storage::set_player_key(None);
                go(OWN);
            });
        } else {
            pressed.set_text_content(Some("Delete it with everything about you?"));
        }
    })
}

/// Changes the account, and goes on with `then` if that worked.
fn tell(method: &'static str, body: Option<Json>, key: String, then: fn()) {
    spawn_local(async move {
        match ask(method, "/api/player", body.as_ref(), Some(&key)).await {
            Ok(_) => then(),
            Err(error) => complain(&error),
        }
    });
}

fn complain(error: &ApiError) {
    if let Ok(mut line) = Text::by_id("records-line") {
        line.set(&error.message);
    }
}

/// A field with a name and a button.
struct Row {
    form: HtmlElement,
    field: HtmlInputElement,
    button: HtmlElement,
}

fn row(parent: &HtmlElement, name: &str, press: &str, value: &str) -> Result<Row, Fault> {
    let form = add(parent, "form", "", "")?;
    add(&form, "label", "lab", name)?;
    let line = add(&form, "div", "linkrow", "")?;
    add(&line, "input", "field", "")?.set_attribute("aria-label", name)?;
    let field: HtmlInputElement = find(&line, "input")?;
    field.set_value(value);
    let button = add(&line, "button", "btn", press)?;
    Ok(Row { form, field, button })
}

impl Row {
    /// Calls `action` with what stands in the field when the button is pressed.
    fn on_press(&self, mut action: impl FnMut(String) + 'static) -> Result<(), Fault> {
        let field = self.field.clone();
        listen(&self.form, "submit", move |event: Event| {
            event.prevent_default();
            action(field.value());
        })
    }
}
