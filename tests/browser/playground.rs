//! The playground: a delay that is dragged in shows in the figures, and without prediction the ship waits for it.

use std::time::{Duration, Instant};

use serde_json::Value;
use tests::browser::{Browser, Tab};
use tests::patience::wait_for;

use crate::scene::{SOON, assert_silent, flies, server};

/// What is added to the round trip.
const DELAY_MS: u64 = 150;

/// Sets a slider as a drag does.
fn drag(tab: &Tab, name: &str, value: u64) {
    let script = format!(
        "(slider => {{ slider.value = '{value}'; for (const event of ['input', 'change']) \
         slider.dispatchEvent(new Event(event, {{bubbles: true}})); }})(document.getElementById('lab-{name}'))"
    );
    tab.eval(&script).unwrap();
}

/// The number in a line of the figures: 0 is the round trip, 2 the time from an input to its picture.
fn figure(tab: &Tab, line: usize) -> Option<u64> {
    let text = tab.eval("document.getElementById('figures-values').textContent").unwrap();
    let number = text.as_str()?.lines().nth(line)?.split(' ').next()?;
    number.parse().ok()
}

/// Milliseconds from a key to the first move of the ship at rest, as the page shows it, and then rest again.
fn key_to_move(tab: &Tab) -> u64 {
    let speed = |s: &Value| s["vx"].as_f64().unwrap_or(0.0).hypot(s["vy"].as_f64().unwrap_or(0.0));
    tab.wait_state("the ship to rest", SOON, |s| flies(s) && speed(s) < 0.5).unwrap();
    let pressed = Instant::now();
    tab.key("KeyD", "d", true).unwrap();
    tab.wait_state("the ship to move", SOON, |s| speed(s) > 1.0).unwrap();
    let took = pressed.elapsed();
    tab.key("KeyD", "d", false).unwrap();
    u64::try_from(took.as_millis()).unwrap()
}

#[test]
fn a_delay_shows_and_prediction_hides_it() {
    let server = server();
    let browser = Browser::start().unwrap();
    let tab = browser.open(&server.url("/playground")).unwrap();
    tab.wait_state("the ship to fly", SOON, flies).unwrap();
    tab.mouse_to(640.0, 200.0).unwrap();
    // The first measures fall into the page's own beginning.
    wait_for("a short round trip", SOON, || Ok(figure(&tab, 0).filter(|ms| (1..DELAY_MS).contains(ms))))
        .unwrap();

    drag(&tab, "delay", DELAY_MS);
    wait_for("the delay in the figures", SOON, || Ok(figure(&tab, 0).filter(|ms| *ms >= DELAY_MS))).unwrap();
    assert_eq!(figure(&tab, 2), Some(0), "with prediction an input shows at once");
    let shown = tab.eval("document.querySelector('#lab output').textContent").unwrap();
    assert_eq!(shown, "150 ms");

    tab.click("#lab-prediction").unwrap();
    wait_for("the input's way in the figures", SOON, || Ok(figure(&tab, 2).filter(|ms| *ms >= DELAY_MS)))
        .unwrap();
    let late = key_to_move(&tab);
    assert!(late >= DELAY_MS, "a ship without prediction moved after {late} ms");
    tab.key("KeyD", "d", true).unwrap();
    std::thread::sleep(Duration::from_millis(600));
    tab.photograph("playground-without-prediction").unwrap();
    tab.key("KeyD", "d", false).unwrap();

    tab.click("#lab-prediction").unwrap();
    wait_for("prediction in the figures", SOON, || Ok(figure(&tab, 2).filter(|ms| *ms == 0))).unwrap();
    tab.key("KeyA", "a", true).unwrap();
    std::thread::sleep(Duration::from_millis(600));
    tab.photograph("playground").unwrap();
    tab.key("KeyA", "a", false).unwrap();
    // F3 closes the figures and is remembered.
    tab.key("F3", "F3", true).unwrap();
    tab.key("F3", "F3", false).unwrap();
    wait_for("the figures to go", SOON, || {
        let open = tab.eval("document.getElementById('figures').classList.contains('on')")?;
        Ok((open == Value::Bool(false)).then_some(()))
    })
    .unwrap();
    assert_silent(&browser);
}
