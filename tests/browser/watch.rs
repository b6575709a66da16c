//! The watch page shows the ship that another page plays, over EventSource.

use glam::Vec2;
use serde_json::Value;
use tests::browser::{Browser, Tab};
use tests::http::get;
use tests::patience::wait_for;

use crate::scene::{SOON, assert_silent, open_match, playing, server};

/// Where a page shows the ship of `seat`, followed or not.
fn place(tab: &Tab, seat: &Value) -> Option<Vec2> {
    let state = tab.state().unwrap();
    let number = |v: &Value| v.as_f64().map(|n| n as f32);
    if state["player"] == *seat {
        return Some(Vec2::new(number(&state["x"])?, number(&state["y"])?));
    }
    let row = state["others"].as_array()?.iter().find(|row| row[0] == *seat)?;
    Some(Vec2::new(number(&row[1])?, number(&row[2])?))
}

#[test]
fn the_watch_page_shows_the_same_ship_move() {
    let server = server();
    let id = open_match(&server);
    let browser = Browser::start().unwrap();
    let player = playing(&browser, &server, &id);
    let seat = player.state().unwrap()["player"].clone();
    let watcher = browser.open(&server.url(&format!("/watch/{id}"))).unwrap();
    let from = wait_for("the ship on the watch page", SOON, || Ok(place(&watcher, &seat))).unwrap();
    let (code, sign) = if from.y > 0.0 { ("KeyW", "w") } else { ("KeyS", "s") };
    player.key(code, sign, true).unwrap();
    let moved = wait_for("the ship to move on the watch page", SOON, || {
        Ok(place(&watcher, &seat).filter(|p| (p.y - from.y).abs() > 150.0))
    });
    let moved = moved.unwrap();
    player.key(code, sign, false).unwrap();
    assert!((moved.x - from.x).abs() < 5.0, "{from} {moved}: only where the key points");
    // At rest both pages agree.
    let agree = wait_for("both pages to agree", SOON, || {
        let (played, watched) = (place(&player, &seat), place(&watcher, &seat));
        Ok(played.zip(watched).filter(|(a, b)| a.distance(*b) < 2.0))
    });
    agree.unwrap();
    watcher.photograph("watch").unwrap();
    let picture = get(&server.url(&format!("/api/matches/{id}")), &[]).unwrap().json();
    assert_eq!(picture["watching"], 1, "it comes by the public feed: {picture}");
    assert_silent(&browser);
}
