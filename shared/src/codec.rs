//! MessagePack in and out, with limits: size before reading, depth while reading, nothing left after it.
//! Whatever a stranger sends, the answer is a value or a [`DecodeError`], never a panic.

use std::fmt;

use serde::de::{DeserializeOwned, Deserializer, Visitor};
use serde::{Deserialize, Serialize, Serializer};
use thiserror::Error;

use crate::unpack::{Malformed, Unpacker};

/// Deepest nesting that is read.
const DEPTH_MAX: usize = 16;

/// Why bytes are no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum DecodeError {
    /// Longer than allowed.
    #[error("the message has {bytes} bytes, more than {max}")]
    TooLarge {
        /// How long it was.
        bytes: usize,
        /// How long it may be.
        max: usize,
    },
    /// No MessagePack, or none of our messages.
    #[error("the message is not one that this version knows")]
    Malformed,
    /// Something follows the message.
    #[error("the message has bytes behind its end")]
    Trailing,
}

/// A value could not be written; only a bug does that.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("a message could not be encoded: {0}")]
pub struct EncodeError(String);

/// Writes `value` as MessagePack, structs as arrays.
pub fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, EncodeError> {
    rmp_serde::to_vec(value).map_err(|e| EncodeError(e.to_string()))
}

/// The same, appended to `out`; what was appended before an error is to be thrown away.
pub fn encode_into<T: Serialize>(value: &T, out: &mut Vec<u8>) -> Result<(), EncodeError> {
    rmp_serde::encode::write(out, value).map_err(|e| EncodeError(e.to_string()))
}

/// Reads exactly one value of at most `bytes_max` bytes.
pub fn decode<T: DeserializeOwned>(bytes: &[u8], bytes_max: usize) -> Result<T, DecodeError> {
    if bytes.len() > bytes_max {
        return Err(DecodeError::TooLarge { bytes: bytes.len(), max: bytes_max });
    }
    let mut unpacker = Unpacker::new(bytes, DEPTH_MAX);
    let value = T::deserialize(&mut unpacker).map_err(|Malformed| DecodeError::Malformed)?;
    if unpacker.is_empty() { Ok(value) } else { Err(DecodeError::Trailing) }
}

/// At most `N` bytes that MessagePack carries as they are, without the heap: for what comes with every tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inline<const N: usize> {
    length: usize,
    bytes: [u8; N],
}

impl<const N: usize> Inline<N> {
    /// A copy of `bytes`; `None` if they are too many.
    pub fn new(bytes: &[u8]) -> Option<Inline<N>> {
        let mut inline = Inline { length: bytes.len(), bytes: [0; N] };
        inline.bytes.get_mut(..bytes.len())?.copy_from_slice(bytes);
        Some(inline)
    }

    /// The bytes.
    pub fn as_slice(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

impl<const N: usize> Default for Inline<N> {
    fn default() -> Self {
        Inline { length: 0, bytes: [0; N] }
    }
}

impl<const N: usize> Serialize for Inline<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.as_slice())
    }
}

impl<'de, const N: usize> Deserialize<'de> for Inline<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Inline<N>, D::Error> {
        deserializer.deserialize_bytes(InlineVisitor)
    }
}

struct InlineVisitor<const N: usize>;

impl<const N: usize> Visitor<'_> for InlineVisitor<N> {
    type Value = Inline<N>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a byte string of at most {N} bytes")
    }

    fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<Inline<N>, E> {
        Inline::new(bytes).ok_or_else(|| E::invalid_length(bytes.len(), &self))
    }
}

/// Bytes that MessagePack carries as they are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Packed(pub Vec<u8>);

impl Serialize for Packed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Packed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Packed, D::Error> {
        deserializer.deserialize_byte_buf(PackedVisitor)
    }
}

struct PackedVisitor;

impl Visitor<'_> for PackedVisitor {
    type Value = Packed;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a byte string")
    }

    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Packed, E> {
        Ok(Packed(bytes.to_vec()))
    }
}
