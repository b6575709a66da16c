//! A reconnect storm: every connection breaks at once, and all clients come back by themselves. They are let in within
//! seconds, each in its own seat, and the tick hardly notices.

use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use tests::http::{Buckets, host};
use tests::load::Load;
use tests::patience::wants_long_tests;
use tests::server::Program;

/// How long after the last client's first picture the connections break, and how long they all go on then.
const CUT_AFTER: Duration = Duration::from_secs(6);
const GO_ON: Duration = Duration::from_secs(12);
/// What a tick's CPU time may grow by, and how much of that is noise of a busy machine.
const GROWTH_MAX: f64 = 1.5;
const NOISE_S: f64 = 0.4e-3;

/// A storm's measure.
#[derive(Clone, Copy)]
struct Storm {
    players: u32,
    spectators: u32,
    tick_hz: u32,
}

/// Clients who lose their connections after a while.
fn load(url: &str, id: &str, (players, spectators): (u32, u32)) -> Load {
    let (players, spectators) = (players.to_string(), spectators.to_string());
    let (cut, seconds) = (CUT_AFTER.as_secs().to_string(), (CUT_AFTER + GO_ON).as_secs().to_string());
    let who = ["--players", &players, "--spectators", &spectators, "--light"];
    let mut load =
        Load::start(url, id, &[&who[..], &["--cut-after", &cut, "--seconds", &seconds]].concat()).unwrap();
    load.wait_for("measuring").unwrap();
    load
}

/// Everybody lost the link once and is back, each within ten seconds and not all in one instant.
fn check(figures: &Value, clients: u32) {
    for key in ["connected", "disconnected", "reconnects"] {
        assert_eq!(figures[key], json!(clients), "{key}: {figures}");
    }
    assert_eq!(figures["errors"], json!(0), "{figures}");
    let ms = |key: &str| figures["reconnect_ms"][key].as_f64().unwrap();
    assert!(ms("max") < 10_000.0, "{figures}");
    assert!(ms("p99") - ms("p50") > 40.0, "they come spread out: {figures}");
}

fn storm(storm: Storm) {
    let program = Program::serve(&["--public-matches", "0"]).unwrap();
    let url = program.url("");
    let Storm { players, spectators, tick_hz } = storm;
    let crowded = json!({"map": "open", "max_players": players, "tick_hz": tick_hz, "duration_s": 3600});
    let crowded = host(&url, &crowded).unwrap().word("id").unwrap();
    // It goes on ticking beside the crowded one; a spectator's tick is no part of the figures, so it has few players.
    let watched =
        host(&url, &json!({"bots": 2, "tick_hz": 10, "duration_s": 3600})).unwrap().word("id").unwrap();
    let watching = load(&url, &watched, (0, spectators));
    let mut playing = load(&url, &crowded, (players, 0));
    thread::sleep(Duration::from_secs(1));
    let ticks = || Buckets::read(&url, "starfray_tick_cpu_seconds").unwrap();
    let begin = ticks();
    playing.wait_for("cutting").unwrap();
    let cut = ticks();
    thread::sleep(Duration::from_secs(10));
    let end = ticks();
    check(&playing.figures().unwrap(), players);
    check(&watching.figures().unwrap(), spectators);
    // The watched match's small ticks are the lower half of all.
    let share = f64::from(tick_hz) / f64::from(tick_hz + 10);
    let p99 = |ticks: &Buckets| ticks.quantile(1.0 - 0.01 * share);
    assert!(cut.since(&begin).count() > 50.0 && end.since(&cut).count() > 100.0);
    let (before, after) = (p99(&cut.since(&begin)), p99(&end.since(&cut)));
    assert!(after <= before * GROWTH_MAX + NOISE_S, "tick CPU p99 was {before} s and became {after} s");
}

#[test]
fn five_hundred_come_back_at_once() {
    storm(Storm { players: 250, spectators: 250, tick_hz: 20 });
}

#[test]
fn five_thousand_come_back_at_once() {
    if wants_long_tests() {
        storm(Storm { players: 2000, spectators: 3000, tick_hz: 10 });
    }
}
