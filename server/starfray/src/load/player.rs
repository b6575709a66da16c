//! One headless player: what carries its messages and the client core, driven by whoever finds the socket ready.
//! It sees messages and not the network that may lie in front of its socket.

use anyhow::{Context, Result};
use client_web::client::Client;
use client_web::instruments::Samples;
use client_web::light::LightClient;
use mio::net::TcpStream;
use shared::link_profile::{CLEAN, LinkProfile};
use shared::protocol::Bye;

use crate::load::args::Transport;
use crate::load::carrier::Carrier;
use crate::load::comeback::{Comeback, is_final};
use crate::load::invitation::{Invitation, Seat};
use crate::load::steering::Steering;
use crate::load::tick_times::tick_of_snapshot;

/// The client core, whole or as little of it as steering needs.
enum Core {
    Full(Box<Client>),
    Light(Box<LightClient>),
}

impl Core {
    fn link_opened(&mut self, now_ms: f64) {
        match self {
            Core::Full(client) => client.link_opened(now_ms),
            Core::Light(client) => client.link_opened(now_ms),
        }
    }

    fn link_lost(&mut self, now_ms: f64) {
        match self {
            Core::Full(client) => client.link_lost(now_ms),
            Core::Light(client) => client.link_lost(now_ms),
        }
    }

    /// Why the server ended the link, if it said so.
    fn bye(&self) -> Option<&Bye> {
        match self {
            Core::Full(client) => client.bye(),
            Core::Light(client) => client.bye(),
        }
    }
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
    /// What carries its messages.
    pub(crate) transport: Transport,
}

/// A headless player.
pub(crate) struct Player {
    link: Carrier,
    seat: Seat,
    /// Its way back after its link ended.
    pub(crate) comeback: Comeback,
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
        let mut link = Carrier::connect(invitation, seat, part.transport)?;
        link.begin(part.trouble.unwrap_or(&CLEAN), part.index as u64);
        let mut core = if part.light { Core::Light(Box::default()) } else { Core::Full(Box::default()) };
        core.link_opened(now_ms);
        Ok(Player {
            link,
            seat: seat.clone(),
            comeback: Comeback::new(part.index),
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

    /// The link ended, or a try to come back failed, with `error`. False if there is no way back.
    pub(crate) fn lose(&mut self, now_ms: f64, error: Option<&anyhow::Error>) -> bool {
        let bye = self.core.bye();
        if error.is_some_and(is_final) || bye.is_some_and(|bye| bye.retry_ms == 0) {
            return false;
        }
        self.comeback.lost(now_ms, bye.map_or(0, |bye| bye.retry_ms));
        self.link = Carrier::Closed;
        (self.down, self.up) = (0, 0);
        self.core.link_lost(now_ms);
        true
    }

    /// Begins a try to come back to its seat.
    pub(crate) fn try_again(&mut self, invitation: &Invitation, now_ms: f64) -> Result<()> {
        self.link = Carrier::begin_again(invitation, &self.seat, self.part.transport)?;
        self.core.link_opened(now_ms);
        if matches!(self.link, Carrier::Mail(_)) {
            self.begin_link();
        }
        Ok(())
    }

    /// What comes over the link from now on counts, and comes over this player's network.
    fn begin_link(&mut self) {
        self.link.begin(self.part.trouble.unwrap_or(&CLEAN), self.part.index as u64);
        (self.down, self.up) = (0, 0);
    }

    /// Hands over every socket, to be registered.
    pub(crate) fn register(
        &mut self,
        register: impl FnMut(&mut TcpStream) -> std::io::Result<()>,
    ) -> std::io::Result<()> {
        self.link.register(register)
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
        self.link.woken();
    }

    /// What its network does without it. True if there is something for it to read.
    pub(crate) fn carry(&mut self, now_ms: f64) -> Result<bool> {
        Ok(self.link.carry(now_ms)? || self.has_news)
    }

    /// It got the first snapshot since its stop. False if it did so before.
    pub(crate) fn resumes(&mut self) -> bool {
        !std::mem::replace(&mut self.has_resumed, true)
    }

    /// Reads everything that is there.
    pub(crate) fn receive(&mut self, now_ms: f64) -> Result<()> {
        self.has_news = false;
        if self.link.open_further()? {
            self.begin_link();
        }
        self.link.set_now(now_ms);
        let Player { link, core, newest_tick, .. } = self;
        link.receive(|bytes| {
            match core {
                Core::Full(client) => client.receive(bytes, now_ms).context("a message was odd")?,
                Core::Light(client) => client.receive(bytes, now_ms).context("a message was odd")?,
            }
            *newest_tick = tick_of_snapshot(bytes).or(*newest_tick);
            Ok(())
        })
    }

    /// Steers, and sends what is due.
    pub(crate) fn advance(&mut self, now_ms: f64) -> Result<()> {
        self.link.set_now(now_ms);
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
            self.link.send(message)?;
        }
        self.link.flush()
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
        let (down, up) = self.link.bytes();
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
