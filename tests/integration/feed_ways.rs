//! One feed over every transport: the same events with the same cursors, resumed on any of them, refused alike,
//! ended with a reason.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use serde_json::json;
use server::config::layer::Layer;
use server::feed::cursor::Cursor;
use shared::feed::FEED_SUBPROTOCOL;
use tests::feed::FeedReader;
use tests::feed_socket::FeedSocket;
use tests::feed_ways::{WAYS, Way, WayReader};
use tests::http::{get, host, metric, post};
use tests::patience::wait_for;
use tests::pilot::handshake;
use tests::server::Server;
use tests::sse::SseEvent;

const SOON: Duration = Duration::from_secs(10);

fn scene(layer: Layer, settings: &serde_json::Value) -> (Server, String, String) {
    let server = Server::with(layer).unwrap();
    let hosted = host(&server.url(""), settings).unwrap();
    (server, hosted.word("id").unwrap(), hosted.word("host_token").unwrap())
}

fn seq(event: &SseEvent) -> Option<u64> {
    Cursor::parse(&event.id).map(|c| c.seq)
}

/// Reads until an event of at least this number came.
fn read_to(feed: &mut WayReader, reader: &mut FeedReader, last: u64) -> Vec<SseEvent> {
    let (mut events, end) = (Vec::new(), Instant::now() + SOON);
    while Instant::now() < end && reader.cursor.is_none_or(|c| c.seq < last) {
        if let Some(event) = feed.next(Duration::from_millis(500)).unwrap() {
            reader.take(&event).unwrap_or_else(|e| panic!("{e}"));
            events.push(event);
        }
    }
    events
}

#[test]
fn all_ways_tell_the_same() {
    let (server, id, _) = scene(Layer::default(), &json!({"bots": 6}));
    let mut feeds: Vec<WayReader> =
        WAYS.iter().map(|way| WayReader::open(server.address, &id, *way, "").unwrap()).collect();
    let mut told = Vec::new();
    for feed in &mut feeds {
        let mut reader = FeedReader::default();
        let events = read_to(feed, &mut reader, 40);
        assert_eq!(events[0].name, "hello");
        assert_eq!(events[1].name, "keyframe");
        let facts: Vec<(u64, String, serde_json::Value)> = events
            .iter()
            .filter_map(|e| Some((seq(e)?, e.name.clone(), serde_json::from_str(&e.data).unwrap())))
            .filter(|(seq, ..)| (15..=40).contains(seq))
            .collect();
        assert_eq!(facts.len(), 26);
        told.push((reader.hello, facts));
    }
    told.windows(2).for_each(|pair| assert_eq!(pair[0], pair[1]));
    assert_eq!(metric(&server.url(""), "starfray_connections{transport=\"ndjson\"}").unwrap(), Some(1.0));
}

#[test]
fn a_cursor_of_one_way_resumes_on_every_other() {
    let (server, id, _) = scene(Layer::default(), &json!({"bots": 4}));
    let mut reader = FeedReader::default();
    read_to(&mut WayReader::open(server.address, &id, Way::Sse, "").unwrap(), &mut reader, 10);
    // Over each way in turn, and from each to each other one.
    for way in WAYS.iter().chain(WAYS.iter().rev()).chain(&[Way::Poll, Way::Sse, Way::WebSocket, Way::NdJson])
    {
        let cursor = reader.cursor.unwrap();
        let mut again = FeedReader::resumed(cursor, reader.state.clone());
        let mut feed = WayReader::open(server.address, &id, *way, &cursor.to_string()).unwrap();
        let events = read_to(&mut feed, &mut again, cursor.seq + 5);
        assert_eq!(events.iter().find_map(seq), Some(cursor.seq + 1), "{way:?}");
        reader = again;
    }
}

#[test]
fn strange_cursors_get_a_keyframe_at_once() {
    let (server, id, _) = scene(Layer::default(), &json!({"bots": 2}));
    let mut reader = FeedReader::default();
    read_to(&mut WayReader::open(server.address, &id, Way::Sse, "").unwrap(), &mut reader, 5);
    let epoch = reader.cursor.unwrap().epoch;
    let strange = ["garbage", "0.1", "999999999.1", "18446744073709551616.1", "%00", "a.b.c", "-1.-1"];
    let future = format!("{epoch}.99999999");
    for cursor in strange.into_iter().chain([future.as_str()]) {
        for way in WAYS {
            let began = Instant::now();
            let mut feed = WayReader::open(server.address, &id, way, cursor).unwrap();
            assert_eq!(feed.next(SOON).unwrap().unwrap().name, "hello");
            assert_eq!(feed.next(SOON).unwrap().unwrap().name, "keyframe", "{way:?} after {cursor}");
            assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
        }
    }
}

#[test]
fn a_poll_is_held_until_something_happens() {
    // A match whose delay keeps its feed silent for the first seconds.
    let settings = json!({"bots": 2, "spectator_delay_ms": 3000});
    let (server, id, _) = scene(Layer::default(), &settings);
    let poll = |query: &str| get(&server.url(&format!("/api/matches/{id}/feed/poll{query}")), &[]).unwrap();
    let began = Instant::now();
    let nothing = poll("?wait=1");
    assert_eq!((nothing.status, nothing.text.as_str()), (204, ""));
    assert!((900..1500).contains(&began.elapsed().as_millis()), "{:?}", began.elapsed());
    let first = poll("?wait=20");
    assert_eq!(first.status, 200);
    assert!(began.elapsed() < Duration::from_millis(4500), "{:?}", began.elapsed());
    assert_eq!(first.json()["events"][0]["event"], "hello");
    let cursor = first.word("cursor").unwrap();
    let at_once = poll(&format!("?wait=0&cursor={cursor}"));
    assert!(matches!(at_once.status, 200 | 204), "{at_once:?}");
    for odd in ["wait=26", "wait=-1", "wait=x", "wait=1.5", &format!("cursor={}", "7".repeat(600))] {
        let answer = poll(&format!("?{odd}"));
        assert_eq!(answer.error(), "bad_query", "{odd}: {answer:?}");
    }
}

#[test]
fn who_only_pulls_keeps_the_match_awake() {
    let (server, id, _) = scene(Layer::default(), &json!({}));
    let base = server.url(&format!("/api/matches/{id}/feed/poll"));
    let first = get(&format!("{base}?wait=0"), &[]).unwrap();
    assert_eq!(first.json()["events"][1]["event"], "keyframe", "{first:?}");
    let mut cursor = Cursor::parse(&first.word("cursor").unwrap()).unwrap();
    for _ in 0..4 {
        std::thread::sleep(Duration::from_millis(700));
        let next = get(&format!("{base}?wait=0&cursor={cursor}"), &[]).unwrap();
        let begins = next.json()["events"][0]["cursor"].as_str().and_then(Cursor::parse).unwrap();
        assert_eq!(begins, Cursor { seq: cursor.seq + 1, ..cursor });
        cursor = Cursor::parse(&next.word("cursor").unwrap()).unwrap();
    }
}

#[test]
fn what_is_not_acceptable_is_refused() {
    let (server, id, _) = scene(Layer::default(), &json!({"password": "hush"}));
    let path = |rest: &str| server.url(&format!("/api/matches/{id}/feed{rest}"));
    for (rest, accept, status, code) in [
        ("", "text/html", 406, "not_acceptable"),
        ("", "application/x-ndjson", 401, "unauthorized"),
        ("?key=wrong", "application/x-ndjson", 403, "forbidden"),
        ("/poll", "*/*", 401, "unauthorized"),
        ("/poll?key=wrong", "*/*", 403, "forbidden"),
        ("/ws", "*/*", 426, "upgrade_required"),
    ] {
        let answer = get(&path(rest), &[("accept", accept)]).unwrap();
        assert_eq!((answer.status, answer.error().as_str()), (status, code), "{rest} {accept}");
    }
    let ws = |protocols: &[&str], query: &str| {
        let path = format!("/api/matches/{id}/feed/ws{query}");
        handshake(server.address, &path, protocols).map(drop).unwrap_err().to_string()
    };
    assert!(ws(&[FEED_SUBPROTOCOL], "").contains("401"));
    assert!(ws(&[FEED_SUBPROTOCOL], "?key=wrong").contains("403"));
    assert!(ws(&["starfray.v1"], "").contains("400"));
}

#[test]
fn every_way_ends_with_the_match_s_goodbye() {
    let (server, id, token) = scene(Layer::default(), &json!({"bots": 2}));
    let mut feeds: Vec<WayReader> =
        WAYS.iter().map(|way| WayReader::open(server.address, &id, *way, "").unwrap()).collect();
    for feed in &mut feeds {
        assert_eq!(feed.next(SOON).unwrap().unwrap().name, "hello");
    }
    let end = server.url(&format!("/api/matches/{id}/host/end"));
    let bearer = format!("Bearer {token}");
    assert_eq!(post(&end, &[("authorization", &bearer)], "").unwrap().status, 200);
    // As a poll may that is between two requests: the match is gone a second after its goodbye, its end is kept.
    let gone = || get(&server.url(&format!("/api/matches/{id}")), &[]).unwrap().status == 404;
    while !gone() {
        std::thread::sleep(Duration::from_millis(20));
    }
    for (feed, way) in feeds.iter_mut().zip(WAYS) {
        let mut last = None;
        while let Some(event) = feed.next(Duration::from_millis(800)).unwrap() {
            last = Some(event);
        }
        let last = last.unwrap();
        assert_eq!(last.name, "bye", "{way:?}");
        assert!(last.data.contains("match_ended"));
        if way == Way::WebSocket {
            assert_eq!(feed.close, Some((4510, "match_ended".to_owned())));
        }
        let cursor = last.id;
        let after =
            |path: &str| get(&server.url(&format!("/api/matches/{id}/{path}={cursor}")), &[]).unwrap();
        assert_eq!(after("feed/poll?wait=0&cursor").status, 404, "{way:?}");
        assert_eq!(after("events?last_event_id").status, 404, "{way:?}");
    }
}

#[test]
fn a_held_poll_and_all_streams_hear_that_the_server_stops() {
    let (mut server, id, _) = scene(Layer::default(), &json!({"bots": 2}));
    let address = server.address;
    let mut feeds: Vec<WayReader> =
        WAYS.iter().map(|way| WayReader::open(address, &id, *way, "").unwrap()).collect();
    for feed in &mut feeds {
        assert_eq!(feed.next(SOON).unwrap().unwrap().name, "hello");
    }
    let reader = |mut feed: WayReader| {
        std::thread::spawn(move || {
            let mut last = None;
            while let Ok(Some(event)) = feed.next(Duration::from_secs(2)) {
                let is_bye = event.name == "bye";
                last = Some(event);
                if is_bye {
                    break;
                }
            }
            last
        })
    };
    let readers: Vec<_> = feeds.into_iter().map(reader).collect();
    server.ask_to_stop();
    for (reader, way) in readers.into_iter().zip(WAYS) {
        let last = reader.join().unwrap().unwrap();
        assert_eq!(last.name, "bye", "{way:?}");
        assert!(last.data.contains("going_away"), "{way:?}: {}", last.data);
    }
}

/// Times short enough to see them pass.
fn quick() -> Layer {
    Layer {
        feed_heartbeat_s: Some("0.3".parse().unwrap()),
        feed_poll_hold_s: Some("0.5".parse().unwrap()),
        feed_age_s: Some("2".parse().unwrap()),
        ping_every_s: Some("0.2".parse().unwrap()),
        silence_after_s: Some("3".parse().unwrap()),
        ..Layer::default()
    }
}

#[test]
fn connections_grow_old_and_their_readers_miss_nothing() {
    let (server, id, _) = scene(quick(), &json!({"bots": 3}));
    for way in [Way::Sse, Way::NdJson, Way::WebSocket] {
        let (mut reader, mut ends) = (FeedReader::default(), 0);
        let mut feed = WayReader::open(server.address, &id, way, "").unwrap();
        while ends < 2 {
            let event = feed.next(SOON).unwrap().unwrap();
            if event.name == "bye" {
                let bye: serde_json::Value = serde_json::from_str(&event.data).unwrap();
                assert_eq!(bye["reason"], "aged");
                assert!(bye["retry_ms"].as_u64().is_some_and(|ms| ms > 0));
                ends += 1;
                let cursor = reader.cursor.unwrap();
                feed = WayReader::open(server.address, &id, way, &cursor.to_string()).unwrap();
                reader = FeedReader::resumed(cursor, reader.state);
            } else {
                reader.take(&event).unwrap();
            }
        }
    }
}

#[test]
fn a_silent_feed_has_heartbeats() {
    let (server, id, _) = scene(quick(), &json!({"spectator_delay_ms": 60000}));
    for media in ["text/event-stream", "application/x-ndjson"] {
        let path = format!("/api/matches/{id}/feed");
        let mut feed = FeedSocket::open(server.address, &path, &[("Accept", media)]).unwrap();
        assert_eq!(feed.next(SOON).unwrap().unwrap().name, "hello");
        assert_eq!(feed.next(Duration::from_millis(1300)).unwrap(), None);
        assert!(feed.sse.comments >= 2, "{media}: {}", feed.sse.comments);
    }
    let mut socket =
        handshake(server.address, &format!("/api/matches/{id}/feed/ws"), &[FEED_SUBPROTOCOL]).unwrap();
    let ping = wait_for("a ping", SOON, || Ok(socket.read().ok().filter(tungstenite::Message::is_ping)));
    assert!(ping.is_ok());
}

fn sockets(address: SocketAddr, id: &str, count: usize) -> Vec<std::net::TcpStream> {
    use std::io::Write as _;
    let ask = |i: usize| {
        let mut socket = std::net::TcpStream::connect(address).unwrap();
        let media = if i.is_multiple_of(2) { "text/event-stream" } else { "application/x-ndjson" };
        write!(socket, "GET /api/matches/{id}/feed HTTP/1.1\r\nHost: x\r\nAccept: {media}\r\n\r\n").unwrap();
        socket
    };
    (0..count).map(ask).collect()
}

#[test]
fn readers_who_never_read_are_let_go_and_nobody_else_notices() {
    let settings = json!({"bots": 60, "map": "open", "max_players": 60});
    let (server, id, _) = scene(Layer::default(), &settings);
    let mut witness = WayReader::open(server.address, &id, Way::NdJson, "").unwrap();
    let mut reader = FeedReader::default();
    read_to(&mut witness, &mut reader, 3);
    let stopped = sockets(server.address, &id, 40);
    let open = || {
        let count =
            |t| metric(&server.url(""), &format!("starfray_connections{{transport=\"{t}\"}}")).unwrap();
        count("sse").unwrap_or(0.0) + count("ndjson").unwrap_or(0.0)
    };
    assert!(wait_for("forty more", SOON, || Ok((open() >= 41.0).then_some(()))).is_ok());
    let mut gap = Duration::ZERO;
    let (end, mut last) = (Instant::now() + Duration::from_secs(60), Instant::now());
    while open() > 1.0 {
        assert!(Instant::now() < end, "{} still there", open());
        while let Some(event) = witness.next(Duration::from_millis(100)).unwrap() {
            reader.take(&event).unwrap();
            gap = gap.max(last.elapsed());
            last = Instant::now();
        }
    }
    assert!(gap < Duration::from_secs(1), "{gap:?}");
    drop(stopped);
}
