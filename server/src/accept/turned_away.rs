//! The end of connections that HTTP still has: a word to those that find no place, and closing without cutting off
//! what was said. A socket that is dropped with unread bytes makes the kernel throw away what the peer has not got.

use std::time::{Duration, SystemTime};

use axum::{
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use http_body_util::BodyExt;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::{admission::Refusal, http::problem::Problem};

/// How long a peer may take to notice the end.
const LINGER: Duration = Duration::from_secs(1);
/// Bytes that are read away meanwhile at most.
const LINGER_BYTES_MAX: usize = 256 * 1024;

/// Answers a connection that finds no place, whatever it was going to ask, and closes it.
pub(super) async fn turn_away(socket: TcpStream, refusal: Refusal) {
    answer(socket, Problem::from(refusal).into_response()).await;
}

/// Gives a connection one answer, whatever it was going to ask, and closes it.
pub(super) async fn answer(mut socket: TcpStream, response: Response) {
    let (mut parts, body) = response.into_parts();
    // The body is made in memory; it has no way to fail.
    let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    if let Ok(length) = body.len().to_string().parse() {
        parts.headers.insert(axum::http::header::CONTENT_LENGTH, length);
    }
    let mut bytes = head(parts.status, &parts.headers, true);
    bytes.extend_from_slice(&body);
    if let Ok(Ok(())) = timeout(LINGER, socket.write_all(&bytes)).await {
        linger(socket).await;
    }
}

/// Closes a socket so that the peer gets all that was written.
pub(super) async fn linger(mut socket: impl AsyncRead + AsyncWrite + Unpin) {
    let reading = async {
        socket.shutdown().await?;
        let mut scrap = [0; 4096];
        let mut left = LINGER_BYTES_MAX;
        while left > 0 {
            match socket.read(&mut scrap).await? {
                0 => break,
                bytes => left = left.saturating_sub(bytes),
            }
        }
        std::io::Result::Ok(())
    };
    // Late or broken, the socket is dropped next.
    drop(timeout(LINGER, reading).await);
}

/// The bytes of a response's head. hyper would write them, but it never gets responses that end here.
pub(super) fn head(status: StatusCode, headers: &HeaderMap, close: bool) -> Vec<u8> {
    let reason = status.canonical_reason().unwrap_or("Unknown");
    let date = httpdate::fmt_http_date(SystemTime::now());
    let mut bytes = format!("HTTP/1.1 {} {reason}\r\ndate: {date}\r\n", status.as_u16()).into_bytes();
    if close {
        bytes.extend_from_slice(b"connection: close\r\n");
    }
    for (name, value) in headers {
        bytes.extend_from_slice(name.as_str().as_bytes());
        bytes.extend_from_slice(b": ");
        bytes.extend_from_slice(value.as_bytes());
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"\r\n");
    bytes
}
