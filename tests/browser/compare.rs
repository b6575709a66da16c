//! `/compare` shows one match over five ways at once, and that a way that only asks is late.

use serde_json::{Value, json};
use tests::browser::Browser;
use tests::http::host;

use crate::scene::{SOON, assert_silent, server};

#[test]
fn five_ways_show_the_same_match_and_pull_is_late() {
    let server = server();
    let settings = json!({"bots": 6, "map": "lattice"});
    let id = host(&server.url(""), &settings).unwrap().word("id").unwrap();
    let browser = Browser::start().unwrap();
    let tab = browser.open(&server.url("/")).unwrap();
    tab.wait_state("the lobby", SOON, |s| s["page"] == "lobby").unwrap();
    tab.click("a[href='/compare']").unwrap();
    tab.wait_state("figures of all five", SOON, |s| s["page"] == "compare" && s["ships"] == 5).unwrap();
    std::thread::sleep(std::time::Duration::from_secs(5));
    let figures = |selector: &str| -> Vec<f64> {
        let script = format!(
            "[...document.querySelectorAll('#compare-ways {selector}')].map(e => parseFloat(e.textContent))"
        );
        tab.eval(&script).unwrap().as_array().unwrap().iter().filter_map(Value::as_f64).collect()
    };
    let late = figures(".late b");
    assert!(late.len() == 5 && late[0] > 250.0, "{late:?}");
    assert!(late[1..].iter().all(|ms| *ms < late[0] / 2.0), "{late:?}");
    let requests = figures("dl div:first-child dd");
    assert!(requests[0] >= 5.0 && requests[1] > requests[0], "{requests:?}");
    assert_eq!(requests[2..], [1.0; 3]);
    tab.photograph("compare").unwrap();
    let named = browser.open(&server.url(&format!("/compare?match={id}"))).unwrap();
    named.wait_state("all five again", SOON, |s| s["ships"] == 5).unwrap();
    assert_silent(&browser);
}
