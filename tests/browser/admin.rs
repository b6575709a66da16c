//! The operator's page in the browser: the word is asked for, the server is seen live, and what is pressed is done.

use std::thread;

use serde_json::json;
use server::config::layer::Layer;
use tests::browser::{Browser, Tab};
use tests::http::host;
use tests::patience::wait_for;
use tests::pilot::{Pilot, fly};
use tests::server::Server;
use tests::steering::wander;

use crate::scene::SOON;

const WORD: &str = "a word for operators";

fn wait(tab: &Tab, what: &str, expression: &str) {
    let found = wait_for(what, SOON, || Ok(tab.eval(expression)?.as_bool().filter(|true_now| *true_now)));
    if found.is_err() {
        let text = tab.eval("document.body.innerText").unwrap();
        assert!(found.is_ok(), "{what} is not so in {text}");
    }
}

fn enter(tab: &Tab, word: &str) {
    tab.eval(&format!("document.getElementById('word').value = {}", json!(word))).unwrap();
    tab.click("#word-form .btn").unwrap();
}

/// Presses the button with this label, and again to be sure.
fn press_twice(tab: &Tab, label: &str) {
    let button = format!(
        "[...document.querySelectorAll('button')].find((one) => one.textContent === {})",
        json!(label)
    );
    tab.eval(&format!("(() => {{ const one = {button}; one.click(); one.click(); }})()")).unwrap();
}

#[test]
fn an_operator_sees_the_server_and_acts() {
    let layer = Layer {
        public_matches: Some(1),
        public_match_bots: Some(5),
        admin_token: Some(WORD.parse().unwrap()),
        ..Layer::default()
    };
    let server = Server::with(layer).unwrap();
    let settings = json!({"name": "Sunday <b>evening</b>", "bots": 2, "visibility": "unlisted"});
    let id = host(&server.url(""), &settings).unwrap().word("id").unwrap();
    let names = ["Ann", "Halcyon", "Wren"];
    let mut pilots: Vec<Pilot> =
        names.iter().map(|name| Pilot::join(server.address, &id, name, wander(1)).unwrap()).collect();
    let flight = thread::spawn(move || {
        fly(&mut pilots, SOON, |p| p[0].closed.is_some());
        pilots[0].closed.clone()
    });
    let browser = Browser::start().unwrap();
    let tab = browser.open(&server.url("/admin")).unwrap();
    wait(&tab, "the question for the word", "!document.getElementById('enter').hidden");
    enter(&tab, "not the word of this server");
    wait(&tab, "the refusal", "document.body.innerText.includes(\"not the server's word\")");
    enter(&tab, WORD);
    wait(&tab, "the matches", "document.querySelectorAll('tr.match').length === 2");
    assert_eq!(tab.eval("document.querySelectorAll('tr.match b').length").unwrap(), 0, "names are text");
    tab.click("tr.match .open").unwrap();
    wait(
        &tab,
        "the players' links",
        "document.querySelector('tr.people td.r + td')?.textContent.includes(' ms')",
    );
    tab.eval("document.getElementById('say').value = 'A new version comes at nine'").unwrap();
    tab.click("#say-form .btn").unwrap();
    wait(&tab, "the notice", "document.getElementById('done').textContent.startsWith('Said in 2 matches')");
    for (size, width, height) in [("1440x900", 1440, 900), ("390x844", 390, 844)] {
        tab.resize(width, height).unwrap();
        let fits = tab.eval("document.documentElement.scrollWidth <= innerWidth").unwrap();
        assert_eq!(fits, true, "the page is wider than {size}");
        tab.photograph(&format!("admin-{size}")).unwrap();
    }
    press_twice(&tab, "Kick");
    assert_eq!(flight.join().unwrap(), Some((4511, "kicked".to_owned())));
    wait(&tab, "the kick", "document.getElementById('done').textContent === 'Ann was removed.'");
    press_twice(&tab, "Stop the server");
    wait(&tab, "the stop", "document.getElementById('link').textContent.includes('has stopped')");
    // The browser itself says so when the word was wrong and when the server has gone.
    let known = ["401", "ERR_"];
    let complaints = browser.complaints();
    assert!(complaints.iter().all(|line| known.iter().any(|word| line.contains(word))), "{complaints:?}");
}
