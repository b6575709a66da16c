//! What two neighbouring moments tell about other ships: who began a dash, who appeared out of nothing.
//! It compares and remembers nothing; players and spectators use it alike.

use glam::Vec2;
use shared::rules::VIEW_HALF;

use crate::interpolation::Moment;
use crate::view::Happening;

/// A ship that is new this near to the edge of the view may just have come in.
const EDGE_UNITS: f32 = 60.0;

/// What began between `before` and `now`. `middle` is the middle of a player's view; who sees everything has none.
pub fn between(before: &Moment, now: &Moment, middle: Option<Vec2>) -> Vec<Happening> {
    let mut happenings = Vec::new();
    for ship in &now.ships {
        let (id, position) = (ship.id, ship.position);
        match before.ship(id) {
            None if ship.guarded && !ship.limbo && inside(position, middle) => {
                happenings.push(Happening::Appeared { id, position });
            }
            Some(old) if ship.dashing && !old.dashing => happenings.push(Happening::Dashed { id, position }),
            _ => {}
        }
    }
    happenings
}

/// Whether a ship at `position` cannot have come over the edge of the view just now.
fn inside(position: Vec2, middle: Option<Vec2>) -> bool {
    middle.is_none_or(|middle| {
        let away = (position - middle).abs() + EDGE_UNITS;
        away.x < VIEW_HALF.0 && away.y < VIEW_HALF.1
    })
}

#[cfg(test)]
mod tests {
    use shared::angle::Angle;
    use shared::id::PlayerId;
    use shared::snapshot::SeenShip;
    use shared::tick::Tick;

    use super::*;

    fn moment(tick: u32, ships: &[(u16, f32, bool, bool)]) -> Moment {
        let ship = |&(id, x, guarded, dashing): &(u16, f32, bool, bool)| SeenShip {
            id: PlayerId(id),
            position: Vec2::new(x, 0.0),
            velocity: Vec2::ZERO,
            aim: Angle(0),
            hull_points: 100,
            thrusting: false,
            guarded,
            dashing,
            limbo: false,
            shielded: false,
            carries: false,
        };
        Moment { tick: Tick(tick), ships: ships.iter().map(ship).collect() }
    }

    #[test]
    fn dashes_and_births_are_told_but_not_arrivals() {
        let before = moment(1, &[(1, 0.0, false, false), (2, 9.0, false, true)]);
        let now = moment(
            2,
            &[(1, 5.0, false, true), (2, 9.0, false, true), (3, 50.0, true, false), (4, 590.0, true, false)],
        );
        let told = between(&before, &now, Some(Vec2::ZERO));
        let place = |x| Vec2::new(x, 0.0);
        assert_eq!(
            told,
            [
                Happening::Dashed { id: PlayerId(1), position: place(5.0) },
                Happening::Appeared { id: PlayerId(3), position: place(50.0) }
            ]
        );
        assert_eq!(between(&before, &now, None).len(), 3);
    }
}
