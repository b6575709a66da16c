//! A connection over HTTP/1.1 whose response is awaited or goes on and on. hyper is gone meanwhile, with sixteen KiB of
//! buffers; this waits, notices when the peer goes, writes the response, and gives the connection back for the next one.

use std::{
    future::poll_fn,
    io,
    pin::Pin,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::Response,
};
use bytes::{Buf, Bytes};
use http_body_util::BodyExt;
use tokio::{
    io::{AsyncRead, AsyncWriteExt, ReadBuf},
    sync::watch,
    time::timeout,
};

use super::{
    line::Line,
    turned_away::{head, linger},
};
use crate::{
    admission::ConnectionPermit,
    http::held::{Later, Take, Work, arrived},
};

/// Time in which a part of a response must leave.
const WRITE_MAX: Duration = Duration::from_secs(30);
/// Bytes of further requests that are read while one is being answered; more wait in the socket.
const EARLY_BYTES_MAX: usize = 8 * 1024;

/// The response of a connection that hyper does not have.
pub(super) struct Held {
    /// The connection.
    pub(super) line: Line,
    /// Bytes that came behind the request.
    pub(super) early: Vec<u8>,
    /// What is known of the response.
    pub(super) placeholder: Response<()>,
    /// What is left to do for it.
    pub(super) work: Work,
    /// The share of the address that a proxy named.
    pub(super) named: Option<ConnectionPermit>,
    /// Whether the peer may ask again over this connection.
    pub(super) keeps: bool,
}

/// The peer went, or does not take what it asked for.
struct Gone;

impl From<io::Error> for Gone {
    fn from(_: io::Error) -> Gone {
        Gone
    }
}

impl Held {
    /// Does the work. Returns the connection if it can have another request.
    pub(super) async fn finish(self, stopping: &watch::Receiver<bool>) -> Option<Line> {
        let Held { line, early, placeholder, work, named, keeps } = self;
        let mut peer = Peer { line, early, keeps };
        let written = match work {
            Work::Answer(answer) => peer.answer(placeholder, answer).await,
            Work::Body(take) => peer.pour(placeholder, take).await,
        };
        drop(named);
        let Peer { mut line, early, .. } = peer;
        match written {
            Ok(()) if keeps && !*stopping.borrow() => {
                line.io.put_back(Bytes::from(early));
                Some(line)
            }
            Ok(()) => {
                Box::pin(linger(line.io.into_wire())).await;
                None
            }
            Err(Gone) => None,
        }
    }
}

/// Who waits.
struct Peer {
    line: Line,
    early: Vec<u8>,
    keeps: bool,
}

impl Peer {
    /// Waits for the answer and writes it.
    async fn answer(&mut self, placeholder: Response<()>, answer: Later) -> Result<(), Gone> {
        let answer = self.unless_gone(answer).await?;
        let (mut parts, body) = arrived(placeholder.headers(), answer).into_parts();
        // Answers that were waited for are made in memory; they have no way to fail.
        let body = body.collect().await.map_err(|_| Gone)?.to_bytes();
        if parts.status != StatusCode::NO_CONTENT {
            parts.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
        }
        self.line.io.record().pace.answered(Instant::now(), false);
        self.write(Bytes::from(head(parts.status, &parts.headers, !self.keeps)).chain(body)).await
    }

    /// Writes the body as it comes, in chunks, to its end.
    async fn pour(&mut self, mut placeholder: Response<()>, mut take: Take) -> Result<(), Gone> {
        let chunked = HeaderValue::from_static("chunked");
        placeholder.headers_mut().insert(header::TRANSFER_ENCODING, chunked);
        self.write(Bytes::from(head(placeholder.status(), placeholder.headers(), !self.keeps))).await?;
        drop(placeholder);
        while let Some(part) = self.unless_gone(poll_fn(|cx| take(cx))).await? {
            // A chunk without bytes would be the end.
            if !part.is_empty() {
                let length = Bytes::from(format!("{:x}\r\n", part.len()));
                self.write(length.chain(part).chain(&b"\r\n"[..])).await?;
            }
        }
        self.line.io.record().pace.answered(Instant::now(), false);
        self.write(&b"0\r\n\r\n"[..]).await
    }

    async fn write(&mut self, mut bytes: impl Buf) -> Result<(), Gone> {
        let write = async {
            self.line.io.write_all_buf(&mut bytes).await?;
            self.line.io.flush().await
        };
        timeout(WRITE_MAX, write).await.map_err(|_| Gone)??;
        Ok(())
    }

    /// What `work` gives, as long as the peer is there. Bytes that it sends meanwhile are kept.
    async fn unless_gone<T>(&mut self, mut work: impl Future<Output = T> + Unpin) -> Result<T, Gone> {
        poll_fn(|cx| {
            if let Poll::Ready(done) = Pin::new(&mut work).poll(cx) {
                return Poll::Ready(Ok(done));
            }
            self.listen(cx).map(|Gone| Err(Gone))
        })
        .await
    }

    fn listen(&mut self, cx: &mut Context<'_>) -> Poll<Gone> {
        let mut room = [0; 512];
        while self.early.len() < EARLY_BYTES_MAX {
            let mut room = ReadBuf::new(&mut room);
            match Pin::new(&mut self.line.io).poll_read(cx, &mut room) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Ok(())) if !room.filled().is_empty() => {
                    self.early.extend_from_slice(room.filled());
                }
                Poll::Ready(_) => return Poll::Ready(Gone),
            }
        }
        Poll::Pending
    }
}
