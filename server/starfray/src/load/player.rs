//! One headless player: a socket, a WebSocket and the client core, driven by whoever finds the socket ready.
//! It sees messages and not the network that may lie in front of its socket.

use std::io::ErrorKind;

use anyhow::{Context, Result};
use client_web::client::Client;
use client_web::instruments::Samples;
use client_web::light::LightClient;
use mio::net::TcpStream;
use shared::link_profile::{CLEAN, LinkProfile};
use shared::protocol::SUBPROTOCOL;
use tungstenite::client::IntoClientRequest;
use tungstenite::http::HeaderValue;
use tungstenite::protocol::WebSocketConfig;
use tungstenite::{Error, Message, WebSocket};

use crate::load::invitation::{Invitation, Seat};
use crate::load::road::Socket;
use crate::load::steering::Steering;
use crate::load::tick_times::tick_of_snapshot;

/// The client core, whole or as little of it as steering needs.
enum Core {
    Full(Box<Client>),
    Light(Box<LightClient>),
}

/// What kind of player one is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Part {
    /// Its number.
    pub(crate) index: usize,
    /// Whether it reads only what steering and acks need.
    pub(crate) light: bool,
    /// Its network, if it is one of those in trouble.
    pub(crate) trouble: Option<&'static LinkProfile>,
}

/// A headless player.
pub(crate) struct Player {
    link: WebSocket<Socket>,
    part: Part,
    core: Core,
    steering: Steering,
    /// Whether the socket had news that nobody has read yet.
    has_news: bool,
    newest_tick: Option<u32>,
    has_resumed: bool,
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
    /// Ships and shots in the newest snapshot, if the player looks at them.
    pub(crate) in_view: Option<(u16, u16)>,
    /// The tick of the newest snapshot, if there was one.
    pub(crate) newest_tick: Option<u32>,
    /// Single times.
    pub(crate) samples: Samples,
}

impl Player {
    /// Connects to a seat. The handshake waits; what follows never does.
    pub(crate) fn connect(invitation: &Invitation, seat: &Seat, part: Part, now_ms: f64) -> Result<Player> {
        let url = format!(
            "ws://{}/api/matches/{}/ws?token={}",
            invitation.authority, invitation.match_id, seat.token
        );
        let mut request = url.into_client_request()?;
        request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static(SUBPROTOCOL));
        let socket = std::net::TcpStream::connect(&invitation.authority)?;
        socket.set_nodelay(true)?;
        let waiting = socket.try_clone()?;
        let config = WebSocketConfig::default()
            .read_buffer_size(8192)
            .write_buffer_size(0)
            .max_write_buffer_size(65_536);
        let socket = Socket::new(TcpStream::from_std(socket));
        let (mut link, _) = tungstenite::client::client_with_config(request, socket, Some(config))
            .map_err(|e| anyhow::anyhow!("the WebSocket handshake failed: {e}"))?;
        // The handshake may wait; from here on nothing does.
        waiting.set_nonblocking(true)?;
        link.get_mut().begin(part.trouble.unwrap_or(&CLEAN), part.index as u64);
        let mut core = if part.light { Core::Light(Box::default()) } else { Core::Full(Box::default()) };
        match &mut core {
            Core::Full(client) => client.link_opened(now_ms),
            Core::Light(client) => client.link_opened(now_ms),
        }
        Ok(Player {
            link,
            part,
            core,
            steering: Steering::new(part.index),
            has_news: false,
            newest_tick: None,
            has_resumed: false,
            snapshots: 0,
            down: 0,
            up: 0,
        })
    }

    /// The socket, to be registered.
    pub(crate) fn socket(&mut self) -> &mut TcpStream {
        self.link.get_mut().stream()
    }

    /// Whether it is one of those in trouble.
    pub(crate) fn is_troubled(&self) -> bool {
        self.part.trouble.is_some()
    }

    /// Milliseconds that everything takes to it at least.
    pub(crate) fn way_ms(&self) -> f64 {
        self.part.trouble.map_or(0.0, |profile| profile.down.delay_ms)
    }

    /// Its socket has something, which need not be read at once.
    pub(crate) fn woken(&mut self) {
        self.has_news = true;
        self.link.get_mut().woken();
    }

    /// What its network does without it. True if there is something for it to read.
    pub(crate) fn carry(&mut self, now_ms: f64) -> Result<bool> {
        Ok(self.link.get_mut().carry(now_ms)? || self.has_news)
    }

    /// It got the first snapshot since its stop. False if it did so before.
    pub(crate) fn resumes(&mut self) -> bool {
        !std::mem::replace(&mut self.has_resumed, true)
    }

    /// Reads everything that is there.
    pub(crate) fn receive(&mut self, now_ms: f64) -> Result<()> {
        self.has_news = false;
        self.link.get_mut().set_now(now_ms);
        loop {
            match self.link.read() {
                Ok(Message::Binary(bytes)) => {
                    match &mut self.core {
                        Core::Full(client) => client.receive(&bytes, now_ms).context("a message was odd")?,
                        Core::Light(client) => client.receive(&bytes, now_ms).context("a message was odd")?,
                    }
                    self.newest_tick = tick_of_snapshot(&bytes).or(self.newest_tick);
                }
                Ok(_) => {}
                Err(Error::Io(e)) if e.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Steers, and sends what is due.
    pub(crate) fn advance(&mut self, now_ms: f64) -> Result<()> {
        self.link.get_mut().set_now(now_ms);
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
                // Inputs that found no room for seconds are of no use to anybody.
                Ok(()) | Err(Error::WriteBufferFull(_)) => {}
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
        let (down, up) = (self.link.get_ref().down, self.link.get_ref().up);
        let samples = match &mut self.core {
            Core::Full(client) => client.take_samples(),
            Core::Light(client) => client.take_samples(),
        };
        let progress = Progress {
            snapshots: snapshots - self.snapshots,
            down: down - self.down,
            up: up - self.up,
            in_view: matches!(self.core, Core::Full(_)).then_some(in_view),
            newest_tick: self.newest_tick.take(),
            samples,
        };
        (self.snapshots, self.down, self.up) = (snapshots, down, up);
        progress
    }
}
