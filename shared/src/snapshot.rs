//! What one player is told of one tick: the own ship exactly, everything else that is in view as packed records.
//!
//! All numbers are little-endian. A snapshot is 40 bytes for its player, then the ships, then the shots:
//!
//! | byte | what |
//! | --- | --- |
//! | 0 | tick, u32 |
//! | 4 | baseline: ticks back to the snapshot that this one builds on, u8; 0 is a keyframe. Version 1 sends keyframes |
//! | 5 | phase, u8: 0 lobby, 1 playing, 2 results, 3 ended |
//! | 6 | last applied input: ticks back, u8; 255 is none, or longer ago |
//! | 7 | last received input: ticks ahead of the snapshot's tick, i8; -128 is none |
//! | 8 | inputs waiting, u8 |
//! | 9 | slack: ticks to spare of the worst recent input, i8; negative is too late |
//! | 10 | round trip time, u16 ms; 0 is unknown |
//! | 12 | own position x, y and velocity x, y, four f32 |
//! | 28 | dash ticks, dash energy, fire wait ticks, guard ticks, respawn ticks, five u16 |
//! | 38 | hull points, u8 |
//! | 39 | ships that follow, u8 |
//! | 40 | ships, 12 bytes each |
//! | … | shots that follow, u8 |
//! | … | shots, 10 bytes each |

use glam::Vec2;
use thiserror::Error;

use crate::angle::Angle;
use crate::id::{PlayerId, ShotId};
use crate::input::Thrust;
use crate::quantise::{PositionGrid, pack_angle, pack_velocity, unpack_angle, unpack_velocity};
use crate::tick::Tick;
use crate::world::{Motion, Phase, Pilot, Ship, Shot, World};

/// Bytes before the ships.
pub const HEAD_BYTES: usize = 40;
/// Bytes of a ship.
pub const SHIP_BYTES: usize = 12;
/// Bytes of a shot.
pub const SHOT_BYTES: usize = 10;
/// Most ships, and most shots, in one snapshot.
pub const RECORDS_MAX: usize = 255;

/// A ship's packed record.
pub type ShipBytes = [u8; SHIP_BYTES];
/// A shot's packed record.
pub type ShotBytes = [u8; SHOT_BYTES];

/// What the server says of a player's inputs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InputReport {
    /// Ticks since the last input that was applied, if there was one in the last 254 ticks.
    pub applied_ago: Option<u8>,
    /// Ticks by which the newest received input is ahead of the snapshot, -127 to 127.
    pub received_ahead: Option<i8>,
    /// Inputs that wait for their tick.
    pub waiting: u8,
    /// Ticks to spare of the worst recent input; negative is too late.
    pub slack_ticks: i8,
    /// Round trip time in milliseconds; 0 is unknown.
    pub rtt_ms: u16,
}

/// The own ship, exactly.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct OwnShip {
    /// Where it is and how it moves.
    pub motion: Motion,
    /// Ticks until it can fire again.
    pub fire_wait_ticks: u16,
    /// Ticks that nothing can hurt it.
    pub guard_ticks: u16,
    /// Ticks until it lives again; 0 when alive.
    pub respawn_ticks: u16,
    /// Hull points, 0 to 100.
    pub hull_points: u8,
}

impl From<&Ship> for OwnShip {
    fn from(ship: &Ship) -> OwnShip {
        OwnShip {
            motion: ship.motion,
            fire_wait_ticks: ship.fire_wait_ticks,
            guard_ticks: ship.guard_ticks,
            respawn_ticks: ship.respawn_ticks,
            hull_points: ship.hull_points,
        }
    }
}

/// A ship as others see it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SeenShip {
    /// Whose it is.
    pub id: PlayerId,
    /// Units, rounded to the arena's grid.
    pub position: Vec2,
    /// Units per second, rounded to 8.
    pub velocity: Vec2,
    /// Where it points, one of 256 directions.
    pub aim: Angle,
    /// Hull points, 0 to 100.
    pub hull_points: u8,
    /// Whether it pushes.
    pub thrusting: bool,
    /// Whether nothing can hurt it.
    pub guarded: bool,
    /// Whether it dashes.
    pub dashing: bool,
    /// Whether its player's connection is lost.
    pub limbo: bool,
}

/// A shot as everybody sees it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SeenShot {
    /// Its name.
    pub id: ShotId,
    /// Who fired it.
    pub owner: PlayerId,
    /// Units, rounded to the arena's grid.
    pub position: Vec2,
    /// Where it flies; its speed is the blaster's.
    pub angle: Angle,
}

/// One player's snapshot, decoded.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Snapshot {
    /// The tick that this shows.
    pub tick: Tick,
    /// What the match is doing.
    pub phase: Phase,
    /// About the player's inputs.
    pub report: InputReport,
    /// The own ship.
    pub own: OwnShip,
    /// Other ships in view, by id.
    pub ships: Vec<SeenShip>,
    /// Shots in view, by birth.
    pub shots: Vec<SeenShot>,
}

/// Why bytes are no snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SnapshotError {
    /// It ends too early, or goes on too long.
    #[error("the snapshot's length does not fit its counts")]
    Length,
    /// It builds on a baseline that this version does not keep.
    #[error("the snapshot needs a baseline")]
    Baseline,
    /// A value that no server sends.
    #[error("the snapshot has an impossible value")]
    Value,
}

/// Packs the part of a snapshot that is for one player only; `ships` counts the records that will follow.
pub fn pack_head(world: &World, own: &OwnShip, report: InputReport, ships: u8) -> [u8; HEAD_BYTES] {
    let mut out = Writer { bytes: [0; HEAD_BYTES], at: 0 };
    out.put(world.tick.0.to_le_bytes());
    out.put([0, world.round.phase as u8]);
    out.put([report.applied_ago.unwrap_or(255)]);
    out.put(report.received_ahead.unwrap_or(i8::MIN).to_le_bytes());
    out.put([report.waiting]);
    out.put(report.slack_ticks.to_le_bytes());
    out.put(report.rtt_ms.to_le_bytes());
    let Motion { position, velocity, dash_ticks, dash_energy } = own.motion;
    for number in [position.x, position.y, velocity.x, velocity.y] {
        out.put(number.to_le_bytes());
    }
    for ticks in [dash_ticks, dash_energy, own.fire_wait_ticks, own.guard_ticks, own.respawn_ticks] {
        out.put(ticks.to_le_bytes());
    }
    out.put([own.hull_points, ships]);
    out.bytes
}

/// Packs a ship once for everybody who sees it.
pub fn pack_ship(ship: &Ship, pilot: &Pilot, grid: &PositionGrid) -> ShipBytes {
    let mut out = Writer { bytes: [0; SHIP_BYTES], at: 0 };
    out.put(ship.id.0.to_le_bytes());
    let [x, y] = grid.pack(ship.motion.position);
    out.put(x.to_le_bytes());
    out.put(y.to_le_bytes());
    out.put(pack_velocity(ship.motion.velocity).map(|v| v as u8));
    out.put([pack_angle(ship.input.aim), ship.hull_points]);
    let flags = [
        ship.input.thrust != Thrust::default(),
        ship.guard_ticks > 0 || pilot.limbo,
        ship.motion.dash_ticks > 0,
        pilot.limbo,
    ];
    out.put([flags.iter().enumerate().map(|(bit, &set)| u8::from(set) << bit).sum(), 0]);
    out.bytes
}

/// Packs a shot once for everybody who sees it.
pub fn pack_shot(shot: &Shot, grid: &PositionGrid) -> ShotBytes {
    let mut out = Writer { bytes: [0; SHOT_BYTES], at: 0 };
    let [x, y] = grid.pack(shot.position);
    for word in [shot.id.0, shot.owner.0, x, y, shot.angle.0] {
        out.put(word.to_le_bytes());
    }
    out.bytes
}

/// A snapshot but for its records, and how many of them follow.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Head {
    /// The tick that this shows.
    pub tick: Tick,
    /// What the match is doing.
    pub phase: Phase,
    /// About the player's inputs.
    pub report: InputReport,
    /// The own ship.
    pub own: OwnShip,
    /// Ships in view.
    pub ships: u8,
    /// Shots in view.
    pub shots: u8,
}

/// Reads the head of a snapshot and passes over its records: enough to steer by.
pub fn unpack_head(bytes: &[u8]) -> Result<Head, SnapshotError> {
    let mut input = Reader { bytes };
    let head = read_head(&mut input)?;
    let ships = usize::from(head.ships) * SHIP_BYTES;
    let shots = input.bytes.get(ships).copied().ok_or(SnapshotError::Length)?;
    let length = HEAD_BYTES + ships + 1 + usize::from(shots) * SHOT_BYTES;
    if bytes.len() == length { Ok(Head { shots, ..head }) } else { Err(SnapshotError::Length) }
}

/// Reads a snapshot.
pub fn unpack(bytes: &[u8], grid: &PositionGrid) -> Result<Snapshot, SnapshotError> {
    let mut input = Reader { bytes };
    let Head { tick, phase, report, own, ships, .. } = read_head(&mut input)?;
    let ships = (0..ships).map(|_| unpack_ship(&mut input, grid)).collect::<Result<_, _>>()?;
    let [shots] = input.take()?;
    let shots = (0..shots).map(|_| unpack_shot(&mut input, grid)).collect::<Result<_, _>>()?;
    if !input.bytes.is_empty() {
        return Err(SnapshotError::Length);
    }
    Ok(Snapshot { tick, phase, report, own, ships, shots })
}

/// Reads what stands before the ships; the count of shots is not there yet.
fn read_head(input: &mut Reader<'_>) -> Result<Head, SnapshotError> {
    let tick = Tick(u32::from_le_bytes(input.take()?));
    let [baseline, phase, applied, received] = input.take()?;
    if baseline != 0 {
        return Err(SnapshotError::Baseline);
    }
    let [waiting, slack] = input.take()?;
    let report = InputReport {
        applied_ago: (applied != 255).then_some(applied),
        received_ahead: (received as i8 != i8::MIN).then_some(received as i8),
        waiting,
        slack_ticks: slack as i8,
        rtt_ms: input.word()?,
    };
    let own = unpack_own(input)?;
    let [ships] = input.take()?;
    Ok(Head { tick, phase: unpack_phase(phase)?, report, own, ships, shots: 0 })
}

fn unpack_phase(byte: u8) -> Result<Phase, SnapshotError> {
    let phases = [Phase::Lobby, Phase::Playing, Phase::Results, Phase::Ended];
    phases.get(usize::from(byte)).copied().ok_or(SnapshotError::Value)
}

fn unpack_own(input: &mut Reader<'_>) -> Result<OwnShip, SnapshotError> {
    let position = Vec2::new(input.number()?, input.number()?);
    let velocity = Vec2::new(input.number()?, input.number()?);
    let motion = Motion { position, velocity, dash_ticks: input.word()?, dash_energy: input.word()? };
    let (fire_wait_ticks, guard_ticks, respawn_ticks) = (input.word()?, input.word()?, input.word()?);
    let [hull_points] = input.take()?;
    Ok(OwnShip { motion, fire_wait_ticks, guard_ticks, respawn_ticks, hull_points })
}

fn unpack_ship(input: &mut Reader<'_>, grid: &PositionGrid) -> Result<SeenShip, SnapshotError> {
    let (id, position) = (PlayerId(input.word()?), [input.word()?, input.word()?]);
    let [vx, vy, aim, hull_points, flags, _] = input.take()?;
    Ok(SeenShip {
        id,
        position: grid.unpack(position),
        velocity: unpack_velocity([vx as i8, vy as i8]),
        aim: unpack_angle(aim),
        hull_points,
        thrusting: flags & 1 != 0,
        guarded: flags & 2 != 0,
        dashing: flags & 4 != 0,
        limbo: flags & 8 != 0,
    })
}

fn unpack_shot(input: &mut Reader<'_>, grid: &PositionGrid) -> Result<SeenShot, SnapshotError> {
    Ok(SeenShot {
        id: ShotId(input.word()?),
        owner: PlayerId(input.word()?),
        position: grid.unpack([input.word()?, input.word()?]),
        angle: Angle(input.word()?),
    })
}

/// Fills a record of fixed size from the front.
struct Writer<const N: usize> {
    bytes: [u8; N],
    at: usize,
}

impl<const N: usize> Writer<N> {
    fn put<const M: usize>(&mut self, part: [u8; M]) {
        if let Some(place) = self.bytes.get_mut(self.at..self.at + M) {
            place.copy_from_slice(&part);
        }
        debug_assert!(self.at + M <= N, "a record is longer than its size");
        self.at += M;
    }
}

/// Reads fixed parts from the front.
struct Reader<'a> {
    bytes: &'a [u8],
}

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], SnapshotError> {
        let (part, rest) = self.bytes.split_first_chunk::<N>().ok_or(SnapshotError::Length)?;
        self.bytes = rest;
        Ok(*part)
    }

    fn word(&mut self) -> Result<u16, SnapshotError> {
        self.take().map(u16::from_le_bytes)
    }

    fn number(&mut self) -> Result<f32, SnapshotError> {
        let number = f32::from_le_bytes(self.take()?);
        if number.is_finite() { Ok(number) } else { Err(SnapshotError::Value) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::arena::Arena;
    use crate::input::{Buttons, ShipInput};
    use crate::name::PlayerName;
    use crate::rules::Rules;
    use crate::tick::TickRate;
    use crate::world::Hull;

    fn snapshot(grid: &PositionGrid, place: Vec2, ships: u8, shots: u8) -> (Vec<u8>, OwnShip, InputReport) {
        let world = World { tick: Tick(77), ..World::new(1) };
        let mut ship = Ship::waiting(PlayerId(3), &Rules::new(TickRate::DEFAULT, 1000));
        ship.motion.position = place;
        ship.input = ShipInput { thrust: Thrust { x: 5, y: 0 }, aim: Angle(900), buttons: Buttons::FIRE };
        let pilot = Pilot {
            id: ship.id,
            name: PlayerName::sanitise("Wren"),
            hull: Hull::Fork,
            bot: false,
            limbo: true,
            score: 1,
            deaths: 2,
        };
        let shot = Shot {
            id: ShotId(9),
            owner: ship.id,
            origin: place,
            angle: Angle(12_345),
            born: Tick(70),
            position: place,
            velocity: Vec2::X,
        };
        let own = OwnShip::from(&ship);
        let report = InputReport {
            applied_ago: Some(3),
            received_ahead: Some(-2),
            waiting: 4,
            slack_ticks: -1,
            rtt_ms: 99,
        };
        let mut bytes = pack_head(&world, &own, report, ships).to_vec();
        (0..ships).for_each(|_| bytes.extend(pack_ship(&ship, &pilot, grid)));
        bytes.push(shots);
        (0..shots).for_each(|_| bytes.extend(pack_shot(&shot, grid)));
        (bytes, own, report)
    }

    proptest! {
        #[test]
        fn what_is_packed_comes_out(x in -900.0f32..900.0, y in -900.0f32..900.0, ships in 0u8..40, shots in 0u8..90) {
            let grid = PositionGrid::new(&Arena::open(100));
            let (bytes, own, report) = snapshot(&grid, Vec2::new(x, y), ships, shots);
            let read = unpack(&bytes, &grid).unwrap();
            prop_assert_eq!((read.tick, read.own, read.report), (Tick(77), own, report));
            prop_assert_eq!((read.ships.len(), read.shots.len()), (usize::from(ships), usize::from(shots)));
            for ship in &read.ships {
                prop_assert!(ship.position.distance(own.motion.position) <= grid.step());
                prop_assert!(ship.thrusting && ship.guarded && ship.limbo && !ship.dashing && ship.id == PlayerId(3));
            }
            prop_assert!(read.shots.iter().all(|s| s.angle == Angle(12_345) && s.id == ShotId(9)));
            let head = unpack_head(&bytes).unwrap();
            prop_assert_eq!((head.tick, head.own, head.report), (read.tick, own, report));
            prop_assert_eq!((head.ships, head.shots), (ships, shots));
        }

        #[test]
        fn garbage_is_an_error(mut bytes in prop::collection::vec(any::<u8>(), 0..300), cut in 0usize..300) {
            let grid = PositionGrid::new(&Arena::open(100));
            prop_assert!(unpack_head(&bytes).is_ok() || unpack(&bytes, &grid).is_err());
            bytes = snapshot(&grid, Vec2::ONE, 5, 5).0;
            if cut < bytes.len() {
                bytes.truncate(cut);
                prop_assert!(unpack(&bytes, &grid).is_err() && unpack_head(&bytes).is_err());
            }
        }
    }
}
