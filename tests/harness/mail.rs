//! A seat's link over plain HTTP, as a page without WebSocket has it: a stream or long polls down, POSTs up. Two
//! threads do the waiting, so that whoever plays only looks whether something has come.

use std::io::Read;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use shared::length_prefix::{MessageReader, put_message};
use ureq::Agent;

/// Longest message from a server.
const MESSAGE_BYTES_MAX: usize = 1 << 20;
/// Messages that wait in either direction.
const WAITING_MAX: usize = 1024;
/// Longest wait for one answer; longer than a poll is held.
const ANSWER_WITHIN: Duration = Duration::from_secs(40);

/// How messages come down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Down {
    /// In one response.
    Stream,
    /// In an answer to each poll.
    Poll,
}

/// A seat's addresses and what opens them.
#[derive(Clone, Debug)]
pub struct SeatDoor {
    base: String,
    token: String,
    agent: Agent,
    /// Where input goes.
    input: String,
}

/// An answer with bytes.
#[derive(Clone, Debug)]
pub struct Letter {
    /// The status code.
    pub status: u16,
    /// The cursor for the next poll.
    pub cursor: Option<String>,
    /// The stable code of an error.
    pub error: String,
    /// The body.
    pub bytes: Vec<u8>,
}

/// A link.
#[derive(Debug)]
pub struct Mail {
    news: Receiver<Vec<u8>>,
    out: SyncSender<Vec<u8>>,
    stop: Arc<AtomicBool>,
    pause: Arc<AtomicBool>,
    refusals: Arc<Mutex<Vec<Letter>>>,
}

impl SeatDoor {
    /// The door of the seat that `token` opens.
    pub fn new(address: SocketAddr, match_id: &str, token: &str) -> SeatDoor {
        // A stream may take as long as it likes, once it has begun.
        let agent =
            Agent::config_builder().http_status_as_error(false).timeout_recv_response(Some(ANSWER_WITHIN));
        SeatDoor {
            base: format!("http://{address}/api/matches/{match_id}"),
            token: token.to_owned(),
            agent: agent.build().into(),
            input: "input".to_owned(),
        }
    }

    fn get(&self, path: &str) -> Result<ureq::http::Response<ureq::Body>> {
        let request = self.agent.get(format!("{}/{path}", self.base));
        Ok(request.header("authorization", format!("Bearer {}", self.token)).call()?)
    }

    /// One poll; an empty `cursor` begins a link.
    pub fn poll(&self, cursor: &str) -> Result<Letter> {
        letter(self.get(&format!("poll?cursor={cursor}"))?)
    }

    /// Sends bytes as they are.
    pub fn put(&self, body: &[u8]) -> Result<Letter> {
        let request = self.agent.post(format!("{}/{}", self.base, self.input));
        letter(request.header("authorization", format!("Bearer {}", self.token)).send(body)?)
    }

    /// Opens a stream; what it answered if that was an error.
    pub fn stream(&self) -> Result<Result<impl Read + Send + 'static, Letter>> {
        self.clone().stream_at("stream")
    }

    /// The same at `route`; from then on input goes to the link that was opened.
    fn stream_at(&mut self, route: &str) -> Result<Result<impl Read + Send + 'static + use<>, Letter>> {
        let answer = self.get(route)?;
        if answer.status().is_success() {
            let number = answer.headers().get("starfray-link").and_then(|number| number.to_str().ok());
            self.input = format!("input?link={}", number.context("no number")?);
            return Ok(Ok(answer.into_body().into_reader()));
        }
        Ok(Err(letter(answer)?))
    }
}

fn letter(mut answer: ureq::http::Response<ureq::Body>) -> Result<Letter> {
    let status = answer.status().as_u16();
    let cursor = answer.headers().get("starfray-cursor").and_then(|c| c.to_str().ok()).map(str::to_owned);
    let bytes = answer.body_mut().read_to_vec()?;
    let json: serde_json::Value = serde_json::from_slice(&bytes).unwrap_or_default();
    let error = json["error"].as_str().unwrap_or_default().to_owned();
    Ok(Letter { status, cursor, error, bytes })
}

/// The messages in an answer, heartbeats left out.
pub fn messages(bytes: &[u8]) -> Result<Vec<Vec<u8>>> {
    let (mut reader, mut found) = (MessageReader::default(), Vec::new());
    reader.read(bytes, MESSAGE_BYTES_MAX, |m| found.push(m.to_vec()))?;
    found.retain(|m| !m.is_empty());
    if reader.is_amid() {
        bail!("the last message is cut short");
    }
    Ok(found)
}

impl Mail {
    /// Opens a link.
    pub fn open(door: &SeatDoor, down: Down) -> Result<Mail> {
        Mail::open_at(door.clone(), down, "stream")
    }

    /// Opens a stream as a spare beside the seat's link.
    pub fn open_spare(door: &SeatDoor) -> Result<Mail> {
        Mail::open_at(door.clone(), Down::Stream, "stream?spare=1")
    }

    fn open_at(mut door: SeatDoor, down: Down, route: &str) -> Result<Mail> {
        let (tell, news) = sync_channel(WAITING_MAX);
        let (out, waiting) = sync_channel(WAITING_MAX);
        let mail = Mail { news, out, stop: Arc::default(), pause: Arc::default(), refusals: Arc::default() };
        let reading = Reading {
            tell,
            answers: mail.out.clone(),
            stop: Arc::clone(&mail.stop),
            pause: Arc::clone(&mail.pause),
        };
        match down {
            Down::Stream => {
                let Ok(body) = door.stream_at(route)? else { bail!("the stream was refused") };
                thread::spawn(move || reading.stream(body));
            }
            Down::Poll => {
                let door = door.clone();
                thread::spawn(move || reading.poll(&door));
            }
        }
        let refusals = Arc::clone(&mail.refusals);
        thread::spawn(move || send(&door, &waiting, &refusals));
        Ok(mail)
    }

    /// The next message, if one is there; an error when the link has ended.
    pub fn next(&self) -> Result<Option<Vec<u8>>> {
        match self.news.try_recv() {
            Ok(message) => Ok(Some(message)),
            Err(TryRecvError::Empty) => Ok(None),
            Err(TryRecvError::Disconnected) => bail!("the link has ended"),
        }
    }

    /// Sends a message, unless too many wait.
    pub fn send(&self, message: Vec<u8>) {
        // Inputs repeat themselves; one that finds no room is of no use later.
        let _ = self.out.try_send(message);
    }

    /// From now on nothing is read, as long as `stopped` is true.
    pub fn stop_reading(&self, stopped: bool) {
        self.pause.store(stopped, Ordering::Relaxed);
    }

    /// What was answered to messages that were not taken.
    pub fn refusals(&self) -> Vec<Letter> {
        self.refusals.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Mail {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

/// The thread that reads.
struct Reading {
    tell: SyncSender<Vec<u8>>,
    answers: SyncSender<Vec<u8>>,
    stop: Arc<AtomicBool>,
    pause: Arc<AtomicBool>,
}

impl Reading {
    fn goes_on(&self) -> bool {
        while self.pause.load(Ordering::Relaxed) && !self.stop.load(Ordering::Relaxed) {
            thread::sleep(Duration::from_millis(5));
        }
        !self.stop.load(Ordering::Relaxed)
    }

    fn stream(self, mut body: impl Read) {
        let (mut reader, mut bytes) = (MessageReader::default(), [0; 2048]);
        while self.goes_on() {
            let Ok(count @ 1..) = body.read(&mut bytes) else { return };
            let whole = reader.read(&bytes[..count], MESSAGE_BYTES_MAX, |message| self.take(message));
            if whole.is_err() {
                return;
            }
        }
    }

    fn take(&self, message: &[u8]) {
        if message.is_empty() {
            // A heartbeat is answered by another.
            let _ = self.answers.try_send(Vec::new());
        } else {
            let _ = self.tell.send(message.to_vec());
        }
    }

    fn poll(self, door: &SeatDoor) {
        let mut cursor = String::new();
        while self.goes_on() {
            let Ok(letter) = door.poll(&cursor) else { return };
            let next = letter.cursor.context("no cursor").ok().filter(|_| letter.status < 300);
            let (Some(next), Ok(found)) = (next, messages(&letter.bytes)) else { return };
            cursor = next;
            for message in found {
                let _ = self.tell.send(message);
            }
        }
    }
}

/// Sends what waits, all that is there in one request, until the link is dropped.
fn send(door: &SeatDoor, waiting: &Receiver<Vec<u8>>, refusals: &Mutex<Vec<Letter>>) {
    while let Ok(first) = waiting.recv_timeout(ANSWER_WITHIN) {
        let mut body = Vec::new();
        put_message(&first, &mut body);
        while body.len() < 4000
            && let Ok(more) = waiting.try_recv()
        {
            put_message(&more, &mut body);
        }
        match door.put(&body) {
            Ok(letter) if letter.status == 204 => {}
            Ok(letter) => refusals.lock().unwrap_or_else(PoisonError::into_inner).push(letter),
            Err(_) => return,
        }
    }
}
