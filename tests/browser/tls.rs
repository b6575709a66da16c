//! The page over https of the server itself: its files over HTTP/2, its game over a WebSocket in TLS.

use std::time::Duration;

use serde_json::json;
use tests::browser::Browser;
use tests::http::{host, metric};
use tests::server::Server;
use tests::tls::{Certificate, Tunnel};

use crate::scene::{SOON, assert_silent, flies};

#[test]
fn a_key_moves_the_ship_over_https() {
    let certificate = Certificate::new().unwrap();
    let server = Server::with(certificate.layer()).unwrap();
    let tunnel = Tunnel::open(server.address, certificate).unwrap();
    let settings = json!({"name": "Open sky", "map": "open", "max_players": 60});
    let id = host(&tunnel.url(""), &settings).unwrap().word("id").unwrap();
    let browser = Browser::start().unwrap();
    let tab = browser.open(&format!("https://{}/play/{id}", server.address)).unwrap();
    let from = tab.wait_state("the ship to fly", SOON, flies).unwrap();
    let count = |name: &str| {
        metric(&tunnel.url(""), &format!("starfray_connections{{transport=\"{name}\"}}")).unwrap()
    };
    assert_eq!(count("websocket"), Some(1.0));
    assert!(count("http2") >= Some(1.0), "{:?}", count("http2"));
    let towards = if from["x"].as_f64() > Some(0.0) { ("KeyA", "a") } else { ("KeyD", "d") };
    tab.key(towards.0, towards.1, true).unwrap();
    let moved = |s: &serde_json::Value| {
        (s["x"].as_f64().unwrap_or(0.0) - from["x"].as_f64().unwrap_or(0.0)).abs() > 100.0
    };
    tab.wait_state("the ship to move", Duration::from_secs(20), moved).unwrap();
    tab.key(towards.0, towards.1, false).unwrap();
    assert_silent(&browser);
}
