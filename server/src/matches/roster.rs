//! Who has a seat, connected or in limbo, and the links on their way out.
//! It decides who may sit; the world learns of it by commands that the match makes from the answers.

use std::time::Duration;

use shared::id::PlayerId;
use shared::link_profile::LinkProfile;
use shared::protocol::CloseReason;
use shared::tick::{Tick, TickRate};

use crate::journal::generations::Generations;
use crate::link::Arrival;
use crate::link::websocket::{ReadRoom, WebSocketLink};
use crate::matches::goodbye;
use crate::matches::moves::{Moves, Tried};
use crate::matches::net_figures::NetStatus;
use crate::matches::seat::{Seat, SeatLink};
use crate::telemetry::disconnected;
use crate::telemetry::player_figures::PlayerFigures;
use crate::telemetry::player_traffic::PlayerTraffic;
use crate::timing::Timing;

/// How long a closed link is kept so that its last words arrive.
const LINGER: Duration = Duration::from_secs(1);
/// Links on their way out that are kept at most; more are dropped at once.
const LEAVING_MAX: usize = 256;

/// All seats, sorted by player.
#[derive(Debug, Default)]
pub struct Roster {
    seats: Vec<Seat>,
    leaving: Vec<(WebSocketLink, Duration)>,
    moves: Moves,
    room: ReadRoom,
    generations: Generations,
}

impl Roster {
    /// Without anybody yet; `generations` is carried from checkpoint to checkpoint.
    pub fn new(generations: Generations) -> Roster {
        Roster { generations, ..Roster::default() }
    }

    /// Which life of the match gave which seats.
    pub fn generations(&self) -> &Generations {
        &self.generations
    }

    /// Seats that are taken.
    pub fn len(&self) -> usize {
        self.seats.len()
    }

    /// Whether nobody has a seat.
    pub fn is_empty(&self) -> bool {
        self.seats.is_empty()
    }

    /// All seats, to be changed.
    pub fn seats_mut(&mut self) -> &mut [Seat] {
        &mut self.seats
    }

    /// Whether `player` has a seat.
    pub fn has(&self, player: PlayerId) -> bool {
        self.find(player).is_ok()
    }

    /// The seat of `player`.
    pub fn get_mut(&mut self, player: PlayerId) -> Option<&mut Seat> {
        let place = self.find(player).ok()?;
        self.seats.get_mut(place)
    }

    fn find(&self, player: PlayerId) -> Result<usize, usize> {
        self.seats.binary_search_by_key(&player, |s| s.player)
    }

    /// Gives `player` a seat; it waits for its link as long as a lost one would.
    pub fn sit(&mut self, player: PlayerId, rate: TickRate, free_at: Duration) {
        if let Err(place) = self.find(player) {
            self.seats.insert(place, Seat::new(player, rate, free_at));
        }
    }

    /// Connects a link to the seat of `player`; an older link is replaced, one without a seat refused.
    /// Returns whether the player was in limbo before.
    pub fn attach(
        &mut self,
        player: PlayerId,
        arrival: Arrival,
        terms: (TickRate, &Timing),
        now: Duration,
    ) -> bool {
        let socket = WebSocketLink::new(arrival);
        let Ok(place) = self.find(player) else {
            self.dismiss(player, socket, CloseReason::BadToken, now);
            return false;
        };
        let link = SeatLink::new(socket, terms.0, terms.1, now);
        let Some(seat) = self.seats.get_mut(place) else { return false };
        seat.generation += 1;
        seat.personal.clear();
        let older = seat.link.replace(link);
        let was_in_limbo = older.is_none();
        if let Some(older) = older {
            self.dismiss(player, older.socket, CloseReason::Replaced, now);
        }
        was_in_limbo
    }

    /// A link to a match that was over at `ended_at`, for `reason`: it goes with those that the match had then.
    pub fn refuse(&mut self, player: PlayerId, arrival: Arrival, reason: CloseReason, ended_at: Duration) {
        self.dismiss(player, WebSocketLink::new(arrival), reason, ended_at);
    }

    /// A spare link for the seat of `player`: it takes over once it answers, at once if the seat has no link. Returns
    /// whether the player was in limbo before.
    pub fn try_out(
        &mut self,
        player: PlayerId,
        arrival: Arrival,
        terms: (TickRate, &Timing),
        now: Duration,
    ) -> bool {
        if self.get_mut(player).is_none_or(|seat| seat.link.is_none()) {
            return self.attach(player, arrival, terms, now);
        }
        if let Some(earlier) = self.moves.try_out(player, WebSocketLink::new(arrival), now) {
            self.dismiss(player, earlier, CloseReason::Replaced, now);
        }
        false
    }

    /// Lets spares that have answered take over, and ends those that did not. Returns who was in limbo before.
    pub fn settle_spares(&mut self, terms: (TickRate, &Timing), now: Duration) -> Vec<PlayerId> {
        let mut back = Vec::new();
        for tried in self.moves.hear(&mut self.room, now) {
            let (player, socket) = match tried {
                Tried::Through(player, socket) => (player, socket),
                Tried::Failed(player, socket, reason) => {
                    self.dismiss(player, socket, reason, now);
                    continue;
                }
            };
            let mut link = SeatLink::new(socket, terms.0, terms.1, now);
            let Some(seat) = self.get_mut(player) else { continue };
            seat.generation += 1;
            link.event_cursor = seat.link.as_ref().map_or(0, |older| older.event_cursor);
            match seat.link.replace(link) {
                None => back.push(player),
                Some(older) => {
                    if let Some(earlier) = self.moves.keep(player, older, now) {
                        self.dismiss(player, earlier.link.socket, CloseReason::Replaced, now);
                    }
                }
            }
        }
        back
    }

    /// Reads links that were replaced: what the client sent before it knew still counts. Returns who left.
    fn read_older(&mut self, tick: Tick, now: Duration) -> Vec<(PlayerId, CloseReason)> {
        let mut left = Vec::new();
        for mut older in self.moves.take_older() {
            let Ok(place) = self.find(older.player) else { continue };
            let Some(seat) = self.seats.get_mut(place) else { continue };
            let newer = seat.link.replace(older.link);
            let read = seat.read(&mut self.room, tick, now);
            let Some(link) = std::mem::replace(&mut seat.link, newer) else { continue };
            older.link = link;
            let over = match read {
                Ok(()) => self.moves.return_older(older, now),
                Err(reason) => {
                    if reason == CloseReason::Left {
                        left.push((older.player, reason));
                    }
                    Some(older)
                }
            };
            if let Some(older) = over {
                self.dismiss(older.player, older.link.socket, CloseReason::Replaced, now);
            }
        }
        left
    }

    /// Ends the link of `player`; the seat is kept until `free_at`.
    pub fn lose(&mut self, player: PlayerId, reason: CloseReason, now: Duration, free_at: Duration) {
        let Some(seat) = self.get_mut(player) else { return };
        seat.free_at = free_at;
        let words = std::mem::take(&mut seat.last_words);
        if let Some(link) = seat.link.take() {
            self.say_goodbye((player, words), link.socket, reason, now);
        }
    }

    /// Takes the seat of `player` away.
    pub fn stand(&mut self, player: PlayerId) {
        // Its link was told why; these have no seat to serve any more.
        drop(self.moves.forget(player));
        if let Ok(place) = self.find(player) {
            self.seats.remove(place);
        }
    }

    fn dismiss(&mut self, player: PlayerId, socket: WebSocketLink, reason: CloseReason, now: Duration) {
        self.say_goodbye((player, String::new()), socket, reason, now);
    }

    fn say_goodbye(
        &mut self,
        (player, words): (PlayerId, String),
        mut socket: WebSocketLink,
        reason: CloseReason,
        now: Duration,
    ) {
        disconnected(reason.word());
        socket.close(&goodbye::frame(player, reason, self.seats.len(), words), reason);
        if self.leaving.len() < LEAVING_MAX {
            self.leaving.push((socket, now + LINGER));
        }
    }

    /// Lets links go whose peers have closed, or that had their time.
    pub fn let_go(&mut self, now: Duration) {
        self.leaving.retain_mut(|(socket, until)| now < *until && !socket.drained());
    }

    /// Reads all links and counts their bytes; `tick` is the last one that was stepped. Returns the links that ended.
    pub fn read_links(
        &mut self,
        tick: Tick,
        now: Duration,
        traffic: &mut PlayerTraffic,
    ) -> Vec<(PlayerId, CloseReason)> {
        let mut ended = self.read_older(tick, now);
        for seat in &mut self.seats {
            if let Err(reason) = seat.read(&mut self.room, tick, now) {
                ended.push((seat.player, reason));
            }
            if let Some(link) = &mut seat.link {
                let bytes = link.socket.take_read_bytes();
                traffic.note_received(link.socket.transport(), bytes);
            }
        }
        ended
    }

    /// Lets the time of made-up networks before links run to `now`.
    pub fn carry(&mut self, now: Duration) {
        let moving = self.moves.sockets();
        let sockets =
            self.seats.iter_mut().filter_map(|seat| seat.link.as_mut()).map(|link| &mut link.socket);
        sockets.chain(moving).for_each(|socket| socket.link_mut().carry(now));
    }

    /// Made-up networks before links are of another kind from now on, and what was measured of the old ones is forgotten.
    pub fn change_weather(&mut self, network: &LinkProfile, rate: TickRate, now: Duration) {
        self.moves.sockets().for_each(|socket| socket.link_mut().change_weather(network));
        for link in self.links() {
            link.socket.link_mut().change_weather(network);
            link.measure_anew(rate, now);
        }
    }

    fn links(&mut self) -> impl Iterator<Item = &mut SeatLink> {
        self.seats.iter_mut().filter_map(|seat| seat.link.as_mut())
    }

    /// How each link does, after windows that are over went into `metrics`.
    pub fn measure(&mut self, metrics: &PlayerFigures, now: Duration) -> Vec<(PlayerId, NetStatus)> {
        let mut all = Vec::with_capacity(self.seats.len());
        for seat in &mut self.seats {
            let Some(link) = &mut seat.link else { continue };
            link.figures.pass(now, metrics);
            all.extend(link.figures.status().map(|status| (seat.player, status)));
        }
        all
    }

    /// Players whose links were silent for `silence`.
    pub fn silent(&self, silence: Duration, now: Duration) -> Vec<PlayerId> {
        let quiet = |s: &&Seat| s.link.as_ref().is_some_and(|l| now.saturating_sub(l.heard_at) >= silence);
        self.seats.iter().filter(quiet).map(|s| s.player).collect()
    }

    /// Players whose links do not keep up at all.
    pub fn lost(&self, now: Duration) -> Vec<PlayerId> {
        let lost = |s: &&Seat| s.link.as_ref().is_some_and(|l| l.is_lost(now));
        self.seats.iter().filter(lost).map(|s| s.player).collect()
    }

    /// Players without a link whose time is over.
    pub fn overdue(&self, now: Duration) -> Vec<PlayerId> {
        let free = |s: &&Seat| s.link.is_none() && now >= s.free_at;
        self.seats.iter().filter(free).map(|s| s.player).collect()
    }

    /// Players who for `ticks` neither thrust nor fired, as of `tick`.
    pub fn inactive(&self, tick: Tick, ticks: u32) -> Vec<PlayerId> {
        let idle = |s: &&Seat| tick.since(s.acted_at) >= ticks;
        self.seats.iter().filter(idle).map(|s| s.player).collect()
    }

    /// Everybody with a seat.
    pub fn players(&self) -> Vec<PlayerId> {
        self.seats.iter().map(|s| s.player).collect()
    }

    /// Whether links are still on their way out.
    pub fn has_leaving(&self) -> bool {
        !self.leaving.is_empty()
    }
}
