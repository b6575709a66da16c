//! A player's messages over plain requests, for where no WebSocket gets through: a response that goes on, or long polls,
//! and a POST for each batch of the player's. It tells the same events as a socket; dropping it ends its requests.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use js_sys::Uint8Array;
use js_sys::futures::{JsFuture, spawn_local};
use shared::length_prefix::{MessageReader, put_message};
use shared::protocol::CloseReason;
use wasm_bindgen::JsCast as _;
use web_sys::{AbortController, ReadableStreamDefaultReader, RequestInit, Response};

use super::json::Json;
use super::socket::{BROKEN, REFUSED, SocketEvent};
use crate::client::SERVER_MESSAGE_BYTES_MAX;
use crate::web::dom::{Fault, window};

/// Bytes that wait at most; a message beyond is dropped, since input commands repeat themselves.
const WAITING_BYTES_MAX: usize = 4_096;
/// Requests with inputs under way at a time: one would wait a whole round trip for the next.
const POSTS_MAX: u8 = 3;
/// Polls that may fail in a row: the reply that was lost is given again.
const LOST_POLLS_MAX: u8 = 2;

/// How messages come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// In one response that goes on, from this route.
    Stream(&'static str),
    /// In answers to long polls.
    Poll,
}

/// An open or opening link.
#[derive(Debug)]
pub struct Mail(Rc<Line>);

struct Line {
    /// The seat's address, up to the route.
    address: String,
    token: String,
    tell: Rc<dyn Fn(SocketEvent)>,
    waiting: RefCell<Vec<u8>>,
    posts: Cell<u8>,
    closed: Cell<bool>,
    /// Where input goes: with the link's number, once that is known.
    input: RefCell<String>,
    abort: AbortController,
}

impl std::fmt::Debug for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Line").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Mail {
    /// Opens the link of a seat; `tell` gets every event.
    pub fn open(
        address: String,
        token: String,
        route: Route,
        tell: Rc<dyn Fn(SocketEvent)>,
    ) -> Result<Mail, Fault> {
        let line = Rc::new(Line {
            address,
            token,
            tell,
            waiting: RefCell::default(),
            posts: Cell::new(0),
            closed: Cell::new(false),
            input: RefCell::new("input".to_owned()),
            abort: AbortController::new()?,
        });
        let reading = Rc::clone(&line);
        spawn_local(async move {
            let ended = match route {
                Route::Poll => reading.poll().await,
                Route::Stream(route) => reading.stream(route).await,
            };
            if let Err(code) = ended {
                reading.tell(SocketEvent::Closed(code));
            }
        });
        Ok(Mail(line))
    }

    /// Sends one message with the next request, unless too much waits already. The `last` one waits for no other.
    pub fn send(&self, bytes: &[u8], last: bool) {
        self.0.put(bytes);
        self.0.post(last);
    }
}

impl Drop for Mail {
    fn drop(&mut self) {
        self.0.closed.set(true);
        self.0.abort.abort();
    }
}

impl Line {
    fn tell(&self, event: SocketEvent) {
        if !self.closed.get() {
            (self.tell)(event);
        }
    }

    /// Asks a route of the seat. The error is the code to close with.
    async fn ask(&self, route: &str, body: Option<&[u8]>) -> Result<Response, u16> {
        let options = RequestInit::new();
        let bearer = format!("Bearer {}", self.token);
        options.set_headers(&Json::object().with("authorization", bearer).into_js());
        if let Some(body) = body {
            options.set_method("POST");
            options.set_body(&Uint8Array::from(body));
            // What is on its way when the page is left still arrives.
            let _ = js_sys::Reflect::set(&options, &"keepalive".into(), &true.into());
        } else {
            options.set_signal(Some(&self.abort.signal()));
        }
        let url = format!("{}/{route}", self.address);
        let answer = window().map_err(|_| BROKEN)?.fetch_with_str_and_init(&url, &options);
        let answer: Response = JsFuture::from(answer).await.map_err(|_| BROKEN)?.unchecked_into();
        match answer.status() {
            200..300 => Ok(answer),
            401 => Err(CloseReason::BadToken.code()),
            // A link that has ended, or a server that cannot just now.
            410 | 502..505 => Err(BROKEN),
            _ => Err(REFUSED),
        }
    }

    async fn stream(self: &Rc<Self>, route: &str) -> Result<(), u16> {
        let answer = self.ask(route, None).await?;
        let says = |name: &str| answer.headers().get(name).ok().flatten();
        if let Some(number) = says("starfray-link") {
            *self.input.borrow_mut() = format!("input?link={number}");
        }
        self.tell(SocketEvent::Opened);
        if let Some(renew_s) = says("starfray-renew-after").and_then(|text| text.parse().ok()) {
            self.tell(SocketEvent::RenewIn(renew_s));
        }
        let reader: ReadableStreamDefaultReader = answer.body().ok_or(REFUSED)?.get_reader().unchecked_into();
        let mut messages = MessageReader::default();
        loop {
            let part = JsFuture::from(reader.read()).await.map_err(|_| BROKEN)?;
            let part = Json::of(part).get("value").into_js();
            let bytes: Uint8Array = part.dyn_into().map_err(|_| BROKEN)?;
            self.take(&mut messages, &bytes)?;
        }
    }

    async fn poll(self: &Rc<Self>) -> Result<(), u16> {
        let (mut cursor, mut lost, mut messages) = (String::new(), 0, MessageReader::default());
        loop {
            let answer = match self.ask(&format!("poll?cursor={cursor}"), None).await {
                Err(BROKEN) if lost < LOST_POLLS_MAX && !cursor.is_empty() => {
                    lost += 1;
                    continue;
                }
                answer => answer?,
            };
            let next = answer.headers().get("starfray-cursor").ok().flatten().ok_or(REFUSED)?;
            let bytes = JsFuture::from(answer.array_buffer().map_err(|_| BROKEN)?).await;
            let Ok(bytes) = bytes else { continue };
            if cursor.is_empty() {
                self.tell(SocketEvent::Opened);
            }
            (cursor, lost) = (next, 0);
            self.take(&mut messages, &Uint8Array::new(&bytes))?;
        }
    }

    /// Tells the messages in `bytes`. A heartbeat is answered with another.
    fn take(self: &Rc<Self>, messages: &mut MessageReader, bytes: &Uint8Array) -> Result<(), u16> {
        let whole = messages.read(&bytes.to_vec(), SERVER_MESSAGE_BYTES_MAX, |message| {
            if message.is_empty() {
                self.put(&[]);
                self.post(false);
            } else {
                self.tell(SocketEvent::Message(message.to_vec()));
            }
        });
        whole.map_err(|_| REFUSED)
    }

    fn put(&self, bytes: &[u8]) {
        let mut waiting = self.waiting.borrow_mut();
        if waiting.len() < WAITING_BYTES_MAX {
            put_message(bytes, &mut waiting);
        }
    }

    /// Sends what waits, unless enough is under way; then it goes when an answer comes.
    fn post(self: &Rc<Self>, last: bool) {
        if self.posts.get() >= POSTS_MAX && !last || self.waiting.borrow().is_empty() {
            return;
        }
        let (line, body) = (Rc::clone(self), self.waiting.take());
        self.posts.set(self.posts.get() + 1);
        spawn_local(async move {
            // Why it was not taken is told by the way down.
            let route = line.input.borrow().clone();
            let _ = line.ask(&route, Some(&body)).await;
            line.posts.set(line.posts.get() - 1);
            if !line.closed.get() {
                line.post(false);
            }
        });
    }
}
