//! The events of the public feed as plain data: the server writes them, the watch page reads them.
//! They say what `docs/protocol.md` says; how a world becomes events stands in `feed_encoder`, and what a reader
//! holds after them in `feed_state`.

use serde::{Deserialize, Serialize};

use crate::arena::Arena;
use crate::event::CoreDeed;
use crate::id::PlayerId;
use crate::mode::{Mode, Team};
use crate::name::PlayerName;
use crate::rule_book::RuleBook;
use crate::tick::{Tick, TickRate};
use crate::world::{Hull, Round};

/// The version of the feed's events. It grows when an old reader could misread an event.
pub const FEED_VERSION: u16 = 2;
/// The subprotocol of the feed's WebSocket.
pub const FEED_SUBPROTOCOL: &str = "starfray.feed.v1";
/// Steps of a position in one unit.
pub const STEPS_PER_UNIT: f32 = 2.0;
/// Times a second that a delta is made, as long as the tick rate allows it and few ships fly.
pub const DELTA_HZ: u32 = 10;
/// Ships above which deltas come more rarely, so that a crowd takes no more of a line.
pub const DELTA_SHIPS: u32 = 32;
/// Time between two keyframes, at least, while few ships fly.
pub const KEYFRAME_EVERY_MS: u32 = 4000;
/// Ships above which keyframes come half as often.
pub const KEYFRAME_SHIPS: usize = 250;
/// Ships above which kills are told in deltas, and no longer each in an event of its own.
pub const KILL_EVENTS_SHIPS: usize = 64;
/// Ships up to which all shots are told; of twice as many every second shot, and so on.
pub const ALL_SHOTS_SHIPS: usize = 400;
/// Numbers of a ship in a list of whole ships.
pub const SHIP_NUMBERS: usize = 6;
/// Numbers of a ship in a list of moves.
pub const MOVE_NUMBERS: usize = 4;
/// Numbers of a ship in a list of changed conditions.
pub const CHANGE_NUMBERS: usize = 3;
/// Numbers of a shot in a list of births.
pub const SHOT_NUMBERS: usize = 6;
/// Numbers of a kill in a list of kills.
pub const KILL_NUMBERS: usize = 3;
/// Numbers of a shot in a list of ends.
pub const END_NUMBERS: usize = 2;
/// Numbers of a mine in a list of mines that lie.
pub const MINE_NUMBERS: usize = 4;
/// Numbers of a mine that went off.
pub const BLAST_NUMBERS: usize = 4;
/// Numbers of a core that is not at its stand.
pub const CORE_NUMBERS: usize = 5;
/// Numbers of a beam of the rail.
pub const BEAM_NUMBERS: usize = 6;

/// One event of the feed. Written without its name, which goes beside it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum FeedEvent {
    /// What never changes; first on every connection, without a cursor.
    Hello(Box<Hello>),
    /// Everything; needs nothing before it.
    Keyframe(Keyframe),
    /// What changed since the previous delta or keyframe.
    Delta(Delta),
    /// A ship was shot down.
    Kill(Kill),
    /// Somebody took a seat.
    Join(Join),
    /// Somebody's seat became free.
    Leave(Leave),
    /// A connection was lost or is back.
    Limbo(Limbo),
    /// Somebody is on another side.
    Team(TeamSet),
    /// What both sides have reached.
    Teams(TeamScores),
    /// Something happened to a core.
    Core(CoreTold),
    /// The round's clock was set.
    Round(RoundSet),
    /// Somebody said something to everybody.
    Say(Say),
    /// The server's operator has something to say.
    Notice(Notice),
    /// The server stops soon.
    Closing(Closing),
    /// The last event.
    Bye(FeedBye),
}

impl FeedEvent {
    /// The names of all events.
    pub const NAMES: [&'static str; 15] = [
        "hello", "keyframe", "delta", "kill", "join", "leave", "limbo", "team", "teams", "core", "round",
        "say", "closing", "notice", "bye",
    ];

    /// The event's name.
    pub fn name(&self) -> &'static str {
        match self {
            FeedEvent::Hello(_) => "hello",
            FeedEvent::Keyframe(_) => "keyframe",
            FeedEvent::Delta(_) => "delta",
            FeedEvent::Kill(_) => "kill",
            FeedEvent::Join(_) => "join",
            FeedEvent::Leave(_) => "leave",
            FeedEvent::Limbo(_) => "limbo",
            FeedEvent::Team(_) => "team",
            FeedEvent::Teams(_) => "teams",
            FeedEvent::Core(_) => "core",
            FeedEvent::Round(_) => "round",
            FeedEvent::Say(_) => "say",
            FeedEvent::Notice(_) => "notice",
            FeedEvent::Closing(_) => "closing",
            FeedEvent::Bye(_) => "bye",
        }
    }
}

/// What never changes during a match.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hello {
    /// [`FEED_VERSION`] of the server.
    pub version: u16,
    /// The match's id.
    pub match_id: String,
    /// The match's name.
    pub match_name: String,
    /// Ticks in a second.
    pub tick_hz: TickRate,
    /// By how much the feed is late on purpose.
    pub delay_ms: u32,
    /// Where it happens.
    pub arena: Arena,
    /// What is played.
    #[serde(default)]
    pub mode: Mode,
    /// The score at which a round ends before its time; 0 is never.
    #[serde(default)]
    pub goal: u16,
    /// The numbers of the game, in the order of `assets/rules.toml`.
    #[serde(default)]
    pub rules: RuleBook,
}

/// Somebody in the match: id, name, hull, flags (1 bot, 2 connection lost, 4 azure, 8 amber), score, deaths.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedPilot(pub PlayerId, pub PlayerName, pub Hull, pub u8, pub u16, pub u16);

/// Everything that a reader needs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Keyframe {
    /// The tick that this shows.
    pub tick: Tick,
    /// The round's clock after this tick.
    pub round: Round,
    /// Spectators now.
    pub watching: u32,
    /// Everybody, by id.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pilots: Vec<FeedPilot>,
    /// [`SHIP_NUMBERS`] for each living ship: id, x, y, aim, hull points, flags.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ships: Vec<i32>,
    /// [`SHOT_NUMBERS`] for each shot: id, owner, ticks since its birth, x, y, angle.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shots: Vec<i32>,
    /// [`MINE_NUMBERS`] for each mine: id, owner, x, y.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mines: Vec<i32>,
    /// Pickups that do not lie there now, by their place in the arena's list.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub taken: Vec<i32>,
    /// What both sides have reached; empty is nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub team_scores: Vec<u16>,
    /// [`CORE_NUMBERS`] for each core that is not at its stand: side (1 azure, 2 amber), 1 carried or 2 dropped, by whom it is
    /// carried (0 if dropped), x and y where it lies (0 if carried).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cores: Vec<i32>,
}

/// What changed, to be applied in the order of the fields.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Delta {
    /// The tick that this leads to.
    pub tick: Tick,
    /// [`KILL_NUMBERS`] for each kill of a crowd: victim, killer, ticks since.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kills: Vec<i32>,
    /// Ids of ships that are no more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gone: Vec<i32>,
    /// [`SHIP_NUMBERS`] for each new ship.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub appeared: Vec<i32>,
    /// [`MOVE_NUMBERS`] for each ship that moved: id, and what to add to x, y and aim.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub moved: Vec<i32>,
    /// [`CHANGE_NUMBERS`] for each ship in another condition: id, hull points, flags.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changed: Vec<i32>,
    /// [`SHOT_NUMBERS`] for each new shot.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fired: Vec<i32>,
    /// [`END_NUMBERS`] for each shot that ended: id, ticks since its end.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ended: Vec<i32>,
    /// [`BEAM_NUMBERS`] for each beam of the rail: who fired, ticks since then, x and y of both ends.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub beams: Vec<i32>,
    /// [`MINE_NUMBERS`] for each new mine.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub laid: Vec<i32>,
    /// Ids of mines that are no more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lifted: Vec<i32>,
    /// [`BLAST_NUMBERS`] for each mine that went off: who laid it, ticks since then, x, y.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blasts: Vec<i32>,
    /// Pickups that were taken, by their place in the arena's list.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub taken: Vec<i32>,
    /// Pickups that are back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub back: Vec<i32>,
}

/// A ship was shot down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kill {
    /// When.
    pub tick: Tick,
    /// Whose ship.
    pub victim: PlayerId,
    /// Who did it.
    pub by: PlayerId,
    /// Where, in steps of 1/4 unit.
    pub x: i32,
    /// Where, in steps of 1/4 unit.
    pub y: i32,
}

/// Somebody took a seat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Join {
    /// When.
    pub tick: Tick,
    /// The seat.
    pub id: PlayerId,
    /// What to call them.
    pub name: PlayerName,
    /// The shape of their ship.
    pub hull: Hull,
    /// Whether the program plays the seat.
    pub bot: bool,
    /// The side: 1 azure, 2 amber; left out where there are none.
    #[serde(default, skip_serializing_if = "Team::is_nobodys")]
    pub team: Team,
}

/// Somebody's seat became free.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leave {
    /// When.
    pub tick: Tick,
    /// The seat.
    pub id: PlayerId,
}

/// A connection was lost or is back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limbo {
    /// When.
    pub tick: Tick,
    /// The seat.
    pub id: PlayerId,
    /// Whether the connection is lost.
    pub lost: bool,
}

/// Somebody is on another side from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TeamSet {
    /// When.
    pub tick: Tick,
    /// Who.
    pub id: PlayerId,
    /// 1 azure, 2 amber.
    pub team: Team,
}

/// What both sides have reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TeamScores {
    /// When.
    pub tick: Tick,
    /// Azure and amber.
    pub scores: [u16; 2],
}

/// Something happened to a core.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CoreTold {
    /// When.
    pub tick: Tick,
    /// Whose core: 1 azure, 2 amber.
    pub core: Team,
    /// What.
    pub deed: CoreDeed,
    /// Who did it; left out if its time was over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<PlayerId>,
    /// Where, in steps of 1/2 unit.
    pub x: i32,
    /// Where, in steps of 1/2 unit.
    pub y: i32,
    /// The score of who captured it, from now on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<u16>,
}

/// The round's clock was set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoundSet {
    /// When.
    pub tick: Tick,
    /// The clock after this tick.
    pub round: Round,
}

/// Somebody said something to everybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Say {
    /// When.
    pub tick: Tick,
    /// Who.
    pub id: PlayerId,
    /// The number of the phrase, below [`PHRASES`](crate::phrases::PHRASES).
    pub phrase: u8,
}

/// What the server's operator has to say. It belongs to no tick and comes at once, however late the feed is on purpose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// One line, at most [`NOTICE_CHARS_MAX`](crate::name::NOTICE_CHARS_MAX) characters.
    pub text: String,
}

/// The server ends the feed soon, because it stops or restarts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closing {
    /// When this was said, also with a delay.
    pub tick: Tick,
    /// In how many seconds.
    pub in_s: u16,
}

/// Why the feed ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedBye {
    /// A stable word, as in `CloseReason::word`.
    pub reason: String,
    /// Milliseconds to wait before coming back; 0 is: do not come back.
    pub retry_ms: u32,
}
