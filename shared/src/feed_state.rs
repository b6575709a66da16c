//! What a reader of the feed holds: the public state of a match in the feed's own whole numbers.
//! The server's encoder keeps the same state to know what changed, so both ends can be compared bit by bit.

use std::collections::BTreeMap;

use glam::Vec2;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::angle::Angle;
use crate::arena::SIDE_UNITS_MAX;
use crate::event::Beam;
use crate::feed::{
    BEAM_NUMBERS, CHANGE_NUMBERS, Delta, END_NUMBERS, FeedPilot, Join, KILL_NUMBERS, Keyframe, Kill, Limbo,
    MOVE_NUMBERS, RoundSet, SHIP_NUMBERS, SHOT_NUMBERS, STEPS_PER_UNIT,
};
use crate::id::{PlayerId, ShotId};
use crate::name::PlayerName;
use crate::tick::Tick;
use crate::world::{Hull, Phase, Round};

/// The pilot's flag for a seat that the program plays.
pub const PILOT_BOT: u8 = 1;
/// The pilot's flag for a lost connection.
pub const PILOT_LIMBO: u8 = 2;
/// The ship's flag for pushing.
pub const SHIP_THRUSTING: u8 = 1;
/// The ship's flag for one that cannot be hurt.
pub const SHIP_GUARDED: u8 = 2;
/// The ship's flag for dashing.
pub const SHIP_DASHING: u8 = 4;
/// The ship's flag for a lost connection.
pub const SHIP_LIMBO: u8 = 8;

/// A living ship.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedShip {
    /// Steps of 1/4 unit from the middle.
    pub x: i32,
    /// Steps of 1/4 unit from the middle.
    pub y: i32,
    /// 256ths of a turn.
    pub aim: u8,
    /// Hull points, 0 to 100.
    pub hull_points: u8,
    /// Sum of the ship's flags.
    pub flags: u8,
}

impl FeedShip {
    /// Where it is, in units.
    pub fn position(&self) -> Vec2 {
        place(self.x, self.y)
    }
}

/// A shot in flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedShot {
    /// Who fired it.
    pub owner: PlayerId,
    /// When.
    pub born: Tick,
    /// Where it was born, in steps of 1/4 unit.
    pub x: i32,
    /// Where it was born, in steps of 1/4 unit.
    pub y: i32,
    /// 1024ths of a turn, 0 to 1,023.
    pub angle: u16,
}

impl FeedShot {
    /// Where it was born, in units.
    pub fn origin(&self) -> Vec2 {
        place(self.x, self.y)
    }

    /// Where it flies.
    pub fn direction(&self) -> Angle {
        Angle(self.angle << 6)
    }
}

/// Somebody in the match.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedSeat {
    /// What to call them.
    pub name: PlayerName,
    /// The shape of their ship.
    pub hull: Hull,
    /// Sum of the pilot's flags.
    pub flags: u8,
    /// Kills in this round.
    pub score: u16,
    /// Deaths in this round.
    pub deaths: u16,
}

/// The public state of a match after some event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FeedState {
    /// The tick of the last event.
    pub tick: Tick,
    /// The round's clock after that tick.
    pub round: Round,
    /// Everybody.
    pub seats: BTreeMap<PlayerId, FeedSeat>,
    /// Living ships.
    pub ships: BTreeMap<PlayerId, FeedShip>,
    /// Shots in flight.
    pub shots: BTreeMap<ShotId, FeedShot>,
}

/// Why an event does not fit the state: the reader needs a keyframe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ApplyError {
    /// A list whose length is no multiple of its records, or a number out of its range.
    #[error("the event has a record that makes no sense")]
    Record,
    /// A record about a ship or shot that is not there.
    #[error("the event speaks of something unknown")]
    Unknown,
}

impl FeedState {
    /// The state that `keyframe` describes.
    pub fn of_keyframe(keyframe: &Keyframe) -> Result<FeedState, ApplyError> {
        let seat = |pilot: &FeedPilot| {
            let FeedPilot(id, name, hull, flags, score, deaths) = pilot.clone();
            (id, FeedSeat { name, hull, flags, score, deaths })
        };
        let mut state = FeedState {
            tick: keyframe.tick,
            round: keyframe.round,
            seats: keyframe.pilots.iter().map(seat).collect(),
            ..FeedState::default()
        };
        state.add_ships(&keyframe.ships)?;
        state.add_shots(&keyframe.shots)?;
        Ok(state)
    }

    /// Applies a delta. After an error the state is half changed: only a keyframe helps.
    pub fn apply(&mut self, delta: &Delta) -> Result<(), ApplyError> {
        self.pass(delta.tick);
        for &[victim, by, _] in records::<KILL_NUMBERS>(&delta.kills)? {
            self.count_kill(player(victim)?, player(by)?);
        }
        for &id in &delta.gone {
            self.ships.remove(&player(id)?).ok_or(ApplyError::Unknown)?;
        }
        self.add_ships(&delta.appeared)?;
        for &[id, x, y, aim] in records::<MOVE_NUMBERS>(&delta.moved)? {
            let ship = self.ships.get_mut(&player(id)?).ok_or(ApplyError::Unknown)?;
            ship.x = step(ship.x.saturating_add(x))?;
            ship.y = step(ship.y.saturating_add(y))?;
            ship.aim = ship.aim.wrapping_add_signed(fit(aim)?);
        }
        for &[id, hull_points, flags] in records::<CHANGE_NUMBERS>(&delta.changed)? {
            let ship = self.ships.get_mut(&player(id)?).ok_or(ApplyError::Unknown)?;
            ship.hull_points = fit(hull_points)?;
            ship.flags = fit(flags)?;
        }
        self.add_shots(&delta.fired)?;
        for &[id, _] in records::<END_NUMBERS>(&delta.ended)? {
            self.shots.remove(&ShotId(fit(id)?)).ok_or(ApplyError::Unknown)?;
        }
        Ok(())
    }

    /// A ship was shot down: counts it. The ship itself goes with a delta.
    pub fn kill(&mut self, kill: &Kill) {
        self.pass(kill.tick);
        self.count_kill(kill.victim, kill.by);
    }

    fn count_kill(&mut self, victim: PlayerId, by: PlayerId) {
        if let Some(seat) = self.seats.get_mut(&victim) {
            seat.deaths = seat.deaths.saturating_add(1);
        }
        if let Some(seat) = self.seats.get_mut(&by) {
            seat.score = seat.score.saturating_add(1);
        }
    }

    /// Somebody took a seat.
    pub fn join(&mut self, join: &Join) {
        self.pass(join.tick);
        let flags = if join.bot { PILOT_BOT } else { 0 };
        let seat = FeedSeat { name: join.name.clone(), hull: join.hull, flags, score: 0, deaths: 0 };
        self.seats.insert(join.id, seat);
    }

    /// Somebody's seat became free. The ship goes with a delta.
    pub fn leave(&mut self, tick: Tick, id: PlayerId) {
        self.pass(tick);
        self.seats.remove(&id);
    }

    /// A connection was lost or is back.
    pub fn limbo(&mut self, limbo: &Limbo) {
        self.pass(limbo.tick);
        if let Some(seat) = self.seats.get_mut(&limbo.id) {
            seat.flags = if limbo.lost { seat.flags | PILOT_LIMBO } else { seat.flags & !PILOT_LIMBO };
        }
    }

    /// The round's clock was set.
    pub fn set_round(&mut self, set: &RoundSet) {
        self.pass(set.tick);
        let begins = set.round.phase == Phase::Playing && self.round.phase != Phase::Paused;
        self.round = set.round;
        if begins {
            for seat in self.seats.values_mut() {
                (seat.score, seat.deaths) = (0, 0);
            }
        }
    }

    /// Lets the clock run to `tick`.
    fn pass(&mut self, tick: Tick) {
        if self.round.phase != Phase::Paused {
            self.round.ticks_left = self.round.ticks_left.saturating_sub(tick.since(self.tick));
        }
        self.tick = self.tick.max(tick);
    }

    fn add_ships(&mut self, numbers: &[i32]) -> Result<(), ApplyError> {
        for &[id, x, y, aim, hull_points, flags] in records::<SHIP_NUMBERS>(numbers)? {
            let ship = FeedShip {
                x: step(x)?,
                y: step(y)?,
                aim: fit(aim)?,
                hull_points: fit(hull_points)?,
                flags: fit(flags)?,
            };
            self.ships.insert(player(id)?, ship);
        }
        Ok(())
    }

    fn add_shots(&mut self, numbers: &[i32]) -> Result<(), ApplyError> {
        for &record in records::<SHOT_NUMBERS>(numbers)? {
            let (id, shot) = read_shot(record, self.tick)?;
            self.shots.insert(id, shot);
        }
        Ok(())
    }
}

/// Reads one shot's record from an event of `tick`.
pub fn read_shot(record: [i32; SHOT_NUMBERS], tick: Tick) -> Result<(ShotId, FeedShot), ApplyError> {
    let [id, owner, ago, x, y, angle] = record;
    let angle = fit(angle)?;
    if angle > 0xfff {
        return Err(ApplyError::Record);
    }
    let born = tick - u32::from(fit::<u16>(ago)?);
    Ok((ShotId(fit(id)?), FeedShot { owner: player(owner)?, born, x: step(x)?, y: step(y)?, angle }))
}

/// Reads one beam's record from an event of `tick`: when it was there, and its way.
pub fn read_beam(record: [i32; BEAM_NUMBERS], tick: Tick) -> Result<(Tick, Beam), ApplyError> {
    let [by, ago, x, y, end_x, end_y] = record;
    let (from, to) = (place(step(x)?, step(y)?), place(step(end_x)?, step(end_y)?));
    Ok((tick - u32::from(fit::<u16>(ago)?), Beam { by: player(by)?, from, to }))
}

/// Cuts a flat list into records of `N` numbers.
pub fn records<const N: usize>(numbers: &[i32]) -> Result<&[[i32; N]], ApplyError> {
    let (whole, rest) = numbers.as_chunks::<N>();
    if rest.is_empty() { Ok(whole) } else { Err(ApplyError::Record) }
}

/// A position in steps as a place in units.
pub fn place(x: i32, y: i32) -> Vec2 {
    Vec2::new(x as f32, y as f32) / STEPS_PER_UNIT
}

/// A coordinate in steps, if an arena can be that large.
fn step(value: i32) -> Result<i32, ApplyError> {
    const STEP_MAX: u32 = (SIDE_UNITS_MAX * STEPS_PER_UNIT) as u32;
    if value.unsigned_abs() <= STEP_MAX { Ok(value) } else { Err(ApplyError::Record) }
}

fn player(value: i32) -> Result<PlayerId, ApplyError> {
    fit(value).map(PlayerId)
}

fn fit<T: TryFrom<i32>>(value: i32) -> Result<T, ApplyError> {
    T::try_from(value).map_err(|_| ApplyError::Record)
}
