//! The messages between a player's client and the server. `docs/protocol.md` describes the same with examples.
//! The envelope is MessagePack: a map of one entry whose key is the message's letter; structs are arrays.

use glam::Vec2;
use serde::{Deserialize, Serialize};

use crate::arena::Arena;
pub use crate::close_reason::CloseReason;
use crate::codec::{Inline, Packed};
use crate::event::CoreDeed;
use crate::id::PlayerId;
use crate::input::{InputCommand, SHIP_INPUT_BYTES, ShipInput};
use crate::mode::{Mode, Team};
use crate::name::PlayerName;
use crate::rule_book::RuleBook;
use crate::rules::Rules;
use crate::tick::{Tick, TickRate};
use crate::world::{Hull, Pilot, Round};

/// The version of all that stands here. It grows when an old client could misread a message.
pub const PROTOCOL_VERSION: u16 = 2;
/// The WebSocket subprotocol of this version.
pub const SUBPROTOCOL: &str = "starfray.v1";
/// Longest message from a client in bytes.
pub const CLIENT_MESSAGE_BYTES_MAX: usize = 4096;
/// Most input commands in one message.
pub const COMMANDS_MAX: usize = 8;

/// From a player's client.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ClientMessage {
    /// What the player wants, and what the client has seen.
    #[serde(rename = "i")]
    Input(InputMessage),
    /// The player leaves for good; the seat becomes free.
    #[serde(rename = "l")]
    Leave(Nothing),
    /// What the client holds does not fit: a keyframe, please.
    #[serde(rename = "k")]
    Keyframe(Nothing),
    /// A stamp that the server sends back, to measure the round trip.
    #[serde(rename = "p")]
    Ping(u32),
    /// How the link looks from the client's end.
    #[serde(rename = "f")]
    Figures(ClientFigures),
    /// Nobody looks at the picture (true): nothing is sent until somebody does (false).
    #[serde(rename = "h")]
    Hidden(bool),
    /// The player says something to everybody: the number of the phrase, below [`PHRASES`](crate::phrases::PHRASES).
    #[serde(rename = "q")]
    Say(u8),
}

/// What only a client knows of its link, told for the match's host and for metrics. Nothing in the match follows from
/// it, so a lie harms nobody but who reads it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientFigures {
    /// How late snapshots come against the fastest ones, nine of ten, in milliseconds.
    pub jitter_ms: u16,
    /// How far behind the newest snapshot's expected arrival others are drawn, in milliseconds.
    pub interpolation_delay_ms: u16,
    /// Times since the last message that others were drawn beyond the newest snapshot.
    pub underruns: u16,
    /// The farthest that the own ship was from where it had been predicted since the last message, in tenths of a unit.
    pub correction_tenths: u16,
}

impl ClientFigures {
    /// The largest values that an honest client has.
    pub const MOST: ClientFigures = ClientFigures {
        jitter_ms: 5_000,
        interpolation_delay_ms: 5_000,
        underruns: 1_000,
        correction_tenths: 10_000,
    };

    /// The figures within [`ClientFigures::MOST`].
    #[must_use]
    pub fn clamped(self) -> ClientFigures {
        ClientFigures {
            jitter_ms: self.jitter_ms.min(Self::MOST.jitter_ms),
            interpolation_delay_ms: self.interpolation_delay_ms.min(Self::MOST.interpolation_delay_ms),
            underruns: self.underruns.min(Self::MOST.underruns),
            correction_tenths: self.correction_tenths.min(Self::MOST.correction_tenths),
        }
    }
}

/// A message's body without content.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Nothing();

/// Input commands for neighbouring ticks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InputMessage {
    /// The newest snapshot that the client has; 0 is none.
    pub ack: Tick,
    /// How long ago the drawn picture of others is, counted back from `ack`, in eighths of a tick.
    pub view_lag: u16,
    /// The tick of the first command.
    pub first: Tick,
    /// Up to eight commands of five bytes each, for `first` and the ticks after it; none is an acknowledgement alone.
    pub inputs: Inline<{ COMMANDS_MAX * SHIP_INPUT_BYTES }>,
}

impl InputMessage {
    /// A message of `inputs` for `first` and the ticks after it; at most [`COMMANDS_MAX`] count.
    pub fn new(ack: Tick, view_lag: u16, first: Tick, inputs: &[ShipInput]) -> InputMessage {
        let mut bytes = [[0; SHIP_INPUT_BYTES]; COMMANDS_MAX];
        let count = inputs.len().min(COMMANDS_MAX);
        for (place, input) in bytes.iter_mut().zip(inputs) {
            *place = input.to_bytes();
        }
        let used = bytes.as_flattened().get(..count * SHIP_INPUT_BYTES).unwrap_or_default();
        InputMessage { ack, view_lag, first, inputs: Inline::new(used).unwrap_or_default() }
    }

    /// An acknowledgement alone.
    pub fn acknowledge(ack: Tick) -> InputMessage {
        InputMessage { ack, view_lag: 0, first: ack, inputs: Inline::default() }
    }

    /// The commands; `None` if there is half of one.
    pub fn commands(&self) -> Option<impl Iterator<Item = InputCommand> + '_> {
        let (chunks, rest) = self.inputs.as_slice().as_chunks::<SHIP_INPUT_BYTES>();
        if !rest.is_empty() {
            return None;
        }
        let command = |(i, chunk): (usize, &[u8; SHIP_INPUT_BYTES])| InputCommand {
            tick: self.first + i as u32,
            input: ShipInput::from_bytes(*chunk),
        };
        Some(chunks.iter().enumerate().map(command))
    }
}

/// To a player's client.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ServerMessage {
    /// First on every link: where the player is.
    #[serde(rename = "w")]
    Welcome(Box<Welcome>),
    /// What is in view at one tick; the bytes of `snapshot`.
    #[serde(rename = "s")]
    Snapshot(Packed),
    /// What happened in one tick.
    #[serde(rename = "e")]
    Events(Tick, Vec<PlayerEvent>),
    /// A part of the list of everybody.
    #[serde(rename = "r")]
    Roster(RosterPage),
    /// The newest stamp of the client's pings.
    #[serde(rename = "p")]
    Pong(u32),
    /// Last on a link: why it ends.
    #[serde(rename = "b")]
    Bye(Bye),
}

/// All that a client needs to begin.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Welcome {
    /// [`PROTOCOL_VERSION`] of the server.
    pub protocol: u16,
    /// The match's id.
    pub match_id: String,
    /// The match's name.
    pub match_name: String,
    /// The player's seat.
    pub player: PlayerId,
    /// Counts the links of this seat; a newer one replaces an older.
    pub generation: u32,
    /// The tick that the match has reached.
    pub tick: Tick,
    /// Ticks in a second.
    pub rate: TickRate,
    /// Length of a round in ticks.
    pub round_ticks: u32,
    /// What is played.
    pub mode: Mode,
    /// The score at which a round ends before its time; 0 is never.
    pub goal: u16,
    /// The numbers of the game.
    pub rules: RuleBook,
    /// `Rules::hash` of the match.
    pub rules_hash: u32,
    /// Where it happens.
    pub arena: Arena,
    /// The player; everybody else follows in [`RosterPage`]s.
    pub pilot: Pilot,
    /// The round's clock.
    pub round: Round,
    /// What both sides have reached; empty where there are none.
    pub team_scores: Vec<u16>,
    /// The last that happened to each core; empty where there are none.
    pub cores: Vec<CoreNews>,
}

/// What happened to a core, and so where it is: whose core, what, who did it, and where, in whole units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CoreNews(pub Team, pub CoreDeed, pub Option<PlayerId>, pub (i32, i32));

/// A place as events tell it.
pub fn whole_units(place: Vec2) -> (i32, i32) {
    (libm::roundf(place.x) as i32, libm::roundf(place.y) as i32)
}

impl Welcome {
    /// The rules that it tells of; `None` if they are not those that the server plays by.
    pub fn rules(&self) -> Option<Rules> {
        let rules = Rules::of(&self.rules, self.rate, 0).with_mode(self.mode, Some(self.goal));
        let rules = Rules { round_ticks: self.round_ticks, ..rules };
        (rules.hash() == self.rules_hash).then_some(rules)
    }
}

/// Everybody whose id lies in a range, as of the last event before it on the same link. Who is in the range and not in
/// the list has no seat any more.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RosterPage {
    /// The lowest id that it is about.
    pub first: PlayerId,
    /// The highest one.
    pub last: PlayerId,
    /// The pilots, by id.
    pub pilots: Vec<Pilot>,
}

/// How a pilot stands in the round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// Who.
    pub player: PlayerId,
    /// Kills in this round.
    pub score: u16,
    /// Deaths in this round.
    pub deaths: u16,
}

/// What happened, as far as every player may know. Positions of others are not in here; snapshots carry them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum PlayerEvent {
    /// Somebody took a seat: id, name, hull, bot, side.
    #[serde(rename = "j")]
    Joined(PlayerId, PlayerName, Hull, bool, Team),
    /// Somebody's seat became free.
    #[serde(rename = "l")]
    Left(PlayerId),
    /// A connection was lost (true) or is back (false).
    #[serde(rename = "c")]
    Limbo(PlayerId, bool),
    /// A ship was shot down: victim, killer. The killer's score and the victim's deaths grow by one.
    #[serde(rename = "k")]
    Killed(PlayerId, PlayerId),
    /// How some stand now, for scores that grew by kills which the receiver was not told.
    #[serde(rename = "s")]
    Scores(Vec<Standing>),
    /// The receiver's place on the score board, 1 for the best; 0 while all kills are told and so the scores tell it.
    #[serde(rename = "p")]
    Place(u16),
    /// The receiver's shot hurt somebody, or somebody hurt the receiver: victim, shooter, hull points left.
    #[serde(rename = "h")]
    Hit(PlayerId, PlayerId, u8),
    /// The rail was fired, and its way crosses the receiver's view: who fired, the muzzle, and where it ends, in whole
    /// units.
    #[serde(rename = "b")]
    Beam(PlayerId, (i32, i32), (i32, i32)),
    /// The round's clock was set: a round began or ended.
    #[serde(rename = "r")]
    Round(Round),
    /// Somebody is on another side from now on.
    #[serde(rename = "m")]
    Teamed(PlayerId, Team),
    /// What both sides have reached.
    #[serde(rename = "t")]
    TeamScores(u16, u16),
    /// Something happened to a core.
    #[serde(rename = "f")]
    Core(CoreNews),
    /// A mine went off in the receiver's view: who laid it, and where, in whole units.
    #[serde(rename = "d")]
    Blast(PlayerId, (i32, i32)),
    /// The server closes this link in so many seconds, because it stops or restarts; the seat is kept.
    #[serde(rename = "x")]
    Closing(u16),
    /// Somebody says something to everybody: who, and the number of the phrase.
    #[serde(rename = "q")]
    Said(PlayerId, u8),
    /// The receiver is the match's host from now on, by this token.
    #[serde(rename = "y")]
    HostToken(String),
    /// What the server's operator has to say to everybody: one line, at most
    /// [`NOTICE_CHARS_MAX`](crate::name::NOTICE_CHARS_MAX) characters.
    #[serde(rename = "o")]
    Notice(String),
}

/// Why a link ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bye {
    /// The WebSocket close code.
    pub code: u16,
    /// The stable word for it.
    pub reason: String,
    /// Milliseconds to wait before coming back; 0 is: do not come back.
    pub retry_ms: u32,
    /// What whoever ended it has to say, in one line; left out if nothing.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub words: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::Phase;

    #[test]
    fn codes_say_whether_to_come_back() {
        for reason in CloseReason::ALL {
            match reason.code() {
                4000..=4499 => assert!(reason.come_back(), "{reason:?}"),
                4500..=4999 => assert!(!reason.come_back(), "{reason:?}"),
                _ => {}
            }
            assert!(reason.word().len() <= 100);
        }
    }

    #[test]
    fn half_commands_are_no_commands() {
        let mut message = InputMessage::new(Tick(1), 0, Tick(5), &[ShipInput::default(); 3]);
        let ticks: Vec<u32> = message.commands().unwrap().map(|c| c.tick.0).collect();
        assert_eq!(ticks, [5, 6, 7]);
        message.inputs = Inline::new(&[0; 14]).unwrap();
        assert!(message.commands().is_none());
        message.inputs = Inline::default();
        assert_eq!(message.commands().unwrap().count(), 0);
        assert_eq!(Inline::<40>::new(&[0; 45]), None);
    }

    /// One event of each kind.
    fn example_events(round: Round) -> Vec<PlayerEvent> {
        vec![
            PlayerEvent::Joined(PlayerId(9), PlayerName::sanitise("Ann"), Hull::Wedge, false, Team::Azure),
            PlayerEvent::Killed(PlayerId(9), PlayerId(7)),
            PlayerEvent::Hit(PlayerId(9), PlayerId(7), 40),
            PlayerEvent::Limbo(PlayerId(9), true),
            PlayerEvent::Left(PlayerId(9)),
            PlayerEvent::Round(round),
            PlayerEvent::Scores(vec![Standing { player: PlayerId(7), score: 4, deaths: 1 }]),
            PlayerEvent::Place(2),
            PlayerEvent::Closing(9),
            PlayerEvent::Teamed(PlayerId(9), Team::Amber),
            PlayerEvent::TeamScores(12, 9),
            PlayerEvent::Core(CoreNews(Team::Amber, CoreDeed::Taken, Some(PlayerId(7)), (-1200, 0))),
            PlayerEvent::Blast(PlayerId(7), (310, -40)),
            PlayerEvent::Notice("Hi".to_owned()),
            PlayerEvent::Said(PlayerId(9), 7),
            PlayerEvent::HostToken("aGk".to_owned()),
        ]
    }

    /// One message of each kind, as `docs/protocol.md` shows it.
    fn examples() -> Vec<(&'static str, Vec<u8>)> {
        use crate::codec::encode;
        use crate::input::{Buttons, Thrust};
        let input = ShipInput {
            thrust: Thrust { x: 127, y: -1 },
            aim: crate::angle::Angle(16_384),
            buttons: Buttons::FIRE,
        };
        let inputs = InputMessage::new(Tick(1200), 16, Tick(1203), &[input]);
        let pilot = Pilot {
            id: PlayerId(7),
            name: PlayerName::sanitise("Wren"),
            hull: Hull::Lance,
            bot: false,
            limbo: false,
            score: 3,
            deaths: 1,
            team: Team::None,
        };
        let round = Round { number: 1, phase: Phase::Playing, ticks_left: 17_000 };
        let welcome = Welcome {
            protocol: PROTOCOL_VERSION,
            match_id: "k3v9".to_owned(),
            match_name: "Open".to_owned(),
            player: PlayerId(7),
            generation: 1,
            tick: Tick(1200),
            rate: TickRate::DEFAULT,
            round_ticks: 18_000,
            mode: Mode::Ffa,
            goal: 0,
            rules: RuleBook::STANDARD,
            rules_hash: Rules::new(TickRate::DEFAULT, 600_000).hash(),
            arena: Arena::open(36),
            pilot: pilot.clone(),
            round,
            team_scores: Vec::new(),
            cores: Vec::new(),
        };
        let page = RosterPage { first: PlayerId(0), last: PlayerId(u16::MAX), pilots: vec![pilot] };
        let figures =
            ClientFigures { jitter_ms: 12, interpolation_delay_ms: 58, underruns: 0, correction_tenths: 300 };
        let bye = Bye { code: 4007, reason: "silent".to_owned(), retry_ms: 800, words: String::new() };
        vec![
            ("input", encode(&ClientMessage::Input(inputs)).unwrap()),
            ("leave", encode(&ClientMessage::Leave(Nothing())).unwrap()),
            ("keyframe", encode(&ClientMessage::Keyframe(Nothing())).unwrap()),
            ("ping", encode(&ClientMessage::Ping(123_456)).unwrap()),
            ("hidden", encode(&ClientMessage::Hidden(true)).unwrap()),
            ("shown", encode(&ClientMessage::Hidden(false)).unwrap()),
            ("say", encode(&ClientMessage::Say(1)).unwrap()),
            ("figures", encode(&ClientMessage::Figures(figures)).unwrap()),
            ("pong", encode(&ServerMessage::Pong(123_456)).unwrap()),
            ("welcome", encode(&ServerMessage::Welcome(Box::new(welcome))).unwrap()),
            ("events", encode(&ServerMessage::Events(Tick(1201), example_events(round))).unwrap()),
            ("roster", encode(&ServerMessage::Roster(page)).unwrap()),
            ("snapshot", encode(&ServerMessage::Snapshot(Packed(vec![1, 2, 3]))).unwrap()),
            ("bye", encode(&ServerMessage::Bye(bye)).unwrap()),
        ]
    }

    #[test]
    fn the_document_shows_each_message_as_it_is() {
        let document: String =
            include_str!("../../docs/protocol.md").split_whitespace().collect::<Vec<_>>().join(" ");
        for (name, bytes) in examples() {
            let hex = bytes.iter().map(|b| format!("{b:02x}")).collect::<Vec<_>>().join(" ");
            assert!(document.contains(&hex), "docs/protocol.md lacks the example of {name}: {hex}");
        }
    }
}
