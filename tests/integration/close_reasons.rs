//! Why connections end: each reason that can be provoked is, on every transport, and what is said is what
//! `docs/protocol.md` says. The page's own tables are what is compared with.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;
use server::config::layer::Layer;
use shared::codec::{decode, encode};
use shared::feed::FEED_SUBPROTOCOL;
use shared::protocol::{Bye, ClientMessage, CloseReason, InputMessage, Nothing, SUBPROTOCOL, ServerMessage};
use shared::record::Reader;
use shared::tick::Tick;
use tests::feed_ways::{WAYS, Way, WayReader};
use tests::http::{host, post};
use tests::mail::{Down, Mail, SeatDoor, messages};
use tests::patience::wait_for;
use tests::pilot::{handshake, open_socket, take_seat};
use tests::server::Server;
use tungstenite::{Message, WebSocket};

const SOON: Duration = Duration::from_secs(10);
const PAGE: &str = include_str!("../../docs/protocol.md");

/// Code by reason, of players' links.
fn documented() -> BTreeMap<String, u16> {
    let section = PAGE.split("### Close codes").nth(1).and_then(|rest| rest.split("\n## ").next()).unwrap();
    let row = |line: &str| {
        let mut cells = line.split('|').map(str::trim).skip(1);
        let code = cells.next()?.parse().ok()?;
        Some((cells.next()?.trim_matches('`').to_owned(), code))
    };
    section.lines().filter_map(row).collect()
}

/// Code by reason, of feeds.
fn documented_of_feeds() -> BTreeMap<String, u16> {
    let section = PAGE.split("### Silence and ends").nth(1).and_then(|rest| rest.split("\nResume:").next());
    // Each stands as `word` (code, perhaps more).
    let parts: Vec<&str> = section.unwrap().split('`').collect();
    let pair = |pair: &[&str]| {
        let code = pair[1].strip_prefix(" (")?.get(..4)?.parse().ok()?;
        Some((pair[0].to_owned(), code))
    };
    parts.windows(2).filter_map(pair).collect()
}

#[test]
fn the_page_has_every_reason_with_its_code() {
    let page = documented();
    for reason in CloseReason::ALL.into_iter().filter(|reason| *reason != CloseReason::ConnectionLost) {
        assert_eq!(page.get(reason.word()), Some(&reason.code()), "{}", reason.word());
    }
    assert_eq!(page.len(), CloseReason::ALL.len() - 1, "{page:?}");
    let feeds: Vec<String> = documented_of_feeds().into_keys().collect();
    let known =
        ["aged", "bad_message", "going_away", "idle", "internal", "match_ended", "silent"].map(str::to_owned);
    assert_eq!(feeds, known);
}

/// A player's link, on any transport.
enum Line {
    Socket(Box<WebSocket<TcpStream>>),
    Mail(Mail),
}

/// A WebSocket's close frame.
#[derive(Debug)]
struct Closed(u16, String);

impl std::fmt::Display for Closed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "closed with {} {}", self.0, self.1)
    }
}

impl std::error::Error for Closed {}

#[derive(Clone, Copy, Debug, PartialEq)]
enum On {
    Socket,
    Mail(Down),
}

const TRANSPORTS: [On; 3] = [On::Socket, On::Mail(Down::Stream), On::Mail(Down::Poll)];

impl Line {
    fn open(server: &Server, id: &str, token: &str, on: On) -> Line {
        match on {
            On::Socket => Line::Socket(Box::new(open_socket(server.address, id, token).unwrap())),
            On::Mail(down) => {
                Line::Mail(Mail::open(&SeatDoor::new(server.address, id, token), down).unwrap())
            }
        }
    }

    fn send(&mut self, message: Vec<u8>) {
        match self {
            Line::Socket(socket) => drop(socket.send(Message::binary(message))),
            Line::Mail(mail) => mail.send(message),
        }
    }

    /// The next message, if one is there; an error after the end.
    fn next(&mut self) -> anyhow::Result<Option<Vec<u8>>> {
        match self {
            Line::Mail(mail) => mail.next(),
            Line::Socket(socket) => match socket.read() {
                Ok(Message::Binary(bytes)) => Ok(Some(bytes.to_vec())),
                Ok(Message::Close(frame)) => {
                    let frame = frame.unwrap();
                    Err(Closed(frame.code.into(), frame.reason.to_string()).into())
                }
                Err(tungstenite::Error::Io(e)) if e.kind() == std::io::ErrorKind::WouldBlock => {
                    drop(socket.flush());
                    Ok(None)
                }
                Ok(_) => Ok(None),
                Err(error) => panic!("no close frame: {error}"),
            },
        }
    }

    /// Waits for a snapshot; its tick.
    fn first_snapshot(&mut self) -> Tick {
        let found = wait_for("a snapshot", SOON, || {
            let message = self.next()?.map(|bytes| decode::<ServerMessage>(&bytes, 1 << 20));
            let Some(Ok(ServerMessage::Snapshot(packed))) = message else { return Ok(None) };
            Ok(Some(Reader::new(&packed.0).head().unwrap().tick))
        });
        found.unwrap()
    }

    /// Reads to the end: the bye, which a WebSocket's close frame has to repeat.
    fn end(mut self, within: Duration) -> Bye {
        let (mut bye, end) = (None, Instant::now() + within);
        loop {
            assert!(Instant::now() < end, "the link goes on");
            match self.next() {
                Ok(Some(bytes)) => {
                    if let ServerMessage::Bye(last) = decode(&bytes, 1 << 20).unwrap() {
                        bye = Some(last);
                    }
                }
                Ok(None) => thread::sleep(Duration::from_millis(3)),
                Err(error) => {
                    let bye: Bye = bye.unwrap();
                    if let Some(Closed(code, reason)) = error.downcast_ref() {
                        assert_eq!((*code, reason.as_str()), (bye.code, &*bye.reason));
                    }
                    return bye;
                }
            }
        }
    }
}

/// Whether a goodbye is what the page says of `reason`.
fn check(bye: &Bye, reason: &str, on: On) {
    let code = documented()[reason];
    assert_eq!((bye.reason.as_str(), bye.code), (reason, code), "{on:?}");
    let come_back = code == 1012 || (4000..4500).contains(&code);
    assert_eq!(bye.retry_ms > 0, come_back, "{on:?} {bye:?}");
}

fn scene(layer: Layer) -> (Server, String, String) {
    let server = Server::with(layer).unwrap();
    let hosted = host(&server.url(""), &json!({"map": "open", "max_players": 100})).unwrap();
    let (id, token) = (hosted.word("id").unwrap(), hosted.word("host_token").unwrap());
    (server, id, token)
}

fn seat(server: &Server, id: &str) -> String {
    take_seat(server.address, id, "Somebody").unwrap().1
}

#[test]
fn what_clients_do_wrong_is_told_alike_on_every_transport() {
    let (server, id, _) = scene(Layer::default());
    let leave = encode(&ClientMessage::Leave(Nothing())).unwrap();
    for on in TRANSPORTS {
        let open = |token: &str| Line::open(&server, &id, token, on);
        let token = seat(&server, &id);
        let mut line = open(&token);
        line.first_snapshot();
        line.send(leave.clone());
        check(&line.end(SOON), "left", on);
        check(&open(&token).end(SOON), "bad_token", on);

        let mut line = open(&seat(&server, &id));
        line.first_snapshot();
        line.send(vec![0xc1; 9]);
        check(&line.end(SOON), "bad_message", on);

        let token = seat(&server, &id);
        let mut older = open(&token);
        older.first_snapshot();
        let _newer = Line::open(&server, &id, &token, On::Socket);
        check(&older.end(SOON), "replaced", on);
    }
}

#[test]
fn floods_and_floods_of_bytes_are_told_alike() {
    let (server, id, _) = scene(Layer::default());
    for on in TRANSPORTS {
        let token = seat(&server, &id);
        let mut line = Line::open(&server, &id, &token, on);
        line.first_snapshot();
        let door = SeatDoor::new(server.address, &id, &token);
        match &mut line {
            Line::Socket(socket) => {
                (0..2000).for_each(|_| drop(socket.send(Message::Ping(Vec::new().into()))));
            }
            Line::Mail(_) => (0..20).for_each(|_| drop(door.put(&[0; 2000]))),
        }
        check(&line.end(SOON), "too_many", on);

        let mut line = Line::open(&server, &id, &token, on);
        line.first_snapshot();
        if on == On::Socket {
            line.send(vec![0; 5000]);
            check(&line.end(SOON), "too_large", on);
        } else {
            // It is refused before the match hears of it.
            let answer = door.put(&[0x88, 0x27, 0]).unwrap();
            assert_eq!((answer.status, &*answer.error), (413, "message_too_large"));
        }
    }
    let mut socket = open_socket(server.address, &id, &seat(&server, &id)).unwrap();
    // A frame of a client that is not masked.
    socket.get_mut().write_all(&[0x82, 1, 0]).unwrap();
    check(&Line::Socket(Box::new(socket)).end(SOON), "bad_frame", On::Socket);
    let path = format!("/api/matches/{id}/ws?token={}", seat(&server, &id));
    let mut socket = handshake(server.address, &path, &["starfray.v999"]).unwrap();
    let close = wait_for("a close frame", SOON, || match socket.read() {
        Ok(Message::Close(frame)) => Ok(frame.map(|f| (f.reason.to_string(), u16::from(f.code)))),
        _ => Ok(None),
    });
    assert_eq!(close.unwrap(), ("protocol_version".to_owned(), documented()["protocol_version"]));
    assert_ne!(SUBPROTOCOL, "starfray.v999");
}

#[test]
fn the_match_s_and_the_server_s_end_are_told_alike() {
    let (mut server, id, host_token) = scene(Layer::default());
    let other = host(&server.url(""), &json!({})).unwrap().word("id").unwrap();
    let open =
        |server: &Server, id: &str| TRANSPORTS.map(|on| (on, Line::open(server, id, &seat(server, id), on)));
    let (ending, going) = (open(&server, &id), open(&server, &other));
    thread::sleep(Duration::from_millis(500));
    let bearer = format!("Bearer {host_token}");
    let end = server.url(&format!("/api/matches/{id}/host/end"));
    assert_eq!(post(&end, &[("authorization", &bearer)], "").unwrap().status, 200);
    for (on, line) in ending {
        check(&line.end(SOON), "match_ended", on);
    }
    server.ask_to_stop();
    let readers = going.map(|(on, line)| (on, thread::spawn(move || line.end(SOON))));
    for (on, reader) in readers {
        check(&reader.join().unwrap(), "going_away", on);
    }
}

#[test]
fn silence_is_told_alike() {
    let (server, id, _) = scene(Layer {
        ping_every_s: Some("0.3".parse().unwrap()),
        silence_after_s: Some("1".parse().unwrap()),
        ..Layer::default()
    });
    let door = |token: &str| SeatDoor::new(server.address, &id, token);
    let mut socket = open_socket(server.address, &id, &seat(&server, &id)).unwrap();
    let mut stream = door(&seat(&server, &id)).stream().unwrap().ok().unwrap();
    let poll = door(&seat(&server, &id));
    let cursor = poll.poll("").unwrap().cursor.unwrap();
    thread::sleep(Duration::from_millis(1600));
    // The answers to pings go out only when somebody reads, which is too late now.
    let mut last = None;
    while let Ok(message) =
        socket.get_ref().set_nonblocking(false).map_err(Into::into).and_then(|()| socket.read())
    {
        match message {
            Message::Binary(bytes) => last = Some(bytes.to_vec()),
            Message::Close(_) => break,
            _ => {}
        }
    }
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    let polled = messages(&poll.poll(&cursor).unwrap().bytes).unwrap().pop();
    for (on, last) in TRANSPORTS.into_iter().zip([last, messages(&bytes).unwrap().pop(), polled]) {
        let Ok(ServerMessage::Bye(bye)) = decode(&last.unwrap(), 1 << 20) else { panic!("{on:?}: no bye") };
        check(&bye, "silent", on);
    }
}

#[test]
fn who_acknowledges_nothing_for_fifteen_seconds_is_slow() {
    let (server, id, _) = scene(Layer::default());
    let lines = TRANSPORTS.map(|on| (on, Line::open(&server, &id, &seat(&server, &id), on)));
    let readers = lines.map(|(on, mut line)| {
        // One that never acknowledged anything may stay until it is silent; after the first it is expected.
        let reader = thread::spawn(move || {
            let ack = InputMessage::acknowledge(line.first_snapshot());
            line.send(encode(&ClientMessage::Input(ack)).unwrap());
            line.end(Duration::from_secs(35))
        });
        (on, reader)
    });
    for (on, reader) in readers {
        check(&reader.join().unwrap(), "slow", on);
    }
}

/// Whether the feed of `way` ends for a reason as the page has it.
fn check_feed(feed: &mut WayReader, way: Way, reason: &str) {
    let code = documented_of_feeds()[reason];
    let (end, mut last) = (Instant::now() + SOON, None);
    while Instant::now() < end {
        match feed.next(Duration::from_secs(2)).unwrap() {
            Some(event) => last = Some(event),
            None if feed.ended() => break,
            None => {}
        }
        if way == Way::Poll && last.as_ref().is_some_and(|event| event.name == "bye") {
            break;
        }
    }
    let last = last.unwrap();
    assert_eq!(last.name, "bye", "{way:?} {reason}");
    assert!(last.data.contains(&format!("\"{reason}\"")), "{way:?}: {}", last.data);
    if way == Way::WebSocket {
        assert_eq!(feed.close, Some((code, reason.to_owned())));
    }
}

#[test]
fn feeds_end_for_the_reasons_that_the_page_has() {
    let layer = || Layer { feed_poll_hold_s: Some("2".parse().unwrap()), ..Layer::default() };
    let aged = Layer { feed_age_s: Some("1".parse().unwrap()), ..layer() };
    let idle = Layer { feed_idle_s: Some("1".parse().unwrap()), ..layer() };
    for (layer, reason, delay_ms) in [(aged, "aged", 0), (idle, "idle", 60_000)] {
        let server = Server::with(layer).unwrap();
        let settings = json!({"bots": 2, "spectator_delay_ms": delay_ms});
        let id = host(&server.url(""), &settings).unwrap().word("id").unwrap();
        for way in [Way::Sse, Way::NdJson, Way::WebSocket] {
            check_feed(&mut WayReader::open(server.address, &id, way, "").unwrap(), way, reason);
        }
    }
    let mut server = Server::with(layer()).unwrap();
    let hosted = host(&server.url(""), &json!({"bots": 2})).unwrap();
    let (id, host_token) = (hosted.word("id").unwrap(), hosted.word("host_token").unwrap());
    let other = host(&server.url(""), &json!({"bots": 2})).unwrap().word("id").unwrap();
    let follow = |id: &str, reason: &'static str| {
        WAYS.map(|way| {
            let mut feed = WayReader::open(server.address, id, way, "").unwrap();
            assert_eq!(feed.next(SOON).unwrap().unwrap().name, "hello");
            thread::spawn(move || check_feed(&mut feed, way, reason))
        })
    };
    let (ending, going) = (follow(&id, "match_ended"), follow(&other, "going_away"));
    let end = server.url(&format!("/api/matches/{id}/host/end"));
    assert_eq!(post(&end, &[("authorization", &format!("Bearer {host_token}"))], "").unwrap().status, 200);
    ending.into_iter().for_each(|reader| reader.join().unwrap());
    server.ask_to_stop();
    going.into_iter().for_each(|reader| reader.join().unwrap());
}

#[test]
fn a_spectator_s_socket_that_is_silent_or_talks_is_told_why_it_ends() {
    let (server, id, _) = scene(Layer {
        ping_every_s: Some("0.3".parse().unwrap()),
        silence_after_s: Some("1".parse().unwrap()),
        ..Layer::default()
    });
    let path = format!("/api/matches/{id}/feed/ws");
    let close = |socket: &mut WebSocket<TcpStream>| {
        wait_for("a close frame", SOON, || match socket.read() {
            Ok(Message::Close(frame)) => Ok(frame.map(|f| (f.reason.to_string(), u16::from(f.code)))),
            _ => Ok(None),
        })
    };
    let mut mute = handshake(server.address, &path, &[FEED_SUBPROTOCOL]).unwrap();
    let mut talker = handshake(server.address, &path, &[FEED_SUBPROTOCOL]).unwrap();
    talker.send(Message::text("hello")).unwrap();
    let page = documented_of_feeds();
    assert_eq!(close(&mut talker).unwrap(), ("bad_message".to_owned(), page["bad_message"]));
    thread::sleep(Duration::from_millis(2500));
    assert_eq!(close(&mut mute).unwrap(), ("silent".to_owned(), page["silent"]));
}
