//! What is remembered of every ship from picture to picture: how bright it is, its flame, its trail, a flash of a hit.
//! Bounded: ships that were not seen for a while are forgotten, a trail holds at most a dozen points.

use shared::bounds::within;
use std::collections::VecDeque;

use glam::Vec2;
use shared::id::PlayerId;

use super::moment::{Moment, approach};
use crate::view::ShipView;

/// How much a ship matters now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Scenery with a gun.
    Far,
    /// Could matter soon.
    Near,
    /// Aims here, shoots here, or has just hit.
    Threat,
}

const TRAIL_POINTS_MAX: usize = 14;
const TRAIL_EVERY_MS: f64 = 33.0;
const TRAIL_MS: f64 = 400.0;
const CLASS_MS: f32 = 160.0;
const RISE_MS: f32 = 80.0;
const FALL_MS: f32 = 160.0;
const FORGET_MS: f64 = 1500.0;
const FLASH_MS: f64 = 200.0;
const GRUDGE_MS: f64 = 2000.0;

/// One ship's memory. Times are those of the page's clock.
#[derive(Clone, Debug, Default)]
pub struct Look {
    /// 0 far, 1 near, 2 threat, and between while it changes.
    pub heat: f32,
    /// Flame, 0 to 1.
    pub thrust: f32,
    /// Where it was, and when; newest last.
    pub trail: VecDeque<(Vec2, f64)>,
    /// When its dash began.
    pub dashed_ms: Option<f64>,
    flashed_ms: Option<f64>,
    hit_us_ms: Option<f64>,
    seen_ms: f64,
}

impl Look {
    /// The class that it shows by now.
    pub fn class(&self) -> Class {
        match self.heat {
            heat if heat > 1.5 => Class::Threat,
            heat if heat > 0.5 => Class::Near,
            _ => Class::Far,
        }
    }

    /// White of a hit, 1 down to 0.
    pub fn flash(&self, now_ms: f64) -> f32 {
        let age = self.flashed_ms.map_or(FLASH_MS, |at| now_ms - at);
        if age < 60.0 { 1.0 } else { within(1.0 - (age - 60.0) / (FLASH_MS - 60.0), 0.0, 1.0) as f32 }
    }

    /// Whether it has hit us in the last two seconds.
    pub fn has_hit_us(&self, now_ms: f64) -> bool {
        self.hit_us_ms.is_some_and(|at| now_ms - at < GRUDGE_MS)
    }

    /// Milliseconds since its dash began; `None` if that is long ago.
    pub fn dash_age(&self, now_ms: f64) -> Option<f32> {
        self.dashed_ms.map(|at| (now_ms - at) as f32).filter(|age| *age < 400.0)
    }

    fn follow(&mut self, position: Vec2, now_ms: f64) {
        let last = self.trail.back().copied();
        if last.is_some_and(|(place, _)| place.distance(position) > 120.0) {
            self.trail.clear();
        }
        if last.is_none_or(|(_, at)| now_ms - at >= TRAIL_EVERY_MS) {
            self.trail.push_back((position, now_ms));
        }
        while self.trail.len() > TRAIL_POINTS_MAX
            || self.trail.front().is_some_and(|(_, at)| now_ms - at > TRAIL_MS)
        {
            self.trail.pop_front();
        }
    }
}

/// All ships' memories. Views hold a few dozen ships, so a plain list is the quickest.
#[derive(Debug, Default)]
pub struct Looks(Vec<(PlayerId, Look)>);

impl Looks {
    /// The memory of one ship, which may be empty.
    pub fn of(&mut self, id: PlayerId) -> &mut Look {
        let place = self.0.iter().position(|(known, _)| *known == id);
        let place = place.unwrap_or_else(|| {
            self.0.push((id, Look::default()));
            self.0.len() - 1
        });
        &mut self.0[place].1
    }

    /// Takes over where all ships are and how they burn, and forgets who has gone.
    pub fn pass(&mut self, moment: &Moment<'_>, class_of: &dyn Fn(&ShipView, &Look) -> Class) {
        let Moment { view, now_ms, dt_ms, .. } = *moment;
        for ship in &view.ships {
            let look = self.of(ship.id);
            let class = class_of(ship, look);
            let fresh = now_ms - look.seen_ms > FORGET_MS;
            let target = f32::from(class as u8);
            look.heat = if fresh { target } else { approach(look.heat, target, dt_ms / CLASS_MS) };
            burn(look, f32::from(u8::from(ship.thrusting || ship.dashing)), dt_ms);
            look.follow(ship.position, now_ms);
            look.seen_ms = now_ms;
        }
        if let Some(own) = &view.own {
            let look = self.of(own.id);
            burn(look, own.thrust.length().max(f32::from(u8::from(own.dashing))), dt_ms);
            look.follow(own.position, now_ms);
            look.seen_ms = now_ms;
        }
        self.0.retain(|(_, look)| now_ms - look.seen_ms < FORGET_MS);
    }

    /// A shot met the ship nearest to `place`, of those given.
    pub fn flash_near(&mut self, place: Vec2, ships: &[ShipView], now_ms: f64) {
        if let Some(ship) = nearest(place, ships, 45.0) {
            self.of(ship).flashed_ms = Some(now_ms);
        }
    }

    /// Somebody at `place` hurt us.
    pub fn blame(&mut self, place: Vec2, ships: &[ShipView], now_ms: f64) {
        if let Some(ship) = nearest(place, ships, 80.0) {
            self.of(ship).hit_us_ms = Some(now_ms);
        }
    }

    /// The hull of `id` was hit.
    pub fn flash(&mut self, id: PlayerId, now_ms: f64) {
        self.of(id).flashed_ms = Some(now_ms);
    }
}

fn burn(look: &mut Look, target: f32, dt_ms: f32) {
    let time_ms = if target > look.thrust { RISE_MS } else { FALL_MS };
    look.thrust = approach(look.thrust, target, dt_ms / time_ms);
}

fn nearest(place: Vec2, ships: &[ShipView], reach: f32) -> Option<PlayerId> {
    let distance = |ship: &ShipView| ship.position.distance(place);
    let best = ships.iter().min_by(|a, b| distance(a).total_cmp(&distance(b)))?;
    (distance(best) < reach).then_some(best.id)
}
