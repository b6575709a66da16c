//! One connection of HTTP/2 with many requests in it, as a browser or a proxy has it. It reads no feed; bodies come as
//! bytes, whenever somebody asks for them.

use std::net::SocketAddr;

use anyhow::{Result, ensure};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http2;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use crate::sse::{SseEvent, SseReader};
use crate::tls::Certificate;

/// Room for an answer that is not read: little, so that who does not read stops the server soon.
const WINDOW_BYTES: u32 = 8 * 1024;

/// An open connection.
#[derive(Clone, Debug)]
pub struct Http2 {
    authority: String,
    scheme: &'static str,
    requests: http2::SendRequest<Full<Bytes>>,
}

/// A feed of server-sent events in it.
#[derive(Debug)]
pub struct Http2Feed {
    body: Incoming,
    sse: SseReader,
    events: std::collections::VecDeque<SseEvent>,
}

impl Http2 {
    /// A connection to a server with TLS, agreed on in the handshake.
    pub async fn connect(address: SocketAddr, certificate: &Certificate) -> Result<Http2> {
        let stream = certificate.connect(address, b"h2").await?;
        ensure!(stream.get_ref().1.alpn_protocol() == Some(b"h2"), "the server speaks no HTTP/2");
        Http2::over(stream, (format!("localhost:{}", address.port()), "https"), WINDOW_BYTES).await
    }

    /// A connection to a server without TLS, begun as HTTP/2.
    pub async fn connect_plain(address: SocketAddr) -> Result<Http2> {
        Http2::connect_narrow(address, WINDOW_BYTES).await
    }

    /// The same for a reader that has room for `window_bytes` of each answer, until it reads them.
    pub async fn connect_narrow(address: SocketAddr, window_bytes: u32) -> Result<Http2> {
        Http2::over(TcpStream::connect(address).await?, (address.to_string(), "http"), window_bytes).await
    }

    async fn over<S>(
        stream: S,
        (authority, scheme): (String, &'static str),
        window_bytes: u32,
    ) -> Result<Http2>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (requests, connection) = http2::Builder::new(TokioExecutor::new())
            .initial_stream_window_size(window_bytes)
            .initial_connection_window_size(1024 * 1024)
            .handshake(TokioIo::new(stream))
            .await?;
        tokio::spawn(connection);
        Ok(Http2 { authority, scheme, requests })
    }

    /// Sends a request and waits for the head of the answer.
    pub async fn send(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Result<Response<Incoming>> {
        let uri = format!("{}://{}{path}", self.scheme, self.authority);
        let mut request = Request::builder().method(method).uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Ok(self.requests.send_request(request.body(Full::new(Bytes::from(body)))?).await?)
    }

    /// Sends a request and reads the whole answer: its status and its body as JSON, or null.
    pub async fn json(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Result<(u16, serde_json::Value)> {
        let headers = [headers, &[("content-type", "application/json")]].concat();
        let answer = self.send(method, path, &headers, body.as_bytes().to_vec()).await?;
        let status = answer.status().as_u16();
        let bytes = answer.into_body().collect().await?.to_bytes();
        Ok((status, serde_json::from_slice(&bytes).unwrap_or_default()))
    }

    /// Opens the events of the match `id`.
    pub async fn feed(&mut self, id: &str) -> Result<Http2Feed> {
        let answer = self.send("GET", &format!("/api/matches/{id}/events"), &[], Vec::new()).await?;
        ensure!(answer.status() == 200, "{answer:?}");
        ensure!(answer.headers()["content-type"] == "text/event-stream; charset=utf-8", "{answer:?}");
        Ok(Http2Feed {
            body: answer.into_body(),
            sse: SseReader::default(),
            events: std::collections::VecDeque::new(),
        })
    }
}

impl Http2Feed {
    /// The next event; `None` at the end.
    pub async fn next(&mut self) -> Result<Option<SseEvent>> {
        loop {
            if let Some(event) = self.events.pop_front() {
                return Ok(Some(event));
            }
            let Some(frame) = self.body.frame().await else { return Ok(None) };
            if let Ok(bytes) = frame?.into_data() {
                self.events.extend(self.sse.push(&bytes));
            }
        }
    }
}
