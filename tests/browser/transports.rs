//! Where no WebSocket gets through the game goes on by itself: over a stream, and where that is held back too, over
//! long polls. The player sees which it is.

use std::time::{Duration, Instant};

use tests::browser::{Browser, Tab};

use crate::scene::{SOON, assert_silent, flies, open_match, server};

/// A WebSocket whose handshake is never answered.
const NO_SOCKETS: &str = "window.WebSocket = class extends EventTarget {
    constructor() { super(); this.readyState = 0; this.bufferedAmount = 0; }
    send() {} close() {}
};";
/// Besides, a response that goes on is held back until it ends, as some proxies do.
const NO_STREAMS: &str = "window.fetch = (fetch => (url, options) =>
    String(url).endsWith('/stream') ? new Promise(() => {}) : fetch(url, options))(window.fetch);";

/// Flies a little by the keyboard, and returns how the page saw it.
fn fly(tab: &Tab) -> serde_json::Value {
    tab.mouse_to(640.0, 200.0).unwrap();
    let from = tab.wait_state("the ship to fly", SOON, flies).unwrap();
    let x = from["x"].as_f64().unwrap();
    let (code, sign, way) = if x > 0.0 { ("KeyA", "a", -1.0) } else { ("KeyD", "d", 1.0) };
    tab.key(code, sign, true).unwrap();
    let pressed = Instant::now();
    let seen = |s: &serde_json::Value| s["vx"].as_f64().is_some_and(|vx| vx * way > 20.0);
    tab.wait_state("the key to be seen", SOON, seen).unwrap();
    assert!(pressed.elapsed() < Duration::from_secs(2), "{:?}", pressed.elapsed());
    let far = |s: &serde_json::Value| s["x"].as_f64().is_some_and(|now| (now - x) * way > 200.0);
    let state = tab.wait_state("the ship to move", SOON, far).unwrap();
    tab.key(code, sign, false).unwrap();
    state
}

fn shown(tab: &Tab) -> String {
    tab.eval("document.getElementById('net-text').textContent").unwrap().as_str().unwrap().to_owned()
}

#[test]
fn without_websockets_it_plays_over_a_stream_and_remembers() {
    let server = server();
    let id = open_match(&server);
    let browser = Browser::start().unwrap();
    let tab = browser.open_after(NO_SOCKETS, &server.url(&format!("/play/{id}"))).unwrap();
    let state = fly(&tab);
    assert_eq!(state["transport"], "stream", "{state}");
    assert!(shown(&tab).contains("stream"), "{}", shown(&tab));
    tab.photograph("play-stream").unwrap();
    // After a reload it does not wait for a socket again, and the seat is the same.
    tab.eval("location.reload()").unwrap();
    let began = Instant::now();
    let again = tab.wait_state("the second link", SOON, |s| flies(s) && s["generation"] == 1).unwrap();
    assert_eq!((&again["transport"], &again["player"]), (&state["transport"], &state["player"]));
    assert!(began.elapsed() < Duration::from_millis(2_400), "{:?}", began.elapsed());
    tab.eval("window.starfray.drop()").unwrap();
    let third = tab.wait_state("the third link", SOON, |s| flies(s) && s["generation"] == 2).unwrap();
    assert_eq!(third["player"], state["player"]);
    assert_silent(&browser);
}

#[test]
fn without_websockets_and_streams_it_plays_over_long_polls() {
    let server = server();
    let id = open_match(&server);
    let browser = Browser::start().unwrap();
    let script = [NO_SOCKETS, NO_STREAMS].concat();
    let tab = browser.open_after(&script, &server.url(&format!("/play/{id}"))).unwrap();
    let state = fly(&tab);
    assert_eq!(state["transport"], "poll", "{state}");
    assert!(shown(&tab).contains("poll"), "{}", shown(&tab));
    assert_silent(&browser);
}
