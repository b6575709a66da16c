//! What does not belong is refused with its code, and nobody else notices: handshakes, tokens, messages.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::json;
use shared::protocol::{CloseReason, SUBPROTOCOL};
use tests::http::{get, host};
use tests::patience::wait_for;
use tests::pilot::{Pilot, fly, handshake, open_socket, take_seat};
use tests::server::Server;
use tests::steering::wander;
use tungstenite::{Message, WebSocket};

const SOON: Duration = Duration::from_secs(10);

fn close_code(socket: &mut WebSocket<TcpStream>) -> u16 {
    wait_for("a close frame", SOON, || match socket.read() {
        Ok(Message::Close(frame)) => Ok(frame.map(|f| u16::from(f.code))),
        _ => Ok(None),
    })
    .unwrap()
}

#[test]
fn wrong_messages_end_their_link_and_nobody_else_s() {
    let server = Server::start().unwrap();
    let id = host(&server.url(""), &json!({"max_players": 32})).unwrap().word("id").unwrap();
    let mut witness = [Pilot::join(server.address, &id, "Witness", wander(1)).unwrap()];
    assert!(fly(&mut witness, SOON, |p| p[0].client.instruments().snapshots > 30));
    let wrong = [
        (Message::binary(vec![0xc1; 20]), 4507),
        (Message::text("hello"), 4507),
        (Message::binary(vec![0x91; 4000]), 4507),
        (Message::binary(vec![0; 5000]), 1009),
    ];
    for (message, code) in wrong {
        let (_, token) = take_seat(server.address, &id, "Stranger").unwrap();
        let mut socket = open_socket(server.address, &id, &token).unwrap();
        socket.send(message).unwrap();
        assert_eq!(close_code(&mut socket), code);
    }
    let (_, token) = take_seat(server.address, &id, "Flooder").unwrap();
    let mut socket = open_socket(server.address, &id, &token).unwrap();
    for _ in 0..2000 {
        // The server may have had enough before the last one.
        let _ = socket.send(Message::Ping(Vec::new().into()));
    }
    assert_eq!(close_code(&mut socket), 4529);
    let before = witness[0].client.instruments();
    assert!(fly(&mut witness, SOON, |p| p[0].client.instruments().snapshots > before.snapshots + 30));
    assert!(witness[0].is_connected() && witness[0].complaint.is_none());
}

#[test]
fn tokens_and_versions_are_checked_at_the_door() {
    let server = Server::start().unwrap();
    let base = server.url("");
    let id = host(&base, &json!({})).unwrap().word("id").unwrap();
    let other = host(&base, &json!({})).unwrap().word("id").unwrap();
    let (_, token) = take_seat(server.address, &id, "Ann").unwrap();
    let path = |id: &str, token: &str| format!("/api/matches/{id}/ws?token={token}");

    let mut socket = handshake(server.address, &path(&id, &token), &["starfray.v999"]).unwrap();
    assert_eq!(close_code(&mut socket), CloseReason::ProtocolVersion.code());

    for (path, protocols, status) in [
        (path(&other, &token), vec![SUBPROTOCOL], "403"),
        (path(&id, "nonsense"), vec![SUBPROTOCOL], "401"),
        (format!("/api/matches/{id}/ws"), vec![SUBPROTOCOL], "401"),
        (path(&id, &token), vec![], "400"),
        (path("nosuchone", &token), vec![SUBPROTOCOL], "404"),
    ] {
        let error = handshake(server.address, &path, &protocols).unwrap_err().to_string();
        assert!(error.contains(status), "{path}: {error}");
    }
    let plain = get(&server.url(&path(&id, &token)), &[]).unwrap();
    assert_eq!((plain.status, plain.error()), (426, "upgrade_required".to_owned()));
}

/// One request as bytes, and the status line of the answer.
fn status_line(server: &Server, request: &str) -> String {
    let mut socket = TcpStream::connect(server.address).unwrap();
    socket.set_read_timeout(Some(SOON)).unwrap();
    socket.write_all(request.as_bytes()).unwrap();
    let mut answer = [0; 64];
    let count = socket.read(&mut answer).unwrap();
    String::from_utf8_lossy(&answer[..count]).lines().next().unwrap_or_default().to_owned()
}

#[test]
fn strange_pages_get_no_socket() {
    let server = Server::start().unwrap();
    let id = host(&server.url(""), &json!({})).unwrap().word("id").unwrap();
    let (_, token) = take_seat(server.address, &id, "Ann").unwrap();
    let request = |origin: &str| {
        let address = server.address;
        let origin = if origin.is_empty() { String::new() } else { format!("Origin: {origin}\r\n") };
        format!(
            "GET /api/matches/{id}/ws?token={token} HTTP/1.1\r\nHost: {address}\r\n{origin}Connection: Upgrade\r\n\
             Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             Sec-WebSocket-Protocol: {SUBPROTOCOL}\r\n\r\n"
        )
    };
    let own = server.url("");
    for (origin, status) in [
        ("http://evil.example", "403"),
        ("null", "403"),
        (&format!("{own}.evil.example"), "403"),
        (&own, "101"),
        ("", "101"),
    ] {
        let line = status_line(&server, &request(origin));
        assert!(line.contains(status), "{origin}: {line}");
    }
}
