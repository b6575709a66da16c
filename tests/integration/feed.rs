//! The spectator feed over a raw socket, as a proxy or `curl -N` sees it.

use std::time::{Duration, Instant};

use serde_json::json;
use shared::feed_state::FeedShip;
use tests::feed::FeedReader;
use tests::feed_socket::FeedSocket;
use tests::http::{get, host, post};
use tests::pilot::{Pilot, fly};
use tests::server::Server;
use tests::steering::wander;

const SOON: Duration = Duration::from_secs(10);

/// A server with a match in which bots play, and its feed's path.
fn scene(settings: &serde_json::Value) -> (Server, String, String) {
    let server = Server::start().unwrap();
    let hosted = host(&server.url(""), settings).unwrap();
    let id = hosted.word("id").unwrap();
    let path = format!("/api/matches/{id}/events");
    (server, path, hosted.word("host_token").unwrap())
}

fn read(feed: &mut FeedSocket, reader: &mut FeedReader, within: Duration) {
    let end = Instant::now() + within;
    while Instant::now() < end {
        if let Some(event) = feed.next(Duration::from_millis(100)).unwrap() {
            reader.take(&event).unwrap();
        }
    }
}

#[test]
fn the_feed_begins_at_once_and_goes_on() {
    let (server, path, _) = scene(&json!({"bots": 6}));
    let began = Instant::now();
    let mut feed = FeedSocket::open(server.address, &path, &[]).unwrap();
    for line in ["http/1.1 200", "text/event-stream", "no-store, no-transform", "x-accel-buffering: no"] {
        assert!(feed.head.contains(line), "{line}: {}", feed.head);
    }
    assert!(feed.head.contains("access-control-allow-origin: *"), "{}", feed.head);
    let hello = feed.next(SOON).unwrap().unwrap();
    assert_eq!((hello.name.as_str(), hello.id.as_str()), ("hello", ""));
    assert!(began.elapsed() < Duration::from_millis(500), "{:?}", began.elapsed());
    assert!(feed.sse.retry_ms.is_some_and(|ms| ms > 0));
    let mut reader = FeedReader::default();
    reader.take(&hello).unwrap();
    assert_eq!(reader.hello.as_ref().map(|h| h.arena.name().to_owned()), Some("Lattice".to_owned()));
    read(&mut feed, &mut reader, Duration::from_millis(4500));
    assert!((35..=50).contains(&reader.deltas), "{} deltas", reader.deltas);
    assert!((2..=4).contains(&reader.keyframes), "{} keyframes", reader.keyframes);
    assert_eq!(reader.state.ships.len() + dead(&reader), 6);
    assert_eq!(feed.sse.unknown, None);
    let watching =
        get(&server.url(path.trim_end_matches("/events")), &[]).unwrap().json()["watching"].clone();
    assert_eq!(watching, json!(1));
}

fn dead(reader: &FeedReader) -> usize {
    reader.state.seats.keys().filter(|id| !reader.state.ships.contains_key(id)).count()
}

#[test]
fn who_comes_back_gets_exactly_what_follows() {
    let (server, path, _) = scene(&json!({"bots": 4}));
    let mut feed = FeedSocket::open(server.address, &path, &[]).unwrap();
    let mut reader = FeedReader::default();
    read(&mut feed, &mut reader, Duration::from_secs(1));
    drop(feed);
    let cursor = reader.cursor.unwrap();
    let text = cursor.to_string();
    std::thread::sleep(Duration::from_millis(300));
    let by_header = FeedSocket::open(server.address, &path, &[("Last-Event-ID", &text)]).unwrap();
    let by_query = FeedSocket::open(server.address, &format!("{path}?last_event_id={text}"), &[]).unwrap();
    let by_cursor = FeedSocket::open(server.address, &format!("{path}?cursor={text}"), &[]).unwrap();
    for mut feed in [by_header, by_query, by_cursor] {
        let mut again = FeedReader::resumed(cursor, reader.state.clone());
        again.take(&feed.next(SOON).unwrap().unwrap()).unwrap();
        let first = feed.next(SOON).unwrap().unwrap();
        let number = first.id.rsplit('.').next().and_then(|n| n.parse().ok());
        assert_eq!(number, Some(cursor.seq + 1), "{first:?}");
        again.take(&first).unwrap();
        read(&mut feed, &mut again, Duration::from_secs(1));
        assert!(again.deltas > 5);
    }
    for strange in ["garbage", "0.1", "999999999.1", "18446744073709551616.1", &format!("{text}0000")] {
        let mut feed = FeedSocket::open(server.address, &path, &[("Last-Event-ID", strange)]).unwrap();
        assert_eq!(feed.next(SOON).unwrap().unwrap().name, "hello");
        assert_eq!(feed.next(SOON).unwrap().unwrap().name, "keyframe", "after {strange}");
    }
}

#[test]
fn spectators_see_what_players_do() {
    let (server, path, _) = scene(&json!({"map": "open", "max_players": 100}));
    let id = path.split('/').nth(3).unwrap().to_owned();
    let mut pilots = [Pilot::join(server.address, &id, "Ann", wander(3)).unwrap()];
    let seat = pilots[0].id;
    let mut feed = FeedSocket::open(server.address, &path, &[]).unwrap();
    let mut reader = FeedReader::default();
    let mut way = 0.0;
    let mut last = None;
    let enough = fly(&mut pilots, Duration::from_secs(15), |_| {
        while let Some(event) = feed.next(Duration::ZERO).unwrap() {
            reader.take(&event).unwrap();
            let place = reader.state.ships.get(&seat).map(FeedShip::position);
            if let (Some(from), Some(to)) = (last, place) {
                way += f32::min(100.0, to.distance(from));
            }
            last = place;
        }
        way > 300.0 && reader.fired.iter().any(|(_, shot)| shot.owner == seat)
    });
    assert!(enough, "{way} units, {} shots", reader.fired.len());
    let shown = pilots[0].view.own.unwrap().position;
    assert!(last.unwrap().distance(shown) < 150.0, "the same ship at about the same place");
    assert_eq!(reader.state.seats.get(&seat).unwrap().name.as_str(), "Ann");
    pilots[0].drop_socket();
    let lost = feed.next_named("limbo", SOON).unwrap();
    assert!(lost.data.contains("true"), "{}", lost.data);
}

#[test]
fn the_feed_ends_with_a_goodbye() {
    let (server, path, token) = scene(&json!({"bots": 2}));
    let mut feed = FeedSocket::open(server.address, &path, &[]).unwrap();
    feed.next_named("keyframe", SOON).unwrap();
    let end = server.url(&path.replace("events", "host/end"));
    let bearer = format!("Bearer {token}");
    assert_eq!(post(&end, &[("authorization", &bearer)], "").unwrap().status, 200);
    assert!(feed.next_named("bye", SOON).unwrap().data.contains("match_ended"));
    assert_eq!(feed.next(SOON).unwrap(), None);
    assert!(feed.finished, "the body has its proper end");
}

#[test]
fn a_delayed_feed_is_late_by_its_delay() {
    let (server, path, _) = scene(&json!({"bots": 3, "spectator_delay_ms": 1500}));
    let mut feed = FeedSocket::open(server.address, &path, &[]).unwrap();
    let url = server.url(path.trim_end_matches("/events"));
    let mut checked = 0;
    let end = Instant::now() + Duration::from_secs(4);
    while Instant::now() < end {
        let Some(event) = feed.next(Duration::from_secs(3)).unwrap() else { continue };
        let told: serde_json::Value = serde_json::from_str(&event.data).unwrap();
        // The picture is asked for later, and may itself be a quarter of a second old.
        let now = get(&url, &[]).unwrap().json()["tick"].as_u64().unwrap();
        if let Some(tick) = told["tick"].as_u64() {
            checked += 1;
            assert!(now + 8 >= tick + 45, "{event:?} at tick {now}");
        }
    }
    assert!(checked > 5, "{checked}");
}
