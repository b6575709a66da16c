//! One match as a spectator sees it: the feed's events in, ships, shots and happenings out.
//! It knows neither the camera nor the feed's wire; the spectator owns both.

mod news;

use glam::Vec2;
use shared::arena::Arena;
use shared::event::Beam;
use shared::feed::{Closing, Delta, Hello, Keyframe, Kill};
use shared::feed_encoder::delta_every_ticks;
use shared::feed_state::{
    ApplyError, FeedMine, FeedSeat, FeedShip, FeedShot, FeedState, PILOT_BOT, PILOT_LIMBO, SHIP_CARRIES,
    SHIP_DASHING, SHIP_GUARDED, SHIP_LIMBO, SHIP_SHIELDED, SHIP_THRUSTING, place, read_beam, read_blast,
    read_shot, records,
};
use shared::id::{MineId, PlayerId, ShotId};
use shared::protocol::PlayerEvent;
use shared::quantise::unpack_angle;
use shared::rules::{Rules, SHIP_RADIUS, SHOT_RADIUS};
use shared::snapshot::SeenShip;
use shared::tick::{Tick, TickRate};
use shared::world::Phase;

use crate::beams::told;
use crate::interpolation::{Moment, Timeline};
use crate::playout::Playout;
use crate::roster::Roster;
use crate::round_clock::RoundClock;
use crate::schedule::Schedule;
use crate::server_clock::ServerClock;
use crate::shots::{End, Field, Path, Shot, Shots};
use crate::sides;
use crate::sightings;
use crate::view::{Freshness, Happening, MineView, Score, Sides, View};

/// Arrivals closer than this belong to a burst of what happened before.
const BURST_MS: f64 = 25.0;
/// News that are later than this are worth a notice.
const LATE_MS: f64 = 250.0;
/// Silence that counts as a lost connection.
const SILENCE_MS: f64 = 2_000.0;
/// How much nearer than drawn a ship may be to a shot that ended on it: states come ten times a second.
const HIT_SPARE_UNITS: f32 = 20.0;

/// A match's public state and its picture.
#[derive(Clone, Debug)]
pub struct Watch {
    /// What the match said of itself.
    pub hello: Hello,
    /// Who is in it.
    pub roster: Roster,
    rules: Rules,
    state: Option<FeedState>,
    sides: Option<Sides>,
    watching: u32,
    clock: ServerClock,
    /// When the last state came while the feed catches up; `None` once it runs with the match.
    burst_ms: Option<f64>,
    playout: Playout,
    timeline: Timeline,
    shots: Shots,
    schedule: Schedule,
}

impl Watch {
    /// A match of which nothing but `hello` is known.
    pub fn new(hello: Hello) -> Watch {
        let rate = hello.tick_hz;
        let period_ms = rate.period_ms();
        let rules = Rules::of(&hello.rules, rate, 0).with_mode(hello.mode, Some(hello.goal));
        Watch {
            roster: Roster::default(),
            sides: sides::of_match(&hello.arena, &rules),
            rules,
            state: None,
            watching: 0,
            clock: ServerClock::new(period_ms),
            burst_ms: Some(f64::NEG_INFINITY),
            playout: Playout::new(period_ms * f64::from(delta_every_ticks(rate, 0))),
            timeline: Timeline::new(period_ms),
            shots: Shots::default(),
            schedule: Schedule::default(),
            hello,
        }
    }

    /// By which numbers.
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// Where it happens.
    pub fn arena(&self) -> &Arena {
        &self.hello.arena
    }

    fn rate(&self) -> TickRate {
        self.hello.tick_hz
    }

    /// Where a ship was last, in units, as far as that is remembered.
    pub fn last_seen(&self, id: PlayerId) -> Option<Vec2> {
        self.timeline.last_seen(id)
    }

    /// Spectators, as of the last keyframe.
    pub fn watching(&self) -> u32 {
        self.watching
    }

    /// The public state after the last event; `None` before the first keyframe.
    pub fn state(&self) -> Option<&FeedState> {
        self.state.as_ref()
    }

    /// The feed was opened anew: what comes first may have waited there.
    pub fn reopened(&mut self) {
        self.burst_ms = Some(f64::NEG_INFINITY);
    }

    /// Forgets the state: only a keyframe helps.
    pub fn forget(&mut self) {
        self.state = None;
    }

    /// News of `tick` came. While the feed catches up only the newest tells the time.
    fn arrived(&mut self, tick: Tick, now_ms: f64) {
        if let Some(before_ms) = self.burst_ms {
            if before_ms > f64::NEG_INFINITY && now_ms - before_ms > BURST_MS {
                self.burst_ms = None;
            } else {
                self.burst_ms = Some(now_ms);
                self.clock = ServerClock::new(self.rate().period_ms());
            }
        }
        self.clock.arrived(tick, now_ms);
    }

    /// Everything anew.
    pub fn keyframe(&mut self, keyframe: &Keyframe, now_ms: f64) -> Result<(), ApplyError> {
        let state = FeedState::of_keyframe(keyframe)?;
        self.watching = keyframe.watching;
        let in_step = self.state.as_ref().is_some_and(|s| *s == state);
        if in_step {
            return Ok(());
        }
        self.arrived(keyframe.tick, now_ms);
        self.roster = Roster::of_scores(state.seats.iter().map(|(id, seat)| score(*id, seat)));
        self.shots.clear();
        for (id, shot) in state.shots.iter() {
            self.add_shot(*id, shot, false);
        }
        self.state = Some(state);
        self.keep_pace();
        self.show_ships(false);
        Ok(())
    }

    /// What changed since the last delta or keyframe.
    pub fn delta(&mut self, delta: &Delta, now_ms: f64) -> Result<(), ApplyError> {
        let state = self.state.as_mut().ok_or(ApplyError::Unknown)?;
        for &[victim, by, ago] in records(&delta.kills)? {
            let (victim, by) = (PlayerId(victim as u16), PlayerId(by as u16));
            // Where the ship was last told to be; in a crowd nobody says more.
            let position = state.ships.get(&victim).map(FeedShip::position);
            self.roster.apply(&PlayerEvent::Killed(victim, by));
            let tick = f64::from(delta.tick.0) - f64::from(ago);
            self.schedule.at(tick, Happening::Killed { victim, by, position });
        }
        state.apply(delta)?;
        self.arrived(delta.tick, now_ms);
        for &record in records(&delta.fired)? {
            let (id, shot) = read_shot(record, delta.tick)?;
            self.add_shot(id, &shot, true);
        }
        for &[id, ago] in records(&delta.ended)? {
            let tick = f64::from(delta.tick.0) - f64::from(ago);
            self.end_shot(ShotId(id as u16), tick);
        }
        self.keep_pace();
        for &record in records(&delta.beams)? {
            let (tick, Beam { by, from, to }) = read_beam(record, delta.tick)?;
            self.schedule.at(f64::from(tick.0), told(by, (from, to), &self.rules));
        }
        for &record in records(&delta.blasts)? {
            let (tick, by, position) = read_blast(record, delta.tick)?;
            self.schedule.at(f64::from(tick.0), Happening::Blast { by, position });
        }
        self.show_ships(true);
        Ok(())
    }

    /// Ticks from one delta to the next: the more ships, the more.
    fn interval_ticks(&self) -> f64 {
        let ships = self.state.as_ref().map_or(0, |s| s.ships.len());
        f64::from(delta_every_ticks(self.rate(), ships))
    }

    fn keep_pace(&mut self) {
        self.playout.set_interval(self.rate().period_ms() * self.interval_ticks());
    }

    fn add_shot(&mut self, id: ShotId, shot: &FeedShot, untold: bool) {
        let field = Field { arena: &self.hello.arena, rules: &self.rules };
        let path = Path { from: shot.origin(), at: f64::from(shot.born.0), angle: shot.direction() };
        let flying = Shot::new(shot.owner, path, 0.0, &field);
        self.shots.add(Shot { name: id, id: Some(id), untold, ..flying });
    }

    fn end_shot(&mut self, id: ShotId, tick: f64) {
        let playing =
            self.state.as_ref().is_some_and(|s| matches!(s.round.phase, Phase::Playing | Phase::Lobby));
        let Some(shot) = self.shots.find(id) else { return };
        if shot.until <= tick + 0.5 {
            return;
        }
        let place = shot.path.place(tick, &self.rules);
        let reach = SHIP_RADIUS + SHOT_RADIUS + HIT_SPARE_UNITS;
        let ships = self.timeline.newest().map(|m| m.ships.as_slice()).unwrap_or_default();
        let on_ship = ships.iter().any(|s| s.id != shot.owner && s.position.distance(place) <= reach);
        let end = if on_ship { End::Ship } else { End::Wall };
        shot.finish(tick, if playing { end } else { End::Silent });
    }

    /// Puts the state's ships on the timeline; `told` is whether what began since the last moment is worth telling.
    fn show_ships(&mut self, told: bool) {
        let Some(state) = &self.state else { return };
        let before = self.timeline.newest();
        let dt = before.map_or(1.0, |b| state.tick.since(b.tick).max(1) as f32) * self.rules.dt;
        // Faster than any flight is a jump to another place.
        let fast = self.rules.fastest * 1.2;
        let seen = |(id, ship): (&PlayerId, &FeedShip)| {
            let old = before.and_then(|b| b.ship(*id)).map(|s| s.position);
            seen_ship(*id, ship, old.unwrap_or(ship.position()), (dt, fast))
        };
        let now = Moment { tick: state.tick, ships: state.ships.iter().map(seen).collect() };
        if let Some(before) = before.filter(|_| told) {
            for happening in sightings::between(before, &now, None) {
                self.schedule.at(f64::from(now.tick.0), happening);
            }
        }
        self.timeline.push(now);
    }

    /// The feed ends soon.
    pub fn closing(&mut self, closing: &Closing) {
        self.schedule.now(Happening::Closing { in_s: closing.in_s });
    }

    /// A ship was shot down.
    pub fn kill(&mut self, kill: &Kill) -> Result<(), ApplyError> {
        self.state.as_mut().ok_or(ApplyError::Unknown)?.kill(kill);
        self.roster.apply(&PlayerEvent::Killed(kill.victim, kill.by));
        let position = Some(place(kill.x, kill.y));
        let happening = Happening::Killed { victim: kill.victim, by: kill.by, position };
        self.schedule.at(f64::from(kill.tick.0), happening);
        Ok(())
    }

    /// All ships, shots and happenings of the drawn moment; the camera is the caller's.
    pub fn view(&mut self, linked: bool, now_ms: f64) -> View {
        if linked {
            self.playout.advance(&self.clock, now_ms);
        }
        let tick = self.playout.tick().unwrap_or(0.0);
        let rate = self.rate();
        let mut view = View { freshness: self.freshness(linked, now_ms), ..View::default() };
        view.happenings = self.schedule.take(tick, f64::from(rate.hz()));
        view.happenings.extend(self.shots.pass(tick, &self.rules));
        view.ships = self.timeline.ships_at(tick);
        view.shots = self.shots.views(tick, &self.rules);
        if let Some(state) = &self.state {
            view.phase = state.round.phase;
            view.mines = state.mines.iter().map(mine_view).collect();
            let lies = |place: &u8| !state.taken.contains_key(place);
            view.pickups = (0..self.hello.arena.pickups().len() as u8).filter(lies).collect();
            if let Some(sides) = &mut self.sides {
                sides.follow(state);
                view.ships.iter().for_each(|ship| sides.see(ship.id, ship.position));
            }
            view.sides = self.sides;
            view.round = state.round.number;
            view.phase_left_s = RoundClock::new(state.round, state.tick).left_s(tick, rate);
        }
        view
    }

    fn freshness(&self, linked: bool, now_ms: f64) -> Freshness {
        let interval = self.interval_ticks();
        match (self.clock.silence_ms(now_ms), self.clock.lateness_ms(now_ms, interval)) {
            (None, _) => Freshness::Waiting,
            _ if !linked => Freshness::Lost,
            (Some(silence), _) if silence > SILENCE_MS => Freshness::Lost,
            (_, Some(late)) if late > LATE_MS => Freshness::CatchingUp,
            _ => Freshness::Live,
        }
    }
}

fn mine_view((id, mine): (&MineId, &FeedMine)) -> MineView {
    MineView { id: *id, owner: mine.owner, place: place(mine.x, mine.y) }
}

fn score(id: PlayerId, seat: &FeedSeat) -> Score {
    Score {
        id,
        name: seat.name.as_str().to_owned(),
        hull: seat.hull,
        bot: seat.flags & PILOT_BOT != 0,
        limbo: seat.flags & PILOT_LIMBO != 0,
        score: seat.score,
        deaths: seat.deaths,
        team: seat.team(),
    }
}

/// A ship of the feed, with its speed from where it was `dt` seconds before; none above `fast` units/s.
fn seen_ship(id: PlayerId, ship: &FeedShip, old: Vec2, (dt, fast): (f32, f32)) -> SeenShip {
    let velocity = (ship.position() - old) / dt;
    let flies = velocity.length() <= fast;
    SeenShip {
        id,
        position: ship.position(),
        velocity: if flies { velocity } else { Vec2::ZERO },
        aim: unpack_angle(ship.aim),
        hull_points: ship.hull_points,
        thrusting: ship.flags & SHIP_THRUSTING != 0,
        guarded: ship.flags & SHIP_GUARDED != 0,
        dashing: ship.flags & SHIP_DASHING != 0,
        limbo: ship.flags & SHIP_LIMBO != 0,
        shielded: ship.flags & SHIP_SHIELDED != 0,
        carries: ship.flags & SHIP_CARRIES != 0,
    }
}
