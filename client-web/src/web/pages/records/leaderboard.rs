//! The leaderboard: all time by rating or the last seven days by score, and beside it the rounds that ended last.

use js_sys::futures::spawn_local;

use super::{Sheet, cell, link, pilot, result_list, table};
use crate::web::dom::{Fault, add};
use crate::web::net::http::{ask, get};
use crate::web::net::json::Json;
use crate::web::pages::route::fatal;
use crate::web::storage;

/// Shows the board.
pub fn begin(week: bool) -> Result<(), Fault> {
    let mut sheet = Sheet::show("Leaderboard")?;
    let choice = add(&sheet.main, "div", "seg", "")?;
    link(&choice, if week { "" } else { "on" }, "All time", "/leaderboard")?;
    link(&choice, if week { "on" } else { "" }, "This week", "/leaderboard?period=week")?;
    sheet.line.set(if week { "By score, in the last seven days." } else { "By rating." });
    spawn_local(async move {
        if let Err(fault) = fill(&mut sheet, week).await {
            fatal(&fault);
        }
    });
    Ok(())
}

async fn fill(sheet: &mut Sheet, week: bool) -> Result<(), Fault> {
    let period = if week { "week" } else { "all" };
    let board = match get(&format!("/api/leaderboard?limit=100&period={period}")).await {
        Ok(board) => board,
        Err(error) => return Ok(sheet.line.set(&error.message)),
    };
    let me = match storage::player_key() {
        Some(key) => ask("GET", "/api/player", None, Some(&key))
            .await
            .ok()
            .and_then(|own| own.get("account_id").text()),
        None => None,
    };
    let players = board.get("players").entries();
    if players.is_empty() {
        add(&sheet.main, "p", "note", "Nobody yet. Play a public match to its end and you are the first.")?;
    }
    let rating = if week { ("Rating", "r x") } else { ("Rating", "r b") };
    let score = if week { ("Score", "r b") } else { ("Score", "r x") };
    let columns =
        [("", ""), ("Pilot", "n"), rating, score, ("Wins", "r"), ("Rounds", "r x"), ("Deaths", "r x")];
    let rows = players.iter().map(|row: &Json| {
        let mine = me.is_some() && row.get("account_id").text() == me;
        let figure = |name| cell(row, name);
        let cells = vec![
            figure("place"),
            pilot(row),
            figure("rating"),
            figure("score"),
            figure("wins"),
            figure("rounds"),
            figure("deaths"),
        ];
        (mine, cells)
    });
    if !players.is_empty() {
        table(&sheet.main, &columns, rows)?;
    }
    if let Ok(latest) = get("/api/results?limit=12").await {
        result_list(&sheet.side, "Latest rounds", &latest.get("results"))?;
    }
    Ok(())
}
