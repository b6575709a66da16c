//! One seat's play from a welcome on: snapshots and events in, input commands and a picture out.
//! It knows neither the link nor the wire; the client owns both and makes a new play for every welcome.

use glam::Vec2;
use shared::angle::Angle;
use shared::arena::Arena;
use shared::id::PlayerId;
use shared::input::ShipInput;
use shared::protocol::{InputMessage, PlayerEvent, Welcome};
use shared::replica::Replica;
use shared::rules::Rules;
use shared::snapshot::{OwnShip, Snapshot};
use shared::tick::Tick;
use shared::world::{Phase, Round};

use crate::beams::{Beams, beam};
use crate::client_clock::ClientClock;
use crate::ground::Ground;
use crate::input_buffer::InputBuffer;
use crate::instruments::Recorder;
use crate::interpolation::{Moment, Timeline};
use crate::playout::Playout;
use crate::prediction::{Deeds, Prediction, Verdict};
use crate::roster::Roster;
use crate::round_clock::RoundClock;
use crate::schedule::Schedule;
use crate::server_clock::ServerClock;
use crate::shot_sightings::{ShotSightings, Sight};
use crate::sightings;
use crate::view::{Freshness, Happening, OwnView, View};

/// News that are later than this are worth a notice.
const LATE_MS: f64 = 250.0;
/// Silence after which a picture that is seen again begins anew.
const PAUSE_MS: f64 = 500.0;
/// A picture that is older than this many ticks is not what the player acts upon: the page was hidden.
const SEEN_TICKS_MAX: f64 = 4.0;
/// Silence that counts as a lost connection.
const SILENCE_MS: f64 = 2_000.0;

/// Everything between a welcome and the next.
#[derive(Clone, Debug)]
pub struct Play {
    /// The own seat.
    pub player: PlayerId,
    /// The match's name.
    pub match_name: String,
    /// What the server has told of the world.
    pub replica: Replica,
    /// Who is here.
    pub roster: Roster,
    ground: Ground,
    welcomed_at: Tick,
    phase: Phase,
    round: RoundClock,
    clock: ServerClock,
    client_clock: ClientClock,
    playout: Playout,
    timeline: Timeline,
    prediction: Prediction,
    shots: ShotSightings,
    beams: Beams,
    schedule: Schedule,
    /// The moment at which others were drawn last.
    drawn: Option<f64>,
    /// The same at a fresh press of a trigger, until its command is sampled.
    aimed: Option<f64>,
    /// Whether others are drawn beyond the newest snapshot.
    dry: bool,
    /// Whether the picture is seen again after a pause, and no snapshot has come since.
    waking: bool,
}

impl Play {
    /// A play that begins. `None` if the server plays by other rules than this client knows.
    pub fn new(welcome: Welcome) -> Option<Play> {
        let rules = Rules { round_ticks: welcome.round_ticks, ..Rules::new(welcome.rate, 0) };
        if rules.hash() != welcome.rules_hash {
            return None;
        }
        let period_ms = welcome.rate.period_ms();
        let mut roster = Roster::default();
        roster.add(&welcome.pilot);
        Some(Play {
            player: welcome.player,
            match_name: welcome.match_name,
            replica: Replica::new(welcome.player, welcome.arena.clone(), rules.clone()),
            roster,
            ground: Ground { arena: welcome.arena, rules },
            welcomed_at: welcome.tick,
            phase: welcome.round.phase,
            round: RoundClock::new(welcome.round, welcome.tick),
            clock: ServerClock::new(period_ms),
            client_clock: ClientClock::new(welcome.rate),
            playout: Playout::new(period_ms),
            timeline: Timeline::new(period_ms),
            prediction: Prediction::default(),
            shots: ShotSightings::new(welcome.player),
            beams: Beams::default(),
            schedule: Schedule::default(),
            drawn: None,
            aimed: None,
            dry: false,
            waking: false,
        })
    }

    /// A welcome on the same link: pages will set the roster right, the clocks and the picture go on. False if it is
    /// another game.
    pub fn renew(&mut self, welcome: &Welcome) -> bool {
        let ground = &self.ground;
        let same = welcome.player == self.player
            && welcome.rules_hash == ground.rules.hash()
            && welcome.arena == ground.arena;
        if same {
            self.match_name.clone_from(&welcome.match_name);
            self.roster.add(&welcome.pilot);
            self.round = RoundClock::new(welcome.round, welcome.tick);
            self.welcomed_at = welcome.tick;
        }
        same
    }

    /// Somebody looks again. After a longer pause nothing that was drawn counts any more, and commands wait for the next
    /// snapshot, since only it says where the own ship is.
    pub fn wake(&mut self, now_ms: f64) {
        if self.clock.silence_ms(now_ms).is_some_and(|ms| ms > PAUSE_MS) {
            self.waking = true;
            self.timeline = Timeline::new(self.clock.period_ms());
            self.shots.clear();
        }
    }

    /// The client measured the round trip.
    pub fn note_round_trip(&mut self, rtt_ms: Option<u16>) {
        if let Some(ms) = rtt_ms {
            self.client_clock.note_round_trip(f64::from(ms));
        }
    }

    /// Whether a snapshot has come.
    pub fn has_snapshots(&self) -> bool {
        self.clock.newest().is_some()
    }

    /// Where it happens.
    pub fn arena(&self) -> &Arena {
        &self.ground.arena
    }

    /// What is in view at one tick; one that is not newer than the newest is ignored.
    pub fn snapshot(&mut self, snapshot: &Snapshot, now_ms: f64, recorder: &mut Recorder) {
        if self.clock.newest().is_some_and(|newest| newest >= snapshot.tick) {
            return;
        }
        if let Some(gap_ms) = self.clock.silence_ms(now_ms) {
            recorder.snapshot_gap(gap_ms);
        }
        self.clock.arrived(snapshot.tick, now_ms);
        self.waking = false;
        self.client_clock.report(snapshot.tick, &snapshot.report);
        self.phase = snapshot.phase;
        self.see(snapshot);
        let flight = self.ground.flight(self.phase);
        let verdict = self.prediction.reconcile(snapshot.tick, snapshot.own, &flight, now_ms);
        recorder.correction(verdict.off_units);
        recorder.figures.inputs_missing += u64::from(self.sends() && snapshot.report.applied_ago != Some(0));
        self.tell_life(verdict, &snapshot.own);
        let figures = &mut recorder.figures;
        figures.snapshots += 1;
        figures.slack_ticks = snapshot.report.slack_ticks().map_or(figures.slack_ticks, |ticks| ticks as f32);
        figures.rtt_ms = self.client_clock.rtt_ms().unwrap_or(0.0) as u16;
        let own = usize::from(snapshot.own.respawn_ticks == 0);
        figures.in_view = ((snapshot.ships.len() + own) as u16, snapshot.shots.len() as u16);
    }

    /// Whether the server has had time to get a command for the newest tick.
    fn sends(&self) -> bool {
        self.client_clock.sampled().is_some_and(|sampled| self.clock.newest() <= Some(sampled))
    }

    /// Compares with the moment before: births, dashes, shots.
    fn see(&mut self, snapshot: &Snapshot) {
        let now = Moment { tick: snapshot.tick, ships: snapshot.ships.clone() };
        let first = Moment { tick: snapshot.tick, ships: Vec::new() };
        let before = self.timeline.newest();
        if let Some(before) = before {
            let tick = f64::from(now.tick.0);
            for happening in sightings::between(before, &now, Some(snapshot.own.motion.position)) {
                self.schedule.at(tick, happening);
            }
        }
        let before = before.unwrap_or(&first);
        if matches!(snapshot.phase, Phase::Playing | Phase::Lobby) {
            self.shots.observe(&Sight { snapshot, before, field: self.ground.field() });
        } else {
            self.shots.clear();
        }
        self.timeline.push(now);
    }

    fn tell_life(&mut self, verdict: Verdict, own: &OwnShip) {
        if verdict.born {
            self.schedule.now(Happening::Appeared { id: self.player, position: own.motion.position });
        }
    }

    /// What happened in one tick.
    pub fn events(&mut self, tick: Tick, events: &[PlayerEvent]) {
        if tick <= self.welcomed_at {
            return;
        }
        for event in events {
            self.roster.apply(event);
            match event {
                PlayerEvent::Killed(victim, by) => self.tell_kill(tick, *victim, *by),
                PlayerEvent::Hit(victim, by, hull_points) => self.tell_hit(tick, *victim, *by, *hull_points),
                PlayerEvent::Beam(by, from, to) => self.tell_beam(tick, *by, (*from, *to)),
                PlayerEvent::Round(round) => self.set_round(tick, *round),
                PlayerEvent::Place(place) => self.roster.set_place(self.player, *place),
                PlayerEvent::Joined(..)
                | PlayerEvent::Left(_)
                | PlayerEvent::Limbo(..)
                | PlayerEvent::Scores(_) => {}
            }
        }
    }

    fn set_round(&mut self, tick: Tick, round: Round) {
        self.round = RoundClock::new(round, tick);
        self.shots.clear();
        match round.phase {
            Phase::Playing => self.schedule.now(Happening::RoundStarted),
            Phase::Results => self.schedule.now(Happening::RoundEnded),
            Phase::Lobby | Phase::Ended => {}
        }
    }

    fn tell_beam(&mut self, tick: Tick, by: PlayerId, (from, to): ((i32, i32), (i32, i32))) {
        let place = |(x, y): (i32, i32)| Vec2::new(x as f32, y as f32);
        let happening = Happening::Beam { by, from: place(from), to: place(to) };
        if by != self.player {
            self.schedule.at(f64::from(tick.0), happening);
        } else if self.beams.told(tick) {
            self.schedule.now(happening);
        }
    }

    fn tell_kill(&mut self, tick: Tick, victim: PlayerId, by: PlayerId) {
        if victim == self.player {
            let position = self.prediction.present().map(|(_, ship)| ship.motion.position);
            self.schedule.now(Happening::Killed { victim, by, position });
        } else {
            let position = self.timeline.last_seen(victim);
            self.schedule.at(f64::from(tick.0), Happening::Killed { victim, by, position });
        }
    }

    fn tell_hit(&mut self, tick: Tick, victim: PlayerId, by: PlayerId, hull_points: u8) {
        if victim == self.player {
            let from = self.timeline.last_seen(by);
            self.schedule.now(Happening::Hurt { from, hull_points });
        } else if by == self.player {
            self.shots.hit_at_birth(tick);
            self.schedule.now(Happening::HitOther { victim });
        }
    }

    /// The server applied the command of `report`'s tick: notes how long that took.
    pub fn note_acks(
        &self,
        snapshot: &Snapshot,
        buffer: &mut InputBuffer,
        recorder: &mut Recorder,
        now_ms: f64,
    ) {
        if let Some(ago) = snapshot.report.applied_ago {
            let applied = snapshot.tick - u32::from(ago);
            buffer.applied(applied, now_ms).for_each(|ms| recorder.input_ack(ms));
        }
    }

    /// Lets the clocks run and samples the inputs that are due: the message to send, if there is one.
    pub fn advance(
        &mut self,
        buffer: &mut InputBuffer,
        recorder: &mut Recorder,
        now_ms: f64,
    ) -> Option<InputMessage> {
        let newest = self.clock.newest()?;
        self.playout.advance(&self.clock, now_ms);
        let running_dry = self.playout.tick().is_some_and(|tick| self.timeline.beyond(tick) > 0.0);
        recorder.figures.underruns += u64::from(running_dry && !self.dry);
        self.dry = running_dry;
        let arriving = self.clock.tick_at(now_ms).filter(|_| !self.waking)?;
        let runs = self.client_clock.sampled().is_some();
        let due = self.client_clock.advance(arriving, now_ms);
        recorder.figures.clock_snaps += u64::from(runs && due.is_some_and(|d| d.jumped));
        recorder.figures.lead_ticks = self.client_clock.lead_ticks() as f32;
        recorder.figures.interpolation_delay_ms = self.playout.delay_ms() as f32;
        recorder.figures.ghosts_lost = self.shots.lost();
        let message = due.map(|due| {
            let seen = self.aimed.take().unwrap_or_else(|| self.seen());
            let inputs: Vec<_> =
                (0..due.count).map(|i| self.act(due.first + i, seen, buffer, now_ms)).collect();
            let view_lag = ((f64::from(newest.0) - seen) * 8.0).round().clamp(0.0, f64::from(u16::MAX));
            InputMessage::new(newest, view_lag as u16, due.first, &inputs)
        });
        self.show_trigger(buffer);
        message
    }

    /// Samples and predicts one tick.
    fn act(&mut self, tick: Tick, seen: f64, buffer: &mut InputBuffer, now_ms: f64) -> ShipInput {
        let input = buffer.sample();
        buffer.sent(tick, now_ms);
        let deeds = self.prediction.push(tick, input, &self.ground.flight(self.phase));
        if let Some((_, ship)) = self.prediction.present() {
            let position = ship.motion.position;
            if deeds.dashed {
                self.schedule.now(Happening::Dashed { id: self.player, position });
            }
            self.shoot(deeds, (tick, seen), position, input.aim);
        }
        input
    }

    /// Shows what the own weapons do by the command of `tick`, with others seen as at `seen`.
    fn shoot(&mut self, deeds: Deeds, (tick, seen): (Tick, f64), position: Vec2, aim: Angle) {
        if deeds.fired {
            self.shots.fired((tick, seen), position, aim, &self.ground.field());
        }
        if deeds.railed && self.beams.fired(tick) {
            let ships = self.timeline.ships_at(seen);
            self.schedule.now(beam(self.player, (position, aim), &ships, &self.ground.field()));
        }
    }

    /// A fresh press of the trigger is shown before its tick is due.
    fn show_trigger(&mut self, buffer: &InputBuffer) {
        if !buffer.trigger_pressed() {
            return;
        }
        let Some((tick, mut ship)) = self.prediction.present() else { return };
        let seen = self.seen();
        let (input, seen) = (buffer.peek(), *self.aimed.get_or_insert(seen));
        let deeds = self.ground.flight(self.phase).fly(&mut ship, input);
        self.shoot(deeds, (tick.next(), seen), ship.motion.position, input.aim);
    }

    /// The moment of others that the player acts upon: the last one drawn, if that was just now.
    fn seen(&self) -> f64 {
        let shown = self.playout.tick().unwrap_or_default();
        self.drawn.filter(|drawn| (0.0..SEEN_TICKS_MAX).contains(&(shown - drawn))).unwrap_or(shown)
    }

    /// What to draw now.
    pub fn view(&mut self, buffer: &InputBuffer, linked: bool, now_ms: f64) -> View {
        if linked {
            self.playout.advance(&self.clock, now_ms);
        }
        let mut view =
            View { phase: self.phase, freshness: self.freshness(linked, now_ms), ..View::default() };
        let others = self.playout.tick().unwrap_or(0.0);
        let fraction = self.client_clock.fraction(now_ms);
        if let Some((_, ship)) = self.prediction.present() {
            let position = self.draw_own(&mut view, ship, buffer, (fraction as f32, now_ms));
            view.camera = position;
        }
        self.drawn = Some(others);
        let rtt_ms = self.client_clock.rtt_ms();
        view.happenings = self.schedule.take(others, f64::from(self.ground.rules.rate.hz()));
        view.ships = self.timeline.ships_at(others);
        let field = self.ground.field();
        view.happenings.extend(self.shots.pass(others, &view.ships, rtt_ms.unwrap_or(0.0), &field));
        view.shots = self.shots.views(others, self.ground.rules.dt);
        view.rtt_ms = rtt_ms.map(|ms| ms as u16);
        view.others_at = others;
        view.beyond_ticks = self.timeline.beyond(others) as f32;
        if self.round.phase() == self.phase {
            let arriving = self.clock.tick_at(now_ms).unwrap_or(f64::from(self.welcomed_at.0));
            view.phase_left_s = self.round.left_s(arriving, self.ground.rules.rate);
        }
        view
    }

    /// Draws the own ship between its present and its next tick, as the keys are now; gives its place.
    fn draw_own(
        &self,
        view: &mut View,
        ship: OwnShip,
        buffer: &InputBuffer,
        (fraction, now_ms): (f32, f64),
    ) -> Vec2 {
        let rules = &self.ground.rules;
        let error = self.prediction.error(now_ms);
        if ship.respawn_ticks > 0 {
            view.respawn_s = ((f32::from(ship.respawn_ticks) - fraction) * rules.dt).max(0.0);
            return ship.motion.position + error;
        }
        let input = buffer.peek();
        let mut next = ship;
        self.ground.flight(self.phase).fly(&mut next, input);
        let position = ship.motion.position.lerp(next.motion.position, fraction) + error;
        view.own = Some(OwnView {
            id: self.player,
            position,
            velocity: ship.motion.velocity.lerp(next.motion.velocity, fraction),
            aim: input.aim,
            thrust: input.thrust.vector(),
            hull_points: ship.hull_points,
            guard: (f32::from(ship.guard_ticks) / f32::from(rules.guard_ticks.max(1))).min(1.0),
            dashes: f32::from(ship.motion.dash_energy) / f32::from(rules.dash_recharge_ticks.max(1)),
            rail: 1.0 - f32::from(ship.rail_wait_ticks) / f32::from(rules.rail_every_ticks.max(1)),
            dashing: ship.motion.dash_ticks > 0 || next.motion.dash_ticks > 0,
        });
        position
    }

    fn freshness(&self, linked: bool, now_ms: f64) -> Freshness {
        match (self.clock.silence_ms(now_ms), self.clock.lateness_ms(now_ms, 1.0)) {
            _ if !linked => Freshness::Lost,
            _ if self.waking => Freshness::CatchingUp,
            (Some(silence), _) if silence > SILENCE_MS => Freshness::Lost,
            (_, Some(late)) if late > LATE_MS => Freshness::CatchingUp,
            (Some(_), _) => Freshness::Live,
            (None, _) => Freshness::Waiting,
        }
    }
}
