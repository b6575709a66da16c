//! The bytes inside a snapshot: a head for one player, and records of ships and shots that are the same for everybody
//! who gets them. `docs/protocol.md` has the tables. Reading is total: any bytes give records or an error.

use glam::Vec2;

use crate::angle::Angle;
use crate::id::{MineId, PlayerId, ShotId};
use crate::input::Thrust;
use crate::rule_book::{Arms, Weapon};
use crate::snapshot::{InputReport, Kit, SnapshotError};
use crate::tick::{Rewind, Tick};
use crate::world::{Motion, Phase};

/// Most ships, and most shots, that a client holds.
pub const HELD_MAX: usize = 255;
/// Most records of one kind in a snapshot: all that are held may go while as many come.
pub const RECORDS_MAX: usize = 2 * HELD_MAX;
/// Longest record of a ship in bytes.
pub const SHIP_RECORD_BYTES_MAX: usize = 32;

/// Largest coordinate and speed that is read; no arena and no ship comes near it.
const NUMBER_MAX: f32 = 65_536.0;

const KEYFRAME: u8 = 4;
const CHECKSUM: u8 = 8;
const PHASE: u8 = 3;
/// Added to the phase's low bits: four more of them.
const PHASE_HIGH: u8 = 64;
const KIT: u8 = 16;
const THINGS: u8 = 32;

/// The bit that tells a mine's name from a pickup's.
const MINE: u16 = 0x8000;

/// All phases, by their numbers.
const PHASES: [Phase; 6] =
    [Phase::Lobby, Phase::Playing, Phase::Results, Phase::Ended, Phase::Countdown, Phase::Paused];

const AIM: u8 = 1;
const THRUST: u8 = 2;
const HULL: u8 = 4;
const STATE: u8 = 8;
const MOTION: u8 = 16;
const GONE: u8 = 32;

/// Nothing can hurt the ship.
pub const STATE_GUARDED: u8 = 1;
/// The ship's player has lost the connection.
pub const STATE_LIMBO: u8 = 2;
/// The ship has a shield that was picked up.
pub const STATE_SHIELDED: u8 = 4;
/// The ship carries a core.
pub const STATE_CARRIES: u8 = 8;

/// The part of a snapshot that is for one player only.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Head {
    /// The tick that the snapshot shows.
    pub tick: Tick,
    /// What the match is doing.
    pub phase: Phase,
    /// Ticks since the link's previous snapshot, on which this one builds; 0 is a keyframe.
    pub since: u8,
    /// About the player's inputs.
    pub report: InputReport,
    /// Ticks until the own ship can fire again.
    pub fire_wait_ticks: u8,
    /// Ticks that nothing can hurt the own ship.
    pub guard_ticks: u8,
    /// Ticks until the own ship lives again; 0 when alive.
    pub respawn_ticks: u8,
    /// Ticks until the own ship's second weapon can be used again.
    pub second_wait_ticks: u8,
    /// `Replica::checksum` of what the client holds after this snapshot, now and then.
    pub checksum: Option<u32>,
    /// What the own ship has, if that is news.
    pub kit: Option<Kit>,
    /// Whether there is news of mines and pickups behind that of shots.
    pub things: bool,
}

/// What is new about a ship. Everything that is `None` goes on as it was.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ShipRecord {
    /// Where it points, in 256ths of a turn.
    pub aim: Option<u8>,
    /// Where it pushes.
    pub thrust: Option<Thrust>,
    /// Hull points, 0 to 100.
    pub hull_points: Option<u8>,
    /// `STATE_…` bits.
    pub state: Option<u8>,
    /// How it moves after this tick, where that does not follow from before.
    pub motion: Option<Motion>,
    /// It is no more.
    pub gone: bool,
}

/// A shot that is new to the client.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ShotRecord {
    /// Its name.
    pub id: ShotId,
    /// Who fired it.
    pub owner: PlayerId,
    /// Where it flies.
    pub angle: Angle,
    /// How far it has flown since the muzzle, if its owner fired in this tick; else 0.
    pub flown: Rewind,
    /// Where it is, in units; `None`: it was fired in this tick from where its owner is.
    pub position: Option<Vec2>,
}

/// A mine or a pickup that is new to the client.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ThingRecord {
    /// What lies at this place of the arena's list.
    Pickup(u8),
    /// A mine: its name, who laid it, and where, in whole units.
    Mine(MineId, PlayerId, Vec2),
}

impl ThingRecord {
    /// Its name among mines and pickups.
    pub fn name(&self) -> u16 {
        match self {
            ThingRecord::Pickup(place) => u16::from(*place),
            ThingRecord::Mine(id, ..) => id.0,
        }
    }

    /// Appends the record.
    pub fn put(&self, out: &mut Vec<u8>) {
        out.extend(self.name().to_le_bytes());
        if let ThingRecord::Mine(_, owner, place) = self {
            put_count(owner.0, out);
            out.extend((place.x as i16).to_le_bytes());
            out.extend((place.y as i16).to_le_bytes());
        }
    }
}

impl ShipRecord {
    /// Whether it says nothing.
    pub fn is_empty(&self) -> bool {
        *self == ShipRecord::default()
    }

    /// Appends the record of the ship of `id`.
    pub fn put(&self, id: PlayerId, out: &mut Vec<u8>) {
        let mask = [
            (AIM, self.aim.is_some()),
            (THRUST, self.thrust.is_some()),
            (HULL, self.hull_points.is_some()),
            (STATE, self.state.is_some()),
            (MOTION, self.motion.is_some()),
            (GONE, self.gone),
        ];
        put_count(id.0, out);
        out.push(mask.iter().filter(|(_, set)| *set).map(|(bit, _)| bit).sum());
        out.extend(self.aim);
        if let Some(Thrust { x, y }) = self.thrust {
            out.extend([x as u8, y as u8]);
        }
        out.extend(self.hull_points);
        out.extend(self.state);
        if let Some(motion) = &self.motion {
            put_vector(motion.position, out);
            put_vector(motion.velocity, out);
            out.extend(motion.dash_ticks.to_le_bytes());
            out.extend(motion.dash_energy.to_le_bytes());
        }
    }
}

impl ShotRecord {
    /// Appends the record; with its position if it has one.
    pub fn put(&self, out: &mut Vec<u8>) {
        out.extend(self.id.0.to_le_bytes());
        put_count(self.owner.0, out);
        out.extend(self.angle.0.to_le_bytes());
        match self.position {
            Some(position) => put_vector(position, out),
            None => out.push(self.flown.0),
        }
    }
}

impl Head {
    /// Appends the head.
    pub fn put(&self, out: &mut Vec<u8>) {
        out.extend(self.tick.0.to_le_bytes());
        let keyframe = if self.since == 0 { KEYFRAME } else { 0 };
        let checksum = if self.checksum.is_some() { CHECKSUM } else { 0 };
        let phase = self.phase as u8;
        let high = if phase > PHASE { PHASE_HIGH } else { 0 };
        let kit = if self.kit.is_some() { KIT } else { 0 };
        let things = if self.things { THINGS } else { 0 };
        out.extend([(phase & PHASE) | high | keyframe | checksum | kit | things, self.since]);
        out.push(self.report.applied_ago.unwrap_or(255));
        out.push(self.report.received_ahead.unwrap_or(i8::MIN) as u8);
        out.extend([self.report.waiting, self.report.slack.unwrap_or(i8::MIN) as u8]);
        out.extend([self.fire_wait_ticks, self.guard_ticks, self.respawn_ticks, self.second_wait_ticks]);
        out.extend(self.checksum.iter().flat_map(|sum| sum.to_le_bytes()));
        if let Some(Kit { arms, shield_points }) = self.kit {
            out.extend([u8::from(arms.weapon), arms.charges, shield_points]);
        }
    }
}

/// Appends a number in groups of seven bits, low ones first (LEB128).
pub fn put_count(number: u16, out: &mut Vec<u8>) {
    let mut rest = number;
    while rest >= 0x80 {
        out.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}

fn put_vector(vector: Vec2, out: &mut Vec<u8>) {
    out.extend(vector.x.to_le_bytes());
    out.extend(vector.y.to_le_bytes());
}

/// Reads a snapshot's bytes from the front.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Reads `bytes`.
    pub fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader { bytes }
    }

    /// The head.
    pub fn head(&mut self) -> Result<Head, SnapshotError> {
        let tick = Tick(u32::from_le_bytes(self.take()?));
        let [flags, since, applied, received, waiting, slack] = self.take()?;
        let [fire_wait_ticks, guard_ticks, respawn_ticks, second_wait_ticks] = self.take()?;
        if (flags & KEYFRAME != 0) != (since == 0) {
            return Err(SnapshotError::Value);
        }
        let high = if flags & PHASE_HIGH == 0 { 0 } else { PHASE + 1 };
        let report = InputReport {
            applied_ago: (applied != 255).then_some(applied),
            received_ahead: (received as i8 != i8::MIN).then_some(received as i8),
            waiting,
            slack: (slack as i8 != i8::MIN).then_some(slack as i8),
        };
        let checksum = if flags & CHECKSUM == 0 { None } else { Some(u32::from_le_bytes(self.take()?)) };
        let kit = if flags & KIT == 0 { None } else { Some(self.kit()?) };
        let phase = PHASES.get(usize::from((flags & PHASE) + high)).copied().ok_or(SnapshotError::Value)?;
        Ok(Head {
            tick,
            phase,
            since,
            report,
            fire_wait_ticks,
            guard_ticks,
            respawn_ticks,
            second_wait_ticks,
            checksum,
            kit,
            things: flags & THINGS != 0,
        })
    }

    fn kit(&mut self) -> Result<Kit, SnapshotError> {
        let [weapon, charges, shield_points] = self.take()?;
        Ok(Kit { arms: Arms { weapon: Weapon::from(weapon), charges }, shield_points })
    }

    /// How many records follow.
    pub fn count(&mut self) -> Result<usize, SnapshotError> {
        let count = usize::from(self.number()?);
        if count > RECORDS_MAX { Err(SnapshotError::Value) } else { Ok(count) }
    }

    /// A ship's record.
    pub fn ship(&mut self) -> Result<(PlayerId, ShipRecord), SnapshotError> {
        let id = PlayerId(self.number()?);
        let [mask] = self.take()?;
        let has = |bit: u8| mask & bit != 0;
        let mut record = ShipRecord { gone: has(GONE), ..ShipRecord::default() };
        if has(AIM) {
            record.aim = Some(self.byte()?);
        }
        if has(THRUST) {
            let [x, y] = self.take()?;
            record.thrust = Some(Thrust { x: x as i8, y: y as i8 });
        }
        if has(HULL) {
            record.hull_points = Some(self.byte()?);
        }
        if has(STATE) {
            record.state = Some(self.byte()?);
        }
        if has(MOTION) {
            let (position, velocity) = (self.vector()?, self.vector()?);
            let (dash_ticks, dash_energy) = (self.word()?, self.word()?);
            record.motion = Some(Motion { position, velocity, dash_ticks, dash_energy });
        }
        Ok((id, record))
    }

    /// A shot's record, with its position if `placed`.
    pub fn shot(&mut self, placed: bool) -> Result<ShotRecord, SnapshotError> {
        let (id, owner, angle) = (ShotId(self.word()?), PlayerId(self.number()?), Angle(self.word()?));
        let (flown, position) =
            if placed { (Rewind(0), Some(self.vector()?)) } else { (Rewind(self.byte()?), None) };
        Ok(ShotRecord { id, owner, angle, flown, position })
    }

    /// A record of a mine or a pickup.
    pub fn thing(&mut self) -> Result<ThingRecord, SnapshotError> {
        let name = self.word()?;
        if name & MINE == 0 {
            return u8::try_from(name).map(ThingRecord::Pickup).map_err(|_| SnapshotError::Value);
        }
        let owner = PlayerId(self.number()?);
        let (x, y) = (self.word()? as i16, self.word()? as i16);
        Ok(ThingRecord::Mine(MineId(name), owner, Vec2::new(f32::from(x), f32::from(y))))
    }

    /// The name of a mine or a pickup.
    pub fn thing_name(&mut self) -> Result<u16, SnapshotError> {
        self.word()
    }

    /// A shot's name.
    pub fn shot_id(&mut self) -> Result<ShotId, SnapshotError> {
        self.word().map(ShotId)
    }

    /// Whether all was read.
    pub fn end(&self) -> Result<(), SnapshotError> {
        if self.bytes.is_empty() { Ok(()) } else { Err(SnapshotError::Length) }
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], SnapshotError> {
        let (part, rest) = self.bytes.split_first_chunk::<N>().ok_or(SnapshotError::Length)?;
        self.bytes = rest;
        Ok(*part)
    }

    fn byte(&mut self) -> Result<u8, SnapshotError> {
        self.take().map(|[byte]| byte)
    }

    fn word(&mut self) -> Result<u16, SnapshotError> {
        self.take().map(u16::from_le_bytes)
    }

    /// A number in groups of seven bits.
    fn number(&mut self) -> Result<u16, SnapshotError> {
        let mut number = 0u32;
        for group in 0..3 {
            let byte = self.byte()?;
            number |= u32::from(byte & 0x7f) << (7 * group);
            if byte & 0x80 == 0 {
                return u16::try_from(number).map_err(|_| SnapshotError::Value);
            }
        }
        Err(SnapshotError::Value)
    }

    fn vector(&mut self) -> Result<Vec2, SnapshotError> {
        let vector = Vec2::new(f32::from_le_bytes(self.take()?), f32::from_le_bytes(self.take()?));
        let plausible = vector.abs().cmple(Vec2::splat(NUMBER_MAX)).all();
        if plausible { Ok(vector) } else { Err(SnapshotError::Value) }
    }
}
