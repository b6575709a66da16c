//! The numbers of the feed's flat lists: cut into records, checked against their ranges, and turned into places and times.
//! Whatever a stranger sends, the answer is a value or an [`ApplyError`]. `feed_state` and readers of the feed use it.

use glam::Vec2;
use thiserror::Error;

use crate::arena::SIDE_UNITS_MAX;
use crate::event::Beam;
use crate::feed::{BEAM_NUMBERS, BLAST_NUMBERS, STEPS_PER_UNIT};
use crate::id::PlayerId;
use crate::tick::Tick;

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

/// Reads one beam's record from an event of `tick`: when it was there, and its way.
pub fn read_beam(record: [i32; BEAM_NUMBERS], tick: Tick) -> Result<(Tick, Beam), ApplyError> {
    let [by, ago, x, y, end_x, end_y] = record;
    let (from, to) = (place(step(x)?, step(y)?), place(step(end_x)?, step(end_y)?));
    Ok((tick - u32::from(fit::<u16>(ago)?), Beam { by: player(by)?, from, to }))
}

/// Reads one blast's record from an event of `tick`: when it was, who laid the mine, and where.
pub fn read_blast(record: [i32; BLAST_NUMBERS], tick: Tick) -> Result<(Tick, PlayerId, Vec2), ApplyError> {
    let [by, ago, x, y] = record;
    Ok((tick - u32::from(fit::<u16>(ago)?), player(by)?, place(step(x)?, step(y)?)))
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
pub fn step(value: i32) -> Result<i32, ApplyError> {
    const STEP_MAX: u32 = (SIDE_UNITS_MAX * STEPS_PER_UNIT) as u32;
    if value.unsigned_abs() <= STEP_MAX { Ok(value) } else { Err(ApplyError::Record) }
}

/// Somebody's seat.
pub fn player(value: i32) -> Result<PlayerId, ApplyError> {
    fit(value).map(PlayerId)
}

/// The number in a smaller type.
pub fn fit<T: TryFrom<i32>>(value: i32) -> Result<T, ApplyError> {
    T::try_from(value).map_err(|_| ApplyError::Record)
}
