//! The watch page shows the ship that another page plays, over EventSource.

use std::time::Duration;

use glam::Vec2;
use serde_json::{Value, json};
use tests::browser::{Browser, Tab};
use tests::http::{get, host};
use tests::nginx::Nginx;
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

/// Watches through an nginx that holds requests back whose path fits one of `held`; the way that the page ends with.
fn way_past(held: &[&str]) -> String {
    let server = server();
    let settings = json!({"bots": 4, "map": "open"});
    let id = host(&server.url(""), &settings).unwrap().word("id").unwrap();
    let nginx = Nginx::passing(server.address, "", held).unwrap();
    let browser = Browser::start().unwrap();
    let tab = browser.open(&nginx.url(&format!("/watch/{id}"))).unwrap();
    tab.wait_state("a live picture", SOON, |state| state["freshness"] == "live").unwrap();
    // It stays live, and remembers.
    std::thread::sleep(Duration::from_secs(3));
    tab.wait_state("a live picture still", SOON, |state| state["freshness"] == "live").unwrap();
    assert_silent(&browser);
    let way = tab.eval("document.getElementById('watch-way').textContent").unwrap();
    let kept = tab.eval("sessionStorage.getItem('starfray.feed')").unwrap();
    assert_eq!(way, kept);
    way.as_str().unwrap().to_owned()
}

#[test]
fn a_proxy_that_holds_streams_back_is_got_round() {
    assert_eq!(way_past(&[]), "Event Source");
    assert_eq!(way_past(&["/events$"]), "HTTP stream");
    assert_eq!(way_past(&["/events$", "/feed$"]), "Long polling");
}
