//! All headless clients and the one loop that drives them: read who is ready, let everybody steer a few hundred times
//! a second, count. One core has to drive thousands, so nothing here allocates for a message.

use std::ops::Range;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use mio::{Events, Interest, Poll, Token};

use crate::load::args::{LoadArgs, Transport};
use crate::load::feed_reader::{Feed, FeedEvent};
use crate::load::headless::Client;
use crate::load::invitation::{Invitation, Seat};
use crate::load::player::{Part, Player, Progress};
use crate::load::report::{Counts, Report, Run};
use crate::load::spectator::Spectator;
use crate::load::tick_times::TickTimes;
use crate::load::trouble::Trouble;

/// Time between two looks at a player's clock; an input goes out at most this late.
const STEER_EVERY: Duration = Duration::from_millis(3);
/// With `--light` every player of this number is whole.
const FULL_EVERY: usize = 50;

/// From one spectator that pulls to the next, as a share of the time between two pulls: spreads any number evenly.
const PHASE_STEP: f64 = 0.618;

/// How long a healthy player's quick arrival tells when ticks are made.
const TICK_TIMES_KEPT_MS: f64 = 1000.0;

/// All clients of a run.
pub(crate) struct Crowd {
    invitation: Invitation,
    poll: Poll,
    events: Events,
    start: Instant,
    clients: Vec<Client>,
    steered_at: Instant,
    counts: Counts,
    window: Option<Instant>,
    first_error: Option<String>,
    trouble: Trouble,
    transport: Transport,
    /// When those in trouble stand still.
    stop_ms: Option<Range<f64>>,
    feed_times: TickTimes,
    /// Whether some players are not in trouble: they tell when ticks are made.
    has_healthy: bool,
    snapshot_times: TickTimes,
    scratch: Vec<u8>,
}

impl Crowd {
    /// Nobody yet, for a match that was found.
    pub(crate) fn new(invitation: &Invitation, trouble: Trouble, transport: Transport) -> Result<Crowd> {
        let (start, tick_ms) = (Instant::now(), invitation.tick_ms);
        Ok(Crowd {
            invitation: invitation.clone(),
            poll: Poll::new()?,
            events: Events::with_capacity(1024),
            start,
            clients: Vec::new(),
            steered_at: start,
            counts: Counts::new()?,
            window: None,
            first_error: None,
            trouble,
            transport,
            stop_ms: None,
            feed_times: TickTimes::new(tick_ms),
            has_healthy: false,
            snapshot_times: TickTimes::new(tick_ms),
            scratch: vec![0; 65_536],
        })
    }

    fn now_ms(&self) -> f64 {
        self.start.elapsed().as_secs_f64() * 1000.0
    }

    /// Connects a player to its seat.
    pub(crate) fn add_player(&mut self, seat: &Seat, index: usize, light: bool) -> Result<()> {
        let light = light && !index.is_multiple_of(FULL_EVERY);
        let trouble = self.trouble.concerns(index).then_some(self.trouble.profile);
        let part = Part { index, light, trouble, transport: self.transport };
        let mut player = Player::connect(&self.invitation, seat, part, self.now_ms())?;
        let (registry, token) = (self.poll.registry(), Token(self.clients.len()));
        player.register(|socket| registry.register(socket, token, Interest::READABLE))?;
        self.clients.push(Client::Player(Box::new(player)));
        // Those who are in already must go on while the others arrive.
        if self.clients.len().is_multiple_of(8) {
            self.turn_at_once()?;
        }
        Ok(())
    }

    /// Connects a spectator.
    pub(crate) fn add_spectator(&mut self, feed: Feed, pull_every_ms: Option<f64>) -> Result<()> {
        let (index, now_ms) = (self.clients.len(), self.now_ms());
        let mut spectator = Spectator::connect(&self.invitation, (feed, pull_every_ms), index, now_ms)?;
        spectator.spread((index as f64 * PHASE_STEP).fract());
        if let Some(socket) = spectator.socket() {
            self.poll.registry().register(socket, Token(index), Interest::READABLE)?;
        }
        self.clients.push(Client::Spectator(Box::new(spectator)));
        if self.clients.len().is_multiple_of(8) {
            self.turn_at_once()?;
        }
        Ok(())
    }

    /// One turn: waits a little for news, reads it, lets everybody steer when it is time.
    pub(crate) fn turn(&mut self) -> Result<()> {
        let wait = STEER_EVERY.saturating_sub(self.steered_at.elapsed());
        self.work(wait)
    }

    fn turn_at_once(&mut self) -> Result<()> {
        self.work(Duration::ZERO)
    }

    fn work(&mut self, wait: Duration) -> Result<()> {
        self.poll.poll(&mut self.events, Some(wait))?;
        let ready: Vec<usize> = self.events.iter().map(|e| e.token().0).collect();
        let stopped = self.is_stopped(self.now_ms());
        for index in ready {
            if !(self.wake_troubled(index) && stopped) {
                self.receive(index);
            }
        }
        if self.steered_at.elapsed() >= STEER_EVERY {
            self.steered_at = Instant::now();
            self.steer_all();
        }
        Ok(())
    }

    /// Tells a player in trouble that its socket has something. False if it is in none.
    fn wake_troubled(&mut self, index: usize) -> bool {
        let Some(Client::Player(player)) = self.clients.get_mut(index) else { return false };
        if player.is_troubled() {
            player.woken();
        }
        player.is_troubled()
    }

    /// Whether those in trouble stand still now.
    fn is_stopped(&self, now_ms: f64) -> bool {
        self.stop_ms.as_ref().is_some_and(|stop| stop.contains(&now_ms))
    }

    fn steer_all(&mut self) {
        let now_ms = self.now_ms();
        let stopped = self.is_stopped(now_ms);
        for index in 0..self.clients.len() {
            if let Err(error) = self.steer(index, now_ms, stopped) {
                self.lose(index, &error);
            }
        }
    }

    /// Lets a player steer. One in trouble first reads what its network has brought, unless it stands still.
    fn steer(&mut self, index: usize, now_ms: f64, stopped: bool) -> Result<()> {
        if self.come_back(index, now_ms)? {
            return Ok(());
        }
        if let Some(Client::Spectator(spectator)) = self.clients.get_mut(index) {
            return spectator.advance(now_ms);
        }
        let Some(Client::Player(player)) = self.clients.get_mut(index) else { return Ok(()) };
        if player.is_troubled() {
            let has_news = player.carry(now_ms)?;
            if stopped {
                return Ok(());
            }
            if has_news {
                self.receive(index);
            }
        }
        match self.clients.get_mut(index) {
            Some(Client::Player(player)) => player.advance(now_ms),
            _ => Ok(()),
        }
    }

    /// Lets somebody whose link ended try again when it is time. True if there is nothing else to do.
    fn come_back(&mut self, index: usize, now_ms: f64) -> Result<bool> {
        let Some(client) = self.clients.get_mut(index) else { return Ok(true) };
        let Some(comeback) = client.comeback() else { return Ok(true) };
        if !comeback.is_away() {
            return Ok(false);
        }
        ensure!(!comeback.is_late(now_ms), "nothing came in time");
        if comeback.is_due(now_ms) {
            let (registry, token) = (self.poll.registry(), Token(index));
            // Writable is when the connection stands.
            let interest = Interest::READABLE | Interest::WRITABLE;
            client
                .try_again(&self.invitation, now_ms, |socket| registry.register(socket, token, interest))?;
        }
        Ok(false)
    }

    fn receive(&mut self, index: usize) {
        let now_ms = self.now_ms();
        let result = match self.clients.get_mut(index) {
            Some(Client::Player(player)) => {
                let result = player.receive(now_ms);
                let progress = player.progress();
                self.note_player(index, &progress, now_ms);
                result
            }
            Some(Client::Spectator(_)) => self.receive_feed(index, now_ms),
            Some(Client::Gone) | None => Ok(()),
        };
        if let Err(error) = result {
            self.lose(index, &error);
        }
    }

    fn receive_feed(&mut self, index: usize, now_ms: f64) -> Result<()> {
        let Some(Client::Spectator(spectator)) = self.clients.get_mut(index) else { return Ok(()) };
        let (counts, open, times) = (&mut self.counts, self.window.is_some(), &mut self.feed_times);
        let note = |event: FeedEvent, gap: Option<f64>| {
            let late = event.tick.map(|tick| now_ms - times.note(tick, now_ms, 0.0));
            if open {
                counts.note_event(gap, late);
            }
        };
        let received = spectator.receive(now_ms, &mut self.scratch, note);
        if spectator.fed()
            && let Some(away_ms) = spectator.comeback.back(now_ms)
        {
            self.counts.reconnect.note(away_ms);
        }
        let bytes = received?;
        let (up, requests) = (spectator.take_up(), spectator.take_requests());
        if open {
            self.counts.bytes_down += bytes;
            self.counts.bytes_up += up;
            self.counts.feed_requests += requests;
        }
        Ok(())
    }

    /// Counts what a player did, if the window is open.
    fn note_player(&mut self, index: usize, progress: &Progress, now_ms: f64) {
        let Some(Client::Player(player)) = self.clients.get_mut(index) else { return };
        let made_ms = progress.newest_tick.map(|tick| {
            let known_ms =
                self.snapshot_times.made_ms(tick).filter(|_| self.has_healthy && player.is_troubled());
            known_ms.unwrap_or_else(|| self.snapshot_times.note(tick, now_ms, player.way_ms()))
        });
        if self.window.is_none() {
            return;
        }
        if progress.snapshots > 0
            && let Some(away_ms) = player.comeback.back(now_ms)
        {
            self.counts.reconnect.note(away_ms);
        }
        let age_ms = made_ms.map(|made| now_ms - made);
        self.counts.note_player(progress, age_ms, player.is_troubled());
        if let (Some(made_ms), Some(stop)) = (made_ms, &self.stop_ms)
            && made_ms >= stop.end
            && player.is_troubled()
            && player.resumes()
        {
            self.counts.note_resumed(now_ms - made_ms, now_ms - stop.end);
        }
    }

    /// A link ended, or a try to come back failed. Before the window nobody comes back: the run is over.
    fn lose(&mut self, index: usize, error: &anyhow::Error) {
        let (now_ms, is_open) = (self.now_ms(), self.window.is_some());
        let Some(client) = self.clients.get_mut(index) else { return };
        let was_connected = client.is_connected();
        let comes_back = is_open && client.lose(now_ms, Some(error));
        if !comes_back {
            *client = Client::Gone;
        }
        self.counts.disconnected += u32::from(was_connected);
        if was_connected || !comes_back {
            self.counts.errors += 1;
            self.first_error.get_or_insert_with(|| format!("{error:#}"));
        }
    }

    /// Breaks every connection at once, as a network does that fails.
    pub(crate) fn cut(&mut self) {
        let now_ms = self.now_ms();
        for client in self.clients.iter_mut().filter(|client| client.is_connected()) {
            self.counts.disconnected += 1;
            if !client.lose(now_ms, None) {
                *client = Client::Gone;
            }
        }
    }

    /// Clients that have their first picture.
    pub(crate) fn fed(&self) -> usize {
        let fed = |client: &&Client| match client {
            Client::Player(player) => player.snapshots() > 0,
            Client::Spectator(spectator) => spectator.fed(),
            Client::Gone => false,
        };
        self.clients.iter().filter(fed).count()
    }

    /// Whether everybody has.
    pub(crate) fn all_fed(&self) -> bool {
        self.fed() == self.clients.len()
    }

    /// Things that went wrong.
    pub(crate) fn errors(&self) -> u32 {
        self.counts.errors
    }

    /// The first thing that went wrong.
    pub(crate) fn first_error(&self) -> Option<&str> {
        self.first_error.as_deref()
    }

    /// From here on everything counts.
    pub(crate) fn begin_window(&mut self) {
        for client in &mut self.clients {
            if let Client::Player(player) = client {
                // What came before is not part of the figures.
                drop(player.progress());
            }
        }
        self.counts.clear();
        let healthy = |c: &Client| matches!(c, Client::Player(player) if !player.is_troubled());
        self.has_healthy = self.clients.iter().any(healthy);
        self.snapshot_times = if self.has_healthy {
            TickTimes::forgetting(self.invitation.tick_ms, TICK_TIMES_KEPT_MS)
        } else {
            TickTimes::new(self.invitation.tick_ms)
        };
        self.stop_ms = self.trouble.stop_ms(self.now_ms());
        self.window = Some(Instant::now());
    }

    /// The figures since the window began.
    pub(crate) fn report(&self, args: &LoadArgs) -> Report {
        let seconds = self.window.map_or(0.0, |w| w.elapsed().as_secs_f64());
        let connected = self.clients.iter().filter(|client| client.is_connected()).count() as u32;
        let (players, spectators, troubled) =
            (args.players, args.spectators, self.trouble.count(args.players));
        self.counts.report(Run { players, spectators, troubled, connected, seconds })
    }
}
