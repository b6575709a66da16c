//! Reads MessagePack into our messages: only what they are made of, so that it stays small in the browser's download.
//! Structs are arrays; enums are a text or a map of one entry; numbers may have any integer form. Whatever else comes,
//! from strangers too, is [`Malformed`]. `codec` calls it.

use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, EnumAccess, SeqAccess, VariantAccess, Visitor};
use serde::forward_to_deserialize_any;

/// The bytes are no value of the wanted type. It says no more, since only a bug or a stranger causes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("malformed")
    }
}

impl std::error::Error for Malformed {}

impl de::Error for Malformed {
    fn custom<T: fmt::Display>(_: T) -> Malformed {
        Malformed
    }
}

/// Bytes that are being read.
#[derive(Clone, Copy, Debug)]
pub struct Unpacker<'de> {
    rest: &'de [u8],
    depth_left: usize,
}

/// An integer in any of MessagePack's forms.
enum Integer {
    Unsigned(u64),
    Signed(i64),
}

impl<'de> Unpacker<'de> {
    /// Reads `bytes`; lists and maps may lie in each other `depth_max` times.
    pub fn new(bytes: &'de [u8], depth_max: usize) -> Unpacker<'de> {
        Unpacker { rest: bytes, depth_left: depth_max }
    }

    /// Whether nothing is left.
    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    fn peek(&self) -> Result<u8, Malformed> {
        self.rest.first().copied().ok_or(Malformed)
    }

    fn byte(&mut self) -> Result<u8, Malformed> {
        let (first, rest) = self.rest.split_first().ok_or(Malformed)?;
        self.rest = rest;
        Ok(*first)
    }

    fn take(&mut self, count: usize) -> Result<&'de [u8], Malformed> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or(Malformed)?;
        self.rest = rest;
        Ok(taken)
    }

    /// A number of so many bytes, high ones first.
    fn number(&mut self, bytes: usize) -> Result<u64, Malformed> {
        Ok(self.take(bytes)?.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    fn length(&mut self, bytes: usize) -> Result<usize, Malformed> {
        usize::try_from(self.number(bytes)?).map_err(|_| Malformed)
    }

    fn integer(&mut self) -> Result<Integer, Malformed> {
        Ok(match self.byte()? {
            small @ 0x00..=0x7f => Integer::Unsigned(u64::from(small)),
            small @ 0xe0.. => Integer::Signed(i64::from(small.cast_signed())),
            0xcc => Integer::Unsigned(self.number(1)?),
            0xcd => Integer::Unsigned(self.number(2)?),
            0xce => Integer::Unsigned(self.number(4)?),
            0xcf => Integer::Unsigned(self.number(8)?),
            0xd0 => Integer::Signed(i64::from(self.number(1)? as i8)),
            0xd1 => Integer::Signed(i64::from(self.number(2)? as i16)),
            0xd2 => Integer::Signed(i64::from(self.number(4)? as i32)),
            0xd3 => Integer::Signed(self.number(8)?.cast_signed()),
            _ => return Err(Malformed),
        })
    }

    fn text(&mut self) -> Result<&'de str, Malformed> {
        let length = match self.byte()? {
            head @ 0xa0..=0xbf => usize::from(head & 0x1f),
            0xd9 => self.length(1)?,
            0xda => self.length(2)?,
            0xdb => self.length(4)?,
            _ => return Err(Malformed),
        };
        std::str::from_utf8(self.take(length)?).map_err(|_| Malformed)
    }

    fn bytes(&mut self) -> Result<&'de [u8], Malformed> {
        let length = match self.byte()? {
            0xc4 => self.length(1)?,
            0xc5 => self.length(2)?,
            0xc6 => self.length(4)?,
            _ => return Err(Malformed),
        };
        self.take(length)
    }

    fn list_length(&mut self) -> Result<usize, Malformed> {
        match self.byte()? {
            head @ 0x90..=0x9f => Ok(usize::from(head & 0x0f)),
            0xdc => self.length(2),
            0xdd => self.length(4),
            _ => Err(Malformed),
        }
    }

    /// Reads what lies one level deeper.
    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, Malformed>) -> Result<T, Malformed> {
        self.depth_left = self.depth_left.checked_sub(1).ok_or(Malformed)?;
        let value = read(self)?;
        self.depth_left += 1;
        Ok(value)
    }
}

/// One method that reads an integer, for each of the integer types.
macro_rules! integers {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
            match self.integer()? {
                Integer::Unsigned(number) => visitor.visit_u64(number),
                Integer::Signed(number) => visitor.visit_i64(number),
            }
        }
    )*};
}

impl<'de> Deserializer<'de> for &mut Unpacker<'de> {
    type Error = Malformed;

    /// Our messages say what they want; a value of any kind is none of them.
    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Malformed> {
        Err(Malformed)
    }

    integers!(deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_i8 deserialize_i16
        deserialize_i32 deserialize_i64);

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        match self.byte()? {
            0xc2 => visitor.visit_bool(false),
            0xc3 => visitor.visit_bool(true),
            _ => Err(Malformed),
        }
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        match self.peek()? {
            0xca => {
                self.byte()?;
                visitor.visit_f32(f32::from_bits(self.number(4)? as u32))
            }
            0xcb => {
                self.byte()?;
                visitor.visit_f64(f64::from_bits(self.number(8)?))
            }
            _ => self.deserialize_i64(visitor),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        visitor.visit_borrowed_str(self.text()?)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        self.deserialize_str(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        self.deserialize_str(visitor)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        visitor.visit_borrowed_bytes(self.bytes()?)
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        self.deserialize_bytes(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        if self.peek()? == 0xc0 {
            self.byte()?;
            return visitor.visit_none();
        }
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Malformed> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        let left = self.list_length()?;
        self.deeper(|unpacker| {
            let mut list = List { unpacker, left };
            let value = visitor.visit_seq(&mut list)?;
            if list.left == 0 { Ok(value) } else { Err(Malformed) }
        })
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Malformed> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Malformed> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Malformed> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Malformed> {
        let has_content = self.peek()? == 0x81;
        if has_content {
            self.byte()?;
        }
        self.deeper(|unpacker| visitor.visit_enum(Variant { unpacker, has_content }))
    }

    fn is_human_readable(&self) -> bool {
        false
    }

    forward_to_deserialize_any! { char unit unit_struct map ignored_any }
}

/// A list that is being read.
struct List<'a, 'de> {
    unpacker: &'a mut Unpacker<'de>,
    left: usize,
}

impl<'de> SeqAccess<'de> for &mut List<'_, 'de> {
    type Error = Malformed;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Malformed> {
        let Some(left) = self.left.checked_sub(1) else { return Ok(None) };
        self.left = left;
        seed.deserialize(&mut *self.unpacker).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        // Every element has a byte at least, so a stranger's count reserves no more than was sent.
        Some(self.left.min(self.unpacker.rest.len()))
    }
}

/// An enum's value that is being read: its name alone, or its name and what it holds.
struct Variant<'a, 'de> {
    unpacker: &'a mut Unpacker<'de>,
    has_content: bool,
}

impl<'de> EnumAccess<'de> for Variant<'_, 'de> {
    type Error = Malformed;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Malformed> {
        let name = seed.deserialize(&mut *self.unpacker)?;
        Ok((name, self))
    }
}

impl<'de> Variant<'_, 'de> {
    fn content(&mut self) -> Result<&mut Unpacker<'de>, Malformed> {
        if self.has_content { Ok(self.unpacker) } else { Err(Malformed) }
    }
}

impl<'de> VariantAccess<'de> for Variant<'_, 'de> {
    type Error = Malformed;

    fn unit_variant(self) -> Result<(), Malformed> {
        if self.has_content { Err(Malformed) } else { Ok(()) }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(mut self, seed: T) -> Result<T::Value, Malformed> {
        seed.deserialize(self.content()?)
    }

    fn tuple_variant<V: Visitor<'de>>(mut self, _: usize, visitor: V) -> Result<V::Value, Malformed> {
        self.content()?.deserialize_seq(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        mut self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Malformed> {
        self.content()?.deserialize_seq(visitor)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::{Deserialize, Serialize};

    use super::*;

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    enum Kind {
        Bare,
        Held(Option<i64>),
        Pair(u16, String),
        Named { ratio: f32, flag: bool },
    }

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Whole {
        kinds: Vec<Kind>,
        place: (f64, u8),
        number: u64,
    }

    fn read<'de, T: Deserialize<'de>>(bytes: &'de [u8]) -> Result<T, Malformed> {
        let mut unpacker = Unpacker::new(bytes, 8);
        let value = T::deserialize(&mut unpacker)?;
        if unpacker.is_empty() { Ok(value) } else { Err(Malformed) }
    }

    fn kind() -> impl Strategy<Value = Kind> {
        prop_oneof![
            Just(Kind::Bare),
            any::<Option<i64>>().prop_map(Kind::Held),
            (any::<u16>(), ".{0,40}").prop_map(|(a, b)| Kind::Pair(a, b)),
            (-1e30f32..1e30, any::<bool>()).prop_map(|(ratio, flag)| Kind::Named { ratio, flag }),
        ]
    }

    proptest! {
        #[test]
        fn what_the_encoder_writes_is_read(
            kinds in prop::collection::vec(kind(), 0..40), x in -1e300f64..1e300, y: u8, number: u64
        ) {
            let whole = Whole { kinds, place: (x, y), number };
            let bytes = rmp_serde::to_vec(&whole).unwrap();
            prop_assert_eq!(read::<Whole>(&bytes), Ok(whole));
            // A part of it is none.
            prop_assert!(read::<Whole>(&bytes[..bytes.len() - 1]).is_err());
        }

        #[test]
        fn noise_is_refused_or_read_and_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            let _ = read::<Whole>(&bytes);
            let _ = read::<Vec<Kind>>(&bytes);
        }
    }

    #[test]
    fn integers_have_any_form_that_holds_them() {
        for bytes in [&[5][..], &[0xcc, 5], &[0xcd, 0, 5], &[0xce, 0, 0, 0, 5], &[0xd0, 5], &[0xd1, 0, 5]] {
            assert_eq!(read::<u16>(bytes), Ok(5), "{bytes:?}");
        }
        assert_eq!(read::<i8>(&[0xff]), Ok(-1));
        assert_eq!(read::<i32>(&[0xd2, 0xff, 0xff, 0xff, 0xfe]), Ok(-2));
        assert_eq!(read::<f32>(&[7]), Ok(7.0));
        for bytes in [&[0xff][..], &[0xcd, 1, 0], &[0xc3], &[0xcc], &[0xc1]] {
            assert_eq!(read::<u8>(bytes), Err(Malformed), "{bytes:?}");
        }
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Nest(Vec<Nest>);

    #[test]
    fn lists_are_read_to_their_end_and_not_beyond_their_depth() {
        assert_eq!(read::<(u8, u8)>(&[0x92, 1, 2]), Ok((1, 2)));
        for bytes in [&[0x93, 1, 2, 3][..], &[0x91, 1], &[0xdd, 0xff, 0xff, 0xff, 0xff, 1]] {
            assert_eq!(read::<(u8, u8)>(bytes), Err(Malformed), "{bytes:?}");
        }
        let nest = |depth| [vec![0x91; depth], vec![0x90]].concat();
        assert!(read::<Nest>(&nest(7)).is_ok());
        assert_eq!(read::<Nest>(&nest(8)), Err(Malformed));
    }
}
