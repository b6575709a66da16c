//! What carries a headless player's messages: a WebSocket, or plain HTTP. The player only sends and hears, and counts
//! the bytes of whichever it is.

use std::io::ErrorKind;

use anyhow::{Result, anyhow};
use mio::net::TcpStream;
use shared::link_profile::LinkProfile;
use shared::protocol::SUBPROTOCOL;
use tungstenite::client::IntoClientRequest;
use tungstenite::http::HeaderValue;
use tungstenite::protocol::WebSocketConfig;
use tungstenite::{Error, Message, WebSocket};

use crate::load::args::Transport;
use crate::load::invitation::{Invitation, Seat};
use crate::load::mail::Mail;
use crate::load::road::Socket;

/// An open link.
pub(crate) enum Carrier {
    /// A WebSocket.
    WebSocket(Box<WebSocket<Socket>>),
    /// Plain HTTP.
    Mail(Box<Mail>),
}

impl Carrier {
    /// Connects to a seat. The handshake may wait; what follows never does.
    pub(crate) fn connect(invitation: &Invitation, seat: &Seat, transport: Transport) -> Result<Carrier> {
        match transport {
            Transport::Websocket => web_socket(invitation, seat).map(|s| Carrier::WebSocket(Box::new(s))),
            other => Ok(Carrier::Mail(Box::new(Mail::open(invitation, seat, other)?))),
        }
    }

    fn each(&mut self, mut act: impl FnMut(&mut Socket)) {
        match self {
            Carrier::WebSocket(link) => act(link.get_mut()),
            Carrier::Mail(mail) => mail.sockets().into_iter().for_each(act),
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
        }
    }

    /// Reads everything that is there and hands each message to `take`.
    pub(crate) fn receive(&mut self, mut take: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
        let link = match self {
            Carrier::WebSocket(link) => link,
            Carrier::Mail(mail) => return mail.receive(take),
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
            Carrier::WebSocket(_) => Ok(()),
            Carrier::Mail(mail) => mail.flush(),
        }
    }
}

fn web_socket(invitation: &Invitation, seat: &Seat) -> Result<WebSocket<Socket>> {
    let url =
        format!("ws://{}/api/matches/{}/ws?token={}", invitation.authority, invitation.match_id, seat.token);
    let mut request = url.into_client_request()?;
    request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static(SUBPROTOCOL));
    let config =
        WebSocketConfig::default().read_buffer_size(8192).write_buffer_size(0).max_write_buffer_size(65_536);
    let socket = Socket::new(invitation.target.connect()?);
    let (mut link, _) = tungstenite::client::client_with_config(request, socket, Some(config))
        .map_err(|e| anyhow!("the WebSocket handshake failed: {e}"))?;
    link.get_mut().stream().never_wait(true)?;
    Ok(link)
}
