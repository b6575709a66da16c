//! Tests of sockets that leave HTTP: after other requests, in one segment with them, with bytes behind the request.
//! The peer must get every byte once and in order, from hyper first and from the match after it.

use super::*;

const HEALTH: &str = "GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n";
const BINARY: u8 = 0x82;
const CLOSE: u8 = 0x88;
const PONG: u8 = 0x8A;

/// A frame as a client sends it, masked with zeros.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let length = 0x80 | u8::try_from(payload.len()).unwrap();
    [&[first, length, 0, 0, 0, 0], payload].concat()
}

fn expect_switch(peer: &mut Peer) {
    let head = peer.until("\r\n\r\n");
    assert!(head.starts_with("HTTP/1.1 101 Switching Protocols\r\n"), "{head}");
    assert!(head.contains("\r\nsec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"), "{head}");
    assert!(head.contains("\r\ndate: ") && !head.contains("content-length"), "{head}");
}

fn expect_game(peer: &mut Peer) {
    expect_switch(peer);
    let (kind, payload) = peer.frame();
    assert_eq!(
        (kind, payload.first()),
        (BINARY, Some(&0x81)),
        "a welcome: one binary message, a map of one entry"
    );
}

#[test]
fn a_fresh_connection_becomes_a_player() {
    let site = Site::open(Layer::default());
    let mut peer = site.connect();
    peer.send(site.upgrade().as_bytes());
    expect_game(&mut peer);
}

#[test]
fn a_connection_that_has_served_requests_becomes_a_player() {
    let site = Site::open(Layer::default());
    let mut peer = site.connect();
    for _ in 0..3 {
        peer.send(HEALTH.as_bytes());
        assert!(peer.response().ends_with("{\"status\":\"ok\"}"));
    }
    peer.send(site.upgrade().as_bytes());
    expect_game(&mut peer);
}

#[test]
fn requests_in_one_segment_are_answered_before_the_switch() {
    let site = Site::open(Layer::default());
    let mut peer = site.connect();
    let (list, upgrade) = ("GET /api/matches HTTP/1.1\r\nhost: a\r\n\r\n", site.upgrade());
    peer.send([HEALTH, list, HEALTH, &upgrade].concat().as_bytes());
    assert!(peer.response().ends_with("{\"status\":\"ok\"}"));
    assert!(peer.response().contains("\"matches\":["));
    assert!(peer.response().ends_with("{\"status\":\"ok\"}"));
    expect_game(&mut peer);
}

#[test]
fn bytes_behind_the_request_reach_the_match() {
    let site = Site::open(Layer::default());
    let mut peer = site.connect();
    peer.send(&[site.upgrade().into_bytes(), frame(0x89, b"early")].concat());
    expect_switch(&mut peer);
    let answer = (0..20).map(|_| peer.frame()).find(|(kind, _)| *kind == PONG);
    assert_eq!(answer.map(|(_, payload)| payload), Some(b"early".to_vec()));
}

#[test]
fn a_request_in_single_bytes_is_a_request() {
    let site = Site::open(Layer::default());
    let mut peer = site.connect();
    let request = site.upgrade();
    // Slow enough to come in many pieces, quick enough for the time that a head has.
    for chunk in request.as_bytes().chunks(2) {
        peer.send(chunk);
        thread::sleep(Duration::from_micros(100));
    }
    expect_game(&mut peer);
}

#[test]
fn who_may_not_play_learns_why_in_a_close_frame() {
    let site = Site::open(Layer::default());
    let upgrade = site.upgrade();
    let forged = upgrade.replace("token=", "token=A").replace("host: a", "host: a\r\norigin: http://a");
    let newer = upgrade.replace("starfray.v1", "starfray.v2");
    for (request, code, reason) in [(forged, 4503_u16, "bad_token"), (newer, 4505, "protocol_version")] {
        let mut peer = site.connect();
        peer.send(request.as_bytes());
        expect_switch(&mut peer);
        let (kind, payload) = peer.frame();
        assert_eq!((kind, &payload[..2], &payload[2..]), (CLOSE, &code.to_be_bytes()[..], reason.as_bytes()));
        assert_eq!(peer.until_closed(), "");
    }
}

#[test]
fn a_feed_is_chunked_for_new_peers_and_bare_for_old_ones() {
    let site = Site::open(Layer::default());
    let id = site.match_id();
    let mut new = site.connect();
    new.send(format!("{HEALTH}GET /api/matches/{id}/events HTTP/1.1\r\nhost: a\r\n\r\n").as_bytes());
    assert!(new.response().ends_with("{\"status\":\"ok\"}"));
    let head = new.until("\r\n\r\n");
    assert!(
        head.starts_with("HTTP/1.1 200 OK\r\n") && head.contains("\r\ntransfer-encoding: chunked\r\n"),
        "{head}"
    );
    let size = new.until("\r\n");
    assert!(usize::from_str_radix(size.trim(), 16).is_ok(), "{size:?}");
    assert!(new.until("\n\n").starts_with("retry: "));

    let mut old = site.connect();
    old.send(format!("GET /api/matches/{id}/events HTTP/1.0\r\n\r\n").as_bytes());
    let head = old.until("\r\n\r\n");
    assert!(head.contains("\r\nconnection: close\r\n") && !head.contains("transfer-encoding"), "{head}");
    assert!(old.until("\n\n").starts_with("retry: "));
}

#[test]
fn a_peer_that_leaves_before_its_answer_disturbs_nobody() {
    let site = Site::open(Layer { max_connections: Some(8), ..Layer::default() });
    let upgrade = site.upgrade();
    for _ in 0..30 {
        let mut peer = site.connect();
        peer.send(upgrade.as_bytes());
    }
    eventually("all places come back", || {
        site.ask(&HEALTH.replace("\r\n\r\n", "\r\nconnection: close\r\n\r\n")).contains("200 OK")
    });
}
