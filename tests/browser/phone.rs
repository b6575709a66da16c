//! The page on a phone in landscape: it plays, and the sticks are there.

use tests::browser::Browser;

use crate::scene::{SOON, assert_silent, flies, open_match, server};

#[test]
fn a_phone_plays() {
    let server = server();
    let id = open_match(&server);
    let browser = Browser::start().unwrap();
    let tab = browser.open("about:blank").unwrap();
    tab.be_a_phone().unwrap();
    tab.eval(&format!("location.href = '{}'", server.url(&format!("/play/{id}")))).unwrap();
    tab.wait_state("the ship to fly", SOON, flies).unwrap();
    let fits = "document.documentElement.scrollWidth <= innerWidth && document.documentElement.scrollHeight <= innerHeight";
    assert_eq!(tab.eval(fits).unwrap(), true, "nothing to scroll");
    tab.photograph("phone").unwrap();
    assert_silent(&browser);
}
