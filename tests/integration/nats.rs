//! Feeds on a real NATS broker: the same events with the same cursors as over SSE, from the first to the goodbye, of the
//! matches that may be told.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use server::config::layer::Layer;
use server::feed::cursor::Cursor;
use tests::feed::FeedReader;
use tests::feed_ways::{Way, WayReader};
use tests::http::{get, host, metric, post};
use tests::nats::{Broker, Consumer};
use tests::nats_reading::{EVERY_FEED, Reading, subject, wait_for_bridge};
use tests::patience::wait_for;
use tests::server::{Program, Server, run_program};
use tests::sse::SseEvent;

const SOON: Duration = Duration::from_secs(15);

/// A server that publishes to `url`.
fn server(url: &str, layer: Layer) -> Server {
    let broker = Layer::from_file("test", &format!("nats = \"{url}\"")).unwrap();
    Server::with(layer.over(broker)).unwrap()
}

fn hosted(base: &str, settings: &Value) -> (String, String) {
    let answer = host(base, settings).unwrap();
    (answer.word("id").unwrap(), answer.word("host_token").unwrap())
}

#[test]
fn a_broker_is_told_the_same_as_a_spectator() {
    let broker = Broker::start(&[]).unwrap();
    let mut consumer = Consumer::subscribed(&broker, &[EVERY_FEED]).unwrap();
    let server = server(&broker.url(), Layer { public_matches: Some(0), ..Layer::default() });
    wait_for_bridge(&server.url(""), true).unwrap();
    let (id, _) = hosted(&server.url(""), &json!({"bots": 6}));
    let mut sse = WayReader::open(server.address, &id, Way::Sse, "").unwrap();
    let (mut watched, mut over_sse) = (FeedReader::default(), Vec::new());
    while watched.cursor.is_none_or(|cursor| cursor.seq < 80) {
        let event = sse.next(SOON).unwrap().unwrap();
        watched.take(&event).unwrap();
        over_sse.push(event);
    }
    let mut reading = Reading::default();
    let told = reading.read(&mut consumer, |reading| reading.seq(&id) == 80).unwrap();
    assert_eq!(told.first().map(|(_, event)| event.name.as_str()), Some("hello"), "from the first event on");
    let last = reading.of(&id).unwrap();
    assert_eq!((&last.state, last.cursor), (&watched.state, watched.cursor), "the same world");
    let with_cursor = |event: &SseEvent| {
        let data: Value = serde_json::from_str(&event.data).unwrap();
        Cursor::parse(&event.id).map(|cursor| (cursor.seq, (cursor.epoch, event.name.clone(), data)))
    };
    let told: BTreeMap<_, _> = told.iter().filter_map(|(_, event)| with_cursor(event)).collect();
    let over_sse: BTreeMap<_, _> = over_sse.iter().filter_map(with_cursor).collect();
    assert!(over_sse.len() >= 40 && told.len() == 80, "{} and {}", over_sse.len(), told.len());
    for (seq, fact) in &over_sse {
        assert_eq!(told.get(seq), Some(fact), "{seq}");
    }
    assert_eq!(metric(&server.url(""), "starfray_nats_dropped_total").unwrap(), Some(0.0));
    assert!(metric(&server.url(""), "starfray_nats_published_total").unwrap() >= Some(80.0));
}

#[test]
fn who_comes_late_asks_and_goes_on_without_a_gap() {
    let broker = Broker::start(&[]).unwrap();
    let server = server(&broker.url(), Layer::default());
    wait_for_bridge(&server.url(""), true).unwrap();
    let (id, _) = hosted(&server.url(""), &json!({"bots": 4}));
    std::thread::sleep(Duration::from_millis(1500));
    let mut consumer = Consumer::subscribed(&broker, &[&subject(&id)]).unwrap();
    consumer.ask("starfray.now.nobody", "inbox.1").unwrap();
    consumer.ask(&format!("starfray.now.{id}"), "inbox.2").unwrap();
    let began = Instant::now();
    let (mut early, mut reader) = (Vec::new(), FeedReader::default());
    let answer = loop {
        let delivery = consumer.next(SOON).unwrap().unwrap();
        if delivery.subject == "inbox.2" {
            break delivery.payload;
        }
        early.push(delivery);
    };
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
    let answer: Value = serde_json::from_str(&answer).unwrap();
    for record in answer["events"].as_array().unwrap() {
        reader.take(&tests::feed_socket::event_of_record(record).unwrap()).unwrap();
    }
    assert_eq!(reader.cursor.map(|cursor| cursor.to_string()).as_deref(), answer["cursor"].as_str());
    assert_eq!(reader.keyframes, 1);
    // What came before the answer is in it; what comes after it goes on exactly.
    let known = reader.cursor.unwrap().seq;
    while reader.deltas < 30 {
        let delivery = if early.is_empty() { consumer.next(SOON).unwrap().unwrap() } else { early.remove(0) };
        let event = delivery.event().unwrap();
        if Cursor::parse(&event.id).is_some_and(|cursor| cursor.seq > known) {
            reader.take(&event).unwrap();
        }
    }
}

#[test]
fn a_match_that_ends_says_so_and_one_that_sleeps_is_let_sleep() {
    let broker = Broker::start(&[]).unwrap();
    let mut consumer = Consumer::subscribed(&broker, &[EVERY_FEED]).unwrap();
    let server = server(&broker.url(), Layer { public_matches: Some(0), ..Layer::default() });
    let base = server.url("");
    wait_for_bridge(&base, true).unwrap();
    let (id, token) = hosted(&base, &json!({"bots": 3}));
    let (empty, _) = hosted(&base, &json!({}));
    let (locked, _) = hosted(&base, &json!({"bots": 3, "password": "hush"}));
    let mut reading = Reading::default();
    reading.read(&mut consumer, |reading| reading.seq(&id) > 20 && reading.seq(&empty) > 0).unwrap();
    let tick = |id: &str| get(&format!("{base}/api/matches/{id}"), &[]).unwrap().json()["tick"].as_u64();
    let slept_at = tick(&empty);
    let end = format!("{base}/api/matches/{id}/host/end");
    assert_eq!(post(&end, &[("authorization", &format!("Bearer {token}"))], "").unwrap().status, 200);
    reading.read(&mut consumer, |reading| reading.of(&id).unwrap().bye.is_some()).unwrap();
    assert_eq!(reading.of(&id).unwrap().bye.as_ref().map(|bye| bye.reason.as_str()), Some("match_ended"));
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(tick(&empty), slept_at, "nobody plays and nobody watches");
    assert!(reading.of(&locked).is_none(), "a match with a password is nobody's business");
    let watching = get(&format!("{base}/api/matches/{empty}"), &[]).unwrap().json()["watching"].as_u64();
    assert_eq!(watching, Some(0));
    // A sleeping match tells how it stands to who asks.
    consumer.ask(&format!("starfray.now.{empty}"), "inbox.1").unwrap();
    let answer = wait_for("an answer", SOON, || {
        Ok(consumer.next(SOON)?.filter(|delivery| delivery.subject == "inbox.1"))
    });
    assert!(answer.unwrap().payload.contains("\"event\":\"keyframe\""));
    assert_eq!(tick(&empty), slept_at);
}

#[test]
fn matches_with_a_password_are_published_only_when_told() {
    let broker = Broker::start(&[]).unwrap();
    let mut consumer = Consumer::subscribed(&broker, &[EVERY_FEED]).unwrap();
    let all = Layer { nats_matches: Some("all".parse().unwrap()), ..Layer::default() };
    let server = server(&broker.url(), all);
    let (locked, _) = hosted(&server.url(""), &json!({"bots": 3, "password": "hush"}));
    Reading::default().read(&mut consumer, |reading| reading.seq(&locked) > 5).unwrap();
}

#[test]
fn a_server_that_stops_tells_a_broker_that_listens_and_waits_for_none_that_hangs() {
    let broker = Broker::start(&[]).unwrap();
    let mut consumer = Consumer::subscribed(&broker, &[EVERY_FEED]).unwrap();
    for hangs in [false, true] {
        let args = ["--nats", &broker.url(), "--public-matches", "0"];
        let mut program = Program::serve(&args).unwrap();
        wait_for_bridge(&program.url(""), true).unwrap();
        let (id, _) = hosted(&program.url(""), &json!({"bots": 3}));
        let mut reading = Reading::default();
        reading.read(&mut consumer, |reading| reading.seq(&id) > 5).unwrap();
        if hangs {
            broker.signal("STOP").unwrap();
        }
        let began = Instant::now();
        program.terminate().unwrap();
        assert_eq!(program.wait(SOON).unwrap().code(), Some(0));
        assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
        if !hangs {
            reading.read(&mut consumer, |reading| reading.of(&id).unwrap().bye.is_some()).unwrap();
            let bye = reading.of(&id).unwrap().bye.clone().unwrap();
            assert_eq!(bye.reason, "going_away");
            assert!(bye.retry_ms > 0);
        }
    }
    broker.signal("CONT").unwrap();
}

#[test]
fn a_wrong_address_is_one_line_without_its_secrets() {
    for (url, says) in [
        ("mq.example:4222", "\"mq.example:4222\" is not like nats://"),
        ("http://mq.example", "\"http://mq.example\" is not like nats://"),
        ("nats://ann:hush@", "\"\" is not like nats://"),
        ("nats://ann:hush%q@mq", "the user or password is not percent-encoded"),
    ] {
        for (name, args, variables) in [
            ("nats", vec!["serve", "--nats", url], vec![]),
            ("STARFRAY_NATS", vec!["serve"], vec![("STARFRAY_NATS", url)]),
        ] {
            let outcome = run_program(&args, &variables, SOON).unwrap();
            assert_eq!(outcome.code, Some(2), "{outcome:?}");
            assert_eq!(outcome.stderr.trim_end().lines().count(), 1, "{outcome:?}");
            let named = outcome.stderr.contains(&format!("{name}: {says}"));
            assert!(named && !outcome.stderr.contains("hush"), "{outcome:?}");
        }
    }
    let shown = run_program(&["config", "--nats", "nats://ann:hush@mq"], &[], SOON).unwrap();
    assert!(shown.stdout.contains("nats = \"nats://***@mq:4222\""), "{shown:?}");
    assert!(shown.stdout.contains("nats_matches = \"open\"") && !shown.stdout.contains("hush"));
}
