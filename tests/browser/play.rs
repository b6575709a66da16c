//! From the lobby into the fight: one press, a key moves the ship on the server, a click fires, another key
//! fires the rail.

use std::time::Duration;

use glam::Vec2;
use shared::feed_state::FeedShip;
use shared::id::PlayerId;
use tests::browser::Browser;
use tests::feed::FeedReader;
use tests::feed_socket::FeedSocket;
use tests::patience::wait_for;

use crate::scene::{SOON, assert_silent, flies, open_match, server};

/// Reads what is there, and where the server says that the ship is.
fn server_truth(feed: &mut FeedSocket, reader: &mut FeedReader, seat: PlayerId) -> Option<Vec2> {
    while let Some(event) = feed.next(Duration::ZERO).unwrap() {
        reader.take(&event).unwrap();
    }
    reader.state.ships.get(&seat).map(FeedShip::position)
}

#[test]
fn quick_play_flies_and_fires() {
    let server = server();
    let id = open_match(&server);
    let browser = Browser::start().unwrap();
    let tab = browser.open(&server.url("/")).unwrap();
    tab.wait_state("the lobby", SOON, |s| s["page"] == "lobby").unwrap();
    wait_for("the match in the list", SOON, || {
        Ok(tab.eval("document.body.innerText.includes('Open sky')")?.as_bool().filter(|there| *there))
    })
    .unwrap();
    tab.photograph("lobby").unwrap();
    tab.click("#play-now").unwrap();
    let state = tab.wait_state("the ship to fly", SOON, flies).unwrap();
    assert_eq!(tab.eval("location.pathname").unwrap(), format!("/play/{id}"));
    let seat = PlayerId(u16::try_from(state["player"].as_u64().unwrap()).unwrap());

    let mut feed = FeedSocket::open(server.address, &format!("/api/matches/{id}/events"), &[]).unwrap();
    let mut reader = FeedReader::default();
    let truth = wait_for("the ship in the feed", SOON, || Ok(server_truth(&mut feed, &mut reader, seat)));
    let from = truth.unwrap();
    // Towards the middle there is room.
    let (code, sign, way) = if from.x > 0.0 { ("KeyA", "a", Vec2::NEG_X) } else { ("KeyD", "d", Vec2::X) };
    tab.key(code, sign, true).unwrap();
    let moved = wait_for("the ship to move on the server", SOON, || {
        let place = server_truth(&mut feed, &mut reader, seat);
        Ok(place.filter(|p| (*p - from).dot(way) > 150.0))
    });
    let moved = moved.unwrap() - from;
    assert!(moved.perp_dot(way).abs() < 2.0, "{moved}: only where the key points");
    let shown = tab.state().unwrap();
    assert!(shown["vx"].as_f64().unwrap() * f64::from(way.x) > 50.0, "{shown}");
    tab.key(code, sign, false).unwrap();

    tab.mouse_to(900.0, 300.0).unwrap();
    // The mouse is right of and above the ship in the middle.
    let aims = |s: &serde_json::Value| s["aim"].as_f64().is_some_and(|aim| aim > 5.5);
    tab.wait_state("the ship to point at the mouse", SOON, aims).unwrap();
    tab.mouse_button(900.0, 300.0, true).unwrap();
    tab.wait_state("an own shot", SOON, |s| s["own_shots"].as_u64() > Some(0)).unwrap();
    let fired = wait_for("the shot in the feed", SOON, || {
        server_truth(&mut feed, &mut reader, seat);
        Ok(reader.fired.iter().any(|(_, shot)| shot.owner == seat).then_some(()))
    });
    tab.photograph("play").unwrap();
    tab.mouse_button(900.0, 300.0, false).unwrap();
    fired.unwrap();
    let (_, shot) = reader.fired.iter().rfind(|(_, shot)| shot.owner == seat).unwrap();
    let direction = shot.direction().direction();
    assert!(direction.x > 0.5 && direction.y < 0.0, "{direction}");

    tab.key("KeyE", "e", true).unwrap();
    let beam = wait_for("the beam in the feed", SOON, || {
        server_truth(&mut feed, &mut reader, seat);
        Ok(reader.beams.iter().find(|(_, beam)| beam.by == seat).copied())
    });
    tab.key("KeyE", "e", false).unwrap();
    let (_, beam) = beam.unwrap();
    assert!((beam.to - beam.from).normalize().dot(direction) > 0.99, "{beam:?}, aimed along {direction}");
    assert_silent(&browser);
}
