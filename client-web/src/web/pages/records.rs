//! What is left of rounds and of those who played them: leaderboards, players, results. Pages that ask the server once
//! and show tables; here is what they share. Text of others goes in as text only.

pub mod leaderboard;
pub mod player;
pub mod results;

use js_sys::Date;
use wasm_bindgen::JsValue;
use web_sys::HtmlElement;

use crate::web::dom::{Fault, Text, add, by_id};
use crate::web::hooks::{self, State};
use crate::web::hud::clock::minutes;
use crate::web::maps;
use crate::web::net::json::Json;
use crate::web::pages::route;

/// A page's two columns and its head.
#[derive(Debug)]
struct Sheet {
    title: Text,
    line: Text,
    main: HtmlElement,
    side: HtmlElement,
}

impl Sheet {
    fn show(title: &str) -> Result<Sheet, Fault> {
        route::show("records")?;
        hooks::install(|| State { page: "records", ..State::default() }, || {})?;
        let (line, main, side) =
            (Text::by_id("records-line")?, by_id("records-main")?, by_id("records-side")?);
        let mut sheet = Sheet { title: Text::by_id("records-title")?, line, main, side };
        sheet.title.set(title);
        Ok(sheet)
    }
}

/// One cell: its text, and where it leads if anywhere.
type Cell = (String, Option<String>);

/// A table's column: its head and its classes, `r` for numbers, `n` for names, `b` for the one that counts, `x` for what
/// small screens leave out.
type Column = (&'static str, &'static str);

fn table(
    parent: &HtmlElement,
    columns: &[Column],
    rows: impl Iterator<Item = (bool, Vec<Cell>)>,
) -> Result<(), Fault> {
    let table = add(parent, "table", "", "")?;
    let head = add(&add(&table, "thead", "", "")?, "tr", "", "")?;
    for (name, class) in columns {
        add(&head, "th", class, name)?;
    }
    let body = add(&table, "tbody", "", "")?;
    for (mine, cells) in rows {
        let row = add(&body, "tr", if mine { "me" } else { "" }, "")?;
        for ((_, class), (text, address)) in columns.iter().zip(cells) {
            match address {
                None => add(&row, "td", class, &text)?,
                Some(address) => link(&add(&row, "td", class, "")?, "", &text, &address)?,
            };
        }
    }
    Ok(())
}

fn link(parent: &HtmlElement, class: &str, text: &str, address: &str) -> Result<HtmlElement, Fault> {
    let link = add(parent, "a", class, text)?;
    link.set_attribute("href", address)?;
    Ok(link)
}

/// A cell with the field `name` of `json`: a number or a text, or nothing.
fn cell(json: &Json, name: &str) -> Cell {
    let value = json.get(name);
    (value.text().or_else(|| value.number().map(|n| (n as i64).to_string())).unwrap_or_default(), None)
}

/// A cell with the name of whoever `json` tells of, leading to their page.
fn pilot(json: &Json) -> Cell {
    let (name, _) = cell(json, "name");
    let name = if json.get("bot").is_true() { format!("{name} (bot)") } else { name };
    (name, json.get("account_id").text().map(|id| format!("/player/{id}")))
}

/// The day and time of a number of seconds since 1970, where the page is.
fn when(json: &Json, name: &str) -> String {
    let seconds = json.get(name).number().unwrap_or_default();
    let style = Json::object().with("dateStyle", "medium").with("timeStyle", "short");
    String::from(Date::new(&JsValue::from_f64(seconds * 1000.0)).to_locale_string("en-GB", &style.into_js()))
}

/// A list of results under a heading.
fn result_list(parent: &HtmlElement, heading: &str, results: &Json) -> Result<(), Fault> {
    let results = results.entries();
    add(parent, "h2", "", heading)?;
    if results.is_empty() {
        add(parent, "p", "note", "No round has ended yet.")?;
        return Ok(());
    }
    let rows = results.iter().map(|result| {
        let (id, _) = cell(result, "id");
        let map = maps::label(&result.get("map").text().unwrap_or_default()).to_owned();
        (
            false,
            vec![
                (when(result, "ended_at"), Some(format!("/results/{id}"))),
                (map, None),
                cell(result, "winner"),
            ],
        )
    });
    table(parent, &[("Ended", ""), ("Map", "x"), ("Winner", "n")], rows)
}

/// How long a round was.
fn length(result: &Json) -> String {
    let at = |name| result.get(name).number().unwrap_or_default();
    minutes((at("ended_at") - at("started_at")) as f32)
}
