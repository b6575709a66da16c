//! Beams of the rail on the screen: the own ones at the press, before the server knows, all others when it tells.
//! The own beam is told back by the server and must not be shown twice; one that never comes back is forgotten.

use glam::Vec2;
use shared::angle::Angle;
use shared::collision::{swept_circle, swept_walls};
use shared::id::PlayerId;
use shared::rules::{MUZZLE_UNITS, Rules, SHIP_RADIUS};
use shared::tick::Tick;

use crate::shots::Field;
use crate::view::{Happening, ShipView};

/// Ticks by which the server may date the same beam differently.
const SAME_TICKS: i64 = 8;

/// What is known of the own beams.
#[derive(Clone, Debug, Default)]
pub struct Beams {
    /// The last one that was shown and not told yet.
    shown: Option<Tick>,
}

impl Beams {
    /// The own rail works by the command of `tick`: whether that is news.
    pub fn fired(&mut self, tick: Tick) -> bool {
        let known = self.shown.is_some_and(|shown| shown.distance(tick).abs() <= 1);
        self.shown = Some(tick);
        !known
    }

    /// The server tells of an own beam in `tick`: whether that is news.
    pub fn told(&mut self, tick: Tick) -> bool {
        self.shown.take().is_none_or(|shown| shown.distance(tick).abs() > SAME_TICKS)
    }
}

/// A beam that the server told of.
pub fn told(by: PlayerId, (from, to): (Vec2, Vec2), rules: &Rules) -> Happening {
    // One that comes as far as it can has met nothing.
    let met = from.distance(to) < rules.book.rail.range - MUZZLE_UNITS - 2.0;
    Happening::Beam { by, from, to, met }
}

/// A beam of `by` from a ship at `middle`, as far as can be seen here: to the first wall or drawn ship on its way.
pub fn beam(by: PlayerId, (middle, aim): (Vec2, Angle), ships: &[ShipView], field: &Field<'_>) -> Happening {
    let way = aim.direction();
    let rail = &field.rules.book.rail;
    let far = middle + way * rail.range;
    let met = |ship: &ShipView| swept_circle(middle, far, ship.position, SHIP_RADIUS + rail.radius);
    let parts = ships.iter().filter_map(met).chain(swept_walls(field.arena, middle, far));
    let part = parts.fold(1.0, f32::min);
    Happening::Beam { by, from: middle + way * MUZZLE_UNITS, to: middle.lerp(far, part), met: part < 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_own_beam_is_shown_once() {
        let mut beams = Beams::default();
        assert!(beams.fired(Tick(10)) && !beams.fired(Tick(11)));
        assert!(!beams.told(Tick(12)), "it was shown at the press");
        assert!(beams.told(Tick(12)), "nobody pressed here");
        assert!(beams.fired(Tick(60)) && beams.fired(Tick(110)), "the first was never told");
        assert!(!beams.told(Tick(110)));
    }
}
