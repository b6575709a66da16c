//! One connection's life in HTTP/2: many requests at a time, each with its own flow control. Nothing is handed over
//! here; a feed streams through a body, a player's messages go through a mailbox. An open request counts as a
//! connection, so that a few of these cannot hold what thousands of the others may not.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    net::IpAddr,
    pin::{Pin, pin},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
    time::{Duration, Instant},
};

use axum::{
    body::{Body, HttpBody},
    http::{Request, Response},
    response::IntoResponse,
};
use bytes::Bytes;
use futures_util::future::{AbortHandle, Abortable};
use hyper::{
    body::{Frame, Incoming, SizeHint},
    rt::Executor,
    server::conn::http2,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{sync::watch, time::timeout};
use tower::ServiceExt;

use super::{
    door::Door,
    watched::{Record, Watched},
    wire::Wire,
};
use crate::{
    admission::ConnectionPermit,
    http::{held, problem::Problem, visit::Visit},
    telemetry::{Counted, Traffic, Transport, rejected},
};

/// Most requests that one connection may have open.
const STREAMS_MAX: u32 = 128;
/// Most bytes of a request's head, as HTTP/2 counts them.
const HEAD_BYTES_MAX: u32 = 16 * 1024;
/// Bytes of bodies that may come before they are read: of one request, and of all.
const WINDOWS_BYTES: (u32, u32) = (64 * 1024, 256 * 1024);
/// Bytes of a response that wait for the connection at most.
const SEND_BYTES_MAX: usize = 16 * 1024;
/// Bytes of a response that hyper is given at a time. It gives all of them away as soon as the reader has room for one,
/// so this is what a reader must take in the time it has.
const PIECE_BYTES_MAX: usize = 16 * 1024;
/// Bytes of a part of a response that is not worth watching until it has been taken.
const SMALL_BYTES_MAX: usize = 1024;
/// Requests that were taken back before they were looked at; more end the connection.
const RESETS_MAX: usize = 32;
/// Time between two questions whether the peer is there, and for its answer.
const PINGS: (Duration, Duration) = (Duration::from_secs(15), Duration::from_secs(10));
/// Rest without an open request, as long as that of HTTP/1.1.
const REST_MAX: Duration = Duration::from_secs(30);
/// Time in which the reader of a response must take something of it.
const UNREAD_MAX: Duration = Duration::from_secs(15);
/// Time between two looks whether that is so.
const LOOK_EVERY: Duration = Duration::from_secs(3);
/// Age at which a connection takes no more requests; those that are open go on.
const AGE_MAX: Duration = Duration::from_secs(3600);
/// How long a peer may take to notice the end.
const LINGER: Duration = Duration::from_secs(1);

/// The requests of a connection.
#[derive(Debug)]
struct Requests(Mutex<Open>);

#[derive(Debug)]
struct Open {
    count: u32,
    /// Whether there ever was one.
    asked: bool,
    /// When the last one began or ended.
    changed_at: Instant,
    /// Since when responses wait for their reader to take something, by the number of their request.
    unread: BTreeMap<u64, (Instant, AbortHandle)>,
    /// The number of the next request.
    next: u64,
}

/// One open request.
struct OpenRequest {
    requests: Arc<Requests>,
    number: u64,
    /// Ends it.
    stream: AbortHandle,
}

impl OpenRequest {
    /// Notes whether all of its response that is there has been taken, at the last look.
    fn is_read(&self, is_read: bool) {
        let mut open = self.requests.open();
        if is_read {
            open.unread.remove(&self.number);
        } else {
            open.unread.insert(self.number, (Instant::now(), self.stream.clone()));
        }
    }
}

impl Drop for OpenRequest {
    fn drop(&mut self) {
        self.requests.change(|open| {
            open.count = open.count.saturating_sub(1);
            open.unread.remove(&self.number);
        });
    }
}

/// A response's body that keeps its places, and tells the connection whether it is read. hyper sends a piece, and drops
/// the body behind the last one, when the reader has room for one byte. Hence the last byte goes as a piece of its own:
/// there is room for it only behind all the others, and until then the body counts and its reader is waited for.
struct Poured {
    body: Body,
    /// What is left of the body's last part.
    left: Bytes,
    open: OpenRequest,
    _places: (Option<ConnectionPermit>, Option<ConnectionPermit>),
}

impl Poured {
    /// The next piece of what is left.
    fn piece(&mut self) -> Bytes {
        match self.left.len() {
            // A copy, since a slice would keep the whole part in memory.
            0 | 1 => Bytes::copy_from_slice(&std::mem::take(&mut self.left)),
            len => self.left.split_to((len - 1).min(PIECE_BYTES_MAX)),
        }
    }
}

impl HttpBody for Poured {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if self.left.is_empty() {
            let frame = Pin::new(&mut self.body).poll_frame(cx);
            self.open.is_read(!matches!(frame, Poll::Ready(Some(_))));
            match frame {
                Poll::Ready(Some(Ok(part)))
                    if part.data_ref().is_some_and(|data| data.len() > SMALL_BYTES_MAX) =>
                {
                    self.left = part.into_data().unwrap_or_default();
                }
                small => return small,
            }
        }
        self.open.is_read(false);
        Poll::Ready(Some(Ok(Frame::data(self.piece()))))
    }

    fn is_end_stream(&self) -> bool {
        self.left.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let (mut hint, left) = (self.body.size_hint(), self.left.len() as u64);
        if let Some(upper) = hint.upper() {
            hint.set_upper(upper + left);
        }
        hint.set_lower(hint.lower() + left);
        hint
    }
}

impl Requests {
    fn new() -> Requests {
        let (unread, changed_at) = (BTreeMap::new(), Instant::now());
        Requests(Mutex::new(Open { count: 0, asked: false, changed_at, unread, next: 0 }))
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change<T>(&self, change: impl FnOnce(&mut Open) -> T) -> T {
        let mut open = self.open();
        open.changed_at = Instant::now();
        change(&mut open)
    }

    /// One more; says whether it is the only one.
    fn begin(self: Arc<Self>, stream: AbortHandle) -> (OpenRequest, bool) {
        let (number, is_only) = self.change(|open| {
            open.asked = true;
            open.count += 1;
            open.next += 1;
            (open.next, open.count == 1)
        });
        (OpenRequest { requests: self, number, stream }, is_only)
    }

    /// Ends responses that wait for their readers too long; the others of the connection go on.
    fn end_unread(&self) {
        for (since, stream) in self.open().unread.values() {
            if since.elapsed() >= UNREAD_MAX && !stream.is_aborted() {
                rejected("unread_response");
                stream.abort();
            }
        }
    }

    /// When patience with a connection ends that has nothing open, and whether it ever had; `None` while it has.
    fn idle(&self, head_max: Duration) -> Option<(Instant, bool)> {
        let open = self.open();
        let patience = if open.asked { REST_MAX } else { head_max };
        (open.count == 0).then(|| (open.changed_at + patience, open.asked))
    }
}

/// Serves a connection to its end. `stopping` turns true when the server stops.
pub(super) async fn drive(wire: Wire, peer: IpAddr, door: Door, mut stopping: watch::Receiver<bool>) {
    let _counted = Counted::connection(Transport::Http2);
    let (requests, head_max, is_secure) = (Arc::new(Requests::new()), door.head_max, wire.is_secure());
    let service = {
        let requests = Arc::clone(&requests);
        service_fn(move |request| answer(request, (peer, is_secure), door.clone(), Arc::clone(&requests)))
    };
    let record = Arc::new(Record::new(Traffic::new(Transport::Http2)));
    let io = TokioIo::new(Watched::new(wire, record));
    let mut connection = pin!(protocol().serve_connection(io, service));
    let old_at = Instant::now() + AGE_MAX;
    let mut is_ending = false;
    loop {
        let idle = requests.idle(head_max);
        let look_at = idle.map_or_else(|| Instant::now() + LOOK_EVERY, |(until, _)| until);
        tokio::select! {
            _ = connection.as_mut() => return,
            () = tokio::time::sleep_until(look_at.into()) => {}
            _ = stopping.wait_for(|stopping| *stopping), if !is_ending => {
                connection.as_mut().graceful_shutdown();
                is_ending = true;
                if requests.idle(head_max).is_some() {
                    break;
                }
            }
        }
        requests.end_unread();
        match requests.idle(head_max) {
            Some((until, asked)) if until <= Instant::now() => {
                if !asked {
                    rejected("header_timeout");
                    return;
                }
                break;
            }
            _ => {}
        }
        if Instant::now() >= old_at && !is_ending {
            connection.as_mut().graceful_shutdown();
            is_ending = true;
        }
    }
    connection.as_mut().graceful_shutdown();
    // A peer that has nothing open loses nothing, whether it says goodbye or not.
    drop(timeout(LINGER, connection).await);
}

tokio::task_local! {
    /// Ends the stream that is being worked on.
    static STREAM: AbortHandle;
}

/// Gives each stream of a connection a task of its own that can be ended from outside. What hyper does for a stream is
/// then dropped, which resets it; hyper itself would wait for its reader for ever.
#[derive(Clone, Copy)]
struct Streams;

impl<F: Future<Output = ()> + Send + 'static> Executor<F> for Streams {
    fn execute(&self, stream: F) {
        let (handle, registration) = AbortHandle::new_pair();
        tokio::spawn(Abortable::new(STREAM.scope(handle, stream), registration));
    }
}

/// hyper with our limits.
fn protocol() -> http2::Builder<Streams> {
    let mut protocol = http2::Builder::new(Streams);
    protocol
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS_MAX)
        .max_header_list_size(HEAD_BYTES_MAX)
        .initial_stream_window_size(WINDOWS_BYTES.0)
        .initial_connection_window_size(WINDOWS_BYTES.1)
        .max_send_buf_size(SEND_BYTES_MAX)
        .max_pending_accept_reset_streams(RESETS_MAX)
        .max_local_error_reset_streams(RESETS_MAX)
        .keep_alive_interval(PINGS.0)
        .keep_alive_timeout(PINGS.1);
    protocol
}

/// Answers one request.
async fn answer(
    request: Request<Incoming>,
    (peer, is_secure): (IpAddr, bool),
    door: Door,
    requests: Arc<Requests>,
) -> Result<Response<Body>, Infallible> {
    let (open, is_first) = requests.begin(STREAM.with(AbortHandle::clone));
    let visit = Visit::read(peer, request.headers(), &door.admission).over(is_secure, request.uri());
    let admitted = door.admission.named(visit.caller).and_then(|named| {
        // The first is paid for by the connection itself.
        let place = if is_first { None } else { Some(door.admission.connection(peer)?) };
        Ok((named, place))
    });
    let places: (Option<ConnectionPermit>, Option<ConnectionPermit>) = match admitted {
        Ok(places) => places,
        Err(refusal) => return Ok(Problem::from(refusal).into_response()),
    };
    let mut request = request.map(Body::new);
    request.extensions_mut().insert(visit);
    let Ok(response) = door.router.oneshot(request).await;
    let response = held::whole(response).await;
    // A body that is over needs no place; wrapping it would hide its length.
    if response.body().is_end_stream() {
        return Ok(response);
    }
    Ok(response.map(|body| Body::new(Poured { body, left: Bytes::new(), open, _places: places })))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn poured(body: Vec<u8>, requests: &Arc<Requests>) -> Poured {
        let (open, _) = Arc::clone(requests).begin(AbortHandle::new_pair().0);
        Poured { body: Body::from(body), left: Bytes::new(), open, _places: (None, None) }
    }

    fn next(poured: &mut Poured) -> Bytes {
        let frame = Pin::new(poured).poll_frame(&mut Context::from_waker(std::task::Waker::noop()));
        let Poll::Ready(Some(Ok(frame))) = frame else { panic!("{frame:?}") };
        frame.into_data().unwrap()
    }

    #[test]
    fn a_response_goes_in_pieces_and_its_last_byte_alone() {
        let requests = Arc::new(Requests::new());
        let whole: Vec<u8> = (0..40_000_u32).map(|at| (at % 251) as u8).collect();
        let mut poured = poured(whole.clone(), &requests);
        let (mut got, mut lengths) = (Vec::new(), Vec::new());
        while !poured.is_end_stream() {
            assert_eq!(poured.size_hint().exact(), Some((whole.len() - got.len()) as u64));
            let piece = next(&mut poured);
            assert_eq!(requests.open().unread.len(), 1, "its reader is waited for");
            lengths.push(piece.len());
            got.extend_from_slice(&piece);
        }
        assert_eq!((got, lengths), (whole, vec![PIECE_BYTES_MAX, PIECE_BYTES_MAX, 7231, 1]));
    }

    #[test]
    fn a_small_response_goes_at_once() {
        let mut poured = poured(vec![7; SMALL_BYTES_MAX], &Arc::new(Requests::new()));
        assert_eq!(next(&mut poured).len(), SMALL_BYTES_MAX);
        assert!(poured.is_end_stream());
    }
}
