//! The host's acts by HTTP, what joins in a rush get, quick play, and the lobby's live list.

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use shared::codec::decode;
use shared::protocol::{PlayerEvent, ServerMessage};
use tests::http::{Answer, get, host, post, post_json};
use tests::patience::wait_for;
use tests::pilot::{open_socket, take_seat};
use tests::server::Server;
use tungstenite::{Error, Message, WebSocket};

const SOON: Duration = Duration::from_secs(10);

fn act(server: &Server, (id, token): (&str, &str), action: &str, body: &Value) -> Answer {
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    post(&server.url(&format!("/api/matches/{id}/host/{action}")), &headers, &body.to_string()).unwrap()
}

fn hosted(server: &Server, settings: &Value) -> (String, String) {
    let hosted = host(&server.url(""), settings).unwrap();
    (hosted.word("id").unwrap(), hosted.word("host_token").unwrap())
}

fn phase(server: &Server, id: &str, wanted: &str) {
    wait_for(wanted, SOON, || {
        let picture = get(&server.url(&format!("/api/matches/{id}")), &[])?.json();
        Ok((picture["phase"] == wanted).then_some(()))
    })
    .unwrap();
}

#[test]
fn a_match_is_led_through_its_phases_by_http() {
    let server = Server::start().unwrap();
    let (id, token) = hosted(&server, &json!({"start": "host", "bots": 1}));
    let done = |action: &str| {
        let answer = act(&server, (&id, &token), action, &json!({}));
        (answer.status, answer.error())
    };
    let (good, too_soon) = ((200, String::new()), (409, "wrong_phase".to_owned()));
    phase(&server, &id, "lobby");
    assert_eq!(done("pause"), too_soon);
    assert_eq!(done("start"), good);
    phase(&server, &id, "countdown");
    phase(&server, &id, "playing");
    assert_eq!((done("rematch"), done("resume")), (too_soon.clone(), too_soon));
    assert_eq!(done("pause"), good);
    phase(&server, &id, "paused");
    assert_eq!(done("resume"), good);
    phase(&server, &id, "playing");
    assert_eq!(done("end"), good);
}

#[test]
fn players_are_removed_banned_and_made_host() {
    let server = Server::start().unwrap();
    let (id, token) = hosted(&server, &json!({}));
    let host_token = token.as_str();
    let to = |token: &str, action: &str, body: Value| {
        let answer = act(&server, (&id, token), action, &body);
        (answer.status, answer.error())
    };
    let error = |status: u16, word: &str| (status, word.to_owned());
    let (guest, _) = take_seat(server.address, &id, "Guest").unwrap();
    assert_eq!(to(host_token, "kick", json!({"player_id": 999})), error(404, "player_not_found"));
    assert_eq!(to(host_token, "kick", json!({"who": 1})).0, 400);
    assert_eq!(to(host_token, "ban", json!({"player_id": guest.0})), error(409, "cannot_ban"));
    assert_eq!(to(host_token, "kick", json!({"player_id": guest.0, "reason": "Away"})), error(200, ""));
    let key = json!({"name": "Bob", "player_key": "ABCDE-FGHJK-LMNPQ-RSTUV-WXYZ2"});
    let join = || post_json(&server.url(&format!("/api/matches/{id}/join")), &key).unwrap();
    let bob = join().json()["player_id"].clone();
    assert_eq!(to(host_token, "ban", json!({"player_id": bob})), error(200, ""));
    assert_eq!((join().status, join().error()), error(403, "banned"));
    let (other, _) = hosted(&server, &json!({}));
    assert_eq!(post_json(&server.url(&format!("/api/matches/{other}/join")), &key).unwrap().status, 200);

    let (heir, seat) = take_seat(server.address, &id, "Heir").unwrap();
    assert_eq!(to(host_token, "transfer", json!({"player_id": heir.0})).0, 404, "nobody is there to hear it");
    let mut socket = open_socket(server.address, &id, &seat).unwrap();
    wait_for("the link", SOON, || {
        Ok((to(host_token, "transfer", json!({"player_id": heir.0})).0 == 200).then_some(()))
    })
    .unwrap();
    let newer =
        wait_for("the word that they are the host", SOON, || Ok(host_token_told(&mut socket))).unwrap();
    assert_eq!(to(host_token, "lock", json!({})), error(403, "forbidden"));
    assert_eq!(to(&newer, "lock", json!({})), error(200, ""));
    let late = post_json(&server.url(&format!("/api/matches/{id}/join")), &json!({"name": "Late"})).unwrap();
    assert_eq!((late.status, late.error()), error(409, "match_locked"));
}

/// The host's token, if the next message that has arrived tells it.
fn host_token_told(socket: &mut WebSocket<TcpStream>) -> Option<String> {
    let Ok(Message::Binary(bytes)) = socket.read() else { return None };
    let Ok(ServerMessage::Events(_, events)) = decode::<ServerMessage>(&bytes, 1 << 20) else { return None };
    events.into_iter().find_map(|event| match event {
        PlayerEvent::HostToken(token) => Some(token),
        _ => None,
    })
}

#[test]
fn every_act_is_the_hosts_alone() {
    const ACTS: [&str; 14] = [
        "start",
        "pause",
        "resume",
        "rematch",
        "end",
        "add_bot",
        "remove_bot",
        "lock",
        "unlock",
        "kick",
        "ban",
        "transfer",
        "team",
        "map",
    ];
    let server = Server::start().unwrap();
    let (id, _) = hosted(&server, &json!({}));
    let (_, elsewhere) = hosted(&server, &json!({}));
    let (player, seat) = take_seat(server.address, &id, "Ann").unwrap();
    let whom = json!({"player_id": player.0});
    for action in ACTS {
        let url = server.url(&format!("/api/matches/{id}/host/{action}"));
        assert_eq!(post_json(&url, &whom).unwrap().status, 401, "{action} without a token");
        for (token, status) in [("", 401), ("abc", 401), (&*elsewhere, 403), (&*seat, 403)] {
            let answer = act(&server, (&id, token), action, &whom);
            assert_eq!(answer.status, status, "{action} with {token:?}: {}", answer.text);
        }
    }
    let known = get(&server.url(&format!("/api/matches/{id}")), &[]).unwrap().json();
    assert_eq!((&known["phase"], &known["locked"]), (&json!("playing"), &json!(false)), "nothing was done");
    assert_eq!(known["players"].as_array().unwrap().len(), 1);
}

/// Sends a request over a connection of its own, as a thousand people do, and without a client whose own work would be
/// measured; returns the status and the error's word.
fn ask_plainly(address: SocketAddr, request: &str) -> (u16, String) {
    let mut socket = TcpStream::connect(address).unwrap();
    socket.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    let body: Value = serde_json::from_str(answer.split("\r\n\r\n").nth(1).unwrap()).unwrap();
    (status, body["error"].as_str().unwrap_or_default().to_owned())
}

#[test]
fn a_thousand_joins_in_a_second_fill_a_hundred_places_and_no_more() {
    // A join waits for the match's next tick, so a few callers in a row could not ask a thousand times in a second.
    const THREADS: u32 = 100;
    const EACH: u32 = 10;
    let server = Server::start().unwrap();
    let (id, _) = hosted(&server, &json!({"map": "open", "max_players": 100}));
    let body = r#"{"name":"Ann"}"#;
    let request = format!(
        "POST /api/matches/{id}/join HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    let together = Barrier::new(THREADS as usize);
    let answers: Vec<(u16, String, Duration)> = thread::scope(|scope| {
        let ask = |number: u32| {
            let (request, together) = (request.as_str(), &together);
            let address = server.address;
            scope.spawn(move || {
                together.wait();
                let begin = Instant::now();
                let mut answers = Vec::new();
                for i in 0..EACH {
                    let due = Duration::from_secs(1) * (i * THREADS + number) / (EACH * THREADS);
                    thread::sleep(due.saturating_sub(begin.elapsed()));
                    let (status, error) = ask_plainly(address, request);
                    answers.push((status, error, begin.elapsed().saturating_sub(due)));
                }
                answers
            })
        };
        let asking: Vec<_> = (0..THREADS).map(ask).collect();
        asking.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    let seated = answers.iter().filter(|(status, ..)| *status == 200).count();
    let refused =
        answers.iter().filter(|(status, error, _)| (*status, error.as_str()) == (409, "match_full"));
    assert_eq!((seated, refused.count()), (100, 900));
    let mut took: Vec<Duration> = answers.iter().map(|(.., took)| *took).collect();
    took.sort();
    let p99 = took[took.len() * 99 / 100];
    assert!(p99 < Duration::from_millis(500), "p99 {p99:?} from when each was due");
}

#[test]
fn quick_play_finds_people_or_makes_a_match() {
    let server = Server::start().unwrap();
    let quick = |body: Value| post_json(&server.url("/api/quick"), &body).unwrap().json();
    let first = quick(json!({}));
    let (company, _) = hosted(&server, &json!({"max_players": 4}));
    hosted(&server, &json!({"password": "hush"}));
    take_seat(server.address, &company, "Ann").unwrap();
    wait_for("company to be seen", SOON, || Ok((quick(json!({}))["id"] == company.as_str()).then_some(())))
        .unwrap();
    let other = quick(json!({"not": company}));
    assert_ne!(other["id"], company.as_str());
    assert!(first["id"].is_string() && quick(json!({"player_key": "short"}))["error"] == "bad_player_key");
}

#[test]
fn the_list_is_live() {
    let server = Server::start().unwrap();
    let mut lines = BufReader::new(open_list(&server)).lines();
    let mut next = |name: &str| -> Value {
        loop {
            let line = lines.next().unwrap().unwrap();
            if line == format!("event: {name}") {
                let data = lines.next().unwrap().unwrap();
                return serde_json::from_str(data.strip_prefix("data: ").unwrap()).unwrap();
            }
        }
    };
    assert!(next("list")["matches"].is_array());
    let (id, token) = hosted(&server, &json!({"name": "News"}));
    let line = loop {
        let line = next("match");
        if line["id"] == id.as_str() {
            break line;
        }
    };
    assert_eq!((&line["name"], &line["people"], &line["locked"]), (&json!("News"), &json!(0), &json!(false)));
    assert_eq!(act(&server, (&id, &token), "end", &json!({})).status, 200);
    assert_eq!(next("gone")["id"], id.as_str());
}

fn open_list(server: &Server) -> TcpStream {
    use std::io::Write;
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream.set_read_timeout(Some(SOON)).unwrap();
    stream.write_all(b"GET /api/matches/live HTTP/1.1\r\nhost: a\r\n\r\n").unwrap();
    stream
}

#[test]
fn an_invitation_is_a_link_and_a_code() {
    let server = Server::start().unwrap();
    let (id, _) = hosted(&server, &json!({}));
    let link = get(&server.url(&format!("/api/matches/{id}/invite")), &[]).unwrap();
    assert!(link.word("play_url").unwrap().ends_with(&format!("/play/{id}")));
    let code = get(&server.url(&format!("/api/matches/{id}/invite.svg")), &[]).unwrap();
    assert_eq!(code.header("content-type"), Some("image/svg+xml"));
    assert!(code.text.starts_with("<svg"));
    assert_eq!(get(&server.url("/api/matches/none/invite.svg"), &[]).unwrap().status, 404);
}

#[test]
fn a_host_moves_a_player_to_the_other_side() {
    let server = Server::start().unwrap();
    let (id, token) = hosted(&server, &json!({"mode": "tdm", "bots": 4}));
    let (player, _) = take_seat(server.address, &id, "Ann").unwrap();
    let side = || -> Option<u64> {
        let known = get(&server.url(&format!("/api/matches/{id}")), &[]).unwrap().json();
        let ann = known["players"].as_array()?.iter().find(|p| p["player_id"] == player.0)?;
        ann["team"].as_u64()
    };
    let before = wait_for("a side", SOON, || Ok(side())).unwrap();
    let to = |team: u64| act(&server, (&id, &token), "team", &json!({"player_id": player.0, "team": team}));
    assert_eq!((to(3).status, to(3).error()), (400, "bad_request".to_owned()));
    assert_eq!(to(3 - before).status, 200);
    wait_for("the other side", SOON, || Ok((side() == Some(3 - before)).then_some(()))).unwrap();
    let (alone, host) = hosted(&server, &json!({}));
    let (player, _) = take_seat(server.address, &alone, "Bob").unwrap();
    let answer = act(&server, (&alone, &host), "team", &json!({"player_id": player.0, "team": 1}));
    assert_eq!((answer.status, answer.error()), (409, "no_teams".to_owned()));
}

#[test]
fn a_match_goes_on_on_another_map_with_everybody_who_was_there() {
    let server = Server::start().unwrap();
    let (id, token) = hosted(&server, &json!({"start": "host", "bots": 2}));
    let known = || get(&server.url(&format!("/api/matches/{id}")), &[]).unwrap().json();
    let (player, seat) = take_seat(server.address, &id, "Ann").unwrap();
    let mut socket = open_socket(server.address, &id, &seat).unwrap();
    wait_for("the link", SOON, || Ok(arena_told(&mut socket))).unwrap();
    let to = |map: &str| act(&server, (&id, &token), "map", &json!({"map": map}));
    assert_eq!((to("nowhere").status, to("nowhere").error()), (400, "bad_settings".to_owned()));
    assert_eq!(act(&server, (&id, &token), "lock", &json!({})).status, 200);
    wait_for("the lock", SOON, || Ok((known()["locked"] == true).then_some(()))).unwrap();
    assert_eq!(to("quarry").status, 200);
    wait_for("the map", SOON, || Ok((known()["settings"]["map"] == "quarry").then_some(()))).unwrap();
    let mut socket =
        wait_for("the way back", SOON, || Ok(open_socket(server.address, &id, &seat).ok())).unwrap();
    let arena = wait_for("the welcome", SOON, || Ok(arena_told(&mut socket))).unwrap();
    assert_eq!(arena, "Quarry");
    wait_for("the lock to hold", SOON, || Ok((known()["locked"] == true).then_some(()))).unwrap();
    let seats = known()["players"].clone();
    assert_eq!(seats.as_array().unwrap().iter().filter(|p| p["bot"] == false).count(), 1, "{seats}");
    assert!(seats.as_array().unwrap().iter().any(|p| p["player_id"] == player.0));
    assert_eq!(act(&server, (&id, &token), "start", &json!({})).status, 200);
    phase(&server, &id, "playing");
}

/// Opens a seat's link, again and again as its player would, until a welcome says which arena it is; fails with any close
/// code that means not to come back.
fn come_back(server: &Server, id: &str, seat: &str) -> (WebSocket<TcpStream>, String) {
    let mut opened = open_socket(server.address, id, seat).ok();
    wait_for("the way back", SOON, || {
        let Some(socket) = &mut opened else {
            opened = open_socket(server.address, id, seat).ok();
            return Ok(None);
        };
        match socket.read() {
            Ok(Message::Binary(bytes)) => {
                let Ok(ServerMessage::Welcome(welcome)) = decode(&bytes, 1 << 20) else { return Ok(None) };
                return Ok(Some(welcome.arena.name().to_owned()));
            }
            Ok(Message::Close(frame)) => {
                let code = frame.map_or(1000, |frame| u16::from(frame.code));
                anyhow::ensure!(code < 4500, "closed with {code}");
            }
            Ok(_) => {}
            Err(Error::Io(error)) if error.kind() == ErrorKind::WouldBlock => {}
            Err(_) => opened = None,
        }
        Ok(None)
    })
    .map(|arena| opened.zip(Some(arena)))
    .unwrap()
    .unwrap()
}

#[test]
fn a_change_of_map_takes_everybody_along_though_one_never_closes_and_comes_all_the_time() {
    let server = Server::start().unwrap();
    let (id, token) = hosted(&server, &json!({"duration_s": 10, "bots": 2}));
    let known = || get(&server.url(&format!("/api/matches/{id}")), &[]).unwrap().json();
    let (_, sly) = take_seat(server.address, &id, "Sly").unwrap();
    let (ann, seat) = take_seat(server.address, &id, "Ann").unwrap();
    let mut kept = vec![open_socket(server.address, &id, &sly).unwrap()];
    let (socket, arena) = come_back(&server, &id, &seat);
    assert_ne!(arena, "Quarry");
    assert_eq!(act(&server, (&id, &token), "map", &json!({"map": "quarry"})).status, 200);
    phase(&server, &id, "results");
    let began = Instant::now();
    drop(socket);
    let (ended, over) = (AtomicBool::new(false), &server);
    let arena = thread::scope(|scope| {
        scope.spawn(|| {
            while !ended.load(Ordering::Relaxed) {
                kept.extend(open_socket(over.address, &id, &sly).ok());
                thread::sleep(Duration::from_millis(300));
            }
        });
        let found = wait_for("the other map", SOON, || {
            let (_socket, arena) = come_back(&server, &id, &seat);
            thread::sleep(Duration::from_millis(200));
            Ok((arena == "Quarry").then_some(arena))
        });
        ended.store(true, Ordering::Relaxed);
        found
    })
    .unwrap();
    let took = began.elapsed();
    assert!(arena == "Quarry" && took < Duration::from_secs(6), "{took:?}");
    let seats = known()["players"].clone();
    assert!(seats.as_array().unwrap().iter().any(|p| p["player_id"] == ann.0), "{seats}");
    for what in ["results", "replays"] {
        let left = || Ok(get(&server.url(&format!("/api/{what}/{id}-1")), &[])?.status == 200);
        wait_for(what, SOON, || left().map(|there| there.then_some(()))).unwrap();
    }
    phase(&server, &id, "playing");
    assert_eq!(known()["settings"]["map"], "quarry");
}

/// The arena's name, if the next message that has arrived is a welcome.
fn arena_told(socket: &mut WebSocket<TcpStream>) -> Option<String> {
    let Ok(Message::Binary(bytes)) = socket.read() else { return None };
    match decode::<ServerMessage>(&bytes, 1 << 20) {
        Ok(ServerMessage::Welcome(welcome)) => Some(welcome.arena.name().to_owned()),
        _ => None,
    }
}
