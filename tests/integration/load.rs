//! Many real clients at once: everybody gets in, nobody is dropped, and everybody is told what happens.
//! The short twin proves that it works; figures are the business of `starfray load` on a quiet machine.

use std::time::Duration;

use serde_json::{Value, json};
use tests::http::{host, metric};
use tests::patience::wants_long_tests;
use tests::pilot::{Pilot, fly};
use tests::server::{Program, run_program};
use tests::steering::wander;

#[test]
fn fifty_players_are_all_served() {
    let program = Program::serve(&[]).unwrap();
    let id = host(&program.url(""), &json!({"map": "open", "max_players": 50})).unwrap().word("id").unwrap();
    let join = |i| Pilot::join(program.address, &id, &format!("Pilot {i}"), wander(i)).unwrap();
    let mut pilots: Vec<Pilot> = (0..50).map(join).collect();
    let snapshots = |p: &Pilot| p.client.instruments().snapshots;
    let all_in = fly(&mut pilots, Duration::from_secs(20), |p| p.iter().all(|p| snapshots(p) > 0));
    assert!(all_in, "everybody gets a snapshot");
    let before: Vec<u64> = pilots.iter().map(snapshots).collect();
    fly(&mut pilots, Duration::from_secs(5), |_| false);
    for (pilot, before) in pilots.iter().zip(before) {
        assert!(
            pilot.is_connected() && pilot.complaint.is_none(),
            "{:?}: {:?}",
            pilot.closed,
            pilot.complaint
        );
        let got = snapshots(pilot) - before;
        assert!(got >= 75, "only {got} snapshots in five seconds");
        assert_eq!(pilot.client.scores().len(), 50);
    }
    let dropped: f64 = ["silent", "slow", "too_many", "bad_message"]
        .map(|reason| format!("starfray_disconnects_total{{reason=\"{reason}\"}}"))
        .iter()
        .map(|name| metric(&program.url(""), name).unwrap().unwrap_or(0.0))
        .sum();
    assert_eq!(dropped, 0.0);
}

/// Runs `starfray load` against a server of its own; its line of figures.
fn load(players: u32, spectators: u32, seconds: u32) -> Value {
    load_over("sse", players, spectators, seconds)
}

fn load_over(feed: &str, players: u32, spectators: u32, seconds: u32) -> Value {
    let program = Program::serve(&[]).unwrap();
    let settings = json!({"map": "open", "max_players": players, "duration_s": 3600});
    let id = host(&program.url(""), &settings).unwrap().word("id").unwrap();
    let (players, spectators) = (players.to_string(), spectators.to_string());
    let (url, length) = (program.url(""), seconds.to_string());
    let args = [
        "load",
        "--url",
        &url,
        "--match",
        &id,
        "--players",
        &players,
        "--spectators",
        &spectators,
        "--feed",
        feed,
        "--seconds",
        &length,
        "--json",
    ];
    let outcome = run_program(&args, &[], Duration::from_secs(u64::from(seconds) + 60)).unwrap();
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    let line = outcome.stdout.trim_end().lines().last().unwrap_or_default().to_owned();
    serde_json::from_str(&line).unwrap_or_else(|e| panic!("{e}: {line:?}"))
}

fn check(figures: &Value, players: u64, spectators: u64, seconds: u64) {
    assert_eq!(figures["connected"], json!(players + spectators), "{figures}");
    assert_eq!(figures["disconnected"], json!(0), "{figures}");
    assert_eq!(figures["errors"].as_array().map_or(0, Vec::len), 0, "{figures}");
    let snapshots = figures["snapshots"].as_u64().unwrap();
    assert!(snapshots > players * seconds * 20, "{figures}");
    let keys = [
        "bytes_down",
        "bytes_up",
        "snapshot_gap_ms",
        "input_ack_ms",
        "in_view",
        "feed_events",
        "feed_gap_ms",
    ];
    for key in keys {
        assert!(!figures[key].is_null(), "{key} is missing: {figures}");
    }
}

#[test]
fn the_load_program_reports() {
    check(&load(12, 4, 3), 12, 4, 3);
}

#[test]
fn the_load_program_reads_every_feed() {
    for feed in ["ndjson", "poll", "websocket"] {
        let figures = load_over(feed, 4, 6, 7);
        check(&figures, 4, 6, 7);
        let events = figures["feed_events"].as_u64().unwrap();
        assert!((6 * 7 * 8..6 * 7 * 16).contains(&events), "{feed}: {figures}");
        assert!(figures["feed_latency_ms"]["p99"].as_f64().unwrap() < 250.0, "{feed}: {figures}");
    }
}

#[test]
fn fifty_players_and_fifty_spectators_for_a_minute() {
    if !wants_long_tests() {
        return;
    }
    let figures = load(50, 50, 60);
    check(&figures, 50, 50, 60);
    let gap = figures["snapshot_gap_ms"]["p99"].as_f64().unwrap();
    assert!(gap < 60.0, "{figures}");
}
