//! Results, leaderboards and one's own account in the browser: a round is played, then its pages are looked at, on a desk
//! and on a phone, and the account is renamed, taken to another browser and deleted.

use serde_json::json;
use tests::browser::{Browser, Tab};
use tests::http::{host, post_json};
use tests::patience::wait_for;
use tests::server::Server;

use crate::scene::{SOON, assert_silent, flies, server};

/// Waits until the page has this text somewhere.
fn wait_text(tab: &Tab, text: &str) {
    let shown = wait_for(text, SOON, || {
        let there = tab.eval(&format!("document.body.innerText.includes({})", json!(text)));
        Ok(there.unwrap_or_default().as_bool().filter(|there| *there))
    });
    if shown.is_err() {
        let all = tab.eval("document.body.innerText").unwrap();
        assert!(shown.is_ok(), "{text:?} is not in {all}");
    }
}

fn look(tab: &Tab, name: &str) {
    for (size, width, height) in [("1440x900", 1440, 900), ("390x844", 390, 844)] {
        tab.resize(width, height).unwrap();
        let fits = tab.eval("document.documentElement.scrollWidth <= innerWidth").unwrap();
        assert_eq!(fits, true, "{name} is wider than {size}");
        tab.photograph(&format!("{name}-{size}")).unwrap();
    }
    tab.resize(1440, 900).unwrap();
}

#[test]
fn a_round_leaves_a_result_a_place_and_an_account() {
    let server = server();
    let settings = json!({"name": "Sunday", "map": "quarry", "bots": 6, "duration_s": 10});
    let id = host(&server.url(""), &settings).unwrap().word("id").unwrap();
    let rival = json!({"name": "Halcyon", "player_key": "RIVAL-RIVAL-RIVAL-RIVAL-RIVAL"});
    post_json(&server.url(&format!("/api/matches/{id}/join")), &rival).unwrap();
    let browser = Browser::start().unwrap();
    let tab = browser.open(&server.url(&format!("/play/{id}"))).unwrap();
    tab.wait_state("the ship to fly", SOON, flies).unwrap();
    let more = wait_for("the results", SOON, || {
        let href =
            tab.eval("document.querySelector('#results.on #results-more')?.getAttribute('href') ?? null")?;
        Ok(href.as_str().map(str::to_owned))
    });
    assert_eq!(more.unwrap(), format!("/results/{id}-1"));
    let again = tab.eval("document.querySelector('#results-again').getAttribute('href')").unwrap();
    assert_eq!(again, format!("/replay/{id}-1"));
    tab.photograph("results-sheet").unwrap();

    tab.eval(&format!("location.href = '/results/{id}-1'")).unwrap();
    wait_text(&tab, "of 6. Sunday, Quarry, free for all, 0:10.");
    // The replay is made when the round is over; its pictures come by themselves.
    wait_text(&tab, "Where ships fell");
    let count = |what: &str| {
        tab.eval(&format!("document.querySelectorAll('{what}').length")).unwrap().as_u64().unwrap()
    };
    assert_eq!((count(".pod li"), count(".tab tbody tr"), count("tr.me")), (3, 6, 1));
    assert!(count(".chart path") > 3 && count(".heat canvas") == 1);
    assert_eq!(tab.eval("document.getElementById('again').getAttribute('href')").unwrap(), again);
    look(&tab, "results");

    tab.eval("location.href = '/leaderboard'").unwrap();
    wait_text(&tab, "Latest rounds");
    wait_text(&tab, "Halcyon");
    assert_eq!(tab.eval("document.querySelectorAll('tr.me').length").unwrap(), 1);
    look(&tab, "leaderboard");

    tab.eval("location.href = '/player'").unwrap();
    wait_text(&tab, "Use another key");
    tab.eval("document.getElementById('field-name').value = 'Wren'").unwrap();
    tab.click("form .btn").unwrap();
    wait_for("the new name", SOON, || {
        let title = tab.eval("document.getElementById('title').textContent").unwrap_or_default();
        Ok((title == "Wren").then_some(()))
    })
    .unwrap();
    wait_text(&tab, "Use another key");
    look(&tab, "player");
    let key = tab.eval("localStorage.getItem('starfray.key')").unwrap();
    assert_eq!(key.as_str().map(str::len), Some(29), "{key}");

    take_elsewhere_and_delete(&server, key.as_str().unwrap());
    tab.eval("location.reload()").unwrap();
    wait_text(&tab, "there is no such player");
    assert_eq!(browser.complaints().iter().filter(|line| !line.contains("404")).count(), 0);
}

/// Another browser takes the account over by its key, and ends it.
fn take_elsewhere_and_delete(server: &Server, key: &str) {
    let elsewhere = Browser::start().unwrap();
    let other = elsewhere.open(&server.url("/player")).unwrap();
    wait_text(&other, "It begins with your first match");
    other
        .eval(&format!("document.getElementById('field-use-another-key').value = ' {}'", key.to_lowercase()))
        .unwrap();
    other.click("form .btn").unwrap();
    wait_text(&other, "Plays here since");
    other.click("#delete-account").unwrap();
    other.click("#delete-account").unwrap();
    wait_text(&other, "It begins with your first match");
    assert_silent(&elsewhere);
}
