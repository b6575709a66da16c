//! The browser simulates exactly as the server does: the same seed and commands give the same checksum in WASM.

use client_web::determinism::checksum_of_run;
use tests::browser::Browser;

use crate::scene::{SOON, assert_silent, server};

#[test]
fn the_browser_computes_the_server_s_checksums() {
    let server = server();
    let browser = Browser::start().unwrap();
    let tab = browser.open(&server.url("/")).unwrap();
    tab.wait_state("the lobby", SOON, |s| s["page"] == "lobby").unwrap();
    for (seed, ticks) in [(1_u32, 300), (2, 3000), (77, 3000), (4_000_000_000, 6000)] {
        let there =
            tab.eval(&format!("import('/client.js').then(m => m.checksum({seed}, {ticks}))")).unwrap();
        let here = format!("{:016x}", checksum_of_run(u64::from(seed), ticks));
        assert_eq!(there, here, "seed {seed}, {ticks} ticks");
    }
    assert_silent(&browser);
}
