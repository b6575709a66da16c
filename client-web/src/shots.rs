//! Shots in flight: each flies by itself from where it was seen first, and ends where a wall, its age or the server
//! says. All are drawn at the same moment of the past as the ships, own ones too: there they meet what the player aims at.
//! It serves players and spectators; how they learn of shots stands elsewhere.

use glam::Vec2;
use shared::angle::Angle;
use shared::arena::Arena;
use shared::collision::{swept_circle, swept_walls};
use shared::id::{PlayerId, ShotId};
use shared::rules::{MUZZLE_UNITS, Rules, SHIP_RADIUS, SHOT_RADIUS};
use shared::tick::Tick;

use crate::view::{Happening, ShipView, ShotView};

/// Most shots that are kept; beyond it the oldest goes.
const SHOTS_MAX: usize = 4096;

/// How a shot ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// At a wall, or at something unknown.
    Wall,
    /// On a ship.
    Ship,
    /// Nobody sees it: it is spent, or out of view.
    Silent,
}

/// A straight way at the blaster's speed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Path {
    /// A known place, in units.
    pub from: Vec2,
    /// The tick at which it was there.
    pub at: f64,
    /// Where it flies.
    pub angle: Angle,
}

impl Path {
    /// The place at `tick`, in units.
    pub fn place(&self, tick: f64, rules: &Rules) -> Vec2 {
        self.from + self.angle.direction() * (rules.book.blaster.speed * rules.dt * (tick - self.at) as f32)
    }

    /// Cuts the way short at the first wall before tick `until`: when and how it ends.
    fn until_wall(&self, until: f64, field: &Field<'_>) -> (f64, End) {
        let goal = self.place(until, field.rules);
        match swept_walls(field.arena, self.from, goal) {
            Some(part) => (self.at + (until - self.at) * f64::from(part), End::Wall),
            None => (until, End::Silent),
        }
    }
}

/// Where shots fly, and by which numbers.
#[derive(Clone, Copy, Debug)]
pub struct Field<'a> {
    /// Its walls end shots.
    pub arena: &'a Arena,
    /// Its life and tick length count.
    pub rules: &'a Rules,
}

/// A shot in flight.
#[derive(Clone, Debug, PartialEq)]
pub struct Shot {
    /// Its name on the screen; for a predicted shot not the server's.
    pub name: ShotId,
    /// Its name at the server, once that is known.
    pub id: Option<ShotId>,
    /// Who fired it.
    pub owner: PlayerId,
    /// The own command that fired it, if it was predicted.
    pub fired: Option<Tick>,
    /// Its place in the volley of the scatter, from 1; 0 is a shot of the blaster.
    pub pellet: u8,
    /// Whether the server still had it after the tick of its birth.
    pub proven: bool,
    /// Its way.
    pub path: Path,
    /// The tick from which it is seen.
    pub since: f64,
    /// The tick at which it ends.
    pub until: f64,
    /// How it ends.
    pub end: End,
    /// Whether its birth is still to be told.
    pub untold: bool,
    /// Whether it has ended on the screen; it may be kept to be recognised.
    pub over: bool,
}

impl Shot {
    /// A shot that was at the start of `path` then, born `age` ticks before.
    pub fn new(owner: PlayerId, path: Path, age: f64, field: &Field<'_>) -> Shot {
        let last = path.at - age + f64::from(field.rules.shot_life_ticks);
        let (until, end) = path.until_wall(last, field);
        Shot {
            name: ShotId(0),
            id: None,
            owner,
            fired: None,
            pellet: 0,
            proven: false,
            path,
            since: path.at - age,
            until,
            end,
            untold: age <= 0.0,
            over: false,
        }
    }

    /// A shot of a ship at `middle` in the tick of its birth.
    pub fn at_muzzle(owner: PlayerId, middle: Vec2, angle: Angle, (born, field): (f64, &Field<'_>)) -> Shot {
        let from = middle + angle.direction() * MUZZLE_UNITS;
        let mut shot = Shot::new(owner, Path { from, at: born, angle }, 0.0, field);
        if swept_walls(field.arena, middle, from).is_some() {
            (shot.until, shot.end) = (born, End::Wall);
        }
        shot
    }

    /// It goes on along another path, learnt later. Its age stays.
    pub fn mend(&mut self, path: Path, field: &Field<'_>) {
        let last = self.since + f64::from(field.rules.shot_life_ticks);
        self.path = path;
        (self.until, self.end) = path.until_wall(last, field);
    }

    /// It ends at `tick`, unless it ends earlier anyway.
    pub fn finish(&mut self, tick: f64, end: End) {
        if tick < self.until {
            (self.until, self.end) = (tick, end);
        }
    }

    /// Its birth, if it is to be told now. Somebody who catches up shall not see a minute's shots in one flash.
    fn birth(&mut self, moment: f64, rules: &Rules) -> Option<Happening> {
        if !self.untold || (self.fired.is_none() && self.since > moment) {
            return None;
        }
        self.untold = false;
        let position = self.path.place(self.since, rules);
        let happening = Happening::Fired { by: self.owner, position, angle: self.path.angle };
        (!stale(self.since, moment, rules)).then_some(happening)
    }

    /// Its end, if that is now and somebody sees it.
    fn death(&mut self, moment: f64, rules: &Rules) -> Option<Happening> {
        if self.over || self.until > moment {
            return None;
        }
        self.over = true;
        let seen = self.end != End::Silent && self.until >= self.since && !stale(self.until, moment, rules);
        let (position, angle) = (self.path.place(self.until, rules), self.path.angle);
        seen.then_some(Happening::ShotEnded { position, angle, on_ship: self.end == End::Ship })
    }

    /// The server has it at the start of `path`, alive: it goes on from there. Returns by how many ticks the server let
    /// it begin later than was shown; none if it is another way altogether.
    pub fn prove(&mut self, path: Path, field: &Field<'_>) -> f64 {
        let (off, flight) = (self.path.place(path.at, field.rules) - path.from, path.angle.direction());
        let later = f64::from(off.dot(flight) / (field.rules.book.blaster.speed * field.rules.dt));
        let later = if off.perp_dot(flight).abs() < SHIP_RADIUS { later } else { 0.0 };
        self.proven = true;
        self.over = false;
        self.since += later;
        self.mend(path, field);
        later
    }

    /// It meets a ship on its way from the moment `before` to `now`, as far as can be seen here. The server has the last
    /// word.
    fn strike(&mut self, (before, now): (f64, f64), ships: &[ShipView], rules: &Rules) {
        let first = before.max(self.since);
        if self.proven || self.over || now <= first {
            return;
        }
        let (from, to) = (self.path.place(first, rules), self.path.place(now, rules));
        let meets = |ship: &ShipView| swept_circle(from, to, ship.position, SHIP_RADIUS + SHOT_RADIUS);
        if let Some(part) = ships.iter().filter_map(meets).reduce(f32::min) {
            self.finish(first + (now - first) * f64::from(part), End::Ship);
        }
    }
}

/// Whether `tick` is more than a second before `moment`.
fn stale(tick: f64, moment: f64, rules: &Rules) -> bool {
    moment - tick > f64::from(rules.rate.hz())
}

/// All shots in flight.
#[derive(Clone, Debug, Default)]
pub struct Shots {
    /// In the order in which they became known.
    pub flying: Vec<Shot>,
    /// The moment that was drawn last.
    moment: f64,
}

impl Shots {
    /// Adds a shot.
    pub fn add(&mut self, shot: Shot) {
        if self.flying.len() >= SHOTS_MAX {
            self.flying.remove(0);
        }
        self.flying.push(shot);
    }

    /// The shot that the server calls `id`.
    pub fn find(&mut self, id: ShotId) -> Option<&mut Shot> {
        self.flying.iter_mut().find(|s| s.id == Some(id))
    }

    /// No shot is seen to end any more: the round is over or begins anew.
    pub fn clear(&mut self) {
        self.flying.clear();
    }

    /// Predicted shots end on the `ships` that they meet, drawn at `moment`, before the server can say so.
    pub fn strike(&mut self, moment: f64, ships: &[ShipView], rules: &Rules) {
        for shot in self.flying.iter_mut().filter(|s| s.fired.is_some()) {
            shot.strike((self.moment, moment), ships, rules);
        }
    }

    /// Lets the picture come to `moment`: births and ends on the way. Own ended shots that the server may still speak of
    /// stay, unseen.
    pub fn pass(&mut self, moment: f64, rules: &Rules) -> Vec<Happening> {
        self.moment = moment;
        let mut happenings = Vec::new();
        for shot in &mut self.flying {
            happenings.extend(shot.birth(moment, rules));
            happenings.extend(shot.death(moment, rules));
        }
        self.flying.retain(|s| !s.over || s.fired.is_some());
        happenings
    }

    /// The shots as they are to be drawn.
    pub fn views(&self, moment: f64, rules: &Rules) -> Vec<ShotView> {
        let seen = |shot: &&Shot| {
            let early = shot.since > moment && shot.fired.is_none();
            !shot.over && !early
        };
        let view = |shot: &Shot| ShotView {
            id: shot.name,
            owner: shot.owner,
            position: shot.path.place(moment.max(shot.since).min(shot.until), rules),
            angle: shot.path.angle,
        };
        self.flying.iter().filter(seen).map(view).collect()
    }
}

#[cfg(test)]
mod tests {
    use shared::tick::TickRate;

    use super::*;

    fn rules() -> Rules {
        Rules::new(TickRate::DEFAULT, 60_000)
    }

    #[test]
    fn a_shot_is_seen_from_its_birth_to_the_wall() {
        let (arena, rules) = (Arena::open(36), rules());
        let field = Field { arena: &arena, rules: &rules };
        let mut shots = Shots::default();
        shots.add(Shot::at_muzzle(PlayerId(1), Vec2::new(340.0, 0.0), Angle(0), (10.0, &field)));
        assert!(shots.views(9.0, &rules).is_empty());
        let told = shots.pass(10.0, &rules);
        assert_eq!(
            told,
            [Happening::Fired { by: PlayerId(1), position: Vec2::new(364.0, 0.0), angle: Angle(0) }]
        );
        assert!((shots.views(12.5, &rules)[0].position.x - 404.0).abs() < 1e-2);
        assert!(shots.pass(20.0, &rules).is_empty());
        let told = shots.pass(26.0, &rules);
        let [Happening::ShotEnded { position, on_ship: false, .. }] = told.as_slice() else {
            panic!("{told:?}")
        };
        assert!((position.x - 600.0).abs() < 1e-2 && shots.flying.is_empty());
    }

    #[test]
    fn a_spent_shot_ends_in_silence_and_a_hit_at_its_place() {
        let (arena, rules) = (Arena::open(2000), rules());
        let field = Field { arena: &arena, rules: &rules };
        let mut shots = Shots::default();
        let shot = Shot::at_muzzle(PlayerId(1), Vec2::ZERO, Angle(0), (10.0, &field));
        assert!((shot.until - 70.0).abs() < 1e-6 && shot.end == End::Silent);
        shots.add(shot.clone());
        assert_eq!(shots.pass(20.0, &rules).len(), 1, "its birth");
        assert!(shots.pass(80.0, &rules).is_empty() && shots.flying.is_empty());
        shots.add(Shot { id: Some(ShotId(5)), fired: Some(Tick(10)), untold: false, ..shot });
        shots.find(ShotId(5)).unwrap().finish(20.0, End::Ship);
        let told = shots.pass(21.0, &rules);
        let [Happening::ShotEnded { position, on_ship: true, .. }] = told.as_slice() else {
            panic!("{told:?}")
        };
        assert!((position.x - 184.0).abs() < 1e-2);
        assert!(shots.flying.len() == 1 && shots.views(21.0, &rules).is_empty());
    }

    #[test]
    fn a_shot_into_a_wall_at_the_muzzle_ends_at_once() {
        let (arena, rules) = (Arena::open(36), rules());
        let field = Field { arena: &arena, rules: &rules };
        let shot = Shot::at_muzzle(PlayerId(1), Vec2::new(584.0, 0.0), Angle(0), (10.0, &field));
        assert_eq!((shot.until, shot.end), (10.0, End::Wall));
    }
}
