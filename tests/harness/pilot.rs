//! A real client over a real link, mostly a WebSocket: what the page is without its picture. Many of them live in one thread, each
//! getting its turn every few milliseconds.

use std::fmt;
use std::io::ErrorKind;
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use client_web::client::Client;
use client_web::view::{Happening, View};
use serde_json::json;
use shared::id::PlayerId;
use shared::protocol::SUBPROTOCOL;
use tungstenite::client::client;
use tungstenite::{ClientRequestBuilder, Error, Message, WebSocket};

use crate::http::post_json;
use crate::mail::{Down, Mail, SeatDoor};
use crate::steering::Steering;

/// Time between two turns.
const TURN: Duration = Duration::from_millis(4);
/// Time between two pictures.
const PICTURE_MS: f64 = 1000.0 / 60.0;
/// Longest wait for a handshake.
const HANDSHAKE_WITHIN: Duration = Duration::from_secs(5);

/// Somebody who plays over a socket.
pub struct Pilot {
    /// The seat.
    pub id: PlayerId,
    /// What opens the seat.
    pub token: String,
    /// The match.
    pub match_id: String,
    /// The netcode core.
    pub client: Client,
    /// Who steers.
    pub steering: Steering,
    /// The last picture.
    pub view: View,
    /// Everything that pictures showed once, in order.
    pub seen: Vec<Happening>,
    /// The code and reason with which the server closed.
    pub closed: Option<(u16, String)>,
    /// Why the client gave a link up, if it did.
    pub complaint: Option<String>,
    address: SocketAddr,
    way: Option<Way>,
    spare: Option<Way>,
    /// The way that a spare replaced: what was sent on it is still under way.
    older: Option<Way>,
    /// Times that a spare took over.
    pub moves: u32,
    began: Instant,
    picture_at_ms: f64,
    /// All messages that came, while they are kept.
    pub kept: Option<Vec<Vec<u8>>>,
}

/// What carries a pilot's messages.
#[derive(Debug)]
pub enum Way {
    /// A WebSocket.
    Socket(Box<WebSocket<TcpStream>>),
    /// Plain HTTP.
    Mail(Mail),
}

impl fmt::Debug for Pilot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pilot").field("id", &self.id).field("client", &self.client).finish_non_exhaustive()
    }
}

/// A seat in a match, by the HTTP route.
pub fn take_seat(address: SocketAddr, match_id: &str, name: &str) -> Result<(PlayerId, String)> {
    let url = format!("http://{address}/api/matches/{match_id}/join");
    let answer = post_json(&url, &json!({"name": name}))?;
    ensure!(answer.status == 200, "joining gave {}: {}", answer.status, answer.text);
    let player = answer.json()["player_id"].as_u64().context("no player_id")?;
    Ok((PlayerId(u16::try_from(player)?), answer.word("token")?))
}

/// Opens the WebSocket of a seat.
pub fn open_socket(address: SocketAddr, match_id: &str, token: &str) -> Result<WebSocket<TcpStream>> {
    handshake(address, &format!("/api/matches/{match_id}/ws?token={token}"), &[SUBPROTOCOL])
}

/// A WebSocket's handshake at `path`, offering `protocols`.
pub fn handshake(address: SocketAddr, path: &str, protocols: &[&str]) -> Result<WebSocket<TcpStream>> {
    let mut request = ClientRequestBuilder::new(format!("ws://{address}{path}").parse()?);
    for protocol in protocols {
        request = request.with_sub_protocol(*protocol);
    }
    let stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(HANDSHAKE_WITHIN))?;
    let (socket, _) = client(request, stream).map_err(|e| anyhow::anyhow!("the handshake failed: {e}"))?;
    socket.get_ref().set_nonblocking(true)?;
    Ok(socket)
}

impl Pilot {
    /// Joins a match and connects.
    pub fn join(address: SocketAddr, match_id: &str, name: &str, steering: Steering) -> Result<Pilot> {
        let mut pilot = Pilot::seated(address, match_id, name, steering)?;
        pilot.connect()?;
        Ok(pilot)
    }

    /// Joins a match without a link.
    pub fn seated(address: SocketAddr, match_id: &str, name: &str, steering: Steering) -> Result<Pilot> {
        let (id, token) = take_seat(address, match_id, name)?;
        Ok(Pilot::with_token(address, match_id, id, &token, steering))
    }

    /// Somebody who has a seat already, without a link.
    pub fn with_token(
        address: SocketAddr,
        match_id: &str,
        id: PlayerId,
        token: &str,
        steering: Steering,
    ) -> Pilot {
        Pilot {
            id,
            token: token.to_owned(),
            match_id: match_id.to_owned(),
            client: Client::new(),
            steering,
            view: View::default(),
            seen: Vec::new(),
            closed: None,
            complaint: None,
            address,
            way: None,
            spare: None,
            older: None,
            moves: 0,
            began: Instant::now(),
            picture_at_ms: 0.0,
            kept: None,
        }
    }

    /// Milliseconds since the pilot was made.
    pub fn now_ms(&self) -> f64 {
        self.began.elapsed().as_secs_f64() * 1000.0
    }

    /// Opens a link for the seat.
    pub fn connect(&mut self) -> Result<()> {
        let socket = open_socket(self.address, &self.match_id, &self.token)?;
        self.begin(Way::Socket(Box::new(socket)));
        Ok(())
    }

    /// Opens a link for the seat over plain HTTP; an older link is dropped.
    pub fn connect_by_mail(&mut self, down: Down) -> Result<()> {
        let mail = Mail::open(&self.door(), down)?;
        self.begin(Way::Mail(mail));
        Ok(())
    }

    /// The seat's addresses over plain HTTP.
    pub fn door(&self) -> SeatDoor {
        SeatDoor::new(self.address, &self.match_id, &self.token)
    }

    /// Opens a spare beside the link, a socket or a stream; with its first message it is the link.
    pub fn try_spare(&mut self, socket: bool) -> Result<()> {
        self.spare = Some(if socket {
            let path = format!("/api/matches/{}/ws?token={}&spare=1", self.match_id, self.token);
            Way::Socket(Box::new(handshake(self.address, &path, &[SUBPROTOCOL])?))
        } else {
            Way::Mail(Mail::open_spare(&self.door())?)
        });
        Ok(())
    }

    fn look_at_spare(&mut self) {
        let first = match &mut self.spare {
            None => return,
            Some(Way::Mail(mail)) => mail.next().ok().flatten(),
            Some(Way::Socket(socket)) => {
                let read = socket.read();
                // The answer to its ping waits for a write.
                drop(socket.flush());
                read.ok().filter(Message::is_binary).map(|message| message.into_data().to_vec())
            }
        };
        if let Some(bytes) = first {
            self.older = std::mem::replace(&mut self.way, self.spare.take());
            self.moves += 1;
            self.client.link_moved(self.now_ms());
            self.take(&bytes);
        }
    }

    fn begin(&mut self, way: Way) {
        self.way = Some(way);
        self.closed = None;
        self.client.link_opened(self.now_ms());
    }

    /// What carries the messages, if something does.
    pub fn way(&self) -> Option<&Way> {
        self.way.as_ref()
    }

    /// Whether there is a link.
    pub fn is_connected(&self) -> bool {
        self.way.is_some()
    }

    /// The link breaks: the socket closes without a word.
    pub fn drop_socket(&mut self) {
        self.way = None;
        self.client.link_lost(self.now_ms());
    }

    /// One turn: reads what came, draws when it is time, sends what is to be sent.
    pub fn turn(&mut self) {
        self.read();
        self.look_at_spare();
        let now_ms = self.now_ms();
        if now_ms >= self.picture_at_ms {
            self.picture_at_ms = (self.picture_at_ms + PICTURE_MS).max(now_ms);
            let controls = (self.steering)(&self.view, now_ms);
            self.client.control(controls);
            self.client.advance(now_ms);
            self.view = self.client.view(now_ms);
            self.seen.append(&mut self.view.happenings);
        }
        self.client.advance(now_ms);
        while let Some(message) = self.client.poll_send() {
            match &mut self.way {
                // A full socket keeps the message and sends it with the next one; a broken one shows in reading.
                Some(Way::Socket(socket)) => drop(socket.send(Message::binary(message))),
                Some(Way::Mail(mail)) => mail.send(message),
                None => {}
            }
        }
    }

    fn read(&mut self) {
        while let Some(way) = &mut self.way {
            let socket = match way {
                Way::Socket(socket) => socket,
                Way::Mail(mail) => match mail.next() {
                    Ok(Some(bytes)) => {
                        self.take(&bytes);
                        continue;
                    }
                    Ok(None) => break,
                    Err(_) => {
                        self.drop_socket();
                        break;
                    }
                },
            };
            match socket.read() {
                Ok(Message::Binary(bytes)) => self.take(&bytes),
                Ok(Message::Close(frame)) => {
                    self.closed =
                        Some(frame.map_or((1005, String::new()), |f| (f.code.into(), f.reason.to_string())));
                }
                Ok(_) => {}
                Err(Error::Io(e)) if e.kind() == ErrorKind::WouldBlock => {
                    // The answer to a ping waits for a write.
                    drop(socket.flush());
                    break;
                }
                Err(_) => self.drop_socket(),
            }
        }
    }

    fn take(&mut self, bytes: &[u8]) {
        if let Some(kept) = &mut self.kept {
            kept.push(bytes.to_vec());
        }
        let now_ms = self.now_ms();
        if let Err(error) = self.client.receive(bytes, now_ms) {
            self.complaint.get_or_insert(error.to_string());
            self.drop_socket();
        }
    }
}

/// Gives everybody turns until `done` says so; false if that takes longer than `within`.
pub fn fly(pilots: &mut [Pilot], within: Duration, mut done: impl FnMut(&mut [Pilot]) -> bool) -> bool {
    let end = Instant::now() + within;
    loop {
        pilots.iter_mut().for_each(Pilot::turn);
        if done(pilots) {
            return true;
        }
        if Instant::now() >= end {
            return false;
        }
        thread::sleep(TURN);
    }
}
