//! What a bot knows of the world: what stands in the view of a player in its seat, and what every player is told wherever
//! they are: the arena, who plays on which side, and whether the cores are at home. It decides nothing.

use glam::Vec2;
use shared::arena::PickupKind;
use shared::collision::swept_walls;
use shared::id::PlayerId;
use shared::mode::{Mode, Team};
use shared::rule_book::Weapon;
use shared::rules::{HULL_MAX, SHIP_RADIUS, VIEW_HALF};
use shared::simulation::Stage;
use shared::tick::Tick;
use shared::world::{CoreState, Ship, Shot, World};

/// A shot that passes at this distance in units or less hits, or frightens.
const NEAR_MISS_UNITS: f32 = SHIP_RADIUS + 18.0;
/// Time in seconds within which a shot is worth dodging.
const DODGE_WITHIN_S: f32 = 0.55;
/// Least length of a time to wait.
const TURN_MS: u32 = 9000;
/// Damage in hull points that is worth a way to a repair.
const WORTH_REPAIR: u8 = 25;

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

    /// The tick that is decided on.
    pub(super) fn now(&self) -> Tick {
        self.world.tick
    }

    /// The tick that is `ms` milliseconds from now.
    pub(super) fn after(&self, ms: u32) -> Tick {
        self.now() + self.ticks_in(ms)
    }

    /// The ticks in `ms` milliseconds.
    pub(super) fn ticks_in(&self, ms: u32) -> u32 {
        self.stage.rules.rate.ticks_in(ms)
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
            let (Some(other), Some(pilot)) = (self.world.ships.get(index), self.world.pilots.get(index))
            else {
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
        let coming = self.world.shots.iter().filter(|shot| {
            !shot.over && self.is_meant(shot.owner, shot.spares) && self.in_view(shot.position)
        });
        let first = coming.filter_map(|shot| self.meeting(shot));
        first.min_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, away)| away)
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
        let reach = self.stage.rules.book.mines.reach + 2.0 * SHIP_RADIUS;
        let hurts = self.world.mines.iter().filter(|mine| self.is_meant(mine.owner, mine.spares));
        self.nearest(hurts.map(|mine| mine.place).filter(|place| place.distance(self.place) < reach))
    }

    /// Whether a weapon of `owner` that spares a side hurts the own ship.
    fn is_meant(&self, owner: PlayerId, spares: Team) -> bool {
        owner != self.ship.id && (spares == Team::None || spares != self.team)
    }

    /// The nearest pickup in view and behind no wall, at most `within` units away, that would be of use.
    pub(super) fn pickup(&self, within: f32) -> Option<Vec2> {
        let all = self.stage.arena.pickups().iter().zip(&self.world.pickups);
        let there = all.filter(|(pickup, wait)| **wait == 0 && self.is_of_use(pickup.kind));
        let places = there.map(|(pickup, _)| pickup.place);
        let near = |place: &Vec2| self.in_view(*place) && place.distance(self.place) < within;
        self.nearest(places.filter(|place| near(place) && self.is_clear(*place)))
    }

    fn nearest(&self, places: impl Iterator<Item = Vec2>) -> Option<Vec2> {
        let far = |place: &Vec2| place.distance_squared(self.place);
        places.min_by(|a, b| far(a).total_cmp(&far(b)))
    }

    fn is_of_use(&self, kind: PickupKind) -> bool {
        match kind {
            PickupKind::Repair => self.ship.hull_points <= HULL_MAX - WORTH_REPAIR,
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

    /// Where a ship is, if it is in view.
    pub(super) fn seen(&self, player: PlayerId) -> Option<Vec2> {
        let place = self.world.ship(player)?.motion.position;
        self.in_view(place).then_some(place)
    }

    /// Whether `place` is not inside a wall.
    pub(super) fn is_open(&self, place: Vec2) -> bool {
        !self.stage.arena.walls().iter().any(|wall| wall.contains(place))
    }

    /// The place of this bot among those of its side, from 0.
    pub(super) fn rank(&self) -> usize {
        let mates = self.world.pilots.iter().filter(|pilot| pilot.bot && pilot.team == self.team);
        mates.take_while(|pilot| pilot.id != self.ship.id).count()
    }

    /// Whether it is one of this bot's times to wait: two that wait for each other do not always wait together.
    pub(super) fn is_patient(&self) -> bool {
        let number = u32::from(self.ship.id.0);
        let turn = self.now().0 / self.ticks_in(TURN_MS + 1000 * (number % 4));
        (turn + number).is_multiple_of(2)
    }

    /// Whether anybody else is on the own side.
    pub(super) fn has_mates(&self) -> bool {
        self.world.pilots.iter().any(|pilot| pilot.team == self.team && pilot.id != self.ship.id)
    }

    /// What the second trigger does.
    pub(super) fn second(&self) -> Weapon {
        self.ship.arms.weapon
    }
}
