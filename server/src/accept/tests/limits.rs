//! Tests of what keeps strangers from taking everything: time for a head, sizes, places in all and by address.
//! Whatever one peer does, the next one is served.

use super::*;

const HEALTH: &str = "GET /healthz HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";

#[test]
fn who_says_nothing_or_says_it_too_slowly_is_cut_off() {
    let site = Site::open(Layer::default());
    let start = Instant::now();
    assert_eq!(site.connect().until_closed(), "");
    assert!(start.elapsed() >= HEAD_MAX && start.elapsed() < PATIENCE / 2, "{:?}", start.elapsed());

    let mut slow = site.connect();
    let start = Instant::now();
    for byte in HEALTH.bytes().cycle() {
        if slow.socket.write_all(&[byte]).is_err() || start.elapsed() > PATIENCE {
            break;
        }
        thread::sleep(Duration::from_millis(40));
    }
    assert!(start.elapsed() < PATIENCE / 2, "{:?}", start.elapsed());
    assert!(site.ask(HEALTH).starts_with("HTTP/1.1 200 OK"));
}

#[test]
fn a_connection_rests_longer_than_a_head_may_take() {
    let site = Site::open(Layer::default());
    let mut peer = site.connect();
    for _ in 0..3 {
        peer.send(b"GET /readyz HTTP/1.1\r\nhost: a\r\n\r\n");
        assert!(peer.response().starts_with("HTTP/1.1 200 OK"));
        thread::sleep(HEAD_MAX + HEAD_MAX / 2);
    }
}

#[test]
fn heads_have_a_size() {
    let site = Site::open(Layer::default());
    let field = |name: &str, length: usize| format!("{name}: {}\r\n", "x".repeat(length));
    let many: String = (0..80).map(|i| field(&format!("x-{i}"), 1)).collect();
    for fields in [many, field("x", 20_000), field("sec-websocket-protocol", 100_000), field("x", 1_000_000)]
    {
        let mut peer = site.connect();
        // The server may close before it has read all of it, which is its right.
        let _ = peer.socket.write_all(format!("GET / HTTP/1.1\r\nhost: a\r\n{fields}\r\n").as_bytes());
        let answer = peer.until_closed();
        let is_huge = fields.len() > 150_000;
        assert!(answer.starts_with("HTTP/1.1 431 ") || (is_huge && answer.is_empty()), "{answer}");
    }
    let answer = site.ask("GET / HTTP/9.9\r\n\r\n");
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    assert!(site.ask(HEALTH).starts_with("HTTP/1.1 200 OK"));
}

#[test]
fn a_refused_body_does_not_cut_off_its_answer() {
    let site = Site::open(Layer::default());
    let head = "POST /api/matches HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 200000\r\n\r\n";
    let mut peer = site.connect();
    peer.send(head.as_bytes());
    let _ = peer.socket.write_all(" ".repeat(200_000).as_bytes());
    let answer = peer.response();
    assert!(
        answer.starts_with("HTTP/1.1 413 ") && answer.contains("\"error\":\"body_too_large\""),
        "{answer}"
    );
}

#[test]
fn a_full_server_says_so_and_has_room_again_later() {
    let site = Site::open(Layer { max_connections: Some(2), ..Layer::default() });
    let mut kept: Vec<Peer> = (0..2).map(|_| site.connect()).collect();
    for peer in &mut kept {
        peer.send(b"GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n");
        peer.response();
    }
    let answer = site.ask(HEALTH);
    assert!(answer.starts_with("HTTP/1.1 503 Service Unavailable\r\n"), "{answer}");
    assert!(
        answer.contains("\r\nretry-after: 1\r\n") && answer.contains("{\"error\":\"server_full\""),
        "{answer}"
    );
    kept.pop();
    eventually("a place comes back", || site.ask(HEALTH).starts_with("HTTP/1.1 200 OK"));
}

#[test]
fn the_address_that_a_trusted_proxy_names_has_its_share_for_as_long_as_it_watches() {
    let site = Site::open(Layer {
        max_connections_per_address: Some(2),
        trusted_proxy: Some(vec!["127.0.0.1/32".parse().unwrap()]),
        ..Layer::default()
    });
    let id = site.match_id();
    let watch = |address: &str| {
        let mut peer = site.connect();
        let line =
            format!("GET /api/matches/{id}/events HTTP/1.1\r\nhost: a\r\nx-forwarded-for: {address}\r\n\r\n");
        peer.send(line.as_bytes());
        let head = peer.until("\r\n\r\n");
        (head.starts_with("HTTP/1.1 200 "), peer)
    };
    let (first, _kept) = watch("203.0.113.7");
    let (second, leaving) = watch("203.0.113.7");
    assert!(first && second && !watch("203.0.113.7").0);
    assert!(watch("203.0.113.8").0, "another address has a share of its own");
    assert!((0..5).all(|_| site.ask(HEALTH).contains("200 OK")), "the proxy itself has no limit");
    drop(leaving);
    eventually("the share comes back when the feed ends", || watch("203.0.113.7").0);
}

#[test]
fn closing_ends_resting_connections_at_once_and_answers_working_ones() {
    let site = Site::open(Layer::default());
    let mut resting = site.connect();
    resting.send(b"GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n");
    resting.response();
    let mut working = site.connect();
    let body = r#"{"name":"Last"}"#;
    let head = "POST /api/matches HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n";
    working.send(format!("{head}content-length: {}\r\n\r\n{}", body.len(), &body[..4]).as_bytes());
    thread::sleep(Duration::from_millis(100));
    let start = Instant::now();
    site.closing.send(true).unwrap();
    assert_eq!(resting.until_closed(), "");
    assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
    working.send(&body.as_bytes()[4..]);
    let answer = working.until_closed();
    assert!(answer.starts_with("HTTP/1.1 201 Created\r\n"), "{answer}");
    assert!(TcpStream::connect(site.address).is_err(), "nobody listens any more");
}
