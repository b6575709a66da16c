//! What a bot knows of the world: what stands in the view of a player in its seat, and what every player is told wherever
//! it is, which is the arena and the cores. It decides nothing.

use glam::Vec2;
use shared::arena::PickupKind;
use shared::collision::swept_walls;
use shared::mode::{Mode, Team};
use shared::rule_book::Weapon;
use shared::rules::{HULL_MAX, SHIP_RADIUS, VIEW_HALF};
use shared::simulation::Stage;
use shared::world::{CoreState, Ship, Shot, World};

/// A shot that passes at this distance in units or less hits, or frightens.
const NEAR_MISS_UNITS: f32 = SHIP_RADIUS + 18.0;
/// Time in seconds within which a shot is worth dodging.
const DODGE_WITHIN_S: f32 = 0.55;

/// The world from one seat.
#[derive(Clone, Copy)]
pub(super) struct Sight<'w> {
    /// The own ship.
    pub(super) ship: &'w Ship,
    /// Where it is.
    pub(super) place: Vec2,
    /// The own side.
    pub(super) team: Team,
    /// The walls and the rules.
    pub(super) stage: &'w Stage,
    world: &'w World,
}

impl<'w> Sight<'w> {
    pub(super) fn new(ship: &'w Ship, world: &'w World, stage: &'w Stage) -> Sight<'w> {
        Sight { ship, place: ship.motion.position, team: world.team_of(ship.id), stage, world }
    }

    fn in_view(&self, place: Vec2) -> bool {
        (place - self.place).abs().cmple(Vec2::from(VIEW_HALF)).all()
    }

    /// Whether nothing stands between here and `place`.
    pub(super) fn is_clear(&self, place: Vec2) -> bool {
        swept_walls(&self.stage.arena, self.place, place).is_none()
    }

    fn is_foe(&self, team: Team) -> bool {
        team == Team::None || team != self.team
    }

    /// The foe to fight: the nearest that no wall hides, and rather one that carries a core.
    pub(super) fn foe(&self) -> Option<&'w Ship> {
        let half = Vec2::from(VIEW_HALF);
        let mut best: Option<(f32, &Ship)> = None;
        for index in self.stage.grid().near(self.place - half, self.place + half) {
            let (Some(other), Some(pilot)) = (self.world.ships.get(index), self.world.pilots.get(index)) else {
                continue;
            };
            let counts = other.alive() && other.id != self.ship.id && !pilot.limbo && self.is_foe(pilot.team);
            if !counts || !self.in_view(other.motion.position) {
                continue;
            }
            let carries = if self.world.carries(other.id) { 0.25 } else { 1.0 };
            let weight = other.motion.position.distance_squared(self.place) * carries;
            if best.is_none_or(|(least, _)| weight < least) && self.is_clear(other.motion.position) {
                best = Some((weight, other));
            }
        }
        best.map(|(_, ship)| ship)
    }

    /// Which way to push to get out of the way of the shot that would hit first.
    pub(super) fn danger(&self) -> Option<Vec2> {
        let coming = self.world.shots.iter().filter(|shot| self.hurts(shot) && self.in_view(shot.position));
        let first = coming.filter_map(|shot| self.meeting(shot));
        first.min_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, away)| away)
    }

    fn hurts(&self, shot: &Shot) -> bool {
        shot.owner != self.ship.id && !shot.over && (shot.spares == Team::None || shot.spares != self.team)
    }

    /// When the shot is nearest, in seconds, and the way out of its line; none if it passes by.
    fn meeting(&self, shot: &Shot) -> Option<(f32, Vec2)> {
        let flight = shot.velocity - self.ship.motion.velocity;
        let speed = flight.length_squared();
        let time_s = (self.place - shot.position).dot(flight) / speed.max(1.0);
        if !(0.0..=DODGE_WITHIN_S).contains(&time_s) {
            return None;
        }
        let miss = self.place - (shot.position + flight * time_s);
        let side = flight.perp().normalize_or_zero();
        let away = if miss.dot(side) < 0.0 { -side } else { side };
        (miss.length() <= NEAR_MISS_UNITS).then_some((time_s, away))
    }

    /// Where a mine lies that would go off, if one is near.
    pub(super) fn mine_near(&self) -> Option<Vec2> {
        let reach = self.stage.rules.book.mines.reach + 3.0 * SHIP_RADIUS;
        let hurts = self.world.mines.iter().filter(|mine| {
            mine.owner != self.ship.id && (mine.spares == Team::None || mine.spares != self.team)
        });
        let near = hurts.map(|mine| mine.place).filter(|place| place.distance(self.place) < reach);
        near.min_by(|a, b| a.distance_squared(self.place).total_cmp(&b.distance_squared(self.place)))
    }

    /// The nearest pickup at most `within` units away that would be of use. One out of view may have been taken.
    pub(super) fn pickup(&self, within: f32) -> Option<Vec2> {
        let all = self.stage.arena.pickups().iter().enumerate();
        let there = |place: usize| self.world.pickups.get(place).is_none_or(|wait| *wait == 0);
        let useful = all.filter(|(index, pickup)| {
            self.is_of_use(pickup.kind) && (there(*index) || !self.in_view(pickup.place))
        });
        let near = useful.map(|(_, pickup)| pickup.place).filter(|place| place.distance(self.place) < within);
        near.min_by(|a, b| a.distance_squared(self.place).total_cmp(&b.distance_squared(self.place)))
    }

    fn is_of_use(&self, kind: PickupKind) -> bool {
        match kind {
            PickupKind::Repair => self.ship.hull_points < HULL_MAX - 25,
            PickupKind::Shield => self.ship.shield_points == 0,
            PickupKind::Scatter | PickupKind::Rail | PickupKind::Mines => self.ship.arms.charges == 0,
        }
    }

    /// Both cores and their stands, the own side's first; none where cores do not count.
    pub(super) fn cores(&self) -> Option<[(CoreState, Vec2); 2]> {
        let stands = self.stage.arena.cores().filter(|_| self.stage.rules.mode == Mode::Ctc)?;
        let own = self.team.side()?;
        let of = |side: usize| Some((*self.world.cores.get(side)?, *stands.get(side)?));
        Some([of(own)?, of(1 - own)?])
    }

    /// Whether this ship carries a core.
    pub(super) fn carries(&self) -> bool {
        self.world.carries(self.ship.id)
    }

    /// Where a ship is that carries a core: everybody is told.
    pub(super) fn carrier(&self, state: CoreState) -> Option<Vec2> {
        let CoreState::Carried(by) = state else { return None };
        self.world.ship(by).map(|ship| ship.motion.position)
    }

    /// What the second trigger does.
    pub(super) fn second(&self) -> Weapon {
        self.ship.arms.weapon
    }
}
