//! A page of an older version, which a server that was replaced refuses: it loads itself anew once, and keeps its seat.

use serde_json::json;
use tests::browser::Browser;
use tests::http::get;
use tests::patience::wait_for;

use crate::scene::{SOON, assert_silent, flies, open_match, server};

/// Counts the documents that the tab has loaded; the first ones, as many as are named, speak an older version.
fn old_for(documents: &str) -> String {
    format!(
        "if (location.protocol === 'http:') {{
            sessionStorage.documents = 1 + Number(sessionStorage.documents || 0);
            const Ours = WebSocket;
            window.WebSocket = class extends Ours {{
                constructor(url, protocol) {{
                    super(url, Number(sessionStorage.documents) <= {documents} ? 'starfray.v0' : protocol);
                }}
            }};
        }}"
    )
}

#[test]
fn an_old_page_reloads_once_and_keeps_its_seat() {
    let server = server();
    let id = open_match(&server);
    let browser = Browser::start().unwrap();
    let tab = browser.open_after(&old_for("1"), &server.url(&format!("/play/{id}"))).unwrap();
    tab.wait_state("the ship to fly", SOON, flies).unwrap();
    assert_eq!(tab.eval("Number(sessionStorage.documents)").unwrap(), json!(2));
    let picture = get(&server.url(&format!("/api/matches/{id}")), &[]).unwrap().json();
    assert_eq!(picture["players"].as_array().map(Vec::len), Some(1), "the seat of before: {picture}");
    assert_silent(&browser);
}

#[test]
fn a_page_that_stays_old_says_so_and_reloads_no_more() {
    let server = server();
    let id = open_match(&server);
    let browser = Browser::start().unwrap();
    let tab = browser.open_after(&old_for("99"), &server.url(&format!("/play/{id}"))).unwrap();
    let told = || {
        let text = tab.eval("document.body.innerText").unwrap_or_default();
        Ok(text.as_str().unwrap_or_default().contains("new version").then_some(()))
    };
    wait_for("the page to say so", SOON, told).unwrap();
    assert_eq!(tab.eval("Number(sessionStorage.documents)").unwrap(), json!(2));
    assert_silent(&browser);
}
