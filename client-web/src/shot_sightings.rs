//! How a player learns of shots: from lists of what is in view, and from the own trigger before the server knows.
//! A predicted shot becomes the server's when one of the same direction shows up near enough on its way.

use glam::Vec2;
use shared::collision::swept_circle;
use shared::id::{PlayerId, ShotId};
use shared::rules::{MUZZLE_UNITS, SHIP_RADIUS, SHOT_RADIUS, SHOT_SPEED, VIEW_HALF};
use shared::snapshot::{SeenShot, Snapshot};
use shared::tick::Tick;

use crate::interpolation::Moment;
use crate::shots::{End, Field, Moments, Path, Shot, Shots};
use crate::view::{Happening, ShotView};

/// Farthest that the server's shot may be from the predicted one, in units: some ticks of its flight.
const MATCH_UNITS: f32 = 80.0;
/// Most that the two directions may differ, in steps of a 65,536th turn: about two degrees.
const MATCH_TURN: u16 = 364;
/// Least time that an unconfirmed shot is shown.
const UNCONFIRMED_MS: f64 = 600.0;
/// A shot that vanished this near to the edge of the view may just have left it.
const EDGE_UNITS: f32 = 24.0;
/// How much farther than by the rules a ship may be from a shot that hit it: positions are rounded.
const HIT_SPARE_UNITS: f32 = 6.0;

/// Shots as one player knows them.
#[derive(Clone, Debug)]
pub struct ShotSightings {
    shots: Shots,
    own: PlayerId,
    /// Names of own shots on the screen; they start far from the server's.
    next_name: ShotId,
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
        ShotSightings { shots: Shots::default(), own, next_name: ShotId(0x8000), lost: 0 }
    }

    /// The own ship, at `middle`, fires in tick `tick`: shows the shot at once. A second word about the same tick
    /// replaces the first.
    pub fn fired(&mut self, tick: Tick, middle: Vec2, angle: shared::angle::Angle, field: &Field<'_>) {
        let born = f64::from(tick.0);
        let shot = Shot::at_muzzle(self.own, middle, angle, (born, field));
        if let Some(known) =
            self.shots.flying.iter_mut().find(|s| s.own && s.id.is_none() && (s.since - born).abs() < 0.5)
        {
            known.mend(shot.path, field);
            known.finish(shot.until, shot.end);
            return;
        }
        let name = self.take_name();
        self.shots.add(Shot { name, own: true, ..shot });
    }

    fn take_name(&mut self) -> ShotId {
        let name = self.next_name;
        self.next_name = ShotId(name.next().0 | 0x8000);
        name
    }

    /// A shot of the own ship hurt somebody at `tick`: one that was born then and never seen ended there.
    pub fn hit_at_muzzle(&mut self, tick: Tick) {
        let born = f64::from(tick.0);
        let mine = |s: &&mut Shot| s.own && s.id.is_none() && (s.since - born).abs() <= 1.0;
        if let Some(shot) = self.shots.flying.iter_mut().find(mine) {
            shot.finish(shot.since, End::Ship);
        }
    }

    /// The round ended or began: all shots are gone without a trace.
    pub fn clear(&mut self) {
        self.shots.clear();
    }

    /// Takes in a snapshot's shots.
    pub fn observe(&mut self, sight: &Sight<'_>) {
        let snapshot = sight.snapshot;
        for seen in &snapshot.shots {
            if self.shots.find(seen.id).is_none() && !self.confirm(seen, sight) {
                self.discover(seen, sight);
            }
        }
        let mut here: Vec<ShotId> = snapshot.shots.iter().map(|s| s.id).collect();
        here.sort_unstable();
        let own = self.own;
        self.shots.flying.retain_mut(|shot| match shot.id {
            Some(id) if here.binary_search(&id).is_err() => {
                vanish(shot, sight, own);
                !shot.over
            }
            _ => true,
        });
    }

    /// Finds the predicted shot that the server calls `seen`.
    fn confirm(&mut self, seen: &SeenShot, sight: &Sight<'_>) -> bool {
        if seen.owner != self.own {
            return false;
        }
        let at = f64::from(sight.snapshot.tick.0);
        let dt = sight.field.rules.dt;
        let off = |shot: &Shot| shot.path.place(at, dt).distance(seen.position);
        let alike = |shot: &&mut Shot| {
            shot.own
                && shot.id.is_none()
                && shot.path.angle.turn_to(seen.angle).unsigned_abs() <= MATCH_TURN
                && off(shot) <= MATCH_UNITS
        };
        let best = self.shots.flying.iter_mut().filter(alike).min_by(|a, b| off(a).total_cmp(&off(b)));
        let Some(shot) = best else { return false };
        shot.id = Some(seen.id);
        if !shot.over {
            shot.mend(Path { from: seen.position, at, angle: seen.angle }, &sight.field);
        }
        true
    }

    /// A shot that nobody predicted.
    fn discover(&mut self, seen: &SeenShot, sight: &Sight<'_>) {
        let Snapshot { tick, own, ships, .. } = sight.snapshot;
        let mine = seen.owner == self.own;
        let shooter = if mine {
            Some((own.motion.position, own.motion.velocity))
        } else {
            ships.iter().find(|s| s.id == seen.owner).map(|s| (s.position, s.velocity))
        };
        let dt = sight.field.rules.dt;
        let skipped = tick.since(sight.before.tick).saturating_sub(1) as f32;
        let reach = |velocity: Vec2| MUZZLE_UNITS + 3.0 + skipped * dt * (SHOT_SPEED + velocity.length());
        let near = shooter.filter(|(place, velocity)| place.distance(seen.position) <= reach(*velocity));
        let age = near.map(|(place, _)| {
            let flown = (place.distance(seen.position) - MUZZLE_UNITS) / (SHOT_SPEED * dt);
            f64::from(flown.round().clamp(0.0, skipped))
        });
        let path = Path { from: seen.position, at: f64::from(tick.0), angle: seen.angle };
        let mut shot = Shot::new(seen.owner, path, age.unwrap_or(0.0), &sight.field);
        (shot.id, shot.untold, shot.own) = (Some(seen.id), age.is_some(), mine);
        shot.name = if mine { self.take_name() } else { seen.id };
        self.shots.add(shot);
    }

    /// Lets the picture come to `moments`. Shots that the server never confirmed go after a while, by the round trip.
    pub fn pass(&mut self, moments: Moments, rtt_ms: f64, field: &Field<'_>) -> Vec<Happening> {
        let patience = UNCONFIRMED_MS.max(2.0 * rtt_ms) / field.rules.rate.period_ms();
        let (flying, lost) = (&mut self.shots.flying, &mut self.lost);
        flying.retain(|s| {
            let given_up = s.own && s.id.is_none() && moments.own - s.since > patience;
            *lost += u64::from(given_up && !s.over);
            !given_up
        });
        // An own shot that met a wall here is still in the server's lists for a while.
        self.shots.pass(moments, field.rules.dt, |s| s.own)
    }

    /// The shots as they are to be drawn.
    pub fn views(&self, moments: Moments, dt: f32) -> Vec<ShotView> {
        self.shots.views(moments, dt)
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
    let dt = sight.field.rules.dt;
    let (from, to) = (shot.path.place(before.max(shot.since), dt), shot.path.place(now, dt));
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
    let in_view = from_middle.x < VIEW_HALF.0 && from_middle.y < VIEW_HALF.1;
    shot.finish(now, if in_view { End::Wall } else { End::Silent });
}
