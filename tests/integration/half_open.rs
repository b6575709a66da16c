//! Peers that vanish without a word, on every transport: they are found in time, their seats are kept in limbo, and their
//! places become free.

use std::time::{Duration, Instant};

use serde_json::json;
use tests::black_hole::BlackHole;
use tests::feed_ways::{WAYS, Way, WayReader};
use tests::http::{get, host, metric};
use tests::mail::Down;
use tests::patience::wait_for;
use tests::pilot::{Pilot, fly};
use tests::server::Program;
use tests::steering::idle;

const SOON: Duration = Duration::from_secs(10);

/// A server that pings often and is soon tired of silence; a process of its own, whose metrics are its own.
fn impatient() -> Program {
    Program::serve(&["--ping-every", "0.4", "--silence-after", "2", "--feed-heartbeat", "0.4"]).unwrap()
}

fn connections(server: &Program, transports: &[&str]) -> f64 {
    let count = |t: &&str| metric(&server.url(""), &format!("starfray_connections{{transport=\"{t}\"}}"));
    transports.iter().filter_map(|t| count(t).unwrap()).sum()
}

const PLAYERS: [&str; 3] = ["websocket", "stream", "poll"];

#[test]
fn players_who_vanish_are_found_and_their_seats_kept() {
    let server = impatient();
    let id = host(&server.url(""), &json!({"map": "open"})).unwrap().word("id").unwrap();
    let hole = BlackHole::before(server.address).unwrap();
    let seated = |name| Pilot::seated(hole.address, &id, name, idle()).unwrap();
    let mut pilots = [seated("Socket"), seated("Stream"), seated("Poll")];
    pilots[0].connect().unwrap();
    pilots[1].connect_by_mail(Down::Stream).unwrap();
    pilots[2].connect_by_mail(Down::Poll).unwrap();
    assert!(fly(&mut pilots, SOON, |p| p.iter().all(|p| p.client.instruments().snapshots > 30)));
    assert_eq!(connections(&server, &PLAYERS), 3.0);
    hole.swallow();
    let vanished = Instant::now();
    let found = wait_for("the three to be missed", SOON, || {
        Ok((connections(&server, &PLAYERS) == 0.0).then(|| vanished.elapsed()))
    });
    let found = found.unwrap();
    assert!(found > Duration::from_millis(1500) && found < Duration::from_secs(5), "{found:?}");
    let picture = get(&server.url(&format!("/api/matches/{id}")), &[]).unwrap().json();
    let players = picture["players"].as_array().unwrap();
    assert_eq!(players.len(), 3, "seats are kept: {picture}");
    let there = wait_for("all in limbo", SOON, || {
        let picture = get(&server.url(&format!("/api/matches/{id}")), &[])?.json();
        let lost =
            picture["players"].as_array().is_some_and(|all| all.iter().all(|p| p["connected"] == false));
        Ok(lost.then_some(()))
    });
    there.unwrap();
    // Each comes back to its seat by another road.
    for (pilot, down) in pilots.iter().zip([None, Some(Down::Stream), Some(Down::Poll)]) {
        let mut again = Pilot::with_token(server.address, &id, pilot.id, &pilot.token, idle());
        match down {
            None => again.connect().unwrap(),
            Some(down) => again.connect_by_mail(down).unwrap(),
        }
        let mut again = [again];
        assert!(fly(&mut again, SOON, |p| p[0].client.player() == Some(pilot.id)), "{down:?}");
    }
}

#[test]
fn spectators_who_vanish_are_let_go() {
    let server = impatient();
    // So many ships that their news fill a connection that nobody empties.
    let settings = json!({"bots": 60, "map": "open", "max_players": 60});
    let id = host(&server.url(""), &settings).unwrap().word("id").unwrap();
    let hole = BlackHole::before(server.address).unwrap();
    let mut feeds = WAYS.map(|way| WayReader::open(hole.address, &id, way, "").unwrap());
    for feed in &mut feeds {
        assert_eq!(feed.next(SOON).unwrap().unwrap().name, "hello");
    }
    let streams = ["sse", "ndjson", "feed_websocket"];
    assert_eq!(connections(&server, &streams), 3.0);
    hole.stand_still();
    let vanished = Instant::now();
    wait_for("the WebSocket to be missed", Duration::from_secs(6), || {
        Ok((connections(&server, &["feed_websocket"]) == 0.0).then_some(()))
    })
    .unwrap();
    // Nobody answers on the others: what is sent has to pile up first, and then fifteen seconds pass.
    wait_for("all to be let go", Duration::from_secs(90), || {
        Ok((connections(&server, &streams) == 0.0).then_some(()))
    })
    .unwrap();
    assert!(vanished.elapsed() > Duration::from_secs(2));
    wait_for("nobody to watch", SOON, || {
        let picture = get(&server.url(&format!("/api/matches/{id}")), &[])?.json();
        Ok((picture["watching"] == 0).then_some(()))
    })
    .unwrap();
    // Whoever is left knows nothing of it.
    let mut witness = WayReader::open(server.address, &id, Way::Sse, "").unwrap();
    assert_eq!(witness.next(SOON).unwrap().unwrap().name, "hello");
}
