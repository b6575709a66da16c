//! Tests of the accept loop over real sockets on 127.0.0.1, with bytes written by hand: what a strange, slow or
//! hurried peer gets, and that a socket which a route takes loses nothing on its way.

mod handover;
mod held;
mod limits;

use std::{
    io::{ErrorKind, Read, Write},
    net::{SocketAddr, TcpStream},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use axum::Router;
use tokio::{runtime::Runtime, sync::watch};

use super::{Door, bind, serve};
use crate::{
    app,
    config::layer::Layer,
    state::{State, sample},
};

/// Time in which everything here must have happened; far more than it takes.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a head may take in these tests.
const HEAD_MAX: Duration = Duration::from_millis(400);

/// A server that really listens.
struct Site {
    address: SocketAddr,
    state: Arc<State>,
    closing: watch::Sender<bool>,
    runtime: Option<Runtime>,
}

impl Site {
    fn open(layer: Layer) -> Site {
        Site::with(layer, app::public)
    }

    fn with(layer: Layer, router: impl FnOnce(&Arc<State>) -> Router) -> Site {
        let state = sample::state(layer);
        let runtime = Runtime::new().unwrap();
        let listener = runtime.block_on(async { bind(([127, 0, 0, 1], 0).into(), false) }).unwrap();
        let address = listener.local_addr().unwrap();
        let (closing, closed) = watch::channel(false);
        let admission = Arc::clone(&state.admission);
        let door = Door { router: router(&state), admission, head_max: HEAD_MAX, tls: None };
        runtime.spawn(serve(listener, door, closed));
        Site { address, state, closing, runtime: Some(runtime) }
    }

    fn connect(&self) -> Peer {
        let socket = TcpStream::connect(self.address).unwrap();
        socket.set_nodelay(true).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        Peer { socket, got: Vec::new() }
    }

    fn ask(&self, request: &str) -> String {
        let mut peer = self.connect();
        peer.send(request.as_bytes());
        peer.until_closed()
    }

    fn match_id(&self) -> String {
        self.state.lobby.public()[0].id.clone()
    }

    /// The request that opens a player's WebSocket.
    fn upgrade(&self) -> String {
        let id = self.match_id();
        let body = r#"{"name":"Wren"}"#;
        let joined = self.ask(&format!(
            "POST /api/matches/{id}/join HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\nconnection: close\r\n\
             content-length: {}\r\n\r\n{body}",
            body.len()
        ));
        let token = joined.split("\"token\":\"").nth(1).unwrap_or_else(|| panic!("{joined}"));
        let token = token.split('"').next().unwrap();
        format!(
            "GET /api/matches/{id}/ws?token={token} HTTP/1.1\r\nhost: a\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\
             sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             sec-websocket-protocol: starfray.v1\r\n\r\n"
        )
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        let _ = self.closing.send(true);
        self.state.lobby.stop(Duration::from_secs(2));
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_timeout(Duration::from_secs(2));
        }
    }
}

/// The other end of a connection.
struct Peer {
    socket: TcpStream,
    got: Vec<u8>,
}

impl Peer {
    fn send(&mut self, bytes: &[u8]) {
        self.socket.write_all(bytes).unwrap();
    }

    /// Reads once more; false at the end of the stream.
    fn more(&mut self) -> bool {
        let mut buffer = [0; 4096];
        match self.socket.read(&mut buffer) {
            Ok(0) => false,
            Ok(bytes) => {
                self.got.extend_from_slice(&buffer[..bytes]);
                true
            }
            Err(error) if error.kind() == ErrorKind::ConnectionReset => false,
            Err(error) => panic!("{error}; so far {:?}", String::from_utf8_lossy(&self.got)),
        }
    }

    /// Reads until `end` has come, and takes away all up to there.
    fn until(&mut self, end: &str) -> String {
        loop {
            if let Some(at) = self.got.windows(end.len()).position(|window| window == end.as_bytes()) {
                let taken: Vec<u8> = self.got.drain(..at + end.len()).collect();
                return String::from_utf8_lossy(&taken).into_owned();
            }
            assert!(self.more(), "closed before {end:?}; so far {:?}", String::from_utf8_lossy(&self.got));
        }
    }

    /// Reads the head of a response and the body that its length tells.
    fn response(&mut self) -> String {
        let head = self.until("\r\n\r\n");
        let length = head
            .split("content-length: ")
            .nth(1)
            .map_or(0, |rest| rest.lines().next().unwrap().parse().unwrap());
        let body = self.bytes(length);
        head + &String::from_utf8_lossy(&body)
    }

    fn bytes(&mut self, count: usize) -> Vec<u8> {
        while self.got.len() < count {
            assert!(self.more(), "closed after {} of {count} bytes", self.got.len());
        }
        self.got.drain(..count).collect()
    }

    fn until_closed(&mut self) -> String {
        while self.more() {}
        String::from_utf8_lossy(&std::mem::take(&mut self.got)).into_owned()
    }

    /// One WebSocket frame from the server: its first byte and its payload.
    fn frame(&mut self) -> (u8, Vec<u8>) {
        let head = self.bytes(2);
        let length = match head[1] {
            126 => usize::from(u16::from_be_bytes(self.bytes(2).try_into().unwrap())),
            127 => usize::try_from(u64::from_be_bytes(self.bytes(8).try_into().unwrap())).unwrap(),
            short => usize::from(short),
        };
        (head[0], self.bytes(length))
    }
}

/// Waits until something is so.
fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < PATIENCE, "{what}");
        thread::sleep(Duration::from_millis(5));
    }
}
