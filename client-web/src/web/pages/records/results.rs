//! What came of a round: everybody by place. The page of a round that has just ended may be opened before it is written,
//! so it asks a few times.

use js_sys::futures::spawn_local;

use super::{Sheet, cell, length, pilot, result_list, table, when};
use crate::web::dom::{Fault, after};
use crate::web::maps;
use crate::web::net::http::get;
use crate::web::net::json::Json;
use crate::web::pages::route::fatal;

/// Times that the page asks for a result that is not there.
const TRIES: u32 = 5;
const AGAIN_MS: u32 = 1000;

/// Shows the result `id`: a match, or one of its rounds.
pub fn begin(id: String) -> Result<(), Fault> {
    let mut sheet = Sheet::show("Results")?;
    sheet.line.set("Looking it up.");
    ask_for(sheet, id, TRIES);
    Ok(())
}

fn ask_for(mut sheet: Sheet, id: String, tries: u32) {
    spawn_local(async move {
        match get(&format!("/api/results/{id}")).await {
            Ok(result) => {
                if let Err(fault) = fill(&mut sheet, &result).await {
                    fatal(&fault);
                }
            }
            Err(error) if tries > 1 && error.word == "result_not_found" => {
                after(AGAIN_MS, move || ask_for(sheet, id, tries - 1));
            }
            Err(error) => sheet.line.set(&error.message),
        }
    });
}

async fn fill(sheet: &mut Sheet, result: &Json) -> Result<(), Fault> {
    let rows = result.get("rows").entries();
    sheet.title.set(&headline(&rows));
    let map = maps::label(&result.get("map").text().unwrap_or_default()).to_owned();
    let (name, _) = cell(result, "name");
    let place = if name == map { map } else { format!("{name}, {map}") };
    let broken = if result.get("whole").is_true() { "" } else { ", ended early" };
    sheet.line.set(&format!(
        "{place}, free for all, {}{broken}. {}",
        length(result),
        when(result, "ended_at")
    ));
    let columns = [("", ""), ("Pilot", "n"), ("Score", "r b"), ("Deaths", "r"), ("Rating", "r")];
    let lines = rows.iter().map(|row| {
        let (mut name, address) = pilot(row);
        if row.get("left").is_true() {
            name.push_str(", left");
        }
        let change = row.get("rating_change").number().map_or_else(String::new, |change| {
            let sign = if change < 0.0 { "\u{2212}" } else { "+" };
            format!("{sign}{}", change.abs() as i64)
        });
        let cells = vec![
            cell(row, "place"),
            (name, address),
            cell(row, "score"),
            cell(row, "deaths"),
            (change, None),
        ];
        (false, cells)
    });
    table(&sheet.main, &columns, lines)?;
    let (match_id, _) = cell(result, "match_id");
    if let Ok(others) = get(&format!("/api/results?limit=12&match={match_id}")).await {
        result_list(&sheet.side, "Rounds of this match", &others.get("results"))?;
    }
    Ok(())
}

fn headline(rows: &[Json]) -> String {
    let score = |row: &Json| row.get("score").number().unwrap_or_default() as i64;
    let name = |row: &Json| cell(row, "name").0;
    match rows {
        [first, second, ..] if score(first) > score(second) => {
            format!("{} wins by {}", name(first), score(first) - score(second))
        }
        [first, second, ..] => format!("{} and {} are level", name(first), name(second)),
        [only] => format!("{} was alone", name(only)),
        [] => "Results".to_owned(),
    }
}
