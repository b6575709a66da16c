//! What a new connection speaks, told by its first bytes and by what TLS agrees on. Everything here has the time of a
//! request's head; whoever takes longer is cut, and what makes no sense is counted.

use std::{io, time::Duration};

use axum::response::IntoResponse;
use tokio::{
    net::TcpStream,
    time::{sleep, timeout},
};
use tokio_rustls::TlsAcceptor;

use super::{door::Door, turned_away::answer, wire::Wire};
use crate::{http::problem::Problem, telemetry::rejected, tls::ALPN_HTTP2};

/// How every connection of HTTP/2 begins.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// How every handshake of TLS begins.
const HANDSHAKE: u8 = 0x16;
/// Time between two looks at a beginning that is not whole.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// A connection of which is known what it speaks.
#[derive(Debug)]
pub(super) enum Opening {
    /// HTTP/1.1, or nothing yet.
    Http1(Wire),
    /// HTTP/2.
    Http2(Wire),
    /// It is over: it broke, was cut, or was told why not.
    Over,
}

/// Finds out what `socket` speaks at `door`.
pub(super) async fn open(socket: TcpStream, door: &Door) -> Opening {
    let opening = async {
        match &door.tls {
            Some(tls) => Box::pin(secure(socket, TlsAcceptor::from(tls.config()))).await,
            None => plain(socket).await,
        }
    };
    timeout(door.head_max, opening).await.unwrap_or_else(|_| {
        rejected("header_timeout");
        Opening::Over
    })
}

/// A browser speaks HTTP/2 only behind TLS; other programs may begin with it.
async fn plain(socket: TcpStream) -> Opening {
    match begins_with(&socket, PREFACE).await {
        Ok(true) => Opening::Http2(Wire::Plain(socket)),
        Ok(false) => Opening::Http1(Wire::Plain(socket)),
        Err(_) => Opening::Over,
    }
}

async fn secure(socket: TcpStream, acceptor: TlsAcceptor) -> Opening {
    match begins_with(&socket, &[HANDSHAKE]).await {
        Ok(true) => {}
        Ok(false) => {
            rejected("https_required");
            let problem = Problem::bad("https_required", "this address speaks https only");
            answer(socket, problem.into_response()).await;
            return Opening::Over;
        }
        Err(_) => return Opening::Over,
    }
    match acceptor.accept(socket).await {
        Ok(stream) => {
            let is_http2 = stream.get_ref().1.alpn_protocol() == Some(ALPN_HTTP2);
            let wire = Wire::Tls(Box::new(stream));
            if is_http2 { Opening::Http2(wire) } else { Opening::Http1(wire) }
        }
        Err(error) => {
            rejected("tls_handshake");
            tracing::debug!(%error, "a handshake of TLS failed");
            Opening::Over
        }
    }
}

/// Whether the first bytes are `wanted`; they stay in the socket. As soon as one differs, they are not.
async fn begins_with(socket: &TcpStream, wanted: &[u8]) -> io::Result<bool> {
    let mut first = [0; PREFACE.len()];
    loop {
        let count = socket.peek(&mut first).await?;
        let there = first.get(..count.min(wanted.len())).unwrap_or_default();
        if there.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if !wanted.starts_with(there) {
            return Ok(false);
        }
        if there.len() == wanted.len() {
            return Ok(true);
        }
        // A socket with something in it is ready at once, so asking again would spin.
        sleep(LOOK_AGAIN).await;
    }
}
