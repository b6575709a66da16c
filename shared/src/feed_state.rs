//! What a reader of the feed holds: the public state of a match in the feed's own whole numbers.
//! The server's encoder keeps the same state to know what changed, so both ends can be compared bit by bit.

use glam::Vec2;
use serde::{Deserialize, Serialize};

use crate::angle::Angle;
use crate::by_id::ById;
use crate::event::CoreDeed;
use crate::feed::{
    CHANGE_NUMBERS, CORE_NUMBERS, CoreTold, Delta, END_NUMBERS, FeedPilot, Join, KILL_NUMBERS, Keyframe,
    Kill, Limbo, MINE_NUMBERS, MOVE_NUMBERS, RoundSet, SHIP_NUMBERS, SHOT_NUMBERS, TeamScores, TeamSet,
};
pub use crate::feed_records::{ApplyError, place, read_beam, read_blast, records};
use crate::feed_records::{fit, player, step};
use crate::id::{MineId, PlayerId, ShotId};
use crate::mode::Team;
use crate::name::PlayerName;
use crate::tick::Tick;
use crate::world::{Hull, Phase, Round};

/// The pilot's flag for a seat that the program plays.
pub const PILOT_BOT: u8 = 1;
/// The pilot's flag for a lost connection.
pub const PILOT_LIMBO: u8 = 2;
/// The pilot's flag for the first side.
pub const PILOT_AZURE: u8 = 4;
/// The pilot's flag for the second side.
pub const PILOT_AMBER: u8 = 8;
/// The ship's flag for pushing.
pub const SHIP_THRUSTING: u8 = 1;
/// The ship's flag for one that cannot be hurt.
pub const SHIP_GUARDED: u8 = 2;
/// The ship's flag for dashing.
pub const SHIP_DASHING: u8 = 4;
/// The ship's flag for a lost connection.
pub const SHIP_LIMBO: u8 = 8;

/// The ship's flag for a shield that was picked up.
pub const SHIP_SHIELDED: u8 = 16;
/// The ship's flag for one that carries a core.
pub const SHIP_CARRIES: u8 = 32;

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

/// A mine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedMine {
    /// Who laid it.
    pub owner: PlayerId,
    /// Steps of 1/2 unit from the middle.
    pub x: i32,
    /// Steps of 1/2 unit from the middle.
    pub y: i32,
}

/// Where a core is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FeedCore {
    /// At its stand.
    #[default]
    Home,
    /// With this ship.
    Carried(PlayerId),
    /// In the field, in steps of 1/2 unit.
    Dropped(i32, i32),
}

/// The flags of a pilot on `team`.
pub fn team_flags(team: Team) -> u8 {
    match team {
        Team::None => 0,
        Team::Azure => PILOT_AZURE,
        Team::Amber => PILOT_AMBER,
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

impl FeedSeat {
    /// The side.
    pub fn team(&self) -> Team {
        match self.flags & (PILOT_AZURE | PILOT_AMBER) {
            PILOT_AZURE => Team::Azure,
            PILOT_AMBER => Team::Amber,
            _ => Team::None,
        }
    }
}

/// The public state of a match after some event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FeedState {
    /// The tick of the last event.
    pub tick: Tick,
    /// The round's clock after that tick.
    pub round: Round,
    /// Everybody.
    pub seats: ById<PlayerId, FeedSeat>,
    /// Living ships.
    pub ships: ById<PlayerId, FeedShip>,
    /// Shots in flight.
    pub shots: ById<ShotId, FeedShot>,
    /// Mines.
    pub mines: ById<MineId, FeedMine>,
    /// Pickups that do not lie there now.
    pub taken: ById<u8, ()>,
    /// What both sides have reached.
    pub team_scores: [u16; 2],
    /// Where the cores of both sides are.
    pub cores: [FeedCore; 2],
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
        state.add_mines(&keyframe.mines)?;
        state.take_pickups(&keyframe.taken)?;
        if let &[azure, amber] = keyframe.team_scores.as_slice() {
            state.team_scores = [azure, amber];
        }
        for &[side, is, by, x, y] in records::<CORE_NUMBERS>(&keyframe.cores)? {
            let dropped = FeedCore::Dropped(step(x)?, step(y)?);
            let now = if is == 1 { FeedCore::Carried(player(by)?) } else { dropped };
            state.set_core(Team::from(fit::<u8>(side)?), now);
        }
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
        self.apply_things(delta)
    }

    fn apply_things(&mut self, delta: &Delta) -> Result<(), ApplyError> {
        for &id in &delta.lifted {
            self.mines.remove(&MineId(fit(id)?)).ok_or(ApplyError::Unknown)?;
        }
        self.add_mines(&delta.laid)?;
        self.take_pickups(&delta.taken)?;
        for &place in &delta.back {
            self.taken.remove(&fit(place)?);
        }
        Ok(())
    }

    fn add_mines(&mut self, numbers: &[i32]) -> Result<(), ApplyError> {
        for &[id, owner, x, y] in records::<MINE_NUMBERS>(numbers)? {
            let mine = FeedMine { owner: player(owner)?, x: step(x)?, y: step(y)? };
            self.mines.insert(MineId(fit(id)?), mine);
        }
        Ok(())
    }

    fn take_pickups(&mut self, places: &[i32]) -> Result<(), ApplyError> {
        for &place in places {
            self.taken.insert(fit(place)?, ());
        }
        Ok(())
    }

    fn set_core(&mut self, team: Team, now: FeedCore) {
        if let Some(core) = team.side().and_then(|side| self.cores.get_mut(side)) {
            *core = now;
        }
    }

    /// Something happened to a core.
    pub fn core(&mut self, told: &CoreTold) {
        self.pass(told.tick);
        let now = match (told.deed, told.by) {
            (CoreDeed::Taken, Some(by)) => FeedCore::Carried(by),
            (CoreDeed::Dropped, _) => FeedCore::Dropped(told.x, told.y),
            _ => FeedCore::Home,
        };
        self.set_core(told.core, now);
        if let (Some(score), Some(seat)) = (told.score, told.by.and_then(|by| self.seats.get_mut(&by))) {
            seat.score = score;
        }
    }

    /// What both sides have reached.
    pub fn set_team_scores(&mut self, told: &TeamScores) {
        self.pass(told.tick);
        self.team_scores = told.scores;
    }

    /// Somebody is on another side.
    pub fn set_team(&mut self, told: &TeamSet) {
        self.pass(told.tick);
        if let Some(seat) = self.seats.get_mut(&told.id) {
            seat.flags = seat.flags & !(PILOT_AZURE | PILOT_AMBER) | team_flags(told.team);
        }
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
        let killer = self.seats.get_mut(&by).filter(|_| by != victim);
        if let Some(seat) = killer {
            seat.score = seat.score.saturating_add(1);
        }
    }

    /// Somebody took a seat.
    pub fn join(&mut self, join: &Join) {
        self.pass(join.tick);
        let flags = if join.bot { PILOT_BOT } else { 0 } | team_flags(join.team);
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
            (self.team_scores, self.cores) = ([0, 0], [FeedCore::Home; 2]);
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
