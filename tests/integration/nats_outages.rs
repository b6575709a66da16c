//! Brokers that are killed, stopped, slow, strange or never there: matches play on as if nothing were, and consumers get
//! nothing worse than a gap and a keyframe.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use server::config::layer::Layer;
use server::feed::cursor::Cursor;
use tests::feed_ways::{Way, WayReader};
use tests::http::{get, host, metric};
use tests::nats::{Broker, Consumer};
use tests::nats_reading::{EVERY_FEED, Reading, subject, wait_for_bridge};
use tests::patience::wants_long_tests;
use tests::server::{Program, Server};

const SOON: Duration = Duration::from_secs(15);

/// A server that publishes to `url`.
fn server(url: &str, layer: Layer) -> Server {
    let broker = Layer::from_file("test", &format!("nats = \"{url}\"")).unwrap();
    Server::with(layer.over(broker)).unwrap()
}

fn hosted(base: &str, settings: &Value) -> String {
    host(base, settings).unwrap().word("id").unwrap()
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
    let ids: Vec<String> = (0..3).map(|_| hosted(&base, &json!({"bots": 20}))).collect();
    let control = Program::serve(&["--public-matches", "0"]).unwrap();
    (0..3).for_each(|_| drop(hosted(&control.url(""), &json!({"bots": 20}))));
    let mut reading = Reading::default();
    let all_past = |reading: &Reading, seq: u64| ids.iter().all(|id| reading.seq(id) > seq);
    let begun = lateness(&base);
    std::thread::sleep(away.min(Duration::from_secs(10)));
    reading.read(&mut consumer, |reading| all_past(reading, 40)).unwrap();
    let (before, alone, memory) = (lateness(&base), lateness(&control.url("")), memory_kib(program.pid()));
    assert_eq!(metric(&base, "starfray_nats_dropped_total").unwrap(), Some(0.0));

    goes(&mut broker);
    std::thread::sleep(away);
    wait_for_bridge(&base, false).unwrap();
    let after = lateness(&base);
    // This machine's other work makes ticks late too, also those of a server that has no broker.
    let usual = p99(&begun, &before).max(p99(&alone, &lateness(&control.url(""))));
    let now = p99(&before, &after);
    assert!(now <= usual.max(0.005) * 2.0, "ticks began {now} s late instead of {usual} s");
    let more = memory_kib(program.pid()).saturating_sub(memory);
    assert!(more < 24 << 10, "{more} KiB more");

    while let Some(delivery) = consumer.next(Duration::from_millis(100)).unwrap() {
        reading.take(&delivery).unwrap();
    }
    let last: BTreeMap<String, u64> = ids.iter().map(|id| (id.clone(), reading.seq(id))).collect();
    comes(&mut broker);
    let mut consumer = Consumer::subscribed(&broker, &[EVERY_FEED]).unwrap();
    wait_for_bridge(&base, true).unwrap();
    let far =
        reading.feeds.values().filter_map(|feed| feed.cursor).map(|cursor| cursor.seq).max().unwrap() + 20;
    let told = reading.read(&mut consumer, |reading| all_past(reading, far)).unwrap();
    for (id, last) in last {
        // A broker that was stopped first hands out what it still held, which goes on where it stood.
        let mut seq = last;
        let of_match = told.iter().filter(|(to, event)| *to == subject(&id) && event.name != "hello");
        let first_new = of_match.map(|(_, event)| event).find(|event| {
            seq += 1;
            Cursor::parse(&event.id).is_some_and(|cursor| cursor.seq != seq)
        });
        assert_eq!(first_new.map(|event| event.name.as_str()), Some("keyframe"), "{id}");
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
    wait_for_bridge(&server.url(""), true).unwrap();
    let id = hosted(&server.url(""), &json!({"bots": 6}));
    let mut reading = Reading::default();
    for _ in 0..4 {
        broker.signal("STOP").unwrap();
        std::thread::sleep(Duration::from_millis(700));
        broker.signal("CONT").unwrap();
        std::thread::sleep(Duration::from_millis(300));
    }
    let told = reading.read(&mut consumer, |reading| reading.seq(&id) > 50).unwrap();
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
    let id = hosted(&right.url(""), &json!({"bots": 3}));
    std::thread::sleep(Duration::from_secs(1));
    broker.come().unwrap();
    let mut consumer = Consumer::as_user(&broker, &[EVERY_FEED], ("ann", "s@cret")).unwrap();
    wait_for_bridge(&right.url(""), true).unwrap();
    Reading::default().read(&mut consumer, |reading| reading.seq(&id) > 0).unwrap();
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
    let id = hosted(&server.url(""), &json!({"bots": 3}));
    std::thread::sleep(Duration::from_secs(5));
    let mut reader = WayReader::open(server.address, &id, Way::Sse, "").unwrap();
    assert_eq!(reader.next(SOON).unwrap().unwrap().name, "hello");
    assert_eq!(metric(&server.url(""), "starfray_nats_connected").unwrap(), Some(0.0));
}
