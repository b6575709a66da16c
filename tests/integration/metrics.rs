//! The metrics that the contract names all exist, and count what they say.

use std::time::Duration;

use serde_json::json;
use tests::feed_socket::FeedSocket;
use tests::http::{get, host, metric};
use tests::pilot::{Pilot, fly};
use tests::server::Program;
use tests::steering::wander;

const NAMES: [&str; 15] = [
    "starfray_tick_duration_seconds_bucket",
    "starfray_tick_cpu_seconds_bucket",
    "starfray_tick_lateness_seconds_bucket",
    "starfray_ticks_skipped_total",
    "starfray_matches",
    "starfray_players",
    "starfray_connections",
    "starfray_bytes_sent_total",
    "starfray_bytes_received_total",
    "starfray_snapshots_sent_total",
    "starfray_snapshots_skipped_total",
    "starfray_disconnects_total",
    "starfray_rejected_total",
    "starfray_build_info",
    "starfray_http_responses_total",
];

#[test]
fn every_metric_of_the_contract_is_there_and_counts() {
    let program = Program::serve(&["--public-matches", "0"]).unwrap();
    let base = program.url("");
    let value = |name: &str| metric(&base, name).unwrap().unwrap_or_else(|| panic!("{name} is missing"));
    assert_eq!(value("starfray_matches"), 0.0);
    let id = host(&base, &json!({"bots": 1})).unwrap().word("id").unwrap();
    let mut pilots = [Pilot::join(program.address, &id, "Ann", wander(1)).unwrap()];
    let mut feed = FeedSocket::open(program.address, &format!("/api/matches/{id}/events"), &[]).unwrap();
    feed.next_named("keyframe", Duration::from_secs(5)).unwrap();
    assert!(fly(&mut pilots, Duration::from_secs(5), |p| p[0].client.instruments().snapshots > 60));
    let text = get(&program.url("/metrics"), &[]).unwrap().text;
    for name in NAMES {
        let there =
            text.lines().any(|l| l.strip_prefix(name).is_some_and(|rest| rest.starts_with(['{', ' '])));
        assert!(there, "{name} is missing in\n{text}");
    }
    assert_eq!((value("starfray_matches"), value("starfray_players")), (1.0, 1.0));
    assert_eq!(value("starfray_connections{transport=\"websocket\"}"), 1.0);
    assert_eq!(value("starfray_connections{transport=\"sse\"}"), 1.0);
    assert!(value("starfray_snapshots_sent_total") >= 60.0);
    assert!(value("starfray_bytes_sent_total{transport=\"websocket\"}") > 1000.0);
    assert!(value("starfray_bytes_received_total{transport=\"websocket\"}") > 500.0);
    assert!(value("starfray_bytes_sent_total{transport=\"sse\"}") > 100.0);
    assert!(value("starfray_tick_duration_seconds_count") > 50.0);
    pilots[0].drop_socket();
    drop(feed);
    let gone = tests::patience::wait_for("the connections' end", Duration::from_secs(5), || {
        let open = value("starfray_connections{transport=\"websocket\"}")
            + value("starfray_connections{transport=\"sse\"}");
        Ok((open == 0.0).then_some(()))
    });
    gone.unwrap();
    assert!(value("starfray_disconnects_total{reason=\"connection_lost\"}") >= 1.0);
}
