//! The real match and real clients in one thread, with links in memory and a clock that only the test moves.
//! Thousands of ticks a second; every run is the same. No socket, no HTTP and no thread comes in here.

use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::time::Duration;

use anyhow::{Context, Result};
use arc_swap::ArcSwap;
use bytes::Bytes;
use server::feed::log::FeedLog;
use server::journal::checkpoint::Checkpoint;
use server::journal::recorder::Recorder;
use server::link::memory::{MemoryLink, pair};
use server::link::{Arrival, Link};
use server::matches::id::MatchId;
use server::matches::inbox::{HostAct, INBOX_MESSAGES_MAX, JoinError, JoinRequest, MatchMessage};
use server::matches::parts::MatchParts;
use server::matches::status::MatchStatus;
use server::matches::tick::Match;
use server::settings::{MatchSettings, RawSettings};
use server::timing::Timing;
use shared::feed::{FEED_VERSION, Hello};
use shared::id::PlayerId;
use shared::name::PlayerName;
use shared::simulation::Stage;
use shared::world::{Hull, World};
use tokio::sync::oneshot;

use crate::lane::Delay;
use crate::peer::Peer;
use crate::steering::Steering;

pub mod player;

use player::Player;

/// Bytes that a link holds unread, unless a test says otherwise: as much as a socket does.
pub const LINK_BYTES: usize = 256 * 1024;

/// A match, its players and the time.
#[derive(Debug)]
pub struct Exchange {
    /// The match.
    pub game: Match,
    /// Its feed.
    pub log: Arc<FeedLog>,
    /// Its public picture.
    pub status: Arc<ArcSwap<MatchStatus>>,
    /// The real clients, in the order in which they came.
    pub players: Vec<Player>,
    settings: MatchSettings,
    seed: u64,
    inbox: SyncSender<MatchMessage>,
    ticks: u64,
    begin: Duration,
}

/// How a match is made.
#[derive(Clone, Debug)]
pub struct Setup {
    /// As a host asks.
    pub settings: RawSettings,
    /// Whether the server keeps it always.
    pub standing: bool,
    /// Decides all chances.
    pub seed: u64,
    /// Times and rates.
    pub timing: Timing,
}

impl Setup {
    /// A match on `map`, otherwise with all defaults.
    pub fn on(map: &str) -> Setup {
        let settings = RawSettings { map: Some(map.to_owned()), ..RawSettings::default() };
        Setup { settings, standing: false, seed: 7, timing: Timing::default() }
    }
}

impl Exchange {
    /// A match before its first tick.
    pub fn new(setup: Setup) -> Result<Exchange> {
        Exchange::with_journal(setup, None, None)
    }

    /// The same with something that writes it down, or going on where another one was.
    pub fn with_journal(
        setup: Setup,
        journal: Option<Recorder>,
        resume: Option<Checkpoint>,
    ) -> Result<Exchange> {
        let Setup { settings, standing, seed, timing } = setup;
        let settings = settings.check()?;
        let id = MatchId::from_random(*b"0123456789");
        let hello = Hello {
            version: FEED_VERSION,
            match_id: id.to_string(),
            match_name: settings.name.clone(),
            tick_hz: settings.tick_hz,
            delay_ms: settings.spectator_delay_ms,
            arena: settings.arena(),
            mode: settings.mode,
            goal: settings.rules().goal,
            rules: settings.book,
        };
        let log = Arc::new(FeedLog::new(3, &serde_json::to_string(&hello)?, Vec::new()));
        let status = MatchStatus::new(id.as_str(), &settings, &World::new(0), 0, 0);
        let status = Arc::new(ArcSwap::from_pointee(status));
        let (inbox, messages) = sync_channel(INBOX_MESSAGES_MAX);
        let game = Match::new(MatchParts {
            id,
            settings: settings.clone(),
            standing,
            seed,
            inbox: messages,
            status: Arc::clone(&status),
            log: Arc::clone(&log),
            timing,
            journal,
            resume,
        });
        let begin = Duration::from_secs(100);
        Ok(Exchange { game, log, status, players: Vec::new(), settings, seed, inbox, ticks: 0, begin })
    }

    /// The time of the last tick on the match's clock.
    pub fn now(&self) -> Duration {
        self.begin + Duration::from_nanos(self.ticks * 1_000_000_000 / u64::from(self.game.rate_hz()))
    }

    /// The same time as clients count it, in milliseconds.
    pub fn now_ms(&self) -> f64 {
        self.now().as_secs_f64() * 1000.0
    }

    /// One tick of the match, then all that players do until the next one.
    pub fn tick(&mut self) {
        self.tick_match();
        self.live();
    }

    /// One tick of the match alone.
    pub fn tick_match(&mut self) {
        self.ticks += 1;
        self.game.tick(self.now());
    }

    /// What players do until the next tick.
    pub fn live(&mut self) {
        let (from_ms, period_ms) = (self.now_ms(), 1000.0 / f64::from(self.game.rate_hz()));
        for player in &mut self.players {
            player.live(from_ms, from_ms + period_ms);
        }
    }

    /// So many ticks.
    pub fn ticks(&mut self, count: u32) {
        (0..count).for_each(|_| self.tick());
    }

    /// Ticks for `seconds` of the match's time.
    pub fn seconds(&mut self, seconds: f64) {
        self.ticks((seconds * f64::from(self.game.rate_hz())).round() as u32);
    }

    /// Ticks until `done` says so; false if that takes longer than `seconds`.
    pub fn until(&mut self, seconds: f64, mut done: impl FnMut(&mut Exchange) -> bool) -> bool {
        for _ in 0..(seconds * f64::from(self.game.rate_hz())) as u32 {
            self.tick();
            if done(self) {
                return true;
            }
        }
        false
    }

    /// Lets the clock run while the match sleeps, looked after as its thread does.
    pub fn doze(&mut self, seconds: u64) {
        self.ticks += seconds * u64::from(self.game.rate_hz());
        self.game.doze(self.now());
    }

    /// Puts a message into the match's inbox.
    pub fn post(&self, message: MatchMessage) -> Result<()> {
        self.inbox.try_send(message).map_err(|_| anyhow::anyhow!("the inbox is full or closed"))
    }

    /// The host's act, for the next tick.
    pub fn host(&self, act: HostAct) -> Result<()> {
        self.post(MatchMessage::Host(act, oneshot::channel().0))
    }

    /// Asks for a seat, and ticks once for the answer.
    pub fn join(&mut self, name: &str) -> Result<Result<PlayerId, JoinError>> {
        let (reply, mut answer) = oneshot::channel();
        let request = JoinRequest { name: PlayerName::sanitise(name), hull: Hull::default() };
        self.post(MatchMessage::Join(request, reply))?;
        self.tick();
        Ok(answer.try_recv().context("no answer after a tick")?.map(|grant| grant.player))
    }

    /// Connects a new link of `capacity` bytes to a seat; it counts from the next tick.
    pub fn attach(&self, player: PlayerId, capacity: usize) -> Result<MemoryLink> {
        let (ours, theirs) = pair(capacity);
        let arrival = Arrival { link: Link::Memory(ours), early: Bytes::new(), permit: Box::new(()) };
        self.post(MatchMessage::Attach(player, arrival))?;
        Ok(theirs)
    }

    /// Connects a spare beside the link of a seat; it is asked with the next tick.
    pub fn attach_spare(&self, player: PlayerId, capacity: usize) -> Result<MemoryLink> {
        let (ours, theirs) = pair(capacity);
        let arrival = Arrival { link: Link::Memory(ours), early: Bytes::new(), permit: Box::new(()) };
        self.post(MatchMessage::Spare(player, arrival))?;
        Ok(theirs)
    }

    /// A seat and a bare end of its link.
    pub fn peer(&mut self, name: &str) -> Result<(PlayerId, Peer)> {
        let id = self.join(name)??;
        Ok((id, Peer::over(self.attach(id, LINK_BYTES)?)))
    }

    /// A real client with a seat and a link. Returns its place in `players`.
    pub fn player(&mut self, name: &str, delay: Delay, steering: Steering) -> Result<usize> {
        let id = self.join(name)??;
        let place = self.players.len();
        let mut player = Player::new(id, place as u64, delay, steering);
        player.connect(Peer::over(self.attach(id, LINK_BYTES)?), self.now_ms());
        self.players.push(player);
        Ok(place)
    }

    /// Connects the client at `place` anew.
    pub fn reconnect(&mut self, place: usize) -> Result<()> {
        let id = self.players.get(place).context("no such player")?.id;
        let (peer, now_ms) = (Peer::over(self.attach(id, LINK_BYTES)?), self.now_ms());
        self.players.get_mut(place).context("no such player")?.connect(peer, now_ms);
        Ok(())
    }

    /// The world as it was before the first tick, and what else a step needs.
    pub fn beginning(&self) -> (World, Stage) {
        (World::new(self.seed), Stage::new(self.settings.arena(), self.settings.rules()))
    }
}
