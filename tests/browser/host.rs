//! Hosting from the lobby: a form, then a link that brings somebody else into the same match.

use serde_json::json;
use tests::browser::Browser;
use tests::http::get;
use tests::patience::wait_for;

use crate::scene::{SOON, assert_silent, flies, server};

#[test]
fn a_hosted_match_is_joined_by_its_link() {
    let server = server();
    let browser = Browser::start().unwrap();
    let tab = browser.open(&server.url("/")).unwrap();
    tab.wait_state("the lobby", SOON, |s| s["page"] == "lobby").unwrap();
    tab.click("#open-host").unwrap();
    tab.photograph("host").unwrap();
    tab.click("#create").unwrap();
    let link = wait_for("the link to share", SOON, || {
        let link = tab.eval("document.getElementById('invite').value")?;
        Ok(link.as_str().filter(|link| link.contains("/play/")).map(str::to_owned))
    })
    .unwrap();
    tab.photograph("host-link").unwrap();
    let guest = browser.open(&link).unwrap();
    guest.wait_state("the guest's ship to fly", SOON, flies).unwrap();
    let id = link.rsplit('/').next().unwrap();
    let picture = get(&server.url(&format!("/api/matches/{id}")), &[]).unwrap().json();
    let people = picture["players"].as_array().unwrap().iter().filter(|p| p["bot"] == json!(false)).count();
    assert_eq!(people, 1, "{picture}");
    // Bots keep the guest company: a picture of a fight.
    guest.wait_state("company", SOON, |s| s["snapshots"].as_u64() > Some(150)).unwrap();
    guest.photograph("fight").unwrap();
    assert_silent(&browser);
}
