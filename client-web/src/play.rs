//! One seat's play from a welcome on: snapshots and events in, input commands and a picture out.
//! It knows neither the link nor the wire; the client owns both and makes a new play for every welcome.

mod news;
mod things;

use glam::Vec2;
use shared::angle::Angle;
use shared::arena::Arena;
use shared::bounds::within;
use shared::id::PlayerId;
use shared::input::ShipInput;
use shared::protocol::{InputMessage, Welcome};
use shared::replica::Replica;
use shared::rule_book::Weapon;
use shared::scatter::fan;
use shared::snapshot::{OwnShip, Snapshot};
use shared::tick::Tick;
use shared::world::Phase;

use crate::beams::{Beams, beam};
use crate::client_clock::ClientClock;
use crate::ground::Ground;
use crate::input_buffer::InputBuffer;
use crate::instruments::Recorder;
use crate::interpolation::{Moment, Timeline};
use crate::own_ship::draw_own;
use crate::own_truth::OwnTruth;
use crate::playout::Playout;
use crate::prediction::{Deeds, Prediction, Verdict};
use crate::roster::Roster;
use crate::round_clock::RoundClock;
use crate::schedule::Schedule;
use crate::server_clock::ServerClock;
use crate::shot_sightings::{ShotSightings, Sight};
use crate::sides;
use crate::sightings;
use crate::view::{Freshness, Happening, MineView, Sides, View};

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
    sides: Option<Sides>,
    /// What the newest snapshot says of mines and pickups, and of the own ship.
    mines: Vec<MineView>,
    pickups: Vec<u8>,
    own: OwnShip,
    schedule: Schedule,
    /// The moment at which others were drawn last.
    drawn: Option<f64>,
    /// The same at a fresh press of a trigger, until its command is sampled.
    aimed: Option<f64>,
    /// Whether others are drawn beyond the newest snapshot.
    dry: bool,
    /// Whether the picture is seen again after a pause, and no snapshot has come since.
    waking: bool,
    /// The own ship as the server told of it, and what of the netcode is on.
    pub truth: OwnTruth,
}

impl Play {
    /// A play that begins. `None` if the server plays by other rules than this client knows.
    pub fn new(welcome: Welcome) -> Option<Play> {
        let rules = welcome.rules()?;
        let period_ms = welcome.rate.period_ms();
        let mut roster = Roster::default();
        roster.add(&welcome.pilot);
        let told = (welcome.team_scores, welcome.cores);
        let ground = Ground { arena: welcome.arena, rules };
        Some(Play {
            player: welcome.player,
            match_name: welcome.match_name,
            replica: Replica::new(welcome.player, ground.arena.clone(), ground.rules.clone()),
            roster,
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
            sides: sides::of_match(&ground.arena, &ground.rules).map(|s| news::sides_told(s, &told)),
            mines: Vec::new(),
            pickups: Vec::new(),
            own: OwnShip::default(),
            schedule: Schedule::default(),
            drawn: None,
            aimed: None,
            dry: false,
            waking: false,
            truth: OwnTruth::new(period_ms),
            ground,
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
            let told = (welcome.team_scores.clone(), welcome.cores.clone());
            self.sides = self.sides.map(|sides| news::sides_told(sides, &told));
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
        let since = self.clock.newest().map_or(1, |newest| snapshot.tick.since(newest));
        recorder.figures.snapshots_skipped += u64::from(since.saturating_sub(1));
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
        figures.inputs_late += u64::from(snapshot.report.slack_ticks().is_some_and(|ticks| ticks < 0.0));
        figures.jitter_ms = self.clock.jitter_ms() as f32;
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
        self.truth.observe(self.player, snapshot);
        self.see_things(snapshot);
    }

    fn tell_life(&mut self, verdict: Verdict, own: &OwnShip) {
        if verdict.born {
            self.schedule.now(Happening::Appeared { id: self.player, position: own.motion.position });
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
            let view_lag = within(((f64::from(newest.0) - seen) * 8.0).round(), 0.0, f64::from(u16::MAX));
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
            if deeds.dashed && self.truth.aids.prediction {
                self.schedule.now(Happening::Dashed { id: self.player, position });
            }
            self.shoot(deeds, (tick, seen), position, input.aim);
        }
        input
    }

    /// Shows what the own weapons do by the command of `tick`, with others seen as at `seen`.
    fn shoot(&mut self, deeds: Deeds, (tick, seen): (Tick, f64), position: Vec2, aim: Angle) {
        if !self.truth.aids.prediction {
            return;
        }
        let field = self.ground.field();
        if deeds.fired {
            self.shots.fired((tick, seen), position, (aim, 0), &field);
        }
        match deeds.used {
            Some(Weapon::Rail) if self.beams.fired(tick) => {
                let ships = self.timeline.ships_at(seen);
                let ships = self.targets(ships);
                self.schedule.now(beam(self.player, (position, aim), &ships, &self.ground.field()));
            }
            Some(Weapon::Scatter) => {
                let fan = fan(&self.ground.rules, (tick, self.player), aim);
                for pellet in fan.zip(1..) {
                    self.shots.fired((tick, seen), position, pellet, &field);
                }
            }
            _ => {}
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
        let shown = self.shown_tick().unwrap_or_default();
        self.drawn.filter(|drawn| (0.0..SEEN_TICKS_MAX).contains(&(shown - drawn))).unwrap_or(shown)
    }

    /// The moment of others that is drawn, in ticks.
    fn shown_tick(&self) -> Option<f64> {
        let newest = self.clock.newest().map(|tick| f64::from(tick.0));
        if self.truth.aids.interpolation { self.playout.tick() } else { newest }
    }

    /// What to draw now.
    pub fn view(&mut self, buffer: &InputBuffer, linked: bool, now_ms: f64) -> View {
        if linked {
            self.playout.advance(&self.clock, now_ms);
        }
        let mut view =
            View { phase: self.phase, freshness: self.freshness(linked, now_ms), ..View::default() };
        let others = self.shown_tick().unwrap_or(0.0);
        let fraction = self.client_clock.fraction(now_ms);
        if let Some((_, ship)) = self.prediction.present() {
            let moment = (fraction as f32, self.prediction.error(now_ms));
            let flight = self.ground.flight(self.phase);
            let position = draw_own(&mut view, self.player, ship, (buffer.peek(), &flight), moment);
            view.camera = position;
            self.truth.show(&mut view, others);
        }
        self.drawn = Some(others);
        let rtt_ms = self.client_clock.rtt_ms();
        view.happenings = self.schedule.take(others, f64::from(self.ground.rules.rate.hz()));
        view.ships = self.timeline.ships_at(others);
        let targets = self.targets(view.ships.clone());
        let field = self.ground.field();
        view.happenings.extend(self.shots.pass(others, &targets, rtt_ms.unwrap_or(0.0), &field));
        self.show_things(&mut view);
        view.shots = self.shots.views(others, &self.ground.rules);
        view.rtt_ms = rtt_ms.map(|ms| ms as u16);
        view.others_at = others;
        view.beyond_ticks = self.timeline.beyond(others) as f32;
        view.round = self.round.number();
        if self.round.phase() == self.phase {
            let arriving = self.clock.tick_at(now_ms).unwrap_or(f64::from(self.welcomed_at.0));
            view.phase_left_s = self.round.left_s(arriving, self.ground.rules.rate);
        }
        view
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
