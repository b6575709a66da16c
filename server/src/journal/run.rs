//! The commands of a few ticks in a row, packed as the tick writes them: nine bytes for an input, MessagePack for what
//! is rare. With them goes what else a match decided and no command says, and a checksum of the world after them.

use serde::{Deserialize, Serialize};
use shared::codec::{decode, encode};
use shared::command::Command;
use shared::id::PlayerId;
use shared::input::{SHIP_INPUT_BYTES, ShipInput};
use shared::tick::{Rewind, Tick};

/// Bytes before the first tick's commands.
const HEAD_BYTES: usize = 4 + 4 + 4 + 2 + 8;
/// Bytes of an input behind its mark: seat, wish, way back.
const INPUT_BYTES: usize = 2 + SHIP_INPUT_BYTES + 1;
/// Longest other command.
const COMMAND_BYTES_MAX: usize = 1024;

const INPUT: u8 = 0;
const OTHER: u8 = 1;

/// What a match keeps beside its world and changes without a command.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Desk {
    /// Bots that the host wants.
    pub bots_wanted: u32,
    /// The seat that the next comer gets.
    pub next_player: u16,
    /// Which handing over of the host's rights was the last, up to [`HOST_TURNS_MAX`]; 0 is none.
    #[serde(default)]
    pub host_turn: u16,
    /// Whether the host lets nobody else in.
    #[serde(default)]
    pub locked: bool,
}

/// How often a match can change its host.
pub const HOST_TURNS_MAX: u16 = 0x7fff;

impl Desk {
    /// In a run's head: the bots, then turn and lock, which are 0 in journals that are older than those.
    fn host_bytes(self) -> [u8; 4] {
        let bots = u16::try_from(self.bots_wanted).unwrap_or(u16::MAX);
        let host = self.host_turn.min(HOST_TURNS_MAX) << 1 | u16::from(self.locked);
        (u32::from(host) << 16 | u32::from(bots)).to_le_bytes()
    }

    fn of_bytes(host: [u8; 4], next_player: u16) -> Desk {
        let [low, high, ..] = host;
        let [.., turn_low, turn_high] = host;
        let turn = u16::from_le_bytes([turn_low, turn_high]);
        Desk {
            bots_wanted: u32::from(u16::from_le_bytes([low, high])),
            next_player,
            host_turn: turn >> 1,
            locked: turn & 1 == 1,
        }
    }
}

/// A run that is being written, tick by tick.
#[derive(Debug, Default)]
pub struct RunWriter {
    bytes: Vec<u8>,
    first: Tick,
    ticks: u32,
}

impl RunWriter {
    /// Appends what `tick` applied; ticks come without gaps.
    pub fn note(&mut self, tick: Tick, commands: &[Command]) {
        if self.ticks == 0 {
            self.first = tick;
            self.bytes.resize(HEAD_BYTES, 0);
        }
        self.ticks += 1;
        self.bytes.extend_from_slice(&(commands.len() as u32).to_le_bytes());
        for command in commands {
            self.put(command);
        }
    }

    fn put(&mut self, command: &Command) {
        if let Command::Input { player, input, rewind } = command {
            self.bytes.push(INPUT);
            self.bytes.extend_from_slice(&player.0.to_le_bytes());
            self.bytes.extend_from_slice(&input.to_bytes());
            self.bytes.push(rewind.0);
        } else {
            let body = encode(command).unwrap_or_default();
            self.bytes.push(OTHER);
            self.bytes.extend_from_slice(&(body.len() as u16).to_le_bytes());
            self.bytes.extend_from_slice(&body);
        }
    }

    /// Bytes so far; 0 before the first tick.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether there is no tick yet.
    pub fn is_empty(&self) -> bool {
        self.ticks == 0
    }

    /// The run's bytes, finished; the next one begins empty. `checksum` is of the world after its last tick.
    pub fn finish(&mut self, desk: Desk, checksum: u64) -> Vec<u8> {
        let mut head = Vec::with_capacity(HEAD_BYTES);
        head.extend_from_slice(&self.first.0.to_le_bytes());
        head.extend_from_slice(&self.ticks.to_le_bytes());
        head.extend_from_slice(&desk.host_bytes());
        head.extend_from_slice(&desk.next_player.to_le_bytes());
        head.extend_from_slice(&checksum.to_le_bytes());
        for (place, byte) in self.bytes.iter_mut().zip(head) {
            *place = byte;
        }
        self.ticks = 0;
        let room = self.bytes.len();
        std::mem::replace(&mut self.bytes, Vec::with_capacity(room))
    }

    /// Throws away what was noted.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.ticks = 0;
    }
}

/// A run as it is read.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// The first tick.
    pub first: Tick,
    /// What each tick applied.
    pub ticks: Vec<Vec<Command>>,
    /// The desk after the last tick.
    pub desk: Desk,
    /// The world's checksum after the last tick.
    pub checksum: u64,
}

impl Run {
    /// Reads a run; `None` if the bytes are none.
    pub fn read(body: &[u8]) -> Option<Run> {
        let mut bytes = Bytes(body);
        let first = Tick(u32::from_le_bytes(bytes.take()?));
        let count = u32::from_le_bytes(bytes.take()?);
        let host = bytes.take()?;
        let next_player = u16::from_le_bytes(bytes.take()?);
        let checksum = u64::from_le_bytes(bytes.take()?);
        let ticks = (0..count).map(|_| bytes.tick()).collect::<Option<Vec<_>>>()?;
        let desk = Desk::of_bytes(host, next_player);
        bytes.0.is_empty().then_some(Run { first, ticks, desk, checksum })
    }
}

struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*taken)
    }

    fn tick(&mut self) -> Option<Vec<Command>> {
        let count = u32::from_le_bytes(self.take()?);
        (0..count).map(|_| self.command()).collect()
    }

    fn command(&mut self) -> Option<Command> {
        let [mark] = self.take()?;
        if mark == INPUT {
            let [p0, p1, wish @ .., rewind] = self.take::<INPUT_BYTES>()?;
            let player = PlayerId(u16::from_le_bytes([p0, p1]));
            let input = ShipInput::from_bytes(wish);
            return Some(Command::Input { player, input, rewind: Rewind(rewind) });
        }
        let length = u16::from_le_bytes(self.take()?);
        let (body, rest) = self.0.split_at_checked(usize::from(length))?;
        self.0 = rest;
        (mark == OTHER).then_some(())?;
        decode(body, COMMAND_BYTES_MAX).ok()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use shared::name::PlayerName;
    use shared::world::Hull;

    use super::*;

    fn command() -> impl Strategy<Value = Command> {
        let input = (any::<u16>(), any::<[u8; 5]>(), any::<u8>()).prop_map(|(player, bytes, rewind)| {
            let (player, rewind) = (PlayerId(player), Rewind(rewind));
            Command::Input { player, input: ShipInput::from_bytes(bytes), rewind }
        });
        let join =
            (any::<u16>(), any::<String>(), 0..4_u8, any::<bool>()).prop_map(|(id, name, hull, bot)| {
                let (name, hull) = (PlayerName::sanitise(&name), Hull::from(hull));
                Command::Join { player: PlayerId(id), name, hull, bot }
            });
        let plain = any::<u16>().prop_map(|id| Command::Leave { player: PlayerId(id) });
        prop_oneof![input, join, plain, Just(Command::StartRound), Just(Command::EndMatch)]
    }

    proptest! {
        #[test]
        fn what_is_noted_is_read(
            ticks in prop::collection::vec(prop::collection::vec(command(), 0..6), 1..20),
            first in 0..u32::MAX / 2,
            cut in 0..10_000_usize,
        ) {
            let mut writer = RunWriter::default();
            for (tick, commands) in (first..).zip(&ticks) {
                writer.note(Tick(tick), commands);
            }
            let desk = Desk { bots_wanted: 7, next_player: 900, host_turn: 300, locked: true };
            let bytes = writer.finish(desk, 12);
            prop_assert!(writer.is_empty());
            let run = Run { first: Tick(first), ticks, desk, checksum: 12 };
            prop_assert_eq!(Run::read(&bytes), Some(run));
            prop_assert_eq!(Run::read(&bytes[..cut.min(bytes.len() - 1)]), None);
        }

        #[test]
        fn no_bytes_do_harm(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = Run::read(&bytes);
        }
    }
}
