//! Every map is flown, and a host's own map is chosen on the page from its picture.

use std::time::Duration;

use serde_json::json;
use server::config::layer::Layer;
use tests::browser::Browser;
use tests::http::host;
use tests::patience::wait_for;
use tests::server::Server;

use crate::scene::{SOON, assert_silent, flies, playing, server};

const YARD: &str = r#"<map version="1.10" orientation="orthogonal" width="60" height="40" tilewidth="20" tileheight="20">
 <properties><property name="title" value="Yard"/><property name="about" value="One wall."/></properties>
 <objectgroup name="walls"><object id="1" x="500" y="300" width="200" height="200"/></objectgroup>
 <objectgroup name="spawns">
  <object id="2" x="100" y="100"><point/></object><object id="3" x="1100" y="100"><point/></object>
  <object id="4" x="100" y="700"><point/></object><object id="5" x="1100" y="700"><point/></object>
 </objectgroup>
</map>"#;

#[test]
fn every_map_is_flown() {
    let server = server();
    let browser = Browser::start().unwrap();
    for map in server::maps::names() {
        let hosted = host(&server.url(""), &json!({"map": map, "bots": 7})).unwrap();
        let tab = playing(&browser, &server, &hosted.word("id").unwrap());
        for (code, sign) in [("KeyD", "d"), ("KeyS", "s"), ("KeyA", "a")] {
            tab.key(code, sign, true).unwrap();
            std::thread::sleep(Duration::from_millis(500));
            tab.key(code, sign, false).unwrap();
        }
        tab.photograph(&format!("map-{map}")).unwrap();
        // A page that goes on drawing would slow the next one down.
        tab.eval("void location.assign('about:blank')").unwrap();
    }
    assert_silent(&browser);
}

#[test]
fn a_hosts_own_map_is_chosen_and_played() {
    let data = tempfile::TempDir::new().unwrap();
    let layer = Layer { public_matches: Some(0), data_dir: Some(data.path().to_owned()), ..Layer::default() };
    let server = Server::with(layer).unwrap();
    let browser = Browser::start().unwrap();
    let tab = browser.open(&server.url("/")).unwrap();
    tab.wait_state("the lobby", SOON, |s| s["page"] == "lobby").unwrap();
    // The page asks again when the form is opened.
    std::fs::create_dir(data.path().join("maps")).unwrap();
    std::fs::write(data.path().join("maps/yard.tmx"), YARD).unwrap();
    tab.click("#open-host").unwrap();
    let offered = "[...document.querySelectorAll('#maps span')].map(s => s.innerText).join()";
    wait_for("the maps to choose from", SOON, || {
        Ok(tab
            .eval(offered)?
            .as_str()
            .filter(|maps| *maps == "Lattice,Quarry,Foundry,Open,Yard")
            .map(str::to_owned))
    })
    .unwrap();
    for map in ["quarry", "foundry", "yard"] {
        tab.eval(&format!("document.querySelector('#maps input[value={map}]').click()")).unwrap();
        tab.photograph(&format!("host-{map}")).unwrap();
    }
    assert_eq!(tab.eval("document.getElementById('map-line').innerText").unwrap(), json!("One wall."));
    tab.click("#create").unwrap();
    tab.wait_state("the host's ship to fly", SOON, flies).unwrap();
    let link = wait_for("the link to share", SOON, || {
        let link = tab.eval("document.querySelector('#panel.on .field')?.value ?? ''")?;
        Ok(link.as_str().filter(|link| link.contains("/play/")).map(str::to_owned))
    })
    .unwrap();
    let guest = browser.open(&link).unwrap();
    guest.wait_state("the guest's ship to fly", SOON, flies).unwrap();
    guest.photograph("map-yard").unwrap();
    assert_silent(&browser);
}
