//! One connection's life in HTTP: hyper reads requests and writes responses, until the peer goes, patience ends, the
//! server stops, or a route takes the socket. Then hyper is thrown away with its buffers and the socket goes on alone.

use std::{
    convert::Infallible,
    future::{Future, pending, poll_fn},
    net::IpAddr,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::Poll,
    time::{Duration, Instant},
};

use axum::{
    body::{Body, HttpBody},
    http::{Request, Response, header},
    response::IntoResponse,
};
use bytes::Bytes;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{io::AsyncWriteExt, sync::watch, time::timeout};
use tower::ServiceExt;

use super::{
    body::hold,
    door::{Door, Guest},
    http2,
    opening::{self, Opening},
    turned_away::{head, linger},
    watched::{Record, Watched},
    wire::Wire,
};
use crate::{
    admission::ConnectionPermit,
    http::{handover::Handover, problem::Problem, visit::Visit},
    link::Arrival,
    telemetry::{Counted, Traffic, Transport, rejected},
};

/// Most bytes of a request's head.
const HEAD_BYTES_MAX: usize = 16 * 1024;
/// Most header fields of a request.
const HEADERS_MAX: usize = 64;
/// Most bytes that hyper holds of a request or a response at a time.
const BUFFER_BYTES_MAX: usize = 32 * 1024;
/// Time in which the head of a response that hands the socket over must leave.
const HEAD_WRITE_MAX: Duration = Duration::from_secs(5);

/// A route's wish to have the socket.
struct Claim {
    head: Vec<u8>,
    handover: Handover,
    /// The share of the address that a proxy named.
    named: Option<ConnectionPermit>,
}

type Claimed = Arc<Mutex<Option<Claim>>>;

/// What became of a connection in HTTP.
enum End {
    /// It is over; what was written should arrive.
    Over,
    /// It broke, or took too long.
    Cut,
    /// A route wants it.
    Claimed(Claim),
}

/// Serves a connection to its end or to its handover. `stopping` turns true when the server stops.
pub(super) async fn drive(guest: Guest, door: Door, mut stopping: watch::Receiver<bool>) {
    let Guest { socket, peer, permit } = guest;
    let counted = Counted::connection(Transport::Http);
    let opening = tokio::select! {
        opening = opening::open(socket, &door) => opening,
        _ = stopping.wait_for(|stopping| *stopping) => return,
    };
    match opening {
        Opening::Http1(wire) => drive_http1((wire, counted), (peer.ip(), permit), door, stopping).await,
        Opening::Http2(wire) => {
            drop(counted);
            // Boxed, so that the many that are not HTTP/2 don't keep room for it.
            Box::pin(http2::drive(wire, peer.ip(), door, stopping)).await;
            drop(permit);
        }
        Opening::Over => {}
    }
}

async fn drive_http1(
    (wire, counted): (Wire, Counted),
    (peer, permit): (IpAddr, ConnectionPermit),
    door: Door,
    stopping: watch::Receiver<bool>,
) {
    let record = Arc::new(Record::new(Traffic::new(Transport::Http)));
    let (claimed, is_secure) = (Claimed::default(), wire.is_secure());
    let service = {
        let (record, claimed, door) = (Arc::clone(&record), Arc::clone(&claimed), door.clone());
        service_fn(move |request| {
            let ask = Ask { record: Arc::clone(&record), claimed: Arc::clone(&claimed), door: door.clone() };
            Box::pin(answer(request, (peer, is_secure), ask))
        })
    };
    let io = TokioIo::new(Watched::new(wire, Arc::clone(&record)));
    let mut hyper = protocol().serve_connection(io, service);
    let end = {
        let turns = Turns { record: &record, claimed: &claimed, head_max: door.head_max };
        turns.run(&mut hyper, stopping).await
    };
    // Throws hyper's buffers away, which would cost more than the whole seat of a player.
    let parts = hyper.into_parts();
    let early =
        if parts.read_buf.is_empty() { Bytes::new() } else { Bytes::copy_from_slice(&parts.read_buf) };
    drop((parts.read_buf, parts.service, counted));
    let wire = parts.io.into_inner().into_wire();
    // What comes last is kept apart: within this task it would lie in wait, four KiB of it, as long as the connection.
    match end {
        End::Claimed(claim) => Box::pin(hand_over(wire, early, claim, permit)).await,
        End::Over => Box::pin(linger(wire)).await,
        End::Cut => {}
    }
}

/// hyper with our limits. It has no timer: `Pace` keeps the times.
fn protocol() -> http1::Builder {
    let mut protocol = http1::Builder::new();
    protocol
        .max_header_size(HEAD_BYTES_MAX)
        .max_headers(HEADERS_MAX)
        .max_buf_size(BUFFER_BYTES_MAX)
        .header_read_timeout(None)
        .half_close(false);
    protocol
}

/// What answering one request needs.
struct Ask {
    record: Arc<Record>,
    claimed: Claimed,
    door: Door,
}

/// Answers a request, or claims the socket and never answers: then the driver throws this away.
async fn answer(
    request: Request<Incoming>,
    (peer, is_secure): (IpAddr, bool),
    ask: Ask,
) -> Result<Response<Body>, Infallible> {
    ask.record.pace.asked(Instant::now());
    let visit = Visit::read(peer, request.headers(), &ask.door.admission).over(is_secure, request.uri());
    let named = match ask.door.admission.named(visit.caller) {
        Ok(named) => named,
        Err(refusal) => {
            ask.record.pace.answered(Instant::now(), false);
            return Ok(Problem::from(refusal).into_response());
        }
    };
    let mut request = request.map(Body::new);
    request.extensions_mut().insert(visit);
    let Ok(mut response) = ask.door.router.oneshot(request).await;
    if let Some(handover) = response.extensions_mut().remove::<Handover>() {
        // An empty body makes axum say so, which is not true of what follows.
        response.headers_mut().remove(header::CONTENT_LENGTH);
        let head = head(response.status(), response.headers(), false);
        let claim = Claim { head, handover, named };
        *ask.claimed.lock().unwrap_or_else(PoisonError::into_inner) = Some(claim);
        return pending().await;
    }
    ask.record.pace.answered(Instant::now(), response.body().size_hint().exact().is_none());
    Ok(match named {
        Some(named) => response.map(|body| hold(named, body)),
        None => response,
    })
}

/// What the driver looks at between two turns of hyper.
struct Turns<'a> {
    record: &'a Record,
    claimed: &'a Claimed,
    head_max: Duration,
}

/// hyper's connection, as far as the driver needs to name it.
trait Hyper {
    fn turn(&mut self, cx: &mut std::task::Context<'_>) -> Poll<hyper::Result<()>>;
    fn finish(&mut self);
}

impl<S, F> Hyper for http1::Connection<TokioIo<Watched>, S>
where
    S: hyper::service::Service<Request<Incoming>, Response = Response<Body>, Error = Infallible, Future = F>
        + Unpin,
    F: Future<Output = Result<Response<Body>, Infallible>> + Unpin,
{
    fn turn(&mut self, cx: &mut std::task::Context<'_>) -> Poll<hyper::Result<()>> {
        self.poll_without_shutdown(cx)
    }

    fn finish(&mut self) {
        Pin::new(self).graceful_shutdown();
    }
}

impl Turns<'_> {
    /// Lets hyper work until something ends it.
    async fn run(self, hyper: &mut impl Hyper, mut stopping: watch::Receiver<bool>) -> End {
        loop {
            let deadline = self.record.pace.deadline(self.head_max);
            tokio::select! {
                end = poll_fn(|cx| self.turn(hyper, cx)) => return end,
                () = tokio::time::sleep_until(deadline.into()) => {
                    if self.record.pace.deadline(self.head_max) > deadline {
                        continue;
                    }
                    if self.record.pace.is_in_head() {
                        rejected("header_timeout");
                    }
                    return End::Cut;
                }
                _ = stopping.wait_for(|stopping| *stopping) => break,
            }
        }
        self.finish(hyper).await
    }

    /// The server stops: a request that is being worked on is answered, nothing else begins.
    async fn finish(self, hyper: &mut impl Hyper) -> End {
        if self.record.pace.is_between_requests() {
            return End::Cut;
        }
        hyper.finish();
        poll_fn(|cx| self.turn(hyper, cx)).await
    }

    fn turn(&self, hyper: &mut impl Hyper, cx: &mut std::task::Context<'_>) -> Poll<End> {
        if let Poll::Ready(result) = hyper.turn(cx) {
            // hyper has answered what it could not read; that answer should arrive.
            let is_said = result.map_or_else(|error| error.is_parse(), |()| true);
            return Poll::Ready(if is_said { End::Over } else { End::Cut });
        }
        if self.record.owes() {
            return Poll::Pending;
        }
        let claim = self.claimed.lock().unwrap_or_else(PoisonError::into_inner).take();
        claim.map_or(Poll::Pending, |claim| Poll::Ready(End::Claimed(claim)))
    }
}

/// Writes the head and brings the socket to its new owner.
async fn hand_over(mut wire: Wire, early: Bytes, claim: Claim, permit: ConnectionPermit) {
    let Claim { head, handover, named } = claim;
    let write = async {
        wire.write_all(&head).await?;
        // TLS takes bytes that the socket has not taken yet.
        wire.flush().await
    };
    if !matches!(timeout(HEAD_WRITE_MAX, write).await, Ok(Ok(()))) {
        return;
    }
    let link = match wire.into_link() {
        Ok(link) => link,
        Err(error) => {
            tracing::debug!(%error, "a socket could not be handed over");
            return;
        }
    };
    handover.deliver(Arrival { link, early, permit: Box::new((permit, named)) }).await;
}
