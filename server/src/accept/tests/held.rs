//! Tests of responses that are waited for without hyper: the peer must not notice that it was away, whatever it sends
//! meanwhile, and what waits must notice when the peer goes.

use std::{
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    task::Poll,
};

use axum::{
    http::HeaderMap,
    response::{IntoResponse, Response},
    routing::get,
};
use tokio::sync::oneshot;

use super::*;
use crate::http::held::{going_on, later};

/// How many wait.
static WAITING: AtomicUsize = AtomicUsize::new(0);
/// One test at a time looks at that number.
static ALONE: Mutex<()> = Mutex::new(());

struct Waiting;

impl Waiting {
    fn begin() -> Waiting {
        WAITING.fetch_add(1, Ordering::SeqCst);
        Waiting
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        WAITING.fetch_sub(1, Ordering::SeqCst);
    }
}

/// A route whose answer is there after `after-ms`, or never.
async fn wait(headers: HeaderMap) -> Response {
    let waiting = Waiting::begin();
    let after = headers.get("after-ms").and_then(|value| value.to_str().ok()?.parse().ok());
    later(async move {
        let _waiting = waiting;
        match after {
            Some(after) => tokio::time::sleep(Duration::from_millis(after)).await,
            None => std::future::pending().await,
        }
        ([("own", "yes")], "late").into_response()
    })
    .await
}

/// A route whose body comes in three parts, one of them empty, each a moment after the other.
async fn pour() -> Response {
    let mut parts = vec!["three", "", "one"];
    let mut pause: Option<oneshot::Receiver<()>> = None;
    let waiting = Waiting::begin();
    going_on(move |cx| {
        let _ = &waiting;
        let mut cx = std::task::Context::from_waker(cx.waker());
        if let Some(pause) = pause.as_mut()
            && std::pin::Pin::new(pause).poll(&mut cx).is_pending()
        {
            return Poll::Pending;
        }
        let (sender, receiver) = oneshot::channel();
        thread::spawn(move || {
            thread::sleep(Duration::from_millis(20));
            let _ = sender.send(());
        });
        pause = Some(receiver);
        Poll::Ready(parts.pop().map(|part| part.as_bytes().into()))
    })
}

fn site() -> Site {
    let router = |_: &Arc<State>| {
        Router::new()
            .route("/wait", get(wait))
            .route("/pour", get(pour))
            .route("/now", get(|| async { "now" }))
    };
    Site::with(Layer::default(), router)
}

fn request(path: &str, fields: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: a\r\n{fields}\r\n").into_bytes()
}

#[test]
fn a_connection_goes_on_behind_an_answer_that_was_waited_for() {
    let _alone = ALONE.lock().unwrap();
    let site = site();
    let mut peer = site.connect();
    for _ in 0..3 {
        peer.send(&request("/wait", "after-ms: 30\r\n"));
        let response = peer.response();
        assert!(
            response.starts_with("HTTP/1.1 200 OK\r\n") && response.ends_with("\r\n\r\nlate"),
            "{response}"
        );
        assert!(response.contains("\r\nown: yes\r\n") && response.contains("\r\ndate: "), "{response}");
        peer.send(&request("/now", ""));
        assert!(peer.response().ends_with("\r\n\r\nnow"));
    }
    peer.send(&request("/wait", "after-ms: 30\r\nconnection: close\r\n"));
    let last = peer.until_closed();
    assert!(last.contains("\r\nconnection: close\r\n") && last.ends_with("late"), "{last}");
}

#[test]
fn requests_that_come_meanwhile_are_answered_in_their_order() {
    let _alone = ALONE.lock().unwrap();
    let site = site();
    let mut peer = site.connect();
    // In one piece, and in pieces while the answer is awaited.
    peer.send(&[request("/wait", "after-ms: 150\r\n"), request("/now", "")].concat());
    for byte in [request("/wait", "after-ms: 1\r\n"), request("/pour", ""), request("/now", "")].concat() {
        peer.send(&[byte]);
    }
    for end in ["late", "now", "late"] {
        let response = peer.response();
        assert!(response.ends_with(&format!("\r\n\r\n{end}")), "{response}");
    }
    assert!(peer.until("\r\n\r\n").contains("\r\ntransfer-encoding: chunked\r\n"));
    assert_eq!(peer.until("0\r\n\r\n"), "3\r\none\r\n5\r\nthree\r\n0\r\n\r\n");
    assert!(peer.response().ends_with("\r\n\r\nnow"));
}

#[test]
fn more_requests_than_are_kept_wait_in_the_socket_and_none_is_lost() {
    let _alone = ALONE.lock().unwrap();
    let site = site();
    let mut peer = site.connect();
    let pad = |bytes: usize| format!("pad: {}\r\n", "x".repeat(bytes));
    // hyper reads far more at once than is kept while a request is held.
    let mut all = request("/now", &pad(10_000));
    for number in 0..40 {
        let bytes = if number % 3 == 0 { 1000 } else { 40 };
        all.extend(request("/wait", &format!("after-ms: {}\r\n{}", number % 2, pad(bytes))));
    }
    all.extend(request("/now", "connection: close\r\n"));
    peer.send(&all);
    let all = peer.until_closed();
    assert_eq!((all.matches("\r\n\r\nlate").count(), all.matches("\r\n\r\nnow").count()), (40, 2), "{all}");
}

#[test]
fn what_waits_notices_that_its_peer_goes() {
    let _alone = ALONE.lock().unwrap();
    let site = site();
    let mut peers: Vec<Peer> = (0..10).map(|_| site.connect()).collect();
    peers.iter_mut().for_each(|peer| peer.send(&request("/wait", "")));
    eventually("all wait", || WAITING.load(Ordering::SeqCst) == 10);
    drop(peers);
    eventually("nobody waits", || WAITING.load(Ordering::SeqCst) == 0);
}

#[test]
fn old_peers_and_requests_with_a_body_are_served_as_ever() {
    let _alone = ALONE.lock().unwrap();
    let site = site();
    let old = site.ask("GET /wait HTTP/1.0\r\nafter-ms: 20\r\n\r\n");
    assert!(old.starts_with("HTTP/1.0 200 OK\r\n") && old.ends_with("late"), "{old}");
    let old = site.ask("GET /pour HTTP/1.0\r\n\r\n");
    assert!(old.ends_with("\r\n\r\nonethree"), "{old}");
    let mut peer = site.connect();
    let mut with_body = request("/wait", "after-ms: 20\r\ncontent-length: 4\r\n");
    with_body.extend_from_slice(b"body");
    peer.send(&[with_body, request("/now", "")].concat());
    assert!(peer.response().ends_with("late"));
    assert!(peer.response().ends_with("now"));
}
