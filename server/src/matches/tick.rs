//! A match and its tick, which reads like a table of contents. It reads no clock, awaits nothing, and takes no lock
//! but the feed's and, for players without a socket, their mailbox's, each for the length of a push.

mod ending;
mod hosting;
mod moving;
mod record;
mod rest;

use ending::Ended;
use hosting::Hosting;

use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::Duration;

use arc_swap::ArcSwap;
use shared::command::Command;
use shared::event::Event;
use shared::id::PlayerId;
use shared::input::Thrust;
use shared::protocol::CloseReason;
use shared::simulation::{Stage, step};
use shared::tick::Rewind;
use shared::world::{Phase, World};

use crate::bots::Bots;
use crate::journal::checkpoint::Checkpoint;
use crate::journal::recorder::Recorder;
use crate::link::websocket::Sent;
use crate::matches::event_ring::EventRing;
use crate::matches::frames::{Frames, Makers};
use crate::matches::id::MatchId;
use crate::matches::inbox::{JoinError, JoinRequest, MatchMessage, SeatGrant};
use crate::matches::parts::MatchParts;
use crate::matches::personal;
use crate::matches::playground::Playground;
use crate::matches::publisher::Publisher;
use crate::matches::replication::Replication;
use crate::matches::roster::Roster;
use crate::matches::roster_pages::RosterPages;
use crate::matches::round_book::RoundBook;
use crate::matches::scores::{ALL_KILLS_MAX, Scores};
use crate::matches::status::MatchStatus;
use crate::settings::MatchSettings;
use crate::telemetry::player_figures::PlayerFigures;
use crate::telemetry::player_traffic::PlayerTraffic;
use crate::telemetry::{Counted, TickMetrics};
use crate::timing::Timing;

/// Times in a second that a crowd is told how it stands.
const SCORES_HZ: u32 = 2;
/// A match: one owner of one world and of its players' links.
#[derive(Debug)]
pub struct Match {
    id: MatchId,
    settings: MatchSettings,
    standing: bool,
    playground: Option<Playground>,
    seed: u64,
    timing: Timing,
    inbox: Receiver<MatchMessage>,
    roster: Roster,
    bots: Bots,
    bots_wanted: u32,
    next_player: u16,
    stage: Stage,
    world: World,
    /// What the next step will apply.
    commands: Vec<Command>,
    /// What the last step applied.
    applied: Vec<Command>,
    events: Vec<Event>,
    replication: Replication,
    event_ring: EventRing,
    scores: Scores,
    roster_pages: RosterPages,
    publisher: Publisher,
    rounds: RoundBook,
    status: Arc<ArcSwap<MatchStatus>>,
    out: Vec<u8>,
    empty_since: Option<Duration>,
    hosting: Hosting,
    going_away: bool,
    ended: Option<Ended>,
    metrics: TickMetrics,
    player_figures: PlayerFigures,
    traffic: PlayerTraffic,
    journal: Option<Recorder>,
    /// Whether it is at home on its thread: its journal begun, and its seats made if it goes on from one.
    settled: bool,
    _counted: Counted,
}

impl Match {
    /// A match before its first tick.
    pub fn new(parts: MatchParts) -> Match {
        let MatchParts { id, settings, standing, seed, inbox, status, log, timing, journal, resume } = parts;
        let mut stage = Stage::new(settings.arena(), settings.rules());
        let Checkpoint { world, commands, bots, desk, attendance, generations } =
            record::taken_up(resume, (seed, &settings), log.epoch());
        stage.look_at(&world);
        Match {
            replication: Replication::default(),
            publisher: Publisher::new(log, settings.tick_hz, settings.spectator_delay_ms),
            scores: Scores::of(&world),
            bots_wanted: desk.bots_wanted,
            bots,
            world,
            rounds: RoundBook::default().going_on(attendance),
            id,
            settings,
            standing,
            playground: None,
            seed,
            timing,
            inbox,
            roster: Roster::new(generations),
            next_player: desk.next_player,
            stage,
            commands,
            applied: Vec::new(),
            events: Vec::new(),
            event_ring: EventRing::default(),
            roster_pages: RosterPages::default(),
            status,
            out: Vec::new(),
            empty_since: None,
            hosting: Hosting::of(desk),
            going_away: false,
            ended: None,
            metrics: TickMetrics::new(),
            player_figures: PlayerFigures::new(),
            traffic: PlayerTraffic::new(),
            journal,
            settled: false,
            _counted: Counted::hosted_match(),
        }
    }

    /// Advances the match by one tick. `now` is the time since its thread began.
    pub fn tick(&mut self, now: Duration) {
        if let Some(ended) = self.ended {
            return self.see_off(ended, now);
        }
        self.settle(now);
        self.drain_inbox(now);
        self.read_links(now);
        self.take_inputs();
        self.keep_bots();
        self.step();
        self.tell_seats();
        self.write_links(now);
        self.publish_feed();
        self.close_stragglers(now);
        self.move_on(now);
        self.keep_journal(now);
        self.show_status(now);
    }

    /// Between two ticks: lets bytes through the made-up network of a playground. False if there is none.
    pub fn carry(&mut self, now: Duration) -> bool {
        if self.playground.is_some() {
            self.roster.carry(now);
        }
        self.playground.is_some()
    }

    /// The match's id.
    pub fn id(&self) -> &MatchId {
        &self.id
    }

    /// Ticks in a second.
    pub fn rate_hz(&self) -> u32 {
        self.settings.tick_hz.hz()
    }

    /// The world, for tests and records.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// The commands that the last tick applied, in order: the match's journal.
    pub fn applied(&self) -> &[Command] {
        &self.applied
    }

    fn drain_inbox(&mut self, now: Duration) {
        while let Ok(message) = self.inbox.try_recv() {
            match message {
                MatchMessage::Join(request, reply) => {
                    // Whoever asked may have gone; then the seat is given back by its time limit.
                    let _ = reply.send(self.join(request, now));
                }
                MatchMessage::HasSeat(player, reply) => {
                    let _ = reply.send(self.roster.has(player));
                }
                MatchMessage::Attach(player, arrival) => self.attach(player, arrival, now),
                MatchMessage::Spare(player, arrival) => self.try_out(player, arrival, now),
                MatchMessage::Conditions(conditions) => {
                    self.playground.get_or_insert_with(|| Playground::new(now)).set_conditions(conditions);
                    self.roster.change_weather(&conditions.network, self.settings.tick_hz, now);
                }
                // Whoever asked may have gone; what they asked for is done all the same.
                MatchMessage::Host(act, reply) => {
                    let _ = reply.send(self.obey(act));
                }
                MatchMessage::HandOver(player, turn, reply) => {
                    let _ = reply.send(self.hand_over(player, turn));
                }
                MatchMessage::Watched => {}
                MatchMessage::Closing(in_s) => {
                    self.event_ring.publish_closing(self.world.tick, in_s);
                    self.publisher.tell_closing(self.world.tick, in_s);
                }
                MatchMessage::Notice(text) => {
                    self.event_ring.publish_notice(self.world.tick, text.clone());
                    self.publisher.tell_notice(text);
                }
                MatchMessage::Remove(player, dismissal, reply) => {
                    let _ = reply.send(self.remove(player, dismissal, now));
                }
                MatchMessage::Stop => self.going_away = true,
                #[cfg(test)]
                MatchMessage::Break => panic!("broken by a test"),
            }
            self.empty_since = None;
        }
    }

    fn join(&mut self, request: JoinRequest, now: Duration) -> Result<SeatGrant, JoinError> {
        if self.world.round.phase == Phase::Ended || self.going_away {
            return Err(JoinError::Ended);
        }
        if self.hosting.locked {
            return Err(JoinError::Locked);
        }
        if self.roster.len() >= self.settings.max_players as usize {
            return Err(JoinError::Full);
        }
        let player = self.new_player().ok_or(JoinError::Full)?;
        self.roster.sit(player, self.settings.tick_hz, now + self.timing.limbo);
        let JoinRequest { name, hull } = request;
        self.commands.push(Command::Join { player, name, hull, bot: false });
        self.commands.push(Command::Limbo { player });
        Ok(SeatGrant { player })
    }

    /// A player number that was never used; none is left after 65,535.
    fn new_player(&mut self) -> Option<PlayerId> {
        let player = PlayerId(self.next_player);
        self.next_player = self.next_player.checked_add(1)?;
        Some(player)
    }

    fn read_links(&mut self, now: Duration) {
        self.carry(now);
        self.settle_spares(now);
        for (player, reason) in self.roster.read_links(self.world.tick, now, &mut self.traffic) {
            self.end_link(player, reason, now);
        }
        self.hear_phrases();
    }

    /// One input for each player, from its queue; only changes become commands.
    fn take_inputs(&mut self) {
        let next = self.world.tick.next();
        let compensates = self.playground.as_ref().is_none_or(Playground::lag_compensation);
        let rewind_max = if compensates { self.stage.rules.rewind_max } else { Rewind(0) };
        for seat in self.roster.seats_mut() {
            let Some(ship) = self.world.ship(seat.player) else { continue };
            let input = seat.queue.take(next, ship.input);
            seat.note_tick(next);
            let claimed = seat.link.as_mut().map_or(Rewind(0), |link| link.claims.take(next));
            let rewind = if input.buttons.shoots() { claimed.min(rewind_max) } else { ship.rewind };
            if input.buttons.acts() || input.thrust != Thrust::default() {
                seat.acted_at = next;
            }
            if input != ship.input || rewind != ship.rewind {
                self.commands.push(Command::Input { player: seat.player, input, rewind });
            }
        }
    }

    /// As many bots as are wanted and people leave room for.
    fn keep_bots(&mut self) {
        let wanted = self.bots_wanted.saturating_sub(self.roster.len() as u32) as usize;
        while self.bots.len() < wanted {
            let Some(player) = self.new_player() else { break };
            self.commands.push(self.bots.add(player));
        }
        while self.bots.len() > wanted {
            let Some(leave) = self.bots.remove() else { break };
            self.commands.push(leave);
        }
        self.bots.decide(&self.world, &self.stage, &mut self.commands);
    }

    fn step(&mut self) {
        std::mem::swap(&mut self.commands, &mut self.applied);
        self.commands.clear();
        self.events.clear();
        self.rounds.before_step(&self.world, &self.applied, &self.settings);
        step(&mut self.world, &mut self.stage, &self.applied, &mut self.events);
        self.note_tick();
        self.note_round();
    }

    /// What happened: to everybody, and in a crowd kills only to those whom they concern.
    fn tell_seats(&mut self) {
        let all_kills = self.world.pilots.len() <= ALL_KILLS_MAX;
        self.event_ring.publish(&self.world, &self.events, all_kills);
        self.scores.note(&self.events, all_kills);
        let every = (self.rate_hz() / SCORES_HZ).max(1);
        if self.world.tick.0.is_multiple_of(every) {
            self.event_ring.publish_scores(self.world.tick, self.scores.announce(&self.world));
        }
        personal::tell(&mut self.roster, &self.world, &self.events, all_kills);
    }

    fn write_links(&mut self, now: Duration) {
        self.replication.pack(&self.world, &self.stage);
        let (mut sent, mut skipped) = (0, 0);
        let mut gone = Vec::new();
        let frames = Frames {
            id: &self.id,
            name: &self.settings.name,
            world: &self.world,
            stage: &self.stage,
            ring: &self.event_ring,
            scores: &self.scores,
            timing: &self.timing,
            now,
        };
        let mut makers = Makers { replication: &mut self.replication, pages: &mut self.roster_pages };
        for seat in self.roster.seats_mut() {
            let player = seat.player;
            let outcome = frames.write(seat, &mut makers, &mut self.out);
            seat.note_written(outcome, self.out.len());
            match outcome {
                Some(Sent::Taken) => {
                    sent += 1;
                    if let Some(link) = &seat.link {
                        self.traffic.note_sent(link.socket.transport(), self.out.len() as u64);
                    }
                }
                Some(Sent::Skipped) => skipped += 1,
                Some(Sent::Gone) => gone.push(player),
                None => {}
            }
        }
        self.traffic.pass();
        self.metrics.snapshots_sent.increment(sent);
        self.metrics.snapshots_skipped.increment(skipped);
        for player in gone {
            self.end_link(player, CloseReason::ConnectionLost, now);
        }
    }

    fn publish_feed(&mut self) {
        self.publisher.publish(&self.world, &self.events);
    }

    /// Ends links that were silent for too long, and takes seats back whose time in limbo is over.
    fn close_stragglers(&mut self, now: Duration) {
        for player in self.roster.silent(self.timing.silence_after, now) {
            self.end_link(player, CloseReason::Silent, now);
        }
        for player in self.roster.lost(now) {
            self.end_link(player, CloseReason::Slow, now);
        }
        for player in self.roster.overdue(now) {
            self.free_seat(player);
        }
        self.free_inactive(now);
        self.roster.let_go(now);
    }

    /// The link of `player` ends; the seat is kept, unless the player said goodbye or was removed.
    fn end_link(&mut self, player: PlayerId, reason: CloseReason, now: Duration) {
        tracing::debug!(match_id = %self.id, player_id = player.0, reason = reason.word(), "link ended");
        self.roster.lose(player, reason, now, now + self.timing.limbo);
        if reason.frees_seat() {
            self.free_seat(player);
        } else {
            self.commands.push(Command::Limbo { player });
        }
    }

    fn free_seat(&mut self, player: PlayerId) {
        self.roster.stand(player);
        self.commands.push(Command::Leave { player });
    }
}
