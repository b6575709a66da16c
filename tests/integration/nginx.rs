//! Feeds behind a real nginx: nothing is held back, and nothing ends because nothing happens.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use serde_json::json;
use server::config::layer::Layer;
use tests::feed::FeedReader;
use tests::feed_socket::FeedSocket;
use tests::feed_ways::{WAYS, Way, WayReader};
use tests::http::{get, host};
use tests::nginx::Nginx;
use tests::patience::wants_long_tests;
use tests::server::Server;

/// What an impatient operator sets.
const SHORT: &str = "proxy_read_timeout 5s; proxy_send_timeout 5s;";

/// A server with heartbeats for a proxy that waits five seconds, and the id of a match.
fn scene(settings: &serde_json::Value) -> (Server, String) {
    let server = Server::with(Layer {
        feed_heartbeat_s: Some("2".parse().unwrap()),
        feed_poll_hold_s: Some("4".parse().unwrap()),
        ping_every_s: Some("2".parse().unwrap()),
        ..Layer::default()
    });
    let server = server.unwrap();
    let id = host(&server.url(""), settings).unwrap().word("id").unwrap();
    (server, id)
}

fn long() -> Duration {
    Duration::from_secs(if wants_long_tests() { 55 } else { 11 })
}

/// Follows the feed for a while over every way of `ways` at once; the sequence has to go on without a break.
fn follow(address: SocketAddr, id: &str, ways: &[Way], time: Duration) {
    let mut feeds: Vec<(WayReader, FeedReader)> = Vec::new();
    for way in ways {
        let began = Instant::now();
        let mut feed = WayReader::open(address, id, *way, "").unwrap();
        let hello = feed.next(Duration::from_secs(5)).unwrap().unwrap();
        assert_eq!(hello.name, "hello");
        assert!(began.elapsed() < Duration::from_millis(300), "{way:?}: {:?}", began.elapsed());
        let mut reader = FeedReader::default();
        reader.take(&hello).unwrap();
        feeds.push((feed, reader));
    }
    let end = Instant::now() + time;
    while Instant::now() < end {
        for (feed, reader) in &mut feeds {
            if let Some(event) = feed.next(Duration::from_millis(20)).unwrap() {
                reader.take(&event).unwrap();
            }
        }
    }
    for ((feed, reader), way) in feeds.iter_mut().zip(ways) {
        while let Some(event) = feed.next(Duration::from_millis(100)).unwrap() {
            reader.take(&event).unwrap();
            if f64::from(reader.deltas) > 9.0 * time.as_secs_f64() {
                break;
            }
        }
        assert!(f64::from(reader.deltas) > 7.0 * time.as_secs_f64(), "{way:?}: {} deltas", reader.deltas);
    }
}

#[test]
fn an_unprepared_nginx_holds_no_feed_back() {
    let (server, id) = scene(&json!({"bots": 3}));
    let nginx = Nginx::passing(server.address, SHORT, &[]).unwrap();
    follow(nginx.address, &id, &[Way::Sse, Way::NdJson, Way::Poll], Duration::from_secs(6));
}

#[test]
fn the_documented_nginx_carries_every_way() {
    let (server, id) = scene(&json!({"bots": 3}));
    let nginx = Nginx::as_documented(server.address, "").unwrap();
    follow(nginx.address, &id, &WAYS, Duration::from_secs(6));
}

#[test]
fn silence_behind_an_impatient_nginx_ends_nothing() {
    // For its first minute the feed has nothing to say.
    let (server, id) = scene(&json!({"spectator_delay_ms": 60000}));
    let nginx = Nginx::passing(server.address, SHORT, &[]).unwrap();
    let path = format!("/api/matches/{id}/feed");
    let began = Instant::now();
    let streams = ["text/event-stream", "application/x-ndjson"].map(|media| {
        let mut feed = FeedSocket::open(nginx.address, &path, &[("Accept", media)]).unwrap();
        assert_eq!(feed.next(Duration::from_secs(5)).unwrap().unwrap().name, "hello");
        assert!(began.elapsed() < Duration::from_millis(600), "{media}: {:?}", began.elapsed());
        feed
    });
    let (url, mut polls) = (nginx.url(&format!("{path}/poll")), 0);
    while began.elapsed() < long() {
        let answer = get(&url, &[]).unwrap();
        assert!(answer.status == 204 || began.elapsed() > Duration::from_secs(50), "{answer:?}");
        polls += 1;
    }
    assert!(polls >= 3, "{polls}");
    for mut feed in streams {
        assert_eq!(feed.next(Duration::from_secs(1)).unwrap().filter(|e| e.name == "bye"), None);
        assert!(!feed.finished && feed.sse.comments >= 4, "{} heartbeats", feed.sse.comments);
    }
}
