//! A made-up network for links in memory: the same profiles and lanes that `starfray load` puts before its sockets.
//! It carries bytes and judges nothing; whoever owns it says what time it is, many times between two ticks.

use std::fmt;
use std::io::{Read, Write};
use std::time::Duration;

use anyhow::Result;
use client_web::light::LightClient;
use server::link::memory::{MemoryLink, pair};
use shared::link_lane::{Direction, Lane};
use shared::link_profile::LinkProfile;

use crate::exchange::player::Player;
use crate::exchange::{Exchange, LINK_BYTES};
use crate::lane::Delay;
use crate::peer::Peer;
use crate::steering::Steering;

/// Time between two looks at a network, by who has a picture and by who has none.
const STEP_MS: f64 = 1.0;
const BLIND_STEP_MS: f64 = 4.0;
/// Bytes that the client's own end holds unread: a receive buffer.
const CLIENT_BYTES: usize = 64 * 1024;

/// A network between two links in memory.
#[derive(Debug)]
pub struct Road {
    server: MemoryLink,
    client: MemoryLink,
    down: OneWay,
    up: OneWay,
}

#[derive(Debug)]
struct OneWay {
    lane: Lane,
    ended: bool,
}

impl Road {
    /// A network of this kind in front of `link`, the client's end of a link to a match. Returns the new end for the
    /// client too.
    pub fn before(link: MemoryLink, profile: &LinkProfile, seed: u64) -> (Road, MemoryLink) {
        let (client, end) = pair(CLIENT_BYTES);
        let way = |direction| OneWay { lane: Lane::new(profile, direction, seed), ended: false };
        (Road { server: link, client, down: way(Direction::Down), up: way(Direction::Up) }, end)
    }

    /// Moves everything as far as it gets by `now_ms`.
    pub fn carry(&mut self, now_ms: f64) {
        self.server.set_now(Duration::from_secs_f64(now_ms.max(0.0) / 1000.0));
        self.down.carry(&mut self.server, &mut self.client, now_ms);
        self.up.carry(&mut self.client, &mut self.server, now_ms);
    }
}

impl OneWay {
    fn carry(&mut self, from: &mut MemoryLink, to: &mut MemoryLink, now_ms: f64) {
        let mut bytes = [0; 4096];
        while !self.ended {
            let room = self.lane.room().min(bytes.len());
            match from.read(&mut bytes[..room]) {
                Ok(0) if room == 0 => break,
                Ok(0) => self.ended = true,
                Ok(count) => drop(self.lane.push(&bytes[..count], now_ms)),
                Err(_) => break,
            }
        }
        while !self.lane.arrived(now_ms).is_empty() {
            let Ok(count) = to.write(self.lane.arrived(now_ms)) else { break };
            self.lane.consume(count);
        }
        if self.ended && self.lane.is_empty() {
            to.finish();
        }
    }
}

/// A real client behind a network. It is no member of the exchange's own players.
#[derive(Debug)]
pub struct Traveller {
    /// The client.
    pub player: Player,
    /// Whether it stands still: nothing is read, drawn or sent, while the network goes on.
    pub stopped: bool,
    road: Road,
}

impl Traveller {
    /// A client with a seat and a link, behind a network of this kind; `seed` decides the network's chances.
    pub fn join(
        exchange: &mut Exchange,
        profile: &LinkProfile,
        seed: u64,
        steering: Steering,
    ) -> Result<Traveller> {
        let id = exchange.join("Traveller")??;
        let (road, end) = Road::before(exchange.attach(id, LINK_BYTES)?, profile, seed);
        let mut player = Player::new(id, seed, Delay::default(), steering);
        player.connect(Peer::over(end), exchange.now_ms());
        Ok(Traveller { player, stopped: false, road })
    }

    /// Lives from a tick of the match to the next one.
    pub fn live(&mut self, from_ms: f64, until_ms: f64) {
        let mut now_ms = from_ms;
        while now_ms < until_ms {
            self.road.carry(now_ms);
            let next_ms = (now_ms + STEP_MS).min(until_ms);
            if !self.stopped {
                self.player.live(now_ms, next_ms);
            }
            now_ms = next_ms;
        }
    }
}

/// A client without a picture behind a network, that notes how old its snapshots are.
pub struct Blind {
    /// The client.
    pub client: LightClient,
    /// Its end of the network.
    pub peer: Peer,
    /// Whether it stands still.
    pub stopped: bool,
    /// For each look that brought news: when, in milliseconds, and the tick of the newest snapshot.
    pub news: Vec<(f64, u32)>,
    road: Road,
}

impl fmt::Debug for Blind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Blind")
            .field("stopped", &self.stopped)
            .field("road", &self.road)
            .finish_non_exhaustive()
    }
}

impl Blind {
    /// A client with a seat and a link, behind a network of this kind.
    pub fn join(exchange: &mut Exchange, profile: &LinkProfile, seed: u64) -> Result<Blind> {
        let id = exchange.join("Blind")??;
        let (road, end) = Road::before(exchange.attach(id, LINK_BYTES)?, profile, seed);
        let mut client = LightClient::new();
        client.link_opened(exchange.now_ms());
        Ok(Blind { client, peer: Peer::over(end), stopped: false, news: Vec::new(), road })
    }

    /// Lives from a tick of the match to the next one. The error is what was odd about a message.
    pub fn live(&mut self, from_ms: f64, until_ms: f64) -> Result<()> {
        let mut now_ms = from_ms;
        while now_ms < until_ms {
            self.road.carry(now_ms);
            if !self.stopped {
                self.look(now_ms)?;
            }
            now_ms += BLIND_STEP_MS;
        }
        Ok(())
    }

    fn look(&mut self, now_ms: f64) -> Result<()> {
        for message in self.peer.receive() {
            self.client.receive(&message, now_ms)?;
        }
        self.client.advance(now_ms);
        while let Some(message) = self.client.poll_send() {
            self.peer.send(message);
        }
        let newest = self.client.head().map(|head| head.tick.0);
        if let Some(tick) = newest.filter(|tick| self.news.last().is_none_or(|(_, known)| known < tick)) {
            self.news.push((now_ms, tick));
        }
        Ok(())
    }
}
