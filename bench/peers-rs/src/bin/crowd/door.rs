//! The way in: a socket, for Colyseus a seat by HTTP before it, and the WebSocket handshake.
//! All of it waits, so it runs on threads of its own; what follows never waits.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, ensure};
use serde_json::Value;

use crate::protocol::Protocol;

/// Longest wait for one answer.
const PATIENCE: Duration = Duration::from_secs(30);
/// Longest answer to a handshake.
const ANSWER_BYTES_MAX: usize = 16_384;

/// An open WebSocket, and what came behind the handshake.
pub(crate) struct Opened {
    /// The socket, which does not wait any more.
    pub(crate) socket: TcpStream,
    /// The first bytes of messages.
    pub(crate) early: Vec<u8>,
}

/// Opens a WebSocket to the peer at `address`.
pub(crate) fn open(address: SocketAddr, protocol: Protocol) -> Result<Opened> {
    let path = if protocol == Protocol::Colyseus { colyseus_seat(address)? } else { "/".to_owned() };
    let mut socket = connect(address)?;
    write!(
        socket,
        "GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\
         sec-websocket-version: 13\r\nsec-websocket-key: c3RhcmZyYXktYmVuY2gtMQ==\r\n\r\n"
    )?;
    let mut answer = Vec::new();
    let mut part = [0; 2048];
    loop {
        if let Some(end) = answer.windows(4).position(|four| four == b"\r\n\r\n") {
            let early = answer.split_off(end + 4);
            ensure!(answer.starts_with(b"HTTP/1.1 101"), "the handshake failed: {}", first_line(&answer));
            socket.set_nonblocking(true)?;
            return Ok(Opened { socket, early });
        }
        let count = socket.read(&mut part).context("no answer to the handshake")?;
        ensure!(count > 0 && answer.len() < ANSWER_BYTES_MAX, "the handshake was cut short");
        answer.extend(part.iter().take(count));
    }
}

fn connect(address: SocketAddr) -> Result<TcpStream> {
    let socket = TcpStream::connect_timeout(&address, PATIENCE).context("cannot connect")?;
    socket.set_nodelay(true)?;
    socket.set_read_timeout(Some(PATIENCE))?;
    Ok(socket)
}

/// Asks Colyseus for a seat in the room; the answer is the path of its WebSocket.
fn colyseus_seat(address: SocketAddr) -> Result<String> {
    let mut socket = connect(address)?;
    write!(
        socket,
        "POST /matchmake/joinOrCreate/arena HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\
         accept: application/json\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{{}}"
    )?;
    let mut answer = String::new();
    socket.read_to_string(&mut answer).context("no answer to the request for a seat")?;
    let json = answer.find('{').zip(answer.rfind('}')).and_then(|(from, to)| answer.get(from..=to));
    let odd = || anyhow!("the request for a seat was answered: {}", first_line(answer.as_bytes()));
    let seat: Value = serde_json::from_str(json.ok_or_else(odd)?)?;
    let text = |key: &str| seat.get(key).and_then(Value::as_str).ok_or_else(odd);
    Ok(format!("/{}/{}?sessionId={}", text("processId")?, text("roomId")?, text("sessionId")?))
}

fn first_line(answer: &[u8]) -> String {
    String::from_utf8_lossy(answer).lines().next().unwrap_or_default().to_owned()
}
