//! What the peers speak, as far as a crowd must: how an input is written, and by which bytes a snapshot is known.
//! Nothing is decoded but the counts of what is in view, by a few players.

use anyhow::{Result, bail};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::steering::Input;

/// Colyseus: the first byte of a message is its kind.
const COLYSEUS_JOINED: u8 = 10;
const COLYSEUS_MESSAGE: u8 = 13;
const COLYSEUS_PATCH: u8 = 15;
const COLYSEUS_KIND: u8 = 0x1f;

/// A language of peers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// Maps in MessagePack: inputs `{s, x, y, a, f}`, snapshots `{k, p, b}`.
    Msgpack,
    /// Colyseus' own: a seat by HTTP, then room messages and patches.
    Colyseus,
    /// Inputs as in `Msgpack`; every message is a snapshot.
    Raw,
}

/// What was in view in one snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct InView {
    /// Ships beside the own.
    pub(crate) ships: usize,
    /// Shots.
    pub(crate) shots: usize,
}

#[derive(Deserialize)]
struct Snapshot {
    p: Vec<IgnoredAny>,
    b: Vec<IgnoredAny>,
}

impl Protocol {
    /// The language called `name`.
    pub(crate) fn named(name: &str) -> Result<Protocol> {
        Ok(match name {
            "msgpack" => Protocol::Msgpack,
            "colyseus" => Protocol::Colyseus,
            "raw" => Protocol::Raw,
            other => bail!("--protocol cannot be `{other}`: msgpack, colyseus or raw"),
        })
    }

    /// Whether the message that begins with `head` is a snapshot.
    pub(crate) fn is_snapshot(self, head: &[u8]) -> bool {
        match self {
            Protocol::Msgpack => head.starts_with(&[0x83, 0xa1, b'k']),
            Protocol::Colyseus => head.first().is_some_and(|kind| kind & COLYSEUS_KIND == COLYSEUS_PATCH),
            Protocol::Raw => true,
        }
    }

    /// What the message that begins with `head` wants at once as an answer.
    pub(crate) fn answer(self, head: &[u8]) -> Option<&'static [u8]> {
        let joined = self == Protocol::Colyseus && head.first() == Some(&COLYSEUS_JOINED);
        joined.then_some(&[COLYSEUS_JOINED])
    }

    /// What a whole snapshot shows, where that can be told from outside.
    pub(crate) fn in_view(self, message: &[u8]) -> Option<InView> {
        if self != Protocol::Msgpack {
            return None;
        }
        let Snapshot { p, b } = rmp_serde::from_slice(message).ok()?;
        Some(InView { ships: p.len().saturating_sub(1), shots: b.len() })
    }

    /// Appends an input's message.
    pub(crate) fn put_input(self, input: &Input, out: &mut Vec<u8>) {
        if self == Protocol::Colyseus {
            out.extend([COLYSEUS_MESSAGE, 0xa1, b'i']);
        }
        out.extend([0x85, 0xa1, b's', 0xce]);
        out.extend(input.sequence.to_be_bytes());
        for (key, number) in [(b'x', input.way.0), (b'y', input.way.1), (b'a', input.aim)] {
            out.extend([0xa1, key, 0xca]);
            out.extend(number.to_be_bytes());
        }
        out.extend([0xa1, b'f', u8::from(input.fire)]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize, Debug, PartialEq)]
    struct Read {
        s: u32,
        x: f32,
        y: f32,
        a: f32,
        f: u8,
    }

    #[test]
    fn an_input_is_a_map_that_peers_can_read() {
        let mut out = Vec::new();
        let input = Input { sequence: 70_000, way: (0.5, -0.25), aim: 1.5, fire: true };
        Protocol::Msgpack.put_input(&input, &mut out);
        let read: Read = rmp_serde::from_slice(&out).expect("MessagePack");
        assert_eq!(read, Read { s: 70_000, x: 0.5, y: -0.25, a: 1.5, f: 1 });
    }

    #[test]
    fn what_is_in_view_is_counted_without_the_own_ship() {
        let message = [0x83, 0xa1, b'k', 5, 0xa1, b'p', 0x92, 0x80, 0x80, 0xa1, b'b', 0x91, 0x80];
        assert!(Protocol::Msgpack.is_snapshot(&message));
        assert_eq!(Protocol::Msgpack.in_view(&message), Some(InView { ships: 1, shots: 1 }));
    }
}
