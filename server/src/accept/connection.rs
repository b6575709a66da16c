//! One connection's life in HTTP: hyper reads requests and writes responses, until the peer goes, patience ends, the
//! server stops, or a route takes the socket. Then hyper is thrown away with its buffers and the socket goes on alone:
//! for good, or until a response has been written that takes its time.

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
    http::{HeaderMap, Request, Response, Version, header},
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
    held::Held,
    http2,
    line::Line,
    opening::{self, Opening},
    turned_away::{head, linger},
    watched::{Record, Watched},
    wire::Wire,
};
use crate::{
    admission::ConnectionPermit,
    http::{
        handover::Handover,
        held::{self, Work},
        problem::Problem,
        socket::{has_body, lists},
        visit::Visit,
    },
    link::{Arrival, Permit},
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

/// A response that hyper shall not write.
struct Claim {
    placeholder: Response<()>,
    wish: Wish,
    /// The share of the address that a proxy named.
    named: Option<ConnectionPermit>,
}

/// What becomes of the connection of such a response.
enum Wish {
    /// It leaves HTTP.
    Leave(Handover),
    /// It waits for the rest of the response; then the peer may ask again, or not.
    Hold { work: Work, keeps: bool },
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
pub(super) async fn drive(guest: Guest, door: Door, stopping: watch::Receiver<bool>) {
    // What works with hyper is boxed and gone while a response is held: the many that wait keep no room for it.
    let mut held = Box::pin(begin(guest, door.clone(), stopping.clone())).await;
    while let Some(response) = held {
        let Some(line) = response.finish(&stopping).await else { return };
        held = Box::pin(drive_http1(line, door.clone(), stopping.clone())).await;
    }
}

/// Finds out what the peer speaks, and speaks it.
async fn begin(guest: Guest, door: Door, mut stopping: watch::Receiver<bool>) -> Option<Held> {
    let Guest { socket, peer, permit } = guest;
    let counted = Counted::connection(Transport::Http);
    let opening = tokio::select! {
        opening = opening::open(socket, &door) => opening,
        _ = stopping.wait_for(|stopping| *stopping) => return None,
    };
    match opening {
        Opening::Http1(wire) => {
            let io = Watched::new(wire, Arc::new(Record::new(Traffic::new(Transport::Http))));
            drive_http1(Line { io, counted, peer: peer.ip(), permit }, door, stopping).await
        }
        Opening::Http2(wire) => {
            drop(counted);
            // Boxed, so that the many that are not HTTP/2 don't keep room for it.
            Box::pin(http2::drive(wire, peer.ip(), door, stopping)).await;
            drop(permit);
            None
        }
        Opening::Over => None,
    }
}

/// Lets hyper serve requests until one is held.
async fn drive_http1(line: Line, door: Door, stopping: watch::Receiver<bool>) -> Option<Held> {
    let Line { io, counted, peer, permit } = line;
    let (record, claimed, is_secure) = (Arc::clone(io.record()), Claimed::default(), io.is_secure());
    let service = {
        let (record, claimed, door) = (Arc::clone(&record), Arc::clone(&claimed), door.clone());
        service_fn(move |request| {
            let ask = Ask { record: Arc::clone(&record), claimed: Arc::clone(&claimed), door: door.clone() };
            Box::pin(answer(request, (peer, is_secure), ask))
        })
    };
    let mut hyper = protocol().serve_connection(TokioIo::new(io), service);
    let end = {
        let turns = Turns { record: &record, claimed: &claimed, head_max: door.head_max };
        turns.run(&mut hyper, stopping).await
    };
    // Throws hyper's buffers away, which would cost more than the whole seat of a player.
    let parts = hyper.into_parts();
    let mut io = parts.io.into_inner();
    let early = [&parts.read_buf[..], &io.take_early()[..]].concat();
    drop((parts.read_buf, parts.service));
    // What comes last is kept apart: within this task it would lie in wait, four KiB of it, as long as the connection.
    match end {
        End::Claimed(Claim { placeholder, wish: Wish::Hold { work, keeps }, named }) => {
            let line = Line { io, counted, peer, permit };
            return Some(Held { line, early, placeholder, work, named, keeps });
        }
        End::Claimed(Claim { placeholder, wish: Wish::Leave(handover), named }) => {
            drop(counted);
            let head = head(placeholder.status(), placeholder.headers(), false);
            let arriving = Arriving { head, early: early.into(), permit: Box::new((permit, named)) };
            Box::pin(hand_over(io.into_wire(), arriving, handover)).await;
        }
        End::Over => Box::pin(linger(io.into_wire())).await,
        End::Cut => {}
    }
    None
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
    let keeps = keeps_alive(request.headers());
    // A body that was not read would be taken for the next request.
    let can_hold = request.version() == Version::HTTP_11 && !has_body(request.headers());
    let mut request = request.map(Body::new);
    request.extensions_mut().insert(visit);
    let Ok(mut response) = ask.door.router.oneshot(request).await;
    let wish = match response.extensions_mut().remove::<Handover>() {
        Some(handover) => {
            // An empty body makes axum say so, which is not true of what follows.
            response.headers_mut().remove(header::CONTENT_LENGTH);
            Some(Wish::Leave(handover))
        }
        None if can_hold => held::Held::take(&mut response).map(|work| Wish::Hold { work, keeps }),
        None => None,
    };
    if let Some(wish) = wish {
        let claim = Claim { placeholder: response.map(drop), wish, named };
        *ask.claimed.lock().unwrap_or_else(PoisonError::into_inner) = Some(claim);
        return pending().await;
    }
    let response = held::whole(response).await;
    ask.record.pace.answered(Instant::now(), response.body().size_hint().exact().is_none());
    Ok(match named {
        Some(named) => response.map(|body| hold(named, body)),
        None => response,
    })
}

/// Whether the peer of a request over HTTP/1.1 may ask again.
fn keeps_alive(headers: &HeaderMap) -> bool {
    !lists(headers, &header::CONNECTION, "close")
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

/// What a connection brings to its new owner.
struct Arriving {
    head: Vec<u8>,
    early: Bytes,
    permit: Permit,
}

/// Writes the head and brings the socket to its new owner.
async fn hand_over(mut wire: Wire, arriving: Arriving, handover: Handover) {
    let Arriving { head, early, permit } = arriving;
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
    handover.deliver(Arrival { link, early, permit }).await;
}
