//! What a client holds of the world, and how a snapshot changes it.
//!
//! Between snapshots a replica moves its ships and shots by the same rules as the world does, bit for bit. So the server
//! tells only what does not follow: a new thrust, a hit, a dash, who comes into view. Who leaves the view is never told:
//! both sides drop what lies outside the view round the own ship.

use glam::Vec2;

use crate::arena::Arena;
use crate::by_id::ById;
use crate::checksum::Checksum;
use crate::id::{PlayerId, ShotId};
use crate::input::{ShipInput, Thrust};
use crate::movement::move_ship;
use crate::quantise::unpack_angle;
use crate::record::{
    Head, Reader, STATE_CARRIES, STATE_GUARDED, STATE_LIMBO, STATE_SHIELDED, ShipRecord, ShotRecord,
    ThingRecord,
};
use crate::rules::{MUZZLE_UNITS, Rules, VIEW_HALF};
use crate::snapshot::{Kit, OwnShip, SeenMine, SeenShip, SeenShot, Snapshot, SnapshotError};
use crate::tick::Tick;
use crate::world::{Motion, newborn_place};

/// Most ticks that a client makes up for at once: a snapshot that builds on an older one is a keyframe.
pub const SINCE_TICKS_MAX: u32 = 30;

/// Whether a client whose own ship is at `own` holds what is at `place`.
pub fn in_view(own: Vec2, place: Vec2) -> bool {
    (place - own).abs().cmple(Vec2::from(VIEW_HALF)).all()
}

/// Whether the straight way between two places crosses the view round `own`.
pub fn crosses_view(own: Vec2, from: Vec2, to: Vec2) -> bool {
    let (half, start, way) = (Vec2::from(VIEW_HALF), from - own, to - from);
    let (mut enters, mut leaves) = (0.0f32, 1.0f32);
    for (half, start, way) in [(half.x, start.x, way.x), (half.y, start.y, way.y)] {
        if way.abs() < 1e-6 {
            if start.abs() > half {
                return false;
            }
            continue;
        }
        let (one, other) = ((-half - start) / way, (half - start) / way);
        enters = enters.max(one.min(other));
        leaves = leaves.min(one.max(other));
    }
    enters <= leaves
}

/// A ship that a client holds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct HeldShip {
    /// How it moves.
    pub motion: Motion,
    /// Where it pushes.
    pub thrust: Thrust,
    /// Where it points, in 256ths of a turn.
    pub aim: u8,
    /// Hull points, 0 to 100.
    pub hull_points: u8,
    /// `STATE_…` bits.
    pub state: u8,
}

/// A shot that a client holds.
#[derive(Clone, Copy, Debug, PartialEq)]
struct HeldShot {
    record: ShotRecord,
    position: Vec2,
    velocity: Vec2,
}

/// What a client holds.
#[derive(Clone, Debug)]
pub struct Replica {
    player: PlayerId,
    arena: Arena,
    rules: Rules,
    tick: Option<Tick>,
    alive: bool,
    ships: ById<PlayerId, HeldShip>,
    shots: ById<ShotId, HeldShot>,
    /// Mines and pickups with where they lie, by name.
    things: ById<u16, (ThingRecord, Vec2)>,
    kit: Kit,
    mismatches: u32,
}

impl HeldShip {
    /// Moves as the ship in the world moves that has the same thrust and no new dash.
    pub fn advance(motion: &mut Motion, thrust: Thrust, rules: &Rules, arena: &Arena) {
        move_ship(motion, ShipInput { thrust, ..ShipInput::default() }, rules, arena);
    }

    fn apply(&mut self, record: &ShipRecord) {
        self.aim = record.aim.unwrap_or(self.aim);
        self.thrust = record.thrust.unwrap_or(self.thrust);
        self.hull_points = record.hull_points.unwrap_or(self.hull_points);
        self.state = record.state.unwrap_or(self.state);
        self.motion = record.motion.unwrap_or(self.motion);
    }
}

impl Replica {
    /// An empty replica of the player in a match; its first snapshot has to be a keyframe.
    pub fn new(player: PlayerId, arena: Arena, rules: Rules) -> Replica {
        Replica {
            player,
            arena,
            rules,
            tick: None,
            alive: false,
            ships: ById::default(),
            shots: ById::default(),
            things: ById::default(),
            kit: Kit::default(),
            mismatches: 0,
        }
    }

    /// Takes in a snapshot, and shows what is held then. After an error the replica waits for a keyframe.
    pub fn apply(&mut self, bytes: &[u8]) -> Result<Snapshot, SnapshotError> {
        let result = self.take(bytes);
        if result.is_err() {
            self.tick = None;
        }
        let head = result?;
        if head.checksum.is_some_and(|sum| sum != self.checksum()) {
            self.mismatches += 1;
            self.tick = None;
        }
        Ok(self.picture(&head))
    }

    /// Whether the replica is of no use until a keyframe comes.
    pub fn needs_keyframe(&self) -> bool {
        self.tick.is_none()
    }

    /// How often a checksum did not fit.
    pub fn mismatches(&self) -> u32 {
        self.mismatches
    }

    fn take(&mut self, bytes: &[u8]) -> Result<Head, SnapshotError> {
        let mut input = Reader::new(bytes);
        let head = input.head()?;
        if head.since == 0 {
            self.ships.clear();
            self.shots.clear();
            self.things.clear();
        } else if self.tick != Some(head.tick - u32::from(head.since)) {
            return Err(SnapshotError::Baseline);
        }
        let ships = self.read_ships(&mut input)?;
        self.advance(head.since);
        self.place_ships(&ships)?;
        self.take_shots(&mut input)?;
        if head.things {
            self.take_things(&mut input)?;
        }
        input.end()?;
        self.tick = Some(head.tick);
        self.alive = head.respawn_ticks == 0;
        self.kit = head.kit.unwrap_or(self.kit);
        self.drop_unseen();
        Ok(head)
    }

    /// Reads the ships' records; thrust counts already for the tick that follows.
    fn read_ships(&mut self, input: &mut Reader<'_>) -> Result<Vec<(PlayerId, ShipRecord)>, SnapshotError> {
        let count = input.count()?;
        let mut records = Vec::with_capacity(count);
        for _ in 0..count {
            let (id, record) = input.ship()?;
            if let (Some(ship), Some(thrust)) = (self.ships.get_mut(&id), record.thrust) {
                ship.thrust = thrust;
            }
            records.push((id, record));
        }
        Ok(records)
    }

    fn advance(&mut self, ticks: u8) {
        for (id, ship) in self.ships.iter_mut() {
            if *id == self.player && !self.alive {
                continue;
            }
            for _ in 0..ticks {
                HeldShip::advance(&mut ship.motion, ship.thrust, &self.rules, &self.arena);
            }
        }
        for shot in self.shots.values_mut() {
            for _ in 0..ticks {
                shot.position += shot.velocity * self.rules.dt;
            }
        }
    }

    fn place_ships(&mut self, records: &[(PlayerId, ShipRecord)]) -> Result<(), SnapshotError> {
        for (id, record) in records {
            if record.gone {
                self.ships.remove(id);
            } else if let Some(ship) = self.ships.get_mut(id) {
                ship.apply(record);
            } else if record.motion.is_some() {
                let mut ship = HeldShip::default();
                ship.apply(record);
                self.ships.insert(*id, ship);
            } else {
                return Err(SnapshotError::Value);
            }
        }
        Ok(())
    }

    fn take_shots(&mut self, input: &mut Reader<'_>) -> Result<(), SnapshotError> {
        for _ in 0..input.count()? {
            self.shots.remove(&input.shot_id()?);
        }
        for placed in [false, true] {
            for _ in 0..input.count()? {
                let record = input.shot(placed)?;
                let direction = record.angle.direction();
                let velocity = direction * self.rules.book.blaster.speed;
                let flight = self.rules.flight(record.flown);
                let owner = self.ships.get(&record.owner).map(|s| s.motion.position);
                let fired =
                    owner.map(|place| newborn_place(place + direction * MUZZLE_UNITS, velocity, flight));
                let position = record.position.or(fired).ok_or(SnapshotError::Value)?;
                let shot = HeldShot { record, position, velocity };
                self.shots.insert(record.id, shot);
            }
        }
        Ok(())
    }

    fn take_things(&mut self, input: &mut Reader<'_>) -> Result<(), SnapshotError> {
        for _ in 0..input.count()? {
            self.things.remove(&input.thing_name()?);
        }
        for _ in 0..input.count()? {
            let record = input.thing()?;
            let place = match record {
                ThingRecord::Pickup(place) => {
                    let pickup = self.arena.pickups().get(usize::from(place));
                    pickup.map(|pickup| pickup.place).ok_or(SnapshotError::Value)?
                }
                ThingRecord::Mine(.., place) => place,
            };
            self.things.insert(record.name(), (record, place));
        }
        Ok(())
    }

    fn drop_unseen(&mut self) {
        let Some(own) = self.ships.get(&self.player).map(|s| s.motion.position) else { return };
        self.ships.retain(|_, ship| in_view(own, ship.motion.position));
        self.shots.retain(|_, shot| in_view(own, shot.position));
        self.things.retain(|_, (_, place)| in_view(own, *place));
    }

    /// A number that stands for everything that is held.
    pub fn checksum(&self) -> u32 {
        let mut sum = ViewChecksum::default();
        for (id, ship) in self.ships.iter() {
            // A player knows the own aim best; it is not told.
            let aim = if *id == self.player { 0 } else { ship.aim };
            sum.add_ship(*id, &HeldShip { aim, ..*ship });
        }
        self.shots.iter().for_each(|(id, shot)| sum.add_shot(*id, shot.position));
        self.things.iter().for_each(|(name, (_, place))| sum.add_thing(*name, *place));
        sum.value()
    }

    fn picture(&self, head: &Head) -> Snapshot {
        let own = self.ships.get(&self.player).copied().unwrap_or_default();
        let others = self.ships.iter().filter(|(id, _)| **id != self.player);
        Snapshot {
            tick: head.tick,
            phase: head.phase,
            report: head.report,
            own: OwnShip {
                motion: own.motion,
                fire_wait_ticks: u16::from(head.fire_wait_ticks),
                guard_ticks: u16::from(head.guard_ticks),
                respawn_ticks: u16::from(head.respawn_ticks),
                second_wait_ticks: u16::from(head.second_wait_ticks),
                hull_points: own.hull_points,
                kit: self.kit,
                carries: own.state & STATE_CARRIES != 0,
            },
            ships: others.map(|(id, ship)| seen_ship(*id, ship)).collect(),
            shots: self.shots.values().map(seen_shot).collect(),
            mines: self.mines(),
            pickups: self.pickups(),
        }
    }

    fn mines(&self) -> Vec<SeenMine> {
        let mine = |(record, _): &(ThingRecord, Vec2)| match *record {
            ThingRecord::Mine(id, owner, place) => Some(SeenMine { id, owner, place }),
            ThingRecord::Pickup(_) => None,
        };
        self.things.values().filter_map(mine).collect()
    }

    fn pickups(&self) -> Vec<u8> {
        let pickup = |(record, _): &(ThingRecord, Vec2)| match *record {
            ThingRecord::Pickup(place) => Some(place),
            ThingRecord::Mine(..) => None,
        };
        self.things.values().filter_map(pickup).collect()
    }
}

fn seen_ship(id: PlayerId, ship: &HeldShip) -> SeenShip {
    SeenShip {
        id,
        position: ship.motion.position,
        velocity: ship.motion.velocity,
        aim: unpack_angle(ship.aim),
        hull_points: ship.hull_points,
        thrusting: ship.thrust != Thrust::default(),
        guarded: ship.state & (STATE_GUARDED | STATE_LIMBO) != 0,
        dashing: ship.motion.dash_ticks > 0,
        limbo: ship.state & STATE_LIMBO != 0,
        shielded: ship.state & STATE_SHIELDED != 0,
        carries: ship.state & STATE_CARRIES != 0,
    }
}

fn seen_shot(shot: &HeldShot) -> SeenShot {
    let ShotRecord { id, owner, angle, .. } = shot.record;
    SeenShot { id, owner, position: shot.position, angle }
}

/// The checksum of a view: the sum of its parts', so that it does not depend on their order.
#[derive(Clone, Copy, Debug, Default)]
pub struct ViewChecksum(u64);

impl ViewChecksum {
    /// Takes in a ship.
    pub fn add_ship(&mut self, id: PlayerId, ship: &HeldShip) {
        let mut part = Checksum::default();
        part.add(u64::from(id.0));
        let Motion { position, velocity, dash_ticks, dash_energy } = ship.motion;
        [position.x, position.y, velocity.x, velocity.y].iter().for_each(|&n| part.add_f32(n));
        part.add(u64::from(dash_ticks) << 16 | u64::from(dash_energy));
        let [x, y] = [ship.thrust.x as u8, ship.thrust.y as u8];
        let small = [x, y, ship.hull_points, ship.state];
        part.add(u64::from(u32::from_le_bytes(small)) << 8 | u64::from(ship.aim));
        self.0 = self.0.wrapping_add(part.value());
    }

    /// Takes in a shot.
    pub fn add_shot(&mut self, id: ShotId, position: Vec2) {
        let mut part = Checksum::default();
        part.add(1 << 32 | u64::from(id.0));
        part.add_f32(position.x);
        part.add_f32(position.y);
        self.0 = self.0.wrapping_add(part.value());
    }

    /// Takes in a mine or a pickup.
    pub fn add_thing(&mut self, name: u16, place: Vec2) {
        let mut part = Checksum::default();
        part.add(2 << 32 | u64::from(name));
        part.add_f32(place.x);
        part.add_f32(place.y);
        self.0 = self.0.wrapping_add(part.value());
    }

    /// The checksum.
    pub fn value(self) -> u32 {
        (self.0 ^ self.0 >> 32) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_beam_is_in_view_if_any_of_it_is() {
        let own = Vec2::new(100.0, 0.0);
        let crosses = |a: (f32, f32), b: (f32, f32)| crosses_view(own, a.into(), b.into());
        assert!(crosses((0.0, 0.0), (900.0, 0.0)) && crosses((-900.0, 0.0), (0.0, 0.0)));
        assert!(crosses((-900.0, 10.0), (900.0, 20.0)), "from side to side");
        assert!(!crosses((-900.0, 500.0), (900.0, 500.0)) && !crosses((900.0, 0.0), (1800.0, 0.0)));
        assert!(!crosses((600.0, 700.0), (900.0, 300.0)), "past a corner");
        assert!(crosses((100.0, 0.0), (100.0, 0.0)) && !crosses((701.0, 0.0), (701.0, 0.0)));
    }
}
