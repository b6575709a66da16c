//! Seats over real sockets: a dropped socket is resumed, a silent one is ended and counted, a newer one replaces.

use std::time::Duration;

use serde_json::json;
use server::config::layer::Layer;
use shared::protocol::CloseReason;
use tests::http::{get, host, metric};
use tests::patience::wait_for;
use tests::pilot::{Pilot, fly, open_socket, take_seat};
use tests::server::{Program, Server};
use tests::steering::{idle, wander};

const SOON: Duration = Duration::from_secs(10);

fn is_live(pilot: &Pilot) -> bool {
    pilot.view.own.is_some() && pilot.client.instruments().snapshots > 10
}

#[test]
fn a_dropped_socket_is_resumed_with_the_token() {
    let server = Server::start().unwrap();
    let id = host(&server.url(""), &json!({})).unwrap().word("id").unwrap();
    let mut pilots = [
        Pilot::join(server.address, &id, "Ann", wander(1)).unwrap(),
        Pilot::join(server.address, &id, "Ben", idle()).unwrap(),
    ];
    assert!(fly(&mut pilots, SOON, |p| p.iter().all(is_live)));
    let seat = pilots[0].id;
    pilots[0].drop_socket();
    let seen_lost = fly(&mut pilots, SOON, |p| p[1].client.scores().iter().any(|s| s.id == seat && s.limbo));
    assert!(seen_lost, "the other is told");
    let picture = get(&server.url(&format!("/api/matches/{id}")), &[]).unwrap().json();
    let row =
        picture["players"].as_array().unwrap().iter().find(|p| p["player_id"] == seat.0).unwrap().clone();
    assert_eq!(row["name"], "Ann");
    pilots[0].connect().unwrap();
    let back = fly(&mut pilots, SOON, |p| p[1].client.scores().iter().any(|s| s.id == seat && !s.limbo));
    assert!(back);
    assert!(fly(&mut pilots, SOON, |p| p[0].view.own.is_some_and(|own| own.id == seat)));
    assert_eq!(pilots[1].client.scores().len(), 2, "no second ship");
}

#[test]
fn a_newer_socket_replaces_the_older() {
    let server = Server::start().unwrap();
    let id = host(&server.url(""), &json!({})).unwrap().word("id").unwrap();
    let mut pilots = [Pilot::join(server.address, &id, "Ann", idle()).unwrap()];
    assert!(fly(&mut pilots, SOON, |p| is_live(&p[0])));
    let newer = open_socket(server.address, &id, &pilots[0].token).unwrap();
    assert!(fly(&mut pilots, SOON, |p| p[0].closed.is_some()));
    assert_eq!(pilots[0].closed, Some((4502, "replaced".to_owned())));
    assert_eq!(pilots[0].client.bye().map(|b| (b.code, b.retry_ms)), Some((4502, 0)));
    drop(newer);
}

#[test]
fn a_silent_client_is_ended_on_time_and_counted() {
    let silent = format!("starfray_disconnects_total{{reason=\"{}\"}}", CloseReason::Silent.word());
    let args = ["--silence-after", "1", "--ping-every", "0.3", "--limbo", "2"];
    let program = Program::serve(&args).unwrap();
    let base = program.url("");
    let id = host(&base, &json!({})).unwrap().word("id").unwrap();
    let (seat, token) = take_seat(program.address, &id, "Mute").unwrap();
    let mut lively = [Pilot::join(program.address, &id, "Lively", idle()).unwrap()];
    assert!(fly(&mut lively, SOON, |p| is_live(&p[0])));
    assert_eq!(metric(&base, &silent).unwrap(), Some(0.0));
    let mut mute = open_socket(program.address, &id, &token).unwrap();
    let began = std::time::Instant::now();
    // It never reads, so it never answers a ping either.
    assert!(fly(&mut lively, SOON, |_| metric(&base, &silent).unwrap() == Some(1.0)));
    let took = began.elapsed();
    assert!(took >= Duration::from_millis(900) && took < Duration::from_secs(4), "{took:?}");
    let code = loop {
        match mute.read() {
            Ok(tungstenite::Message::Close(frame)) => break frame.map(|f| u16::from(f.code)),
            Ok(_) => {}
            Err(error) => panic!("no close frame: {error}"),
        }
    };
    assert_eq!(code, Some(4007));
    // Its seat is kept, resumed by token, lost again, and freed at last.
    let again = open_socket(program.address, &id, &token).unwrap();
    drop(again);
    let freed = fly(&mut lively, SOON, |p| p[0].client.scores().iter().all(|s| s.id != seat));
    assert!(freed);
    assert!(lively[0].is_connected() && lively[0].complaint.is_none(), "the lively one noticed nothing");
}

#[test]
fn a_seat_of_an_ended_match_is_refused() {
    let server = Server::with(Layer { limbo_s: Some("0.3".parse().unwrap()), ..Layer::default() }).unwrap();
    let id = host(&server.url(""), &json!({})).unwrap().word("id").unwrap();
    let (seat, token) = take_seat(server.address, &id, "Late").unwrap();
    wait_for("the seat to be free", SOON, || {
        let picture = get(&server.url(&format!("/api/matches/{id}")), &[])?.json();
        let players = picture["players"].as_array().cloned().unwrap_or_default();
        Ok((picture["tick"] != 0 && players.iter().all(|p| p["player_id"] != seat.0)).then_some(()))
    })
    .unwrap();
    let mut socket = open_socket(server.address, &id, &token).unwrap();
    let code = wait_for("the close frame", SOON, || match socket.read() {
        Ok(tungstenite::Message::Close(frame)) => Ok(frame.map(|f| u16::from(f.code))),
        _ => Ok(None),
    });
    assert_eq!(code.unwrap(), CloseReason::BadToken.code());
}
