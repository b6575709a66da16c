//! A connection that breaks comes back by itself, to the same seat.

use serde_json::json;
use tests::browser::Browser;
use tests::http::get;

use crate::scene::{SOON, assert_silent, flies, open_match, playing, server};

#[test]
fn a_cut_connection_resumes_the_same_seat() {
    let server = server();
    let id = open_match(&server);
    let browser = Browser::start().unwrap();
    let tab = playing(&browser, &server, &id);
    let before = tab.state().unwrap();
    assert_eq!(before["generation"], json!(1), "{before}");
    tab.eval("window.starfray.drop()").unwrap();
    let after = tab.wait_state("the second link", SOON, |s| flies(s) && s["generation"] == json!(2)).unwrap();
    assert_eq!(after["player"], before["player"], "the same seat");
    let picture = get(&server.url(&format!("/api/matches/{id}")), &[]).unwrap().json();
    assert_eq!(picture["players"].as_array().map(Vec::len), Some(1), "no second ship: {picture}");
    // And once more by a reload: the tab remembers its seat, and the new page counts its links anew.
    tab.eval("location.reload()").unwrap();
    let reloaded =
        tab.wait_state("the third link", SOON, |s| flies(s) && s["generation"] == json!(1)).unwrap();
    assert_eq!(reloaded["player"], before["player"]);
    assert_silent(&browser);
}
