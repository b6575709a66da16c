//! Hosting from the lobby: a form, then a link that brings somebody else into the same match, and what the host may do.

use serde_json::json;
use tests::browser::Browser;
use tests::patience::wait_for;

use crate::scene::{SOON, assert_silent, flies, server};

/// Two browsers, since each has its own storage: the host's and the guest's.
#[test]
fn a_host_invites_somebody_and_removes_them_who_sees_why() {
    let server = server();
    let (hosts, guests) = (Browser::start().unwrap(), Browser::start().unwrap());
    let host = hosts.open(&server.url("/")).unwrap();
    host.wait_state("the lobby", SOON, |s| s["page"] == "lobby").unwrap();
    host.photograph("host-1-lobby").unwrap();
    host.click("#open-host").unwrap();
    host.photograph("host-2-form").unwrap();
    host.click("#create").unwrap();
    host.wait_state("the host's ship to fly", SOON, flies).unwrap();
    let link = wait_for("the link to share", SOON, || {
        let link = host.eval("document.querySelector('#panel.on .field')?.value")?;
        Ok(link.as_str().filter(|link| link.contains("/play/")).map(str::to_owned))
    })
    .unwrap();
    wait_for("the code", SOON, || {
        Ok((host.eval("document.querySelector('#panel img').naturalWidth > 0")? == json!(true)).then_some(()))
    })
    .unwrap();
    host.photograph("host-3-panel").unwrap();

    let guest = guests.open(&link).unwrap();
    guest.wait_state("the guest's ship to fly", SOON, flies).unwrap();
    guest.photograph("host-4-guest").unwrap();
    let rows = "document.querySelectorAll('#panel li').length";
    wait_for("both on the list", SOON, || Ok((host.eval(rows)? == json!(2)).then_some(()))).unwrap();
    host.photograph("host-5-both").unwrap();

    // The second press says that the first one was meant.
    for _ in 0..2 {
        host.click("#panel li:last-child button").unwrap();
    }
    wait_for("the guest to be told", SOON, || {
        let title = guest.eval("document.getElementById('notice-title').textContent")?;
        Ok((title == json!("The host has removed you")).then_some(()))
    })
    .unwrap();
    guest.photograph("host-6-kicked").unwrap();
    guest.click("#notice-yes").unwrap();
    guest.wait_state("the guest to watch", SOON, |s| s["page"] == "watch").unwrap();
    wait_for("one on the list", SOON, || Ok((host.eval(rows)? == json!(1)).then_some(()))).unwrap();
    assert_silent(&hosts);
    assert_silent(&guests);
}
