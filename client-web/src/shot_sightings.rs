//! How a player learns of shots: from lists of what is in view, and from the own trigger before the server knows.
//! A predicted shot becomes the server's by the tick of the command that fired it; what differs then is mended.

use glam::Vec2;
use shared::angle::Angle;
use shared::bounds::within;
use shared::collision::swept_circle;
use shared::id::{PlayerId, ShotId};
use shared::rules::{LAG_COMPENSATION_MS_MAX, MUZZLE_UNITS, Rules, SHIP_RADIUS, SHOT_RADIUS, VIEW_HALF};
use shared::snapshot::{SeenShot, Snapshot};
use shared::tick::Tick;

use crate::interpolation::Moment;
use crate::shots::{End, Field, Path, Shot, Shots};
use crate::view::{Happening, ShipView, ShotView};

/// Ticks of flight up to which a difference to the server's shots is learnt.
const LATE_TICKS_MAX: f64 = 30.0;
/// Least time that an unconfirmed shot is shown.
const UNCONFIRMED_MS: f64 = 600.0;
/// A shot that vanished this near to the edge of the view may just have left it.
const EDGE_UNITS: f32 = 24.0;
/// By how many ticks the end of a shot of the scatter may differ from its life.
const SPENT_SPARE_TICKS: f64 = 4.0;
/// How much farther than by the rules a ship may be from a shot that hit it: positions are rounded.
const HIT_SPARE_UNITS: f32 = 6.0;

/// Shots as one player knows them.
#[derive(Clone, Debug)]
pub struct ShotSightings {
    shots: Shots,
    own: PlayerId,
    /// Names of own shots on the screen; they start far from the server's.
    next_name: ShotId,
    /// Ticks by which the server lets own shots begin later than the player's picture: what its lag compensation does not
    /// cover. Learnt from the last shot.
    late: f64,
    lost: u64,
}

/// What is known besides a snapshot's shots.
#[derive(Clone, Copy, Debug)]
pub struct Sight<'a> {
    /// The snapshot.
    pub snapshot: &'a Snapshot,
    /// The ships of the snapshot before it.
    pub before: &'a Moment,
    /// Where shots fly.
    pub field: Field<'a>,
}

impl ShotSightings {
    /// No shots yet, for the player of seat `own`.
    pub fn new(own: PlayerId) -> ShotSightings {
        ShotSightings { shots: Shots::default(), own, next_name: ShotId(0x8000), late: 0.0, lost: 0 }
    }

    /// The own ship, at `middle`, fires by the command of `tick`, while others are seen as at `seen`: shows the shot at
    /// once. A second word about the same tick replaces the first.
    pub fn fired(
        &mut self,
        (tick, seen): (Tick, f64),
        middle: Vec2,
        (angle, pellet): (Angle, u8),
        field: &Field<'_>,
    ) {
        let mut shot = Shot::at_muzzle(self.own, middle, angle, (seen + self.late, field));
        if pellet > 0 {
            shot.finish(shot.since + f64::from(field.rules.pellet_life_ticks), End::Silent);
        }
        let same = |s: &&mut Shot| s.fired == Some(tick) && s.pellet == pellet && s.id.is_none();
        if let Some(known) = self.shots.flying.iter_mut().find(same) {
            known.mend(shot.path, field);
            known.finish(shot.until, shot.end);
            return;
        }
        let name = self.take_name();
        self.shots.add(Shot { name, fired: Some(tick), pellet, ..shot });
    }

    fn take_name(&mut self) -> ShotId {
        let name = self.next_name;
        self.next_name = ShotId(name.next().0 | 0x8000);
        name
    }

    /// A shot of the own ship hurt somebody at `tick`: one that was born then ended on its way to that moment.
    pub fn hit_at_birth(&mut self, tick: Tick) {
        let near = |fired: Tick| fired.distance(tick).abs() <= 1;
        let mine = |s: &&mut Shot| s.fired.is_some_and(near) && s.id.is_none();
        if let Some(shot) = self.shots.flying.iter_mut().find(mine) {
            shot.finish(f64::from(tick.0).max(shot.since), End::Ship);
        }
    }

    /// The round ended or began: all shots are gone without a trace.
    pub fn clear(&mut self) {
        self.shots.clear();
    }

    /// Takes in a snapshot's shots.
    pub fn observe(&mut self, sight: &Sight<'_>) {
        let snapshot = sight.snapshot;
        let rules = sight.field.rules;
        // The own ship's wait tells when its trigger worked last, and so which command fired which shot.
        let waited = rules.fire_every_ticks.saturating_sub(snapshot.own.fire_wait_ticks);
        let mut fired = snapshot.tick - u32::from(waited);
        for seen in snapshot.shots.iter().rev() {
            let path = Path { from: seen.position, at: f64::from(snapshot.tick.0), angle: seen.angle };
            match self.shots.find(seen.id) {
                Some(shot) if shot.fired.is_some() && !shot.proven => {
                    let later = shot.prove(path, &sight.field);
                    self.late = within(self.late + later, 0.0, LATE_TICKS_MAX);
                }
                Some(_) => {}
                None if seen.owner == self.own => {
                    if !self.confirm_pellet(seen, snapshot.tick) {
                        if !self.confirm(seen, fired, (snapshot, rules)) {
                            self.discover(seen, sight);
                        }
                        fired = fired - u32::from(rules.fire_every_ticks);
                    }
                }
                None => self.discover(seen, sight),
            }
        }
        let own = self.own;
        self.shots.flying.retain_mut(|shot| match shot.id {
            Some(id) if snapshot.shots.binary_search_by_key(&id, |seen| seen.id).is_err() => {
                vanish(shot, sight, own);
                !shot.over
            }
            _ => true,
        });
    }

    /// Finds the predicted shot that the server calls `seen`: the one whose command is nearest to `fired`. The command is
    /// a shot's name from the press to the server's word, so none is ever shown twice.
    fn confirm(&mut self, seen: &SeenShot, fired: Tick, (snapshot, rules): (&Snapshot, &Rules)) -> bool {
        // A trigger that is ready again may have worked any time before.
        let ready = snapshot.own.fire_wait_ticks == 0;
        let off = |shot: &Shot| match shot.fired.map(|tick| tick.distance(fired)) {
            Some(earlier) if earlier < 0 && ready => 0,
            Some(distance) => distance.abs(),
            None => i64::MAX,
        };
        let open = self.shots.flying.iter_mut().filter(|s| s.id.is_none() && s.pellet == 0);
        let best = open.min_by_key(|s| off(s)).filter(|s| off(s) * 2 <= i64::from(rules.fire_every_ticks));
        best.map(|shot| shot.id = Some(seen.id)).is_some()
    }

    /// The same for a shot of a volley, which is known by the way that it flies.
    fn confirm_pellet(&mut self, seen: &SeenShot, now: Tick) -> bool {
        let same = |s: &&mut Shot| {
            let late = s.fired.is_some_and(|fired| now.since(fired) < LATE_TICKS_MAX as u32);
            s.pellet > 0 && s.id.is_none() && s.path.angle == seen.angle && late
        };
        self.shots.flying.iter_mut().find(same).map(|shot| shot.id = Some(seen.id)).is_some()
    }

    /// A shot that nobody predicted. One that is straight ahead of its shooter's muzzle was just fired; lag compensation
    /// has brought it on its way already.
    fn discover(&mut self, seen: &SeenShot, sight: &Sight<'_>) {
        let Snapshot { tick, own, ships, .. } = sight.snapshot;
        let mine = seen.owner == self.own;
        let shooter = if mine {
            Some((own.motion.position, own.motion.velocity))
        } else {
            ships.iter().find(|s| s.id == seen.owner).map(|s| (s.position, s.velocity))
        };
        let rules = sight.field.rules;
        let skipped = tick.since(sight.before.tick).saturating_sub(1);
        let compensated = rules.rate.ticks_in(LAG_COMPENSATION_MS_MAX);
        let age = shooter.and_then(|(place, velocity)| {
            let (way, flight) = (seen.position - place, seen.angle.direction());
            let (flown, step) = (flight.dot(way) - MUZZLE_UNITS, rules.book.blaster.speed * rules.dt);
            let spare = 3.0 + skipped as f32 * rules.dt * velocity.length();
            let farthest = (skipped + compensated) as f32 * step + spare;
            let ahead = flight.perp_dot(way).abs() <= spare && (-spare..=farthest).contains(&flown);
            ahead.then_some(f64::from((flown / step).max(0.0)))
        });
        let path = Path { from: seen.position, at: f64::from(tick.0), angle: seen.angle };
        let mut shot = Shot::new(seen.owner, path, age.unwrap_or(0.0), &sight.field);
        (shot.id, shot.untold) = (Some(seen.id), age.is_some());
        shot.name = if mine { self.take_name() } else { seen.id };
        self.shots.add(shot);
    }

    /// Lets the picture come to `moment`, when `ships` are where they are drawn. Shots that the server never confirmed go
    /// after a while, by the round trip.
    pub fn pass(
        &mut self,
        moment: f64,
        ships: &[ShipView],
        rtt_ms: f64,
        field: &Field<'_>,
    ) -> Vec<Happening> {
        let patience = UNCONFIRMED_MS.max(2.0 * rtt_ms) / field.rules.rate.period_ms();
        let (flying, lost) = (&mut self.shots.flying, &mut self.lost);
        flying.retain(|s| {
            let given_up = s.fired.is_some() && s.id.is_none() && moment - s.since > patience;
            *lost += u64::from(given_up && !s.over);
            !given_up
        });
        self.shots.strike(moment, ships, field.rules);
        self.shots.pass(moment, field.rules)
    }

    /// The shots as they are to be drawn.
    pub fn views(&self, moment: f64, rules: &Rules) -> Vec<ShotView> {
        self.shots.views(moment, rules)
    }

    /// Predicted shots that the server never confirmed.
    pub fn lost(&self) -> u64 {
        self.lost
    }
}

/// A shot is no longer in view: finds out why.
fn vanish(shot: &mut Shot, sight: &Sight<'_>, own: PlayerId) {
    let (now, before) = (f64::from(sight.snapshot.tick.0), f64::from(sight.before.tick.0));
    if shot.until <= now + 0.5 {
        // It met its wall or its age, as expected.
        shot.finish(now, shot.end);
        return;
    }
    let rules = sight.field.rules;
    let (from, to) = (shot.path.place(before.max(shot.since), rules), shot.path.place(now, rules));
    let place = sight.snapshot.own.motion.position;
    let targets = sight.snapshot.ships.iter().map(|s| (s.id, s.position));
    let fallen = sight.before.ships.iter().filter(|s| sight.snapshot.ships.iter().all(|t| t.id != s.id));
    let targets = targets.chain(fallen.map(|s| (s.id, s.position))).chain([(own, place)]);
    let reach = SHIP_RADIUS + SHOT_RADIUS + HIT_SPARE_UNITS;
    let others = targets.filter(|(id, _)| *id != shot.owner);
    let met = others.filter_map(|(_, ship)| swept_circle(from, to, ship, reach)).reduce(f32::min);
    if let Some(part) = met {
        let first = before.max(shot.since);
        shot.finish(first + (now - first) * f64::from(part), End::Ship);
        return;
    }
    let from_middle = (to - place).abs() + EDGE_UNITS;
    // Shots of the scatter do not live long.
    let spent = (now - shot.since - f64::from(rules.pellet_life_ticks)).abs() <= SPENT_SPARE_TICKS;
    let in_view = !spent && from_middle.x < VIEW_HALF.0 && from_middle.y < VIEW_HALF.1;
    shot.finish(now, if in_view { End::Wall } else { End::Silent });
}
