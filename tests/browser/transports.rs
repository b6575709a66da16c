//! Where no WebSocket gets through the game goes on by itself: over a stream, and where that is held back too, over
//! long polls. The player sees which it is.

use std::time::{Duration, Instant};

use server::config::layer::Layer;
use tests::browser::{Browser, Tab};
use tests::http::host;
use tests::nginx::Nginx;
use tests::server::Server;

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

/// The page's own complaints: what the browser itself says of a socket that was refused cannot be kept from anybody.
fn own_complaints(browser: &Browser) -> Vec<String> {
    let said = browser.complaints();
    let refusals = said.iter().filter(|line| line.starts_with("log: WebSocket connection to")).count();
    assert!(refusals <= 3, "it asks too often: {said:?}");
    said.into_iter().filter(|line| !line.starts_with("log: WebSocket connection to")).collect()
}

#[test]
fn behind_a_proxy_that_refuses_upgrades_it_plays_on_its_own() {
    let server = server();
    let id = open_match(&server);
    for (held, transport) in [(&[][..], "stream"), (&["/stream$"][..], "poll")] {
        // Of the lines that our documents advise those for upgrades are missing: the handshake is refused.
        let nginx = Nginx::passing(server.address, "proxy_set_header Host $http_host;", held).unwrap();
        let browser = Browser::start().unwrap();
        let tab = browser.open(&nginx.url(&format!("/play/{id}"))).unwrap();
        let state = fly(&tab);
        assert_eq!(state["transport"], transport, "{state}");
        assert_eq!(own_complaints(&browser), Vec::<String>::new());
    }
}

/// Sockets and event sources that are never answered, as long as `window.held` is true.
const HELD: &str = "window.held = true; for (const name of ['WebSocket', 'EventSource']) {
    const silent = class extends EventTarget {
        constructor() { super(); this.readyState = 0; this.bufferedAmount = 0; }
        send() {} close() {}
    };
    const construct = (real, args) => window.held ? new silent() : new real(...args);
    window[name] = new Proxy(window[name], { construct });
}";
/// Longer than it takes to the first attempt.
const CLIMBS_WITHIN: Duration = Duration::from_secs(40);

/// Waits for a state while the picture stays live.
fn wait_live(tab: &Tab, what: &str, wanted: impl Fn(&serde_json::Value) -> bool) -> serde_json::Value {
    let found = tab.wait_state(what, CLIMBS_WITHIN, |s| {
        assert_eq!(s["freshness"], "live", "{s}");
        wanted(s)
    });
    found.unwrap()
}

#[test]
fn when_sockets_get_through_again_the_match_goes_on_over_one() {
    let server = server();
    let id = open_match(&server);
    let browser = Browser::start().unwrap();
    let tab = browser.open_after(HELD, &server.url(&format!("/play/{id}"))).unwrap();
    let state = fly(&tab);
    assert_eq!(state["transport"], "stream", "{state}");
    tab.eval("window.held = false").unwrap();
    let moved = wait_live(&tab, "the climb", |s| s["transport"] == "websocket");
    assert_eq!((&moved["player"], &moved["generation"]), (&state["player"], &serde_json::json!(2)));
    let old = moved["snapshots"].as_u64().unwrap();
    wait_live(&tab, "snapshots on the socket", |s| s["snapshots"].as_u64() > Some(old + 30));
    assert!(!shown(&tab).contains("stream"), "{}", shown(&tab));
    assert_eq!(tab.eval("localStorage.getItem('starfray.way')").unwrap(), "");
    assert_silent(&browser);
}

#[test]
fn a_stream_is_renewed_before_it_grows_old() {
    let layer =
        Layer { public_matches: Some(0), stream_age_s: Some("5".parse().unwrap()), ..Layer::default() };
    let server = Server::with(layer).unwrap();
    let id = open_match(&server);
    let browser = Browser::start().unwrap();
    let tab = browser.open_after(NO_SOCKETS, &server.url(&format!("/play/{id}"))).unwrap();
    let state = fly(&tab);
    let renewed = wait_live(&tab, "two new streams", |s| s["generation"].as_u64() >= Some(3));
    assert_eq!((&renewed["player"], &renewed["transport"]), (&state["player"], &state["transport"]));
    assert_silent(&browser);
}

#[test]
fn the_watch_page_climbs_too() {
    let server = server();
    let settings = serde_json::json!({"bots": 4, "map": "open"});
    let id = host(&server.url(""), &settings).unwrap().word("id").unwrap();
    let browser = Browser::start().unwrap();
    let tab = browser.open_after(HELD, &server.url(&format!("/watch/{id}"))).unwrap();
    let way = "document.getElementById('watch-way').textContent";
    tab.wait_state("a picture", SOON, |s| s["freshness"] == "live").unwrap();
    assert_eq!(tab.eval(way).unwrap(), "HTTP stream");
    tab.eval("window.held = false").unwrap();
    wait_live(&tab, "the climb", |_| tab.eval(way).unwrap() == "Event Source");
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!(tab.state().unwrap()["freshness"], "live");
    assert_silent(&browser);
}
