//! Other ships between two moments that are known: drawn in the past, on the straight way from one to the next.
//! Beyond the newest moment they fly on for a little and then stand. It serves players and spectators alike.

use std::collections::VecDeque;

use glam::Vec2;
use shared::angle::Angle;
use shared::id::PlayerId;
use shared::snapshot::SeenShip;
use shared::tick::Tick;

use crate::view::ShipView;

/// Most moments that are kept; beyond it the oldest goes.
const MOMENTS_MAX: usize = 64;
/// Longest flight beyond the newest moment.
const EXTRAPOLATE_MS: f64 = 100.0;
/// A longer way between two neighbouring moments is a jump to another place.
const JUMP_UNITS: f32 = 100.0;
/// The same for longer gaps: faster than this, in units/s, nobody flies.
const JUMP_SPEED: f32 = 768.0;

/// All ships of which something is known at one tick, by id.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Moment {
    /// When.
    pub tick: Tick,
    /// The ships, sorted by id.
    pub ships: Vec<SeenShip>,
}

impl Moment {
    /// The ship of seat `id`.
    pub fn ship(&self, id: PlayerId) -> Option<&SeenShip> {
        let index = self.ships.binary_search_by_key(&id, |s| s.id).ok()?;
        self.ships.get(index)
    }
}

/// The latest moments, in order.
#[derive(Clone, Debug)]
pub struct Timeline {
    period_ms: f64,
    moments: VecDeque<Moment>,
}

impl Timeline {
    /// A timeline of ticks of `period_ms`.
    pub fn new(period_ms: f64) -> Timeline {
        Timeline { period_ms, moments: VecDeque::new() }
    }

    /// Adds a moment; one that is not newer than the newest is ignored.
    pub fn push(&mut self, moment: Moment) {
        if self.newest().is_some_and(|n| n.tick >= moment.tick) {
            return;
        }
        while self.moments.len() >= MOMENTS_MAX {
            self.moments.pop_front();
        }
        self.moments.push_back(moment);
    }

    /// The newest moment.
    pub fn newest(&self) -> Option<&Moment> {
        self.moments.back()
    }

    /// Where a ship was last, in units, as far as that is remembered.
    pub fn last_seen(&self, id: PlayerId) -> Option<Vec2> {
        self.moments.iter().rev().find_map(|m| m.ship(id)).map(|s| s.position)
    }

    /// The ships as they are to be drawn at `tick`. Moments before it, but for the last, are forgotten.
    pub fn ships_at(&mut self, tick: f64) -> Vec<ShipView> {
        while self.moments.get(1).is_some_and(|m| f64::from(m.tick.0) <= tick) {
            self.moments.pop_front();
        }
        let (Some(from), to) = (self.moments.front(), self.moments.get(1)) else { return Vec::new() };
        if f64::from(from.tick.0) > tick {
            return Vec::new();
        }
        from.ships.iter().map(|ship| self.draw(from, ship, to, tick)).collect()
    }

    /// Ticks by which `tick` lies beyond the newest moment; 0 if it does not.
    pub fn beyond(&self, tick: f64) -> f64 {
        self.newest().map_or(0.0, |m| (tick - f64::from(m.tick.0)).max(0.0))
    }

    fn draw(&self, from: &Moment, ship: &SeenShip, to: Option<&Moment>, tick: f64) -> ShipView {
        let since_ms = (tick - f64::from(from.tick.0)) * self.period_ms;
        let ahead = to.and_then(|to| Some((to, to.ship(ship.id)?)));
        let near = ahead.filter(|(to, next)| {
            let gap_s = f64::from(to.tick.since(from.tick)) * self.period_ms / 1000.0;
            ship.position.distance(next.position) <= JUMP_UNITS.max(JUMP_SPEED * gap_s as f32)
        });
        let Some((to, next)) = near else {
            let fly_s = since_ms.min(EXTRAPOLATE_MS) as f32 / 1000.0;
            return shown(ship, ship.position + ship.velocity * fly_s, ship.aim);
        };
        let part = (since_ms / (f64::from(to.tick.since(from.tick)) * self.period_ms)) as f32;
        let turn = (f32::from(ship.aim.turn_to(next.aim)) * part) as i32;
        let mut view = shown(ship, ship.position.lerp(next.position, part), ship.aim.turned(turn));
        view.velocity = ship.velocity.lerp(next.velocity, part);
        view
    }
}

fn shown(ship: &SeenShip, position: Vec2, aim: Angle) -> ShipView {
    ShipView {
        id: ship.id,
        position,
        velocity: ship.velocity,
        aim,
        hull_points: ship.hull_points,
        thrusting: ship.thrusting,
        guarded: ship.guarded,
        dashing: ship.dashing,
        limbo: ship.limbo,
        shielded: ship.shielded,
        carries: ship.carries,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PERIOD: f64 = 100.0 / 3.0;

    fn ship(id: u16, x: f32, aim: u16) -> SeenShip {
        SeenShip {
            id: PlayerId(id),
            position: Vec2::new(x, 0.0),
            velocity: Vec2::new(300.0, 0.0),
            aim: Angle(aim),
            hull_points: 100,
            thrusting: false,
            guarded: false,
            dashing: false,
            limbo: false,
            shielded: false,
            carries: false,
        }
    }

    fn timeline(moments: &[(u32, Vec<SeenShip>)]) -> Timeline {
        let mut timeline = Timeline::new(PERIOD);
        for (tick, ships) in moments {
            timeline.push(Moment { tick: Tick(*tick), ships: ships.clone() });
        }
        timeline
    }

    #[test]
    fn ships_are_drawn_on_the_way_and_turn_the_shorter_way() {
        let mut line = timeline(&[(10, vec![ship(1, 0.0, 65_000)]), (12, vec![ship(1, 20.0, 464)])]);
        let view = line.ships_at(10.5)[0];
        assert!((view.position.x - 5.0).abs() < 1e-4, "{view:?}");
        assert_eq!(view.aim, Angle(65_250));
        assert!(line.ships_at(9.0).is_empty());
    }

    #[test]
    fn beyond_the_newest_they_fly_on_for_a_while_and_stand() {
        let mut line = timeline(&[(10, vec![ship(1, 0.0, 0)])]);
        assert!((line.ships_at(11.5)[0].position.x - 15.0).abs() < 1e-3);
        assert_eq!((line.beyond(11.5), line.beyond(9.0)), (1.5, 0.0));
        assert!((line.ships_at(40.0)[0].position.x - 30.0).abs() < 1e-3);
    }

    #[test]
    fn jumps_and_returns_are_not_interpolated() {
        let moments = [
            (10, vec![ship(1, 0.0, 0)]),
            (11, vec![ship(1, 400.0, 0)]),
            (12, vec![]),
            (13, vec![ship(1, 9.0, 0)]),
        ];
        let mut line = timeline(&moments);
        assert!(line.ships_at(10.9)[0].position.x < 20.0);
        assert!((line.ships_at(11.0)[0].position.x - 400.0).abs() < 1e-3);
        assert!(line.ships_at(12.5).is_empty());
        assert!((line.ships_at(13.0)[0].position.x - 9.0).abs() < 1e-3);
    }

    #[test]
    fn old_news_and_floods_do_no_harm() {
        let mut line = timeline(&[(10, vec![ship(1, 5.0, 0)]), (9, vec![ship(1, 0.0, 0)])]);
        assert_eq!(line.newest().unwrap().tick, Tick(10));
        (11..500).for_each(|t| line.push(Moment { tick: Tick(t), ships: vec![] }));
        assert!(line.moments.len() <= MOMENTS_MAX);
    }
}
