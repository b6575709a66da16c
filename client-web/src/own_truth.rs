//! The own ship as snapshots told of it, on the same line as others: only for a playground, where it is drawn as a
//! ghost, or as the ship itself while nothing is predicted. Everywhere else it stays empty.

use glam::Vec2;
use shared::angle::Angle;
use shared::id::PlayerId;
use shared::snapshot::{SeenShip, Snapshot};

use crate::aids::Aids;
use crate::interpolation::{Moment, Timeline};
use crate::view::View;

/// What is remembered of the own ship.
#[derive(Clone, Debug)]
pub struct OwnTruth {
    /// Which parts of the netcode are on.
    pub aids: Aids,
    line: Timeline,
}

impl OwnTruth {
    /// Nothing yet, in a match whose ticks last `period_ms`.
    pub fn new(period_ms: f64) -> OwnTruth {
        OwnTruth { aids: Aids::default(), line: Timeline::new(period_ms) }
    }

    /// Takes in a snapshot, if anything of it will be shown.
    pub fn observe(&mut self, player: PlayerId, snapshot: &Snapshot) {
        if self.aids == Aids::default() {
            return;
        }
        let own = &snapshot.own;
        let ship = SeenShip {
            id: player,
            position: own.motion.position,
            velocity: own.motion.velocity,
            aim: Angle::default(),
            hull_points: own.hull_points,
            thrusting: false,
            guarded: own.guard_ticks > 0,
            dashing: own.motion.dash_ticks > 0,
            limbo: false,
            shielded: false,
            carries: false,
        };
        let alive = own.respawn_ticks == 0;
        self.line.push(Moment { tick: snapshot.tick, ships: if alive { vec![ship] } else { Vec::new() } });
    }

    /// Shows it in the view of `tick`.
    pub fn show(&mut self, view: &mut View, tick: f64) {
        let Some(truth) = self.line.ships_at(tick).pop() else { return };
        let Some(own) = &mut view.own else { return };
        view.ghost = Some(truth.position).filter(|_| self.aids.ghost);
        if !self.aids.prediction {
            view.camera = truth.position;
            (own.position, own.velocity) = (truth.position, truth.velocity);
            (own.dashing, own.thrust) = (truth.dashing, Vec2::ZERO);
        }
    }
}
