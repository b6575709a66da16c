//! Feeds on a real NATS broker: the same events with the same cursors as over SSE, and nothing worse than a gap and a
//! keyframe when the broker is killed, stopped, slow, strange or never there.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use server::config::layer::Layer;
use server::feed::cursor::Cursor;
use tests::feed::FeedReader;
use tests::feed_ways::{Way, WayReader};
use tests::http::{get, host, metric, post};
use tests::nats::{Broker, Consumer, Delivery};
use tests::patience::{wait_for, wants_long_tests};
use tests::server::{Program, Server, run_program};
use tests::sse::SseEvent;

const SOON: Duration = Duration::from_secs(15);
const EVERY_FEED: &str = "starfray.feed.*";

/// A server that publishes to `url`.
fn server(url: &str, layer: Layer) -> Server {
    let config = toml_layer(url);
    Server::with(layer.over(config)).unwrap()
}

fn toml_layer(url: &str) -> Layer {
    Layer::from_file("test", &format!("nats = \"{url}\"")).unwrap()
}

fn hosted(base: &str, settings: &Value) -> (String, String) {
    let answer = host(base, settings).unwrap();
    (answer.word("id").unwrap(), answer.word("host_token").unwrap())
}

fn connected(base: &str, wanted: f64) {
    let look = || Ok((metric(base, "starfray_nats_connected")? == Some(wanted)).then_some(()));
    wait_for("the bridge", SOON, look).unwrap();
}

/// All feeds of a server as a consumer reads them; it complains about every gap without a keyframe.
#[derive(Default)]
struct Reading {
    feeds: BTreeMap<String, FeedReader>,
}

impl Reading {
    fn take(&mut self, delivery: &Delivery) -> SseEvent {
        let event = delivery.event().unwrap();
        let reader = self.feeds.entry(delivery.subject.clone()).or_default();
        if event.name == "hello" {
            // It comes before each keyframe, always the same.
            let before = reader.hello.take();
            reader.take(&event).unwrap();
            assert!(before.is_none() || before == reader.hello);
        } else {
            reader.take(&event).unwrap_or_else(|error| panic!("{}: {error}", delivery.subject));
        }
        event
    }

    /// Reads until `enough`; returns what came.
    fn read(&mut self, from: &mut Consumer, enough: impl Fn(&Reading) -> bool) -> Vec<(String, SseEvent)> {
        let (mut events, end) = (Vec::new(), Instant::now() + SOON);
        while !enough(self) {
            assert!(Instant::now() < end, "{:?}", self.feeds.keys());
            if let Some(delivery) = from.next(Duration::from_millis(200)).unwrap() {
                let event = self.take(&delivery);
                events.push((delivery.subject, event));
            }
        }
        events
    }

    fn seq(&self, id: &str) -> u64 {
        self.feeds.get(&subject(id)).and_then(|feed| feed.cursor).map_or(0, |cursor| cursor.seq)
    }
}

fn subject(id: &str) -> String {
    format!("starfray.feed.{id}")
}

#[test]
fn a_broker_is_told_the_same_as_a_spectator() {
    let broker = Broker::start(&[]).unwrap();
    let mut consumer = Consumer::subscribed(&broker, &[EVERY_FEED]).unwrap();
    let server = server(&broker.url(), Layer { public_matches: Some(0), ..Layer::default() });
    connected(&server.url(""), 1.0);
    let (id, _) = hosted(&server.url(""), &json!({"bots": 6}));
    let mut sse = WayReader::open(server.address, &id, Way::Sse, "").unwrap();
    let (mut watched, mut over_sse) = (FeedReader::default(), Vec::new());
    while watched.cursor.is_none_or(|cursor| cursor.seq < 80) {
        let event = sse.next(SOON).unwrap().unwrap();
        watched.take(&event).unwrap();
        over_sse.push(event);
    }
    let mut reading = Reading::default();
    let told = reading.read(&mut consumer, |reading| reading.seq(&id) == 80);
    assert_eq!(told.first().map(|(_, event)| event.name.as_str()), Some("hello"), "from the first event on");
    let last = reading.feeds.get(&subject(&id)).unwrap();
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
    connected(&server.url(""), 1.0);
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
    connected(&base, 1.0);
    let (id, token) = hosted(&base, &json!({"bots": 3}));
    let (empty, _) = hosted(&base, &json!({}));
    let (locked, _) = hosted(&base, &json!({"bots": 3, "password": "hush"}));
    let mut reading = Reading::default();
    reading.read(&mut consumer, |reading| reading.seq(&id) > 20 && reading.seq(&empty) > 0);
    let tick = |id: &str| get(&format!("{base}/api/matches/{id}"), &[]).unwrap().json()["tick"].as_u64();
    let slept_at = tick(&empty);
    let end = format!("{base}/api/matches/{id}/host/end");
    assert_eq!(post(&end, &[("authorization", &format!("Bearer {token}"))], "").unwrap().status, 200);
    reading.read(&mut consumer, |reading| reading.feeds[&subject(&id)].bye.is_some());
    assert_eq!(reading.feeds[&subject(&id)].bye.as_ref().map(|bye| bye.reason.as_str()), Some("match_ended"));
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(tick(&empty), slept_at, "nobody plays and nobody watches");
    assert!(!reading.feeds.contains_key(&subject(&locked)), "a match with a password is nobody's business");
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
    Reading::default().read(&mut consumer, |reading| reading.seq(&locked) > 5);
}

#[test]
fn a_server_that_stops_tells_a_broker_that_listens_and_waits_for_none_that_hangs() {
    let broker = Broker::start(&[]).unwrap();
    let mut consumer = Consumer::subscribed(&broker, &[EVERY_FEED]).unwrap();
    for hangs in [false, true] {
        let args = ["--nats", &broker.url(), "--public-matches", "0"];
        let mut program = Program::serve(&args).unwrap();
        connected(&program.url(""), 1.0);
        let (id, _) = hosted(&program.url(""), &json!({"bots": 3}));
        let mut reading = Reading::default();
        reading.read(&mut consumer, |reading| reading.seq(&id) > 5);
        if hangs {
            broker.signal("STOP").unwrap();
        }
        let began = Instant::now();
        program.terminate().unwrap();
        assert_eq!(program.wait(SOON).unwrap().code(), Some(0));
        assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
        if !hangs {
            reading.read(&mut consumer, |reading| reading.feeds[&subject(&id)].bye.is_some());
            let bye = reading.feeds[&subject(&id)].bye.clone().unwrap();
            assert_eq!(bye.reason, "going_away");
            assert!(bye.retry_ms > 0);
        }
    }
    broker.signal("CONT").unwrap();
}

/// Ticks of a server by how late they began: the counts of its histogram's buckets, and their bounds in seconds.
fn lateness(base: &str) -> Vec<(f64, f64)> {
    let text = get(&format!("{base}/metrics"), &[]).unwrap().text;
    let bucket = |line: &str| {
        let (bound, count) =
            line.strip_prefix("starfray_tick_lateness_seconds_bucket{le=\"")?.split_once("\"} ")?;
        let bound = if bound == "+Inf" { f64::INFINITY } else { bound.parse().ok()? };
        Some((bound, count.parse().ok()?))
    };
    text.lines().filter_map(bucket).collect()
}

/// The upper bound of the lateness of 99 of 100 ticks between two looks, in seconds.
fn p99(before: &[(f64, f64)], after: &[(f64, f64)]) -> f64 {
    let counts: Vec<(f64, f64)> = before.iter().zip(after).map(|(b, a)| (a.0, a.1 - b.1)).collect();
    let all = counts.last().unwrap().1;
    assert!(all > 50.0, "{all} ticks");
    counts.iter().find(|(_, count)| *count >= 0.99 * all).unwrap().0
}

fn memory_kib(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").trim().parse().unwrap()
}

/// Three matches and a broker that goes away for a while, by `goes`, and comes back, by `comes`: the matches play on as
/// if nothing were, and consumers miss something, know it, and go on with a keyframe.
fn outage(goes: impl Fn(&mut Broker), comes: impl Fn(&mut Broker)) {
    let away = Duration::from_secs(if wants_long_tests() { 60 } else { 6 });
    let mut broker = Broker::start(&[]).unwrap();
    let mut consumer = Consumer::subscribed(&broker, &[EVERY_FEED]).unwrap();
    let program = Program::serve(&["--nats", &broker.url(), "--public-matches", "0"]).unwrap();
    let base = program.url("");
    let ids: Vec<String> = (0..3).map(|_| hosted(&base, &json!({"bots": 20})).0).collect();
    let control = Program::serve(&["--public-matches", "0"]).unwrap();
    (0..3).for_each(|_| drop(hosted(&control.url(""), &json!({"bots": 20}))));
    let mut reading = Reading::default();
    let all_past = |reading: &Reading, seq: u64| ids.iter().all(|id| reading.seq(id) > seq);
    let begun = lateness(&base);
    std::thread::sleep(away.min(Duration::from_secs(10)));
    reading.read(&mut consumer, |reading| all_past(reading, 40));
    let (before, alone, memory) = (lateness(&base), lateness(&control.url("")), memory_kib(program.pid()));
    assert_eq!(metric(&base, "starfray_nats_dropped_total").unwrap(), Some(0.0));

    goes(&mut broker);
    std::thread::sleep(away);
    connected(&base, 0.0);
    let after = lateness(&base);
    // This machine's other work makes ticks late too, also those of a server that has no broker.
    let usual = p99(&begun, &before).max(p99(&alone, &lateness(&control.url(""))));
    let now = p99(&before, &after);
    assert!(now <= usual.max(0.005) * 2.0, "ticks began {now} s late instead of {usual} s");
    let more = memory_kib(program.pid()).saturating_sub(memory);
    assert!(more < 24 << 10, "{more} KiB more");

    while let Some(delivery) = consumer.next(Duration::from_millis(100)).unwrap() {
        reading.take(&delivery);
    }
    let last: BTreeMap<String, u64> = ids.iter().map(|id| (id.clone(), reading.seq(id))).collect();
    comes(&mut broker);
    let mut consumer = Consumer::subscribed(&broker, &[EVERY_FEED]).unwrap();
    connected(&base, 1.0);
    let far =
        reading.feeds.values().filter_map(|feed| feed.cursor).map(|cursor| cursor.seq).max().unwrap() + 20;
    let told = reading.read(&mut consumer, |reading| all_past(reading, far));
    for (id, last) in &last {
        // A broker that was stopped first hands out what it still held, which goes on where it stood.
        let first_new = told
            .iter()
            .filter(|(to, event)| *to == subject(id) && event.name != "hello")
            .find(|(_, event)| Cursor::parse(&event.id).is_some_and(|cursor| cursor.seq > last + 40));
        assert_eq!(first_new.map(|(_, event)| event.name.as_str()), Some("keyframe"), "{id}");
    }
    assert!(metric(&base, "starfray_nats_dropped_total").unwrap() > Some(3.0 * 10.0));
    assert_eq!(metric(&base, "starfray_nats_connects_total").unwrap(), Some(2.0));
}

#[test]
fn a_broker_that_is_killed_is_missed_by_nobody() {
    outage(|broker| broker.kill().unwrap(), |broker| broker.come().unwrap());
}

#[test]
fn a_broker_that_hangs_is_missed_by_nobody() {
    outage(|broker| broker.signal("STOP").unwrap(), |broker| broker.signal("CONT").unwrap());
}

#[test]
fn a_broker_that_stutters_loses_nothing() {
    let broker = Broker::start(&[]).unwrap();
    let mut consumer = Consumer::subscribed(&broker, &[EVERY_FEED]).unwrap();
    let server = server(&broker.url(), Layer { public_matches: Some(0), ..Layer::default() });
    connected(&server.url(""), 1.0);
    let (id, _) = hosted(&server.url(""), &json!({"bots": 6}));
    let mut reading = Reading::default();
    for _ in 0..4 {
        broker.signal("STOP").unwrap();
        std::thread::sleep(Duration::from_millis(700));
        broker.signal("CONT").unwrap();
        std::thread::sleep(Duration::from_millis(300));
    }
    let told = reading.read(&mut consumer, |reading| reading.seq(&id) > 50);
    let seqs: Vec<u64> =
        told.iter().filter_map(|(_, event)| Cursor::parse(&event.id)).map(|c| c.seq).collect();
    assert!(seqs.iter().copied().eq(1..=seqs.len() as u64), "{seqs:?}");
    assert_eq!(metric(&server.url(""), "starfray_nats_dropped_total").unwrap(), Some(0.0));
    assert_eq!(metric(&server.url(""), "starfray_nats_connects_total").unwrap(), Some(1.0));
}

#[test]
fn a_broker_may_come_later_and_may_refuse_at_first() {
    let mut broker = Broker::away(&["--user", "ann", "--pass", "s@cret"]).unwrap();
    let started = Instant::now();
    let wrong = server(&format!("nats://ann:wrong@{}", broker.address), Layer::default());
    let right = Program::serve(&["--nats", &format!("nats://ann:s%40cret@{}", broker.address)]).unwrap();
    assert!(started.elapsed() < SOON);
    let (id, _) = hosted(&right.url(""), &json!({"bots": 3}));
    std::thread::sleep(Duration::from_secs(1));
    broker.come().unwrap();
    let mut consumer = Consumer::as_user(&broker, &[EVERY_FEED], ("ann", "s@cret")).unwrap();
    connected(&right.url(""), 1.0);
    Reading::default().read(&mut consumer, |reading| reading.seq(&id) > 0);
    assert_eq!(get(&wrong.url("/readyz"), &[]).unwrap().status, 200, "it plays without a broker");
    assert_eq!(metric(&wrong.url(""), "starfray_nats_connected").unwrap(), Some(0.0));
    hosted(&wrong.url(""), &json!({"bots": 3}));
}

#[test]
fn a_user_who_may_not_listen_is_told_so_and_nothing_is_published() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("broker.conf");
    let rights = "authorization { users = [{ user: ann, password: x, permissions: { publish: \"starfray.>\", subscribe: \"other\" } }] }";
    std::fs::write(&file, rights).unwrap();
    let broker = Broker::start(&["-c", file.to_str().unwrap()]).unwrap();
    let server = server(&format!("nats://ann:x@{}", broker.address), Layer::default());
    hosted(&server.url(""), &json!({"bots": 3}));
    std::thread::sleep(Duration::from_secs(4));
    assert_eq!(metric(&server.url(""), "starfray_nats_connected").unwrap(), Some(0.0));
    assert_eq!(metric(&server.url(""), "starfray_nats_published_total").unwrap(), Some(0.0));
}

#[test]
fn what_is_no_broker_does_no_harm() {
    // One that says nothing, one that says nonsense for ever, and one that hangs up.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let mut held = Vec::new();
        for (turn, socket) in listener.incoming().flatten().enumerate() {
            let mut socket = socket;
            match turn % 3 {
                0 => drop(socket),
                1 => drop(socket.write_all(&b"INFO {\"garbage\": [[[[\r\n".repeat(1000))),
                _ => {
                    let mut some = [0; 16];
                    socket.set_read_timeout(Some(Duration::from_millis(10))).unwrap();
                    let _ = socket.read(&mut some);
                    held.push(socket);
                }
            }
        }
    });
    let server = server(&format!("nats://{address}"), Layer::default());
    let (id, _) = hosted(&server.url(""), &json!({"bots": 3}));
    std::thread::sleep(Duration::from_secs(5));
    let mut reader = WayReader::open(server.address, &id, Way::Sse, "").unwrap();
    assert_eq!(reader.next(SOON).unwrap().unwrap().name, "hello");
    assert_eq!(metric(&server.url(""), "starfray_nats_connected").unwrap(), Some(0.0));
}

#[test]
fn a_wrong_address_is_one_line_without_its_secrets() {
    for (url, says) in [
        ("mq.example:4222", "nats: \"mq.example:4222\" is not like nats://"),
        ("http://mq.example", "nats: \"http://mq.example\" is not like nats://"),
        ("nats://ann:hush@", "nats: \"\" is not like nats://"),
        ("nats://ann:hush%q@mq", "nats: the user or password is not percent-encoded"),
    ] {
        for (args, variables) in
            [(vec!["serve", "--nats", url], vec![]), (vec!["serve"], vec![("STARFRAY_NATS", url)])]
        {
            let outcome = run_program(&args, &variables, SOON).unwrap();
            assert_eq!(outcome.code, Some(2), "{outcome:?}");
            assert_eq!(outcome.stderr.trim_end().lines().count(), 1, "{outcome:?}");
            assert!(outcome.stderr.contains(says) && !outcome.stderr.contains("hush"), "{outcome:?}");
        }
    }
    let shown = run_program(&["config", "--nats", "nats://ann:hush@mq"], &[], SOON).unwrap();
    assert!(shown.stdout.contains("nats = \"nats://***@mq:4222\""), "{shown:?}");
    assert!(shown.stdout.contains("nats_matches = \"open\"") && !shown.stdout.contains("hush"));
}
