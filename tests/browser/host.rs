//! Hosting from the lobby: a form, then a link that brings somebody else into the same match, and what the host may do.

use std::time::{Duration, Instant};

use serde_json::json;
use tests::browser::{Browser, Tab};
use tests::patience::wait_for;

use crate::scene::{SOON, assert_silent, flies, server};

/// Within which somebody who has never seen the page has a friend in their match. A person also reads; the test does not.
const A_MINUTE: Duration = Duration::from_secs(60);

/// Two browsers, since each has its own storage: the host's and the guest's.
#[test]
fn a_host_invites_somebody_and_removes_them_who_sees_why() {
    let server = server();
    let (hosts, guests) = (Browser::start().unwrap(), Browser::start().unwrap());
    let begun = Instant::now();
    let host = hosts.open(&server.url("/")).unwrap();
    host.wait_state("the lobby", SOON, |s| s["page"] == "lobby").unwrap();
    host.photograph("host-1-lobby").unwrap();
    host.click("#open-host").unwrap();
    host.photograph("host-2-form").unwrap();
    host.click("#create").unwrap();
    host.wait_state("the host's ship to fly", SOON, flies).unwrap();
    let link = wait_for("the link to share", SOON, || {
        let link = host.eval("document.querySelector('#panel.on .field')?.value ?? ''")?;
        Ok(link.as_str().filter(|link| link.contains("/play/")).map(str::to_owned))
    })
    .unwrap();
    assert_eq!(
        host.eval("document.querySelector('#panel img').checkVisibility()").unwrap(),
        json!(false),
        "nobody scans an address that only this machine can open"
    );
    host.photograph("host-3-panel").unwrap();

    let guest = guests.open(&link).unwrap();
    guest.wait_state("the guest's ship to fly", SOON, flies).unwrap();
    assert!(begun.elapsed() < A_MINUTE, "a friend is in after {:?}", begun.elapsed());
    guest.photograph("host-4-guest").unwrap();
    let rows = "document.querySelectorAll('#panel li').length";
    wait_for("both on the list", SOON, || Ok((host.eval(rows)? == json!(2)).then_some(()))).unwrap();
    assert_eq!(
        host.eval("document.querySelectorAll('#panel li .btn').length").unwrap(),
        json!(3),
        "nobody kicks themselves"
    );
    host.photograph("host-5-both").unwrap();
    chooses_map(&host);
    pauses(&host, &guest);
    speaks(&guest, &host);

    // The second press says that the first one was meant.
    for _ in 0..2 {
        host.click("#panel li:last-child button").unwrap();
    }
    wait_for("the guest to be told", SOON, || {
        let title = guest.eval("document.getElementById('notice-title').textContent")?;
        Ok((title == json!("The host has removed you")).then_some(()))
    })
    .unwrap();
    guest.photograph("host-9-kicked").unwrap();
    guest.click("#notice-yes").unwrap();
    guest.wait_state("the guest to watch", SOON, |s| s["page"] == "watch").unwrap();
    wait_for("one on the list", SOON, || Ok((host.eval(rows)? == json!(1)).then_some(()))).unwrap();
    assert_silent(&hosts);
    assert_silent(&guests);
}

/// Another map for the next round, which is a long way off.
fn chooses_map(host: &Tab) {
    let offered = "document.querySelectorAll('#panel select[aria-label=Map] option').length > 1";
    wait_for("the maps", SOON, || Ok((host.eval(offered)? == json!(true)).then_some(()))).unwrap();
    let choose = "const maps = document.querySelector('#panel select[aria-label=Map]'); maps.value = 'quarry'; \
        maps.dispatchEvent(new Event('change'))";
    host.eval(&format!("(() => {{ {choose} }})()")).unwrap();
    wait_for("the word about it", SOON, || {
        let note = host.eval("document.querySelector('#panel > .note').textContent")?;
        Ok((note == json!("The next round is there.")).then_some(()))
    })
    .unwrap();
    host.photograph("host-5-map").unwrap();
}

/// The host stops the round; the guest reads so until it goes on.
fn pauses(host: &Tab, guest: &Tab) {
    let called = |words: &str| {
        let seen = format!("document.getElementById('call').textContent.includes('{words}')");
        wait_for(words, SOON, || Ok((guest.eval(&seen)? == json!(true)).then_some(()))).unwrap();
    };
    let press =
        "[...document.querySelectorAll('#panel .turns button')].find(b => !b.hidden && b.textContent == ";
    host.eval(&format!("{press}'Pause').click()")).unwrap();
    called("The host has paused the match");
    host.photograph("host-6-paused").unwrap();
    wait_for("the button to go on", SOON, || {
        Ok((host.eval(&format!("Boolean({press}'Resume'))"))? == json!(true)).then_some(()))
    })
    .unwrap();
    host.eval(&format!("{press}'Resume').click()")).unwrap();
    called("Go on");
}

/// A phrase by key, and then at the ship and in the list of the other, where their panel does not cover it.
fn speaks(from: &Tab, to: &Tab) {
    press(from, "KeyC", "c");
    wait_for("the phrases", SOON, || {
        Ok((from.eval("document.querySelectorAll('.wheel.on .btn').length")? == json!(8)).then_some(()))
    })
    .unwrap();
    from.photograph("host-7-phrases").unwrap();
    press(from, "Digit2", "2");
    wait_for("the phrase", SOON, || {
        let line = to.eval("document.querySelector('#kills .said')?.textContent ?? ''")?;
        Ok(line.as_str().filter(|line| line.ends_with("Nice shot")).map(|_| ()))
    })
    .unwrap();
    let seen = "(() => { const line = document.querySelector('#kills .said').getBoundingClientRect(); \
        const top = document.elementFromPoint(line.x + line.width / 2, line.y + line.height / 2); \
        return Boolean(top?.closest('.said')); })()";
    assert_eq!(to.eval("Boolean(document.querySelector('#panel.on'))").unwrap(), json!(true));
    assert_eq!(to.eval(seen).unwrap(), json!(true), "the phrase can be seen");
    to.photograph("host-8-said").unwrap();
}

/// The rights go over: with them goes the panel, and keys are the game's after a press with the mouse.
#[test]
fn who_gives_the_match_away_keeps_no_panel() {
    let server = server();
    let (hosts, guests) = (Browser::start().unwrap(), Browser::start().unwrap());
    let host = hosts.open(&server.url("/")).unwrap();
    host.wait_state("the lobby", SOON, |s| s["page"] == "lobby").unwrap();
    host.click("#open-host").unwrap();
    host.eval("document.querySelector('#host-form input[value=ctc]').click()").unwrap();
    let fits = "document.querySelector('input[name=map]:checked:enabled')?.value ?? ''";
    wait_for("a map with cores", SOON, || {
        Ok((host.eval(fits)?.as_str().is_some_and(|map| !map.is_empty() && map != "lattice")).then_some(()))
    })
    .unwrap();
    host.photograph("host-cores").unwrap();
    host.click("#create").unwrap();
    host.wait_state("the host's ship to fly", SOON, flies).unwrap();
    let shown = |tab: &Tab, what: &str| {
        let shown = format!("document.getElementById('{what}')?.checkVisibility() ?? false");
        tab.eval(&shown).unwrap() == json!(true)
    };
    wait_for("the panel", SOON, || Ok(shown(&host, "panel").then_some(()))).unwrap();

    host.click("#panel [aria-label='More bots']").unwrap();
    assert_eq!(host.eval("document.activeElement.tagName").unwrap(), json!("BODY"));

    let address = host.eval("location.href").unwrap();
    let guest = guests.open(address.as_str().unwrap()).unwrap();
    guest.wait_state("the guest's ship to fly", SOON, flies).unwrap();
    let transfer = "#panel li:last-child [aria-label$='the host']";
    wait_for("the guest on the list", SOON, || {
        Ok((host.eval(&format!("Boolean(document.querySelector(\"{transfer}\"))"))? == json!(true))
            .then_some(()))
    })
    .unwrap();
    // In one step, since the list may be drawn anew at any moment.
    for _ in 0..2 {
        host.eval(&format!("document.querySelector(\"{transfer}\").click()")).unwrap();
    }
    let gone = || Ok((!shown(&host, "panel") && !shown(&host, "panel-open")).then_some(()));
    wait_for("the old host's panel to go", SOON, gone).unwrap();
    wait_for("the new host's panel", SOON, || Ok(shown(&guest, "panel-open").then_some(()))).unwrap();
    host.photograph("host-given-away").unwrap();
    assert_silent(&hosts);
    assert_silent(&guests);
}

fn press(tab: &Tab, code: &str, sign: &str) {
    tab.key(code, sign, true).unwrap();
    tab.key(code, sign, false).unwrap();
}
