//! What is to be shown at one moment, as plain data: made by the netcode core, read by whoever draws.
//! Nothing here knows a browser; playing and watching give the same kind of view.

use glam::Vec2;
use shared::angle::Angle;
use shared::event::CoreDeed;
use shared::id::{MineId, PlayerId, ShotId};
use shared::mode::Team;
use shared::rule_book::Arms;
use shared::world::{Hull, Phase};

/// One moment, ready to be drawn. Positions are units of the arena, already interpolated or predicted.
#[derive(Clone, Debug, Default)]
pub struct View {
    /// Where to look: the own or followed ship, or where it was last.
    pub camera: Vec2,
    /// The ship that is played or followed; `None` while it waits for its next life or nobody is followed.
    pub own: Option<OwnView>,
    /// Seconds until the next life; 0 when alive.
    pub respawn_s: f32,
    /// All other living ships in view.
    pub ships: Vec<ShipView>,
    /// Shots in view, the own ones included.
    pub shots: Vec<ShotView>,
    /// Mines in view.
    pub mines: Vec<MineView>,
    /// Pickups that lie in view, by their place in the arena's list.
    pub pickups: Vec<u8>,
    /// What the two sides have and are; nothing where there are none.
    pub sides: Option<Sides>,
    /// What happened since the last view was taken: each is told once.
    pub happenings: Vec<Happening>,
    /// What the match is doing.
    pub phase: Phase,
    /// Seconds left of the phase; `None` if it has no end.
    pub phase_left_s: Option<f32>,
    /// The round's number, from 1; 0 before the first.
    pub round: u16,
    /// How fresh this is.
    pub freshness: Freshness,
    /// Round trip time in milliseconds; `None` while unknown.
    pub rtt_ms: Option<u16>,
    /// The moment of the past at which others are shown, in ticks; 0 while unknown. Players only.
    pub others_at: f64,
    /// Ticks by which that lies beyond the newest snapshot, so that others had to be extrapolated; mostly 0.
    pub beyond_ticks: f32,
    /// Where the newest snapshots have the own ship, in units, if that was asked for.
    pub ghost: Option<Vec2>,
}

/// The ship that is played or followed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OwnView {
    /// Whose it is.
    pub id: PlayerId,
    /// Units.
    pub position: Vec2,
    /// Units per second.
    pub velocity: Vec2,
    /// Where it points.
    pub aim: Angle,
    /// Thrust as a vector of length 0 to 1.
    pub thrust: Vec2,
    /// Hull points, 0 to 100.
    pub hull_points: u8,
    /// Share of the spawn shield that is left, 0 to 1.
    pub guard: f32,
    /// Dashes: whole ones are ready, the fraction is the one that recharges. 0 to 3.
    pub dashes: f32,
    /// The second weapon.
    pub arms: Arms,
    /// How far the second weapon is charged, 0 to 1 (ready).
    pub second: f32,
    /// Share of a shield from a pickup that is left, 0 to 1.
    pub shield: f32,
    /// Whether it carries a core.
    pub carries: bool,
    /// Whether it dashes now.
    pub dashing: bool,
}

/// Another ship.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ShipView {
    /// Whose it is.
    pub id: PlayerId,
    /// Units.
    pub position: Vec2,
    /// Units per second.
    pub velocity: Vec2,
    /// Where it points.
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
    /// Whether it has a shield from a pickup.
    pub shielded: bool,
    /// Whether it carries a core.
    pub carries: bool,
}

/// A mine.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MineView {
    /// Its name.
    pub id: MineId,
    /// Who laid it.
    pub owner: PlayerId,
    /// Units.
    pub place: Vec2,
}

/// A shot.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ShotView {
    /// Its name.
    pub id: ShotId,
    /// Who fired it.
    pub owner: PlayerId,
    /// Units.
    pub position: Vec2,
    /// Where it flies.
    pub angle: Angle,
}

/// Something to be seen or heard once.
#[derive(Clone, Debug, PartialEq)]
pub enum Happening {
    /// A shot left a muzzle here.
    Fired {
        /// Who fired.
        by: PlayerId,
        /// Units.
        position: Vec2,
        /// Where it flies.
        angle: Angle,
    },
    /// A shot ended here, on a ship (true) or on something else.
    ShotEnded {
        /// Units.
        position: Vec2,
        /// Where it flew.
        angle: Angle,
        /// Whether a ship was in its way.
        on_ship: bool,
    },
    /// Somebody fired the rail.
    Beam {
        /// Who fired.
        by: PlayerId,
        /// The muzzle, in units.
        from: Vec2,
        /// Where it ended, in units.
        to: Vec2,
        /// Whether something was in its way.
        met: bool,
    },
    /// A mine went off.
    Blast {
        /// Who laid it.
        by: PlayerId,
        /// Units.
        position: Vec2,
    },
    /// Something happened to a core.
    Core {
        /// Whose core.
        core: Team,
        /// What.
        deed: CoreDeed,
        /// Who did it; nobody if its time was over.
        by: Option<PlayerId>,
    },
    /// Something was picked up by the own ship.
    Armed,
    /// Somebody hurt the own ship, from there.
    Hurt {
        /// Where the shooter is, in units, if in view.
        from: Option<Vec2>,
        /// Hull points left.
        hull_points: u8,
    },
    /// The own shot hurt somebody.
    HitOther {
        /// Whose ship.
        victim: PlayerId,
    },
    /// A ship was shot down.
    Killed {
        /// Whose ship.
        victim: PlayerId,
        /// Who did it.
        by: PlayerId,
        /// Where, in units, if it was in view.
        position: Option<Vec2>,
    },
    /// A ship began a dash here.
    Dashed {
        /// Whose ship.
        id: PlayerId,
        /// Units.
        position: Vec2,
    },
    /// A ship appeared here.
    Appeared {
        /// Whose ship.
        id: PlayerId,
        /// Units.
        position: Vec2,
    },
    /// A round began.
    RoundStarted,
    /// A round ended: show results.
    RoundEnded,
    /// A round that was paused goes on.
    Resumed,
    /// Somebody said something to everybody.
    Said {
        /// Who.
        by: PlayerId,
        /// The number of the phrase.
        phrase: u8,
    },
    /// The player is the match's host from now on.
    HostToken {
        /// What the host's acts need.
        token: String,
    },
    /// The server closes the link soon; the seat is kept.
    Closing {
        /// Seconds until then.
        in_s: u16,
    },
    /// The server's operator says something.
    Notice {
        /// One line.
        text: String,
    },
}

/// Two sides, as everybody may know.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sides {
    /// What both have reached.
    pub scores: [u16; 2],
    /// The score at which the round ends; 0 is never.
    pub goal: u16,
    /// The cores of both; nothing where there are none.
    pub cores: Option<[CoreView; 2]>,
}

/// A core, as everybody may know.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct CoreView {
    /// Its stand, in units.
    pub stand: Vec2,
    /// Where it lies; where its carrier was seen last while it is carried.
    pub place: Vec2,
    /// Who carries it.
    pub by: Option<PlayerId>,
}

impl CoreView {
    /// Whether it is where it belongs.
    pub fn is_home(&self) -> bool {
        self.by.is_none() && self.place == self.stand
    }
}

/// How fresh a view is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Freshness {
    /// Nothing has come yet.
    #[default]
    Waiting,
    /// All is well.
    Live,
    /// The newest snapshot is more than 250 ms late.
    CatchingUp,
    /// Nothing for two seconds, or the connection is down.
    Lost,
}

/// One row of the score board.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Score {
    /// The seat.
    pub id: PlayerId,
    /// What to call them.
    pub name: String,
    /// The shape of their ship.
    pub hull: Hull,
    /// Whether the program plays the seat.
    pub bot: bool,
    /// Whether the connection is lost.
    pub limbo: bool,
    /// Kills.
    pub score: u16,
    /// Deaths.
    pub deaths: u16,
    /// The side; nobody's where there are none.
    pub team: Team,
}
