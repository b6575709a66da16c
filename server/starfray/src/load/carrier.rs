//! What carries a headless player's messages: a WebSocket, or plain HTTP. The player only sends and hears, and counts
//! the bytes of whichever it is.

use std::io::ErrorKind;

use anyhow::{Result, anyhow};
use mio::net::TcpStream;
use shared::link_profile::LinkProfile;
use shared::protocol::SUBPROTOCOL;
use tungstenite::client::IntoClientRequest;
use tungstenite::handshake::client::{ClientHandshake, Request};
use tungstenite::handshake::{HandshakeError, MidHandshake};
use tungstenite::http::HeaderValue;
use tungstenite::protocol::WebSocketConfig;
use tungstenite::{Error, Message, WebSocket};

use crate::load::args::Transport;
use crate::load::comeback::Refused;
use crate::load::invitation::{Invitation, Seat};
use crate::load::mail::Mail;
use crate::load::road::Socket;
use crate::load::wire::Wire;

/// A link.
pub(crate) enum Carrier {
    /// A WebSocket.
    WebSocket(Box<WebSocket<Socket>>),
    /// Plain HTTP.
    Mail(Box<Mail>),
    /// A WebSocket in its handshake.
    Opening(Box<MidHandshake<ClientHandshake<Socket>>>),
    /// None: it ended.
    Closed,
}

impl Carrier {
    /// Connects to a seat. The handshake may wait; what follows never does.
    pub(crate) fn connect(invitation: &Invitation, seat: &Seat, transport: Transport) -> Result<Carrier> {
        match transport {
            Transport::Websocket => {
                let mut link = shake_hands(invitation, seat, Socket::new(invitation.target.connect()?))?;
                let mut result = Ok(());
                link.each(|socket| result = socket.stream().never_wait(true));
                result?;
                Ok(link)
            }
            other => {
                let wire = || -> Result<Wire> {
                    let mut wire = invitation.target.connect()?;
                    wire.never_wait(true)?;
                    Ok(wire)
                };
                Ok(Carrier::Mail(Box::new(Mail::open(invitation, seat, (wire()?, wire()?), other)?)))
            }
        }
    }

    /// The same without any waiting: a WebSocket opens by [`Carrier::open_further`].
    pub(crate) fn begin_again(invitation: &Invitation, seat: &Seat, transport: Transport) -> Result<Carrier> {
        let dial = || invitation.target.dial();
        match transport {
            Transport::Websocket => shake_hands(invitation, seat, Socket::new(dial()?)),
            other => Ok(Carrier::Mail(Box::new(Mail::open(invitation, seat, (dial()?, dial()?), other)?))),
        }
    }

    /// Goes on with a handshake. True if that opened the link.
    pub(crate) fn open_further(&mut self) -> Result<bool> {
        if !matches!(self, Carrier::Opening(_)) {
            return Ok(false);
        }
        if let Carrier::Opening(half) = std::mem::replace(self, Carrier::Closed) {
            *self = after(half.handshake().map(|(socket, _)| socket))?;
        }
        Ok(matches!(self, Carrier::WebSocket(_)))
    }

    fn each(&mut self, mut act: impl FnMut(&mut Socket)) {
        match self {
            Carrier::WebSocket(link) => act(link.get_mut()),
            Carrier::Mail(mail) => mail.sockets().into_iter().for_each(act),
            Carrier::Opening(half) => act(half.get_mut().get_mut()),
            Carrier::Closed => {}
        }
    }

    /// From now on a network of this kind lies before it, and the count begins.
    pub(crate) fn begin(&mut self, profile: &LinkProfile, seed: u64) {
        let mut seed = seed << 1;
        self.each(|socket| {
            socket.begin(profile, seed);
            seed |= 1;
        });
    }

    /// Hands over every socket, to be registered.
    pub(crate) fn register(
        &mut self,
        mut register: impl FnMut(&mut TcpStream) -> std::io::Result<()>,
    ) -> std::io::Result<()> {
        let mut result = Ok(());
        self.each(|socket| {
            if let Err(error) = register(socket.stream().socket()) {
                result = Err(error);
            }
        });
        result
    }

    /// A socket has something, or has ended.
    pub(crate) fn woken(&mut self) {
        self.each(Socket::woken);
    }

    /// Tells the time to the network, if there is one; before any reading and writing.
    pub(crate) fn set_now(&mut self, now_ms: f64) {
        self.each(|socket| socket.set_now(now_ms));
    }

    /// What the network does by itself. True if there is something to read.
    pub(crate) fn carry(&mut self, now_ms: f64) -> Result<bool> {
        let (mut has_news, mut result) = (false, Ok(()));
        self.each(|socket| match socket.carry(now_ms) {
            Ok(news) => has_news |= news,
            Err(error) => result = Err(error),
        });
        result?;
        Ok(has_news)
    }

    /// Bytes received and sent so far.
    pub(crate) fn bytes(&self) -> (u64, u64) {
        match self {
            Carrier::WebSocket(link) => (link.get_ref().down, link.get_ref().up),
            Carrier::Mail(mail) => mail.bytes(),
            Carrier::Opening(_) | Carrier::Closed => (0, 0),
        }
    }

    /// Reads everything that is there and hands each message to `take`.
    pub(crate) fn receive(&mut self, mut take: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
        let link = match self {
            Carrier::WebSocket(link) => link,
            Carrier::Mail(mail) => return mail.receive(take),
            Carrier::Opening(_) | Carrier::Closed => return Ok(()),
        };
        loop {
            match link.read() {
                Ok(Message::Binary(bytes)) => take(&bytes)?,
                Ok(_) => {}
                Err(Error::Io(e)) if e.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Sends a message, at the latest with the next [`Carrier::flush`].
    pub(crate) fn send(&mut self, message: Vec<u8>) -> Result<()> {
        let link = match self {
            Carrier::WebSocket(link) => link,
            Carrier::Mail(mail) => {
                mail.send(&message);
                return Ok(());
            }
            Carrier::Opening(_) | Carrier::Closed => return Ok(()),
        };
        match link.write(Message::Binary(message.into())).and_then(|()| link.flush()) {
            // Inputs that found no room for seconds are of no use to anybody.
            Ok(()) | Err(Error::WriteBufferFull(_)) => Ok(()),
            Err(Error::Io(e)) if e.kind() == ErrorKind::WouldBlock => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Sends what was gathered.
    pub(crate) fn flush(&mut self) -> Result<()> {
        match self {
            Carrier::Mail(mail) => mail.flush(),
            Carrier::WebSocket(_) | Carrier::Opening(_) | Carrier::Closed => Ok(()),
        }
    }
}

/// The handshake of a seat's WebSocket, as far as it gets without blocking.
fn shake_hands(invitation: &Invitation, seat: &Seat, socket: Socket) -> Result<Carrier> {
    let config =
        WebSocketConfig::default().read_buffer_size(8192).write_buffer_size(0).max_write_buffer_size(65_536);
    let request = handshake(invitation, seat)?;
    after(tungstenite::client::client_with_config(request, socket, Some(config)).map(|(socket, _)| socket))
}

fn handshake(invitation: &Invitation, seat: &Seat) -> Result<Request> {
    let url =
        format!("ws://{}/api/matches/{}/ws?token={}", invitation.authority, invitation.match_id, seat.token);
    let mut request = url.into_client_request()?;
    request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static(SUBPROTOCOL));
    Ok(request)
}

/// What a step of a handshake led to.
fn after(step: Result<WebSocket<Socket>, HandshakeError<ClientHandshake<Socket>>>) -> Result<Carrier> {
    match step {
        Ok(socket) => Ok(Carrier::WebSocket(Box::new(socket))),
        Err(HandshakeError::Interrupted(half)) => Ok(Carrier::Opening(Box::new(half))),
        Err(HandshakeError::Failure(Error::Http(answer))) => Err(Refused(answer.status().as_u16()).into()),
        Err(HandshakeError::Failure(error)) => Err(anyhow!("the WebSocket handshake failed: {error}")),
    }
}
