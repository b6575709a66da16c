//! A seat over plain HTTP: streams and long polls that play as a WebSocket does, change in mid-match, resume, and
//! refuse what does not belong.

use std::io::Read;
use std::time::{Duration, Instant};

use client_web::client::Controls;
use glam::Vec2;
use serde_json::json;
use shared::codec::{decode, encode};
use shared::length_prefix::put_message;
use shared::protocol::{ClientMessage, CloseReason, Nothing, ServerMessage};
use tests::http::{get, host, metric};
use tests::mail::{Down, SeatDoor, messages};
use tests::patience::wait_for;
use tests::pilot::{Pilot, Way, fly, open_socket, take_seat};
use tests::server::{Program, Server};
use tests::steering::{hold, idle, wander};

const SOON: Duration = Duration::from_secs(10);

fn is_live(pilot: &Pilot) -> bool {
    pilot.view.own.is_some() && pilot.client.instruments().snapshots > 10
}

fn place(pilot: &Pilot) -> Vec2 {
    pilot.view.own.unwrap().position
}

fn open_match(server: &Server) -> String {
    host(&server.url(""), &json!({"map": "open", "max_players": 200})).unwrap().word("id").unwrap()
}

/// The protocol's messages in the answer to a poll.
fn heard(bytes: &[u8]) -> Vec<ServerMessage> {
    messages(bytes).unwrap().iter().map(|m| decode(m, 1 << 20).unwrap()).collect()
}

fn said(message: &ClientMessage) -> Vec<u8> {
    let mut body = Vec::new();
    put_message(&encode(message).unwrap(), &mut body);
    body
}

/// The bye at the end of a stream.
fn last_word(mut body: impl Read) -> (u16, u32) {
    let mut bytes = Vec::new();
    body.read_to_end(&mut bytes).unwrap();
    match heard(&bytes).pop() {
        Some(ServerMessage::Bye(bye)) => (bye.code, bye.retry_ms),
        other => panic!("the last message was {other:?}"),
    }
}

#[test]
fn a_stream_and_a_poll_play_as_a_socket_does() {
    let server = Server::start().unwrap();
    let id = open_match(&server);
    for down in [Down::Stream, Down::Poll] {
        let mut pilots = [Pilot::seated(server.address, &id, "Mailer", idle()).unwrap()];
        pilots[0].connect_by_mail(down).unwrap();
        assert!(fly(&mut pilots, SOON, |p| is_live(&p[0])), "{down:?}");
        let from = place(&pilots[0]);
        let way = if from.x > 0.0 { Vec2::NEG_X } else { Vec2::X };
        pilots[0].steering = hold(Controls { thrust: way, ..Controls::default() });
        assert!(fly(&mut pilots, SOON, |p| (place(&p[0]) - from).dot(way) > 200.0), "{down:?}");
        assert!((place(&pilots[0]) - from).y.abs() < 0.1);
        let figures = pilots[0].client.instruments();
        assert!(figures.input_ack_ms > 0.0 && figures.input_ack_ms < 1000.0, "{figures:?}");
        assert_eq!(figures.mismatches, 0);
        assert!(pilots[0].complaint.is_none());
        let Some(Way::Mail(mail)) = pilots[0].way() else { panic!("no mail") };
        assert!(mail.refusals().is_empty(), "{:?}", mail.refusals());
    }
}

#[test]
fn a_player_changes_transport_in_mid_match_and_keeps_seat_and_score() {
    let server = Server::start().unwrap();
    let id = open_match(&server);
    let mut pilots = [
        Pilot::join(server.address, &id, "Changer", wander(1)).unwrap(),
        Pilot::join(server.address, &id, "Witness", idle()).unwrap(),
    ];
    assert!(fly(&mut pilots, SOON, |p| p.iter().all(is_live)));
    let seat = pilots[0].id;
    let was_lost = |p: &[Pilot]| p[1].client.scores().iter().any(|s| s.id == seat && s.limbo);
    for (change, down) in [Some(Down::Stream), Some(Down::Poll), None, Some(Down::Poll), Some(Down::Stream)]
        .into_iter()
        .enumerate()
    {
        let old = pilots[0].client.instruments().snapshots;
        match down {
            Some(down) => pilots[0].connect_by_mail(down).unwrap(),
            None => pilots[0].connect().unwrap(),
        }
        let lives = |p: &Pilot| p.client.instruments().snapshots > old + 30 && p.view.own.is_some();
        let mut lost = false;
        let on = fly(&mut pilots, SOON, |p| {
            lost |= was_lost(p);
            lives(&p[0])
        });
        assert!(on && !lost, "change {change} to {down:?}: {on} {lost}");
        assert!(pilots[0].complaint.is_none(), "{:?}", pilots[0].complaint);
        assert_eq!(pilots[0].client.player(), Some(seat));
    }
    assert_eq!(pilots[1].client.scores().len(), 2, "no second ship");
}

#[test]
fn a_lost_stream_is_resumed_and_an_older_one_is_told_that_it_was_replaced() {
    let server = Server::start().unwrap();
    let id = open_match(&server);
    let mut pilots = [
        Pilot::seated(server.address, &id, "Ann", wander(1)).unwrap(),
        Pilot::join(server.address, &id, "Ben", idle()).unwrap(),
    ];
    pilots[0].connect_by_mail(Down::Stream).unwrap();
    assert!(fly(&mut pilots, SOON, |p| p.iter().all(is_live)));
    let seat = pilots[0].id;
    pilots[0].drop_socket();
    let limbo = |p: &[Pilot], lost| p[1].client.scores().iter().any(|s| s.id == seat && s.limbo == lost);
    assert!(fly(&mut pilots, SOON, |p| limbo(p, true)), "the other is told at once");
    pilots[0].connect_by_mail(Down::Stream).unwrap();
    assert!(fly(&mut pilots, SOON, |p| limbo(p, false) && p[0].view.own.is_some()));

    let door = pilots[0].door();
    let older = door.stream().unwrap().ok().unwrap();
    let newer = open_socket(server.address, &id, &pilots[0].token).unwrap();
    assert_eq!(last_word(older), (4502, 0));
    let late = door.put(&said(&ClientMessage::Ping(1))).unwrap();
    assert_eq!((late.status, &*late.error), (409, "no_link"));
    drop(newer);
}

#[test]
fn a_repeated_cursor_gets_the_same_again() {
    let server = Server::start().unwrap();
    let id = open_match(&server);
    let (_, token) = take_seat(server.address, &id, "Poller").unwrap();
    let door = SeatDoor::new(server.address, &id, &token);
    let first = door.poll("").unwrap();
    assert!(matches!(heard(&first.bytes)[..], [ServerMessage::Welcome(_), ..]));
    let cursor = first.cursor.unwrap();
    let second = door.poll(&cursor).unwrap();
    let again = door.poll(&cursor).unwrap();
    assert!(!second.bytes.is_empty());
    assert_eq!((&second.bytes, &second.cursor), (&again.bytes, &again.cursor));
    let next = second.cursor.unwrap();
    let third = door.poll(&next).unwrap();
    assert_ne!(third.bytes, second.bytes);
    let refused = |cursor: &str| {
        let letter = door.poll(cursor).unwrap();
        (letter.status, letter.error)
    };
    assert_eq!(refused(&cursor), (410, "link_ended".to_owned()), "it said that it has more");
    assert_eq!(refused("999.1").0, 410);
    for odd in ["x", "1", "1.", ".2", "-1.2", "1.2.3", "99999999999999999999.1"] {
        assert_eq!(refused(odd), (400, "bad_cursor".to_owned()), "{odd}");
    }
    // Another begins anew, and the older link's cursor is worth nothing any more.
    assert_eq!(door.poll("0").unwrap().status, 200);
    assert_eq!(refused(&next).0, 410);
}

#[test]
fn only_the_newest_poll_is_answered() {
    let server = Server::start().unwrap();
    let id = open_match(&server);
    let (_, token) = take_seat(server.address, &id, "Poller").unwrap();
    let door = SeatDoor::new(server.address, &id, &token);
    let mut cursor = door.poll("").unwrap().cursor.unwrap();
    // Nobody acknowledges, so that soon a second passes between two replies.
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(2) {
        cursor = door.poll(&cursor).unwrap().cursor.unwrap();
    }
    let (older, at) = (door.clone(), cursor.clone());
    let waiting = std::thread::spawn(move || older.poll(&at).unwrap());
    std::thread::sleep(Duration::from_millis(100));
    assert_eq!(door.poll(&cursor).unwrap().status, 200);
    let older = waiting.join().unwrap();
    assert_eq!((older.status, &*older.error), (409, "superseded"));
}

#[test]
fn doors_are_shut_for_bad_tokens_and_bad_bodies() {
    let server = Server::start().unwrap();
    let id = open_match(&server);
    let other = open_match(&server);
    let (_, token) = take_seat(server.address, &id, "Ann").unwrap();
    let good = SeatDoor::new(server.address, &id, &token);
    for (door, status) in [
        (SeatDoor::new(server.address, &id, "nonsense"), 401),
        (SeatDoor::new(server.address, &id, ""), 401),
        (SeatDoor::new(server.address, &other, &token), 403),
        (SeatDoor::new(server.address, "nosuchone", &token), 404),
    ] {
        assert_eq!(door.poll("").unwrap().status, status);
        assert_eq!(door.put(&[0]).unwrap().status, status);
        assert_eq!(door.stream().unwrap().err().unwrap().status, status);
    }
    let by_query = get(&server.url(&format!("/api/matches/{id}/stream?token={token}")), &[]).unwrap();
    assert_eq!(by_query.status, 401, "this route takes a header");
    let strange = [("origin", "http://evil.example"), ("authorization", &*format!("Bearer {token}"))];
    for route in ["stream", "poll"] {
        let answer = get(&server.url(&format!("/api/matches/{id}/{route}")), &strange).unwrap();
        assert_eq!((answer.status, answer.error()), (403, "origin_not_allowed".to_owned()));
    }

    assert_eq!(good.put(&[0]).unwrap().error, "no_link");
    let body = good.stream().unwrap().ok().unwrap();
    for (bytes, status, error) in [
        (vec![5, 1, 2], 400, "bad_message"),
        (vec![0x80], 400, "bad_message"),
        (vec![0xff, 0xff, 0xff, 0xff], 413, "message_too_large"),
        (vec![0x81, 0x20, 0], 413, "message_too_large"),
        (vec![0; 9000], 413, "body_too_large"),
    ] {
        let letter = good.put(&bytes).unwrap();
        assert_eq!((letter.status, &*letter.error), (status, error));
    }
    assert_eq!(good.put(&[]).unwrap().status, 204);
    assert_eq!(good.put(&said(&ClientMessage::Ping(7))).unwrap().status, 204);
    // What only the match can tell ends the link, as on a socket.
    assert_eq!(good.put(&[3, 0xc1, 0xc1, 0xc1]).unwrap().status, 204);
    assert_eq!(last_word(body), (CloseReason::BadMessage.code(), 0));
    let body = good.stream().unwrap().ok().unwrap();
    assert_eq!(good.put(&said(&ClientMessage::Leave(Nothing()))).unwrap().status, 204);
    assert_eq!(last_word(body).0, 1000);
    let body = good.stream().unwrap().ok().unwrap();
    assert_eq!(last_word(body), (CloseReason::BadToken.code(), 0), "the seat is no more");
}

#[test]
fn a_flood_by_posts_ends_as_one_over_a_socket() {
    let server = Server::start().unwrap();
    let id = open_match(&server);
    let (_, token) = take_seat(server.address, &id, "Flooder").unwrap();
    let door = SeatDoor::new(server.address, &id, &token);
    let body = door.stream().unwrap().ok().unwrap();
    let flood = vec![0; 2000];
    let answers: Vec<u16> = (0..20).map(|_| door.put(&flood).unwrap().status).collect();
    assert!(answers.iter().all(|status| [204, 409, 503].contains(status)), "{answers:?}");
    assert_eq!(last_word(body).0, CloseReason::TooMany.code());
}

#[test]
fn silence_and_the_server_s_end_are_told_on_every_transport() {
    let mut program = Program::serve(&["--silence-after", "1", "--ping-every", "0.3"]).unwrap();
    let base = program.url("");
    let id = host(&base, &json!({})).unwrap().word("id").unwrap();
    let door = |name: &str| {
        let (_, token) = take_seat(program.address, &id, name).unwrap();
        SeatDoor::new(program.address, &id, &token)
    };
    let began = Instant::now();
    let mute = door("Mute").stream().unwrap().ok().unwrap();
    let (code, retry_ms) = last_word(mute);
    assert!(code == 4007 && retry_ms > 0);
    assert!(began.elapsed() >= Duration::from_millis(900) && began.elapsed() < Duration::from_secs(5));

    // One that only polls answers the pings by its cursors.
    let poller = door("Poller");
    let mut cursor = String::new();
    while began.elapsed() < Duration::from_secs(4) {
        let letter = poller.poll(&cursor).unwrap();
        assert_eq!(letter.status, 200, "{}", letter.error);
        cursor = letter.cursor.unwrap();
    }
    let count = |t: &str| metric(&base, &format!("starfray_connections{{transport=\"{t}\"}}")).unwrap();
    assert_eq!((count("poll"), count("stream")), (Some(1.0), Some(0.0)));
    assert!(metric(&base, "starfray_bytes_sent_total{transport=\"stream\"}").unwrap() > Some(100.0));
    assert!(metric(&base, "starfray_bytes_received_total{transport=\"poll\"}").unwrap() > Some(10.0));
    // It stops; when it comes back, it is told why its link has ended.
    std::thread::sleep(Duration::from_millis(2500));
    let mut codes = Vec::new();
    let end = wait_for("the end of the link", SOON, || {
        let letter = poller.poll(&cursor)?;
        if letter.status == 200 {
            cursor = letter.cursor.clone().unwrap_or_default();
            for message in heard(&letter.bytes) {
                if let ServerMessage::Bye(bye) = message {
                    codes.push(bye.code);
                }
            }
        }
        Ok((letter.status != 200).then_some(letter))
    });
    assert_eq!((codes, end.unwrap().status), (vec![4007], 410));

    let streams = [door("Last").stream().unwrap().ok().unwrap(), door("One").stream().unwrap().ok().unwrap()];
    program.terminate().unwrap();
    for body in streams {
        assert_eq!(last_word(body).0, CloseReason::GoingAway.code());
    }
    assert!(program.wait(SOON).unwrap().success());
}

#[test]
fn a_slow_reader_on_a_stream_is_sent_little_and_nobody_else_notices() {
    let server = Server::start().unwrap();
    let id = open_match(&server);
    let mut pilots = [
        Pilot::seated(server.address, &id, "Slow", idle()).unwrap(),
        Pilot::join(server.address, &id, "Quick", wander(1)).unwrap(),
    ];
    pilots[0].connect_by_mail(Down::Stream).unwrap();
    assert!(fly(&mut pilots, SOON, |p| p.iter().all(is_live)));
    let before = pilots.each_ref().map(|p| p.client.instruments().snapshots);
    let Some(Way::Mail(mail)) = pilots[0].way() else { panic!("no mail") };
    mail.stop_reading(true);
    fly(&mut pilots, Duration::from_secs(6), |_| false);
    let Some(Way::Mail(mail)) = pilots[0].way() else { panic!("no mail") };
    mail.stop_reading(false);
    let caught_up = |p: &Pilot| p.client.instruments().snapshots > before[0] + 60;
    let began = Instant::now();
    assert!(fly(&mut pilots, SOON, |p| caught_up(&p[0])));
    // It goes on with new snapshots at their own pace, instead of reading what had piled up in six seconds.
    assert!(began.elapsed() > Duration::from_millis(800), "{:?}", began.elapsed());
    let quick = pilots[1].client.instruments().snapshots - before[1];
    assert!(quick > 150 && pilots.iter().all(|p| p.complaint.is_none()), "{quick}");
}
