//! What a connection costs the server in memory while nothing happens, for every way to wait. The dearest parts of HTTP
//! are its buffers; a connection that waits has none.

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use serde_json::json;
use tests::http::{host, post_json};
use tests::server::Program;

/// Connections before anything is measured, and those that are.
const FIRST: usize = 50;
const MORE: usize = 200;
/// Time in which a match has heard something, and in which an answer comes that is not held.
const SOON: Duration = Duration::from_millis(100);
/// "Nobody looks", as a player says it, behind its length; and the same in a frame whose mask changes nothing.
const HIDDEN: &[u8] = &[4, 0x81, 0xa1, b'h', 0xc3];
const HIDDEN_FRAME: &[u8] = &[0x82, 0x84, 0, 0, 0, 0, 0x81, 0xa1, b'h', 0xc3];
const UPGRADE: &str = "connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
    sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n";

#[derive(Clone, Copy, Debug)]
enum Waits {
    Sse,
    FeedPoll,
    Socket,
    Stream,
    Poll,
}

struct Door {
    address: String,
    id: String,
}

impl Door {
    fn asked(&self, request: &str, fields: &str, body: &[u8]) -> TcpStream {
        let mut socket = TcpStream::connect(&self.address).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        ask(&mut socket, request, fields, body);
        socket
    }

    fn open(&self, waits: Waits) -> TcpStream {
        let path = format!("/api/matches/{}", self.id);
        match waits {
            Waits::Sse => self.asked(&format!("GET {path}/events"), "", &[]),
            Waits::FeedPoll => self.asked(&format!("GET {path}/feed/poll"), "", &[]),
            Waits::Socket | Waits::Stream | Waits::Poll => self.seat(waits, &path),
        }
    }

    fn seat(&self, waits: Waits, path: &str) -> TcpStream {
        let joined =
            post_json(&format!("http://{}{path}/join", self.address), &json!({"name": "Idle"})).unwrap();
        let bearer = format!("authorization: Bearer {}\r\n", joined.word("token").unwrap());
        let hide = || {
            let fields = format!("{bearer}connection: close\r\n");
            answer(&mut self.asked(&format!("POST {path}/input"), &fields, HIDDEN));
        };
        if let Waits::Socket = waits {
            let fields = format!("{bearer}{UPGRADE}sec-websocket-protocol: starfray.v1\r\n");
            let mut socket = self.asked(&format!("GET {path}/ws"), &fields, &[]);
            socket.write_all(HIDDEN_FRAME).unwrap();
            return socket;
        }
        if let Waits::Stream = waits {
            let socket = self.asked(&format!("GET {path}/stream"), &bearer, &[]);
            thread::sleep(SOON);
            hide();
            return socket;
        }
        let mut socket = self.asked(&format!("GET {path}/poll"), &bearer, &[]);
        let mut cursor = answer(&mut socket);
        hide();
        thread::sleep(SOON);
        loop {
            ask(&mut socket, &format!("GET {path}/poll?cursor={cursor}"), &bearer, &[]);
            socket.set_read_timeout(Some(SOON)).unwrap();
            let peeked = socket.peek(&mut [0]);
            socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
            match peeked {
                Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => return socket,
                _ => cursor = answer(&mut socket),
            }
        }
    }
}

/// Puts a request into a connection.
fn ask(socket: &mut TcpStream, request: &str, fields: &str, body: &[u8]) {
    let length = if body.is_empty() { String::new() } else { format!("content-length: {}\r\n", body.len()) };
    let head = format!("{request} HTTP/1.1\r\nhost: a\r\n{fields}{length}\r\n");
    socket.write_all(&[head.as_bytes(), body].concat()).unwrap();
}

/// Reads an answer; the cursor in its head.
fn answer(socket: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let mut part = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, _)) = text.split_once("\r\n\r\n") {
            let field = |name: &str| head.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
            let length: usize = field("content-length:").map_or(0, |length| length.parse().unwrap());
            if bytes.len() >= head.len() + 4 + length {
                assert!(head.starts_with("HTTP/1.1 2"), "{head}");
                return field("starfray-cursor:").unwrap_or_default().to_owned();
            }
        }
        let count = socket.read(&mut part).unwrap();
        assert!(count > 0, "closed within an answer: {text}");
        bytes.extend_from_slice(&part[..count]);
    }
}

/// The server's resident memory in KiB, where the system tells it.
fn resident_kib(pid: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Opens so many from a few hands at once, and waits until what that took is given back.
fn open(door: &Door, waits: Waits, count: usize) -> Vec<TcpStream> {
    const HANDS: usize = 25;
    let sockets = thread::scope(|scope| {
        let hand = || (0..count / HANDS).map(|_| door.open(waits)).collect::<Vec<_>>();
        let hands: Vec<_> = (0..HANDS).map(|_| scope.spawn(hand)).collect();
        hands.into_iter().flat_map(|hand| hand.join().unwrap()).collect()
    });
    thread::sleep(Duration::from_secs(1));
    sockets
}

#[test]
fn who_waits_costs_little_memory() {
    // A guard with room for the allocator's steps; the figures stand in bench/README.md.
    let kinds = [
        (Waits::Sse, 4.0),
        (Waits::FeedPoll, 12.0),
        (Waits::Socket, 9.0),
        (Waits::Stream, 16.0),
        (Waits::Poll, 16.0),
    ];
    for (waits, limit_kib) in kinds {
        let server = Program::serve(&[]).unwrap();
        // A feed that is so late that nothing happens in it.
        let settings = json!({"map": "open", "max_players": FIRST + MORE, "spectator_delay_ms": 60_000});
        let id = host(&server.url(""), &settings).unwrap().word("id").unwrap();
        let door = Door { address: server.url("").trim_start_matches("http://").to_owned(), id };
        let first = open(&door, waits, FIRST);
        let Some(before) = resident_kib(server.pid()) else { return };
        let more = open(&door, waits, MORE);
        let after = resident_kib(server.pid()).unwrap();
        let each = after.saturating_sub(before) as f64 / MORE as f64;
        writeln!(std::io::stdout(), "{waits:?}: {each:.1} KiB").unwrap();
        assert!(each <= limit_kib, "{waits:?}: {each:.1} KiB");
        drop((first, more));
    }
}
