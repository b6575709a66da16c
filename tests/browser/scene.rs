//! What all browser tests begin with: a server, a match, a browser that must stay silent, and a page that plays.
//! It asserts only what must hold before a test can begin.

use std::time::Duration;

use serde_json::{Value, json};
use server::config::layer::Layer;
use tests::browser::{Browser, Tab};
use tests::http::host;
use tests::server::Server;

/// Long enough for a browser on a busy machine.
pub(crate) const SOON: Duration = Duration::from_secs(30);

/// A server without public matches of its own.
pub(crate) fn server() -> Server {
    Server::with(Layer { public_matches: Some(0), ..Layer::default() }).unwrap()
}

/// A match on the map without walls.
pub(crate) fn open_match(server: &Server) -> String {
    let settings = json!({"name": "Open sky", "map": "open", "max_players": 60});
    host(&server.url(""), &settings).unwrap().word("id").unwrap()
}

/// Whether a page's state is that of somebody who flies.
pub(crate) fn flies(state: &Value) -> bool {
    state["page"] == "play" && state["alive"] == true && state["freshness"] == "live"
}

/// A page that plays in the match.
pub(crate) fn playing(browser: &Browser, server: &Server, id: &str) -> Tab {
    let tab = browser.open(&server.url(&format!("/play/{id}"))).unwrap();
    tab.wait_state("the ship to fly", SOON, flies).unwrap();
    // A headless browser says that it has no mouse; one that moves is believed.
    tab.mouse_to(640.0, 200.0).unwrap();
    tab
}

/// No page may have complained.
pub(crate) fn assert_silent(browser: &Browser) {
    assert_eq!(browser.complaints(), Vec::<String>::new());
}
