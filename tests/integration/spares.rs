//! A seat moves from one transport to another while it plays, over real sockets: make before break.

use std::time::Duration;

use serde_json::json;
use server::config::layer::Layer;
use shared::protocol::SUBPROTOCOL;
use tests::http::{get, host};
use tests::mail::{Down, SeatDoor};
use tests::pilot::{Pilot, fly, handshake, take_seat};
use tests::server::Server;
use tests::steering::wander;

const SOON: Duration = Duration::from_secs(10);
/// A busy machine stops now and then; of so many changes one has to be without it.
const ROUNDS: u32 = 5;

#[test]
fn a_seat_moves_between_transports_without_a_gap() {
    let server = Server::start().unwrap();
    let id = host(&server.url(""), &json!({"map": "open"})).unwrap().word("id").unwrap();
    for (from, to_socket) in
        [(Down::Stream, false), (Down::Stream, true), (Down::Poll, true), (Down::Poll, false)]
    {
        let mut pilots = [Pilot::seated(server.address, &id, "Mover", wander(1)).unwrap()];
        let seat = pilots[0].id;
        let mut best = u64::MAX;
        for round in 0..ROUNDS {
            pilots[0].connect_by_mail(from).unwrap();
            let before = pilots[0].client.instruments().snapshots;
            assert!(fly(&mut pilots, SOON, |p| p[0].client.instruments().snapshots > before + 60));
            let before = pilots[0].client.instruments();
            let moves = pilots[0].moves;
            pilots[0].try_spare(to_socket).unwrap();
            assert!(fly(&mut pilots, SOON, |p| p[0].moves > moves), "{from:?} {to_socket} {round}");
            let after = |p: &mut [Pilot]| p[0].client.instruments();
            assert!(fly(&mut pilots, SOON, |p| after(p).snapshots > before.snapshots + 30));
            let after = after(&mut pilots);
            best = best.min(after.snapshots_skipped - before.snapshots_skipped);
            assert!(pilots[0].is_connected() && pilots[0].complaint.is_none());
            assert_eq!((pilots[0].client.player(), after.mismatches), (Some(seat), 0));
            if best <= 1 {
                break;
            }
        }
        assert!(best <= 1, "{from:?} to a socket {to_socket}: {best} ticks were missed");
    }
}

#[test]
fn a_spare_that_nobody_answers_leaves_the_link_alone() {
    let server = Server::start().unwrap();
    let id = host(&server.url(""), &json!({"map": "open"})).unwrap().word("id").unwrap();
    let mut pilots = [Pilot::join(server.address, &id, "Ann", wander(1)).unwrap()];
    assert!(fly(&mut pilots, SOON, |p| p[0].client.instruments().snapshots > 20));
    // Neither of them is read, so that no answer leaves.
    let path = format!("/api/matches/{id}/ws?token={}&spare=1", pilots[0].token);
    let _silent = handshake(server.address, &path, &[SUBPROTOCOL]).unwrap();
    fly(&mut pilots, Duration::from_secs(7), |_| false);
    assert!(pilots[0].is_connected() && pilots[0].closed.is_none());
    assert!(pilots[0].client.instruments().snapshots > 180);
    // Its seat's own requests are still for its own links.
    let wrong = SeatDoor::new(server.address, &id, &pilots[0].token).put(&[0]).unwrap();
    assert_eq!((wrong.status, &*wrong.error), (409, "no_link"));
}

#[test]
fn a_stream_says_when_it_is_to_be_renewed() {
    let layer = Layer { stream_age_s: Some("100".parse().unwrap()), ..Layer::default() };
    let server = Server::with(layer).unwrap();
    let id = host(&server.url(""), &json!({"map": "open"})).unwrap().word("id").unwrap();
    let token = take_seat(server.address, &id, "Ann").unwrap().1;
    let bearer = format!("Bearer {token}");
    let url = server.url(&format!("/api/matches/{id}/stream?spare=x"));
    assert_eq!(get(&url, &[("authorization", &bearer)]).unwrap().error(), "bad_query");
    let head = |path: &str| {
        let headers = [("Authorization", &*bearer)];
        tests::feed_socket::FeedSocket::open(server.address, path, &headers).unwrap().head.clone()
    };
    for _ in 0..10 {
        let head = head(&format!("/api/matches/{id}/stream"));
        let renew = head.lines().find_map(|line| line.strip_prefix("starfray-renew-after: ")).unwrap();
        assert!((80..=100).contains(&renew.trim().parse::<u32>().unwrap()), "{renew}");
        assert!(head.contains("starfray-link: "), "{head}");
    }
}
