//! The watch page plays what a match left: it runs, pauses, jumps, and goes faster.

use std::time::Duration;

use serde_json::{Value, json};
use tests::browser::Browser;
use tests::http::{get, host, post};
use tests::patience::wait_for;

use crate::scene::{SOON, assert_silent, server};

#[test]
fn a_replay_plays_pauses_and_jumps() {
    let server = server();
    let settings = json!({"name": "Bots", "bots": 8, "map": "lattice"});
    let hosted = host(&server.url(""), &settings).unwrap();
    let (id, token) = (hosted.word("id").unwrap(), hosted.word("host_token").unwrap());
    std::thread::sleep(Duration::from_secs(22));
    let bearer = format!("Bearer {token}");
    let url = server.url(&format!("/api/matches/{id}/host/end"));
    assert!(post(&url, &[("authorization", &bearer)], "").unwrap().status < 300);
    let url = server.url(&format!("/api/replays/{id}"));
    wait_for("the replay", SOON, || Ok((get(&url, &[])?.status == 200).then_some(()))).unwrap();

    let browser = Browser::start().unwrap();
    let tab = browser.open(&server.url(&format!("/replay/{id}"))).unwrap();
    let all = |state: &Value| state["ships"].as_u64().unwrap_or(0) + u64::from(state["alive"] == true);
    tab.wait_state("ships", SOON, |state| state["freshness"] == "live" && all(state) >= 6).unwrap();
    let at = || tab.eval("document.getElementById('track').valueAsNumber").unwrap().as_f64().unwrap();
    let first = at();
    wait_for("it to run", SOON, || Ok((at() > first + 300.0).then_some(()))).unwrap();
    tab.click("#tape-play").unwrap();
    std::thread::sleep(Duration::from_millis(300));
    let paused = at();
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(at(), paused);
    assert_eq!(tab.eval("document.getElementById('tape-play').textContent").unwrap(), "Play");
    // A jump into a stretch that is not there yet shows its picture within 300 ms.
    let script = "new Promise(done => { const track = document.getElementById('track'), began = performance.now(); \
        track.value = 15000; track.dispatchEvent(new Event('input')); \
        const look = () => document.getElementById('tape-time').textContent.startsWith('0:15') \
            && window.starfray.state().tick > 400 ? done(performance.now() - began) : requestAnimationFrame(look); \
        look() })";
    let took_ms = tab.eval(script).unwrap().as_f64().unwrap();
    assert!(took_ms < 300.0, "{took_ms} ms");
    // The picture is whole at once: the ship that is followed, and the scores of that moment.
    let scores = tab.eval("[...document.querySelectorAll('#watch-list b')].some(b => b.textContent !== '0')");
    assert_eq!(scores.unwrap(), true);
    tab.photograph("replay-at-once").unwrap();
    std::thread::sleep(Duration::from_millis(400));
    tab.photograph("replay").unwrap();
    let results = tab.eval("document.getElementById('watch-join').getAttribute('href')").unwrap();
    assert_eq!(results.as_str().map(|href| href.trim_end_matches('?')), Some(&*format!("/results/{id}-1")));
    tab.click("#tape-speed").unwrap();
    tab.click("#tape-play").unwrap();
    wait_for("it to end", SOON, || {
        Ok((tab.eval("document.getElementById('tape-play').textContent")? == "Play").then_some(()))
    })
    .unwrap();
    tab.be_a_phone().unwrap();
    tab.eval(
        "(t => { t.value = 9000; t.dispatchEvent(new Event('input')) })(document.getElementById('track'))",
    )
    .unwrap();
    std::thread::sleep(Duration::from_millis(600));
    tab.photograph("replay-phone").unwrap();
    assert_silent(&browser);
}
