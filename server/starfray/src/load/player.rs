//! One headless player: a socket, a WebSocket and the client core, driven by whoever finds the socket ready.
//! It counts every byte that passes, framing included.

use std::io::{self, ErrorKind, Read, Write};

use anyhow::{Context, Result};
use client_web::client::Client;
use client_web::instruments::Samples;
use client_web::light::LightClient;
use mio::net::TcpStream;
use shared::protocol::SUBPROTOCOL;
use tungstenite::client::IntoClientRequest;
use tungstenite::http::HeaderValue;
use tungstenite::protocol::WebSocketConfig;
use tungstenite::{Error, Message, WebSocket};

use crate::load::invitation::{Invitation, Seat};
use crate::load::steering::Steering;

/// A socket that counts.
#[derive(Debug)]
pub(crate) struct Counting {
    /// The socket.
    pub(crate) socket: TcpStream,
    /// Bytes read.
    pub(crate) down: u64,
    /// Bytes written.
    pub(crate) up: u64,
}

impl Read for Counting {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.socket.read(into)?;
        self.down += count as u64;
        Ok(count)
    }
}

impl Write for Counting {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.socket.write(bytes)?;
        self.up += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The client core, whole or as little of it as steering needs.
enum Core {
    Full(Box<Client>),
    Light(Box<LightClient>),
}

/// A headless player.
pub(crate) struct Player {
    link: WebSocket<Counting>,
    core: Core,
    steering: Steering,
    snapshots: u64,
    down: u64,
    up: u64,
}

/// What a player did since it was last asked.
#[derive(Debug)]
pub(crate) struct Progress {
    /// Snapshots read.
    pub(crate) snapshots: u64,
    /// Bytes received.
    pub(crate) down: u64,
    /// Bytes sent.
    pub(crate) up: u64,
    /// Ships and shots in the newest snapshot.
    pub(crate) in_view: (u16, u16),
    /// Single times.
    pub(crate) samples: Samples,
}

impl Player {
    /// Connects to a seat. The handshake waits; what follows never does.
    pub(crate) fn connect(invitation: &Invitation, seat: &Seat, index: usize, light: bool, now_ms: f64) -> Result<Player> {
        let url = format!("ws://{}/api/matches/{}/ws?token={}", invitation.authority, invitation.match_id, seat.token);
        let mut request = url.into_client_request()?;
        request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static(SUBPROTOCOL));
        let socket = std::net::TcpStream::connect(&invitation.authority)?;
        socket.set_nodelay(true)?;
        let waiting = socket.try_clone()?;
        let config =
            WebSocketConfig::default().read_buffer_size(8192).write_buffer_size(0).max_write_buffer_size(65_536);
        let counting = Counting { socket: TcpStream::from_std(socket), down: 0, up: 0 };
        let (mut link, _) = tungstenite::client::client_with_config(request, counting, Some(config))
            .map_err(|e| anyhow::anyhow!("the WebSocket handshake failed: {e}"))?;
        // The handshake may wait; from here on nothing does.
        waiting.set_nonblocking(true)?;
        (link.get_mut().down, link.get_mut().up) = (0, 0);
        let mut core = if light { Core::Light(Box::default()) } else { Core::Full(Box::default()) };
        match &mut core {
            Core::Full(client) => client.link_opened(now_ms),
            Core::Light(client) => client.link_opened(now_ms),
        }
        Ok(Player { link, core, steering: Steering::new(index), snapshots: 0, down: 0, up: 0 })
    }

    /// The socket, to be registered.
    pub(crate) fn socket(&mut self) -> &mut TcpStream {
        &mut self.link.get_mut().socket
    }

    /// Reads everything that is there.
    pub(crate) fn receive(&mut self, now_ms: f64) -> Result<()> {
        loop {
            match self.link.read() {
                Ok(Message::Binary(bytes)) => match &mut self.core {
                    Core::Full(client) => client.receive(&bytes, now_ms).context("a message was odd")?,
                    Core::Light(client) => client.receive(&bytes, now_ms).context("a message was odd")?,
                },
                Ok(_) => {}
                Err(Error::Io(e)) if e.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Steers, and sends what is due.
    pub(crate) fn advance(&mut self, now_ms: f64) -> Result<()> {
        let controls = self.steering.controls(now_ms);
        loop {
            let message = match &mut self.core {
                Core::Full(client) => {
                    client.control(controls);
                    client.advance(now_ms);
                    client.poll_send()
                }
                Core::Light(client) => {
                    client.control(controls);
                    client.advance(now_ms);
                    client.poll_send()
                }
            };
            let Some(message) = message else { break };
            match self.link.write(Message::Binary(message.into())).and_then(|()| self.link.flush()) {
                Ok(()) => {}
                Err(Error::Io(e)) if e.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Snapshots since the beginning.
    pub(crate) fn snapshots(&self) -> u64 {
        self.counts().0
    }

    fn counts(&self) -> (u64, (u16, u16)) {
        let instruments = match &self.core {
            Core::Full(client) => client.instruments(),
            Core::Light(client) => client.instruments(),
        };
        (instruments.snapshots, instruments.in_view)
    }

    /// What happened since the last call.
    pub(crate) fn progress(&mut self) -> Progress {
        let (snapshots, in_view) = self.counts();
        let Counting { down, up, .. } = *self.link.get_ref();
        let samples = match &mut self.core {
            Core::Full(client) => client.take_samples(),
            Core::Light(client) => client.take_samples(),
        };
        let progress = Progress {
            snapshots: snapshots - self.snapshots,
            down: down - self.down,
            up: up - self.up,
            in_view,
            samples,
        };
        (self.snapshots, self.down, self.up) = (snapshots, down, up);
        progress
    }
}
