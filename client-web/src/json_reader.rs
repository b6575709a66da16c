//! Reads the feed's JSON into its types. It says only that something is wrong, not what: a page can but open the feed
//! anew, and without words for every error the download is a tenth smaller than with a reader that has them.
//! It knows no event; `spectator` calls it.

use std::borrow::Cow;
use std::fmt;

use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, Error, Expected, IntoDeserializer,
    MapAccess, SeqAccess, Unexpected, VariantAccess, Visitor, value::CowStrDeserializer,
};

/// Lists and objects inside each other, at most.
const DEPTH_MAX: u8 = 16;
/// Powers of ten by which a number's digits may be off. Up to 22 of them a double is exact, and the feed has no more.
const POWER_MAX: i64 = 300;

/// The text is not JSON, or not of the wanted type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("malformed JSON")
    }
}

impl std::error::Error for Malformed {}

impl Error for Malformed {
    fn custom<T: fmt::Display>(_: T) -> Malformed {
        Malformed
    }
    fn invalid_type(_: Unexpected<'_>, _: &dyn Expected) -> Malformed {
        Malformed
    }
    fn invalid_value(_: Unexpected<'_>, _: &dyn Expected) -> Malformed {
        Malformed
    }
    fn invalid_length(_: usize, _: &dyn Expected) -> Malformed {
        Malformed
    }
    fn unknown_variant(_: &str, _: &'static [&'static str]) -> Malformed {
        Malformed
    }
    fn unknown_field(_: &str, _: &'static [&'static str]) -> Malformed {
        Malformed
    }
    fn missing_field(_: &'static str) -> Malformed {
        Malformed
    }
    fn duplicate_field(_: &'static str) -> Malformed {
        Malformed
    }
}

/// Reads a whole text.
pub fn read<T: DeserializeOwned>(text: &str) -> Result<T, Malformed> {
    let mut reader = Reader { text, at: 0, depth: 0 };
    let value = T::deserialize(&mut reader)?;
    if reader.peek().is_some() { Err(Malformed) } else { Ok(value) }
}

/// What a JSON number is.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Number {
    Whole(i64),
    Fraction(f64),
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    depth: u8,
}

impl<'a> Reader<'a> {
    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// The next byte that is no space.
    fn peek(&mut self) -> Option<u8> {
        while self.byte().is_some_and(|byte| matches!(byte, b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
        self.byte()
    }

    /// Takes `byte` if it comes next.
    fn takes(&mut self, byte: u8) -> bool {
        let is_it = self.peek() == Some(byte);
        self.at += usize::from(is_it);
        is_it
    }

    fn take(&mut self, byte: u8) -> Result<(), Malformed> {
        if self.takes(byte) { Ok(()) } else { Err(Malformed) }
    }

    fn word(&mut self, word: &str) -> Result<(), Malformed> {
        self.peek();
        let rest = self.text.get(self.at..).unwrap_or_default();
        self.at += word.len();
        if rest.starts_with(word) { Ok(()) } else { Err(Malformed) }
    }

    fn open(&mut self, byte: u8) -> Result<(), Malformed> {
        self.take(byte)?;
        self.depth += 1;
        if self.depth > DEPTH_MAX { Err(Malformed) } else { Ok(()) }
    }

    /// Whether another entry comes before `end`; takes what stands between.
    fn another(&mut self, first: &mut bool, end: u8) -> Result<bool, Malformed> {
        let first = std::mem::replace(first, false);
        if self.takes(end) {
            self.depth -= 1;
            // The caller asks no more, so that a second end is not taken.
            return Ok(false);
        }
        if !first {
            self.take(b',')?;
        }
        Ok(true)
    }

    /// Appends digits to a number; returns how many.
    fn digits(&mut self, mantissa: &mut i64) -> Result<i64, Malformed> {
        let begin = self.at;
        while let Some(digit @ b'0'..=b'9') = self.byte() {
            let grown = mantissa.checked_mul(10).and_then(|m| m.checked_add(i64::from(digit - b'0')));
            *mantissa = grown.ok_or(Malformed)?;
            self.at += 1;
        }
        if self.at == begin { Err(Malformed) } else { Ok((self.at - begin) as i64) }
    }

    fn number(&mut self) -> Result<Number, Malformed> {
        let negative = self.takes(b'-');
        let mut mantissa = 0;
        self.digits(&mut mantissa)?;
        let mut power = 0;
        let mut whole = true;
        if self.byte() == Some(b'.') {
            self.at += 1;
            power -= self.digits(&mut mantissa)?;
            whole = false;
        }
        if matches!(self.byte(), Some(b'e' | b'E')) {
            self.at += 1;
            power += self.exponent()?;
            whole = false;
        }
        let mantissa = if negative { -mantissa } else { mantissa };
        if whole {
            return Ok(Number::Whole(mantissa));
        }
        if power.abs() > POWER_MAX {
            return Err(Malformed);
        }
        let tens = (0..power.abs()).fold(1.0, |tens, _| tens * 10.0);
        let digits = mantissa as f64;
        Ok(Number::Fraction(if power < 0 { digits / tens } else { digits * tens }))
    }

    fn exponent(&mut self) -> Result<i64, Malformed> {
        let negative = self.byte() == Some(b'-');
        self.at += usize::from(negative || self.byte() == Some(b'+'));
        let mut exponent = 0;
        self.digits(&mut exponent)?;
        Ok(if negative { -exponent } else { exponent })
    }

    fn string(&mut self) -> Result<Cow<'a, str>, Malformed> {
        self.take(b'"')?;
        let begin = self.at;
        let mut owned: Option<String> = None;
        let mut from = begin;
        loop {
            let byte = self.byte().ok_or(Malformed)?;
            let part = self.text.get(from..self.at);
            self.at += 1;
            match byte {
                b'"' => {
                    let part = part.ok_or(Malformed)?;
                    return Ok(match owned {
                        None => Cow::Borrowed(part),
                        Some(owned) => Cow::Owned(owned + part),
                    });
                }
                b'\\' => {
                    let text = owned.get_or_insert_default();
                    text.push_str(part.ok_or(Malformed)?);
                    text.push(self.escaped()?);
                    from = self.at;
                }
                0..0x20 => return Err(Malformed),
                _ => {}
            }
        }
    }

    fn escaped(&mut self) -> Result<char, Malformed> {
        let byte = self.byte().ok_or(Malformed)?;
        self.at += 1;
        Ok(match byte {
            b'n' => '\n',
            b't' => '\t',
            b'r' => '\r',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'"' | b'\\' | b'/' => char::from(byte),
            b'u' => {
                let high = self.unit()?;
                if !(0xd800..0xdc00).contains(&high) {
                    return char::from_u32(high).ok_or(Malformed);
                }
                self.word("\\u")?;
                let low = self.unit()?.checked_sub(0xdc00).filter(|low| *low < 0x400).ok_or(Malformed)?;
                char::from_u32(0x10000 + ((high - 0xd800) << 10) + low).ok_or(Malformed)?
            }
            _ => return Err(Malformed),
        })
    }

    /// Four digits of sixteen.
    fn unit(&mut self) -> Result<u32, Malformed> {
        let digits = self.text.get(self.at..self.at + 4).ok_or(Malformed)?;
        self.at += 4;
        if digits.starts_with('+') {
            Err(Malformed)
        } else {
            u32::from_str_radix(digits, 16).map_err(|_| Malformed)
        }
    }

    /// Passes over a value of any kind.
    fn skip(&mut self) -> Result<(), Malformed> {
        match self.peek().ok_or(Malformed)? {
            b'"' => self.string().map(drop),
            b't' => self.word("true"),
            b'f' => self.word("false"),
            b'n' => self.word("null"),
            b'[' => {
                self.open(b'[')?;
                let mut first = true;
                while self.another(&mut first, b']')? {
                    self.skip()?;
                }
                Ok(())
            }
            b'{' => {
                self.open(b'{')?;
                let mut first = true;
                while self.another(&mut first, b'}')? {
                    self.string()?;
                    self.take(b':')?;
                    self.skip()?;
                }
                Ok(())
            }
            _ => self.number().map(drop),
        }
    }
}

/// The entries of a list, or the fields of an object, that are still to come.
struct Entries<'r, 'a> {
    reader: &'r mut Reader<'a>,
    first: bool,
    ended: bool,
}

impl<'r, 'a> Entries<'r, 'a> {
    fn of(reader: &'r mut Reader<'a>, begin: u8) -> Result<Entries<'r, 'a>, Malformed> {
        reader.open(begin)?;
        Ok(Entries { reader, first: true, ended: false })
    }

    fn another(&mut self, end: u8) -> Result<bool, Malformed> {
        if self.ended {
            return Ok(false);
        }
        let more = self.reader.another(&mut self.first, end)?;
        self.ended = !more;
        Ok(more)
    }

    /// Whoever read enough must have come to the end.
    fn finish(&mut self, end: u8) -> Result<(), Malformed> {
        if self.another(end)? { Err(Malformed) } else { Ok(()) }
    }
}

impl<'a> SeqAccess<'a> for &mut Entries<'_, 'a> {
    type Error = Malformed;
    fn next_element_seed<T: DeserializeSeed<'a>>(&mut self, seed: T) -> Result<Option<T::Value>, Malformed> {
        if self.another(b']')? { seed.deserialize(&mut *self.reader).map(Some) } else { Ok(None) }
    }
}

impl<'a> MapAccess<'a> for &mut Entries<'_, 'a> {
    type Error = Malformed;
    fn next_key_seed<K: DeserializeSeed<'a>>(&mut self, seed: K) -> Result<Option<K::Value>, Malformed> {
        if self.another(b'}')? { seed.deserialize(&mut *self.reader).map(Some) } else { Ok(None) }
    }
    fn next_value_seed<V: DeserializeSeed<'a>>(&mut self, seed: V) -> Result<V::Value, Malformed> {
        self.reader.take(b':')?;
        seed.deserialize(&mut *self.reader)
    }
}

/// A variant without content.
struct Variant<'a>(Cow<'a, str>);

impl<'a> EnumAccess<'a> for Variant<'a> {
    type Error = Malformed;
    type Variant = Plain;
    fn variant_seed<V: DeserializeSeed<'a>>(self, seed: V) -> Result<(V::Value, Plain), Malformed> {
        let name: CowStrDeserializer<'_, Malformed> = self.0.into_deserializer();
        Ok((seed.deserialize(name)?, Plain))
    }
}

/// The content that a variant of the feed never has.
struct Plain;

impl<'a> VariantAccess<'a> for Plain {
    type Error = Malformed;
    fn unit_variant(self) -> Result<(), Malformed> {
        Ok(())
    }
    fn newtype_variant_seed<T: DeserializeSeed<'a>>(self, _: T) -> Result<T::Value, Malformed> {
        Err(Malformed)
    }
    fn tuple_variant<V: Visitor<'a>>(self, _: usize, _: V) -> Result<V::Value, Malformed> {
        Err(Malformed)
    }
    fn struct_variant<V: Visitor<'a>>(self, _: &'static [&'static str], _: V) -> Result<V::Value, Malformed> {
        Err(Malformed)
    }
}

/// Numbers of all widths are read alike; their types see whether they fit.
macro_rules! numbers {
    ($($name:ident)*) => {$(
        fn $name<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Malformed> {
            self.peek();
            match self.number()? {
                Number::Whole(whole) => visitor.visit_i64(whole),
                Number::Fraction(fraction) => visitor.visit_f64(fraction),
            }
        }
    )*};
}

/// Texts and names are read alike.
macro_rules! strings {
    ($($name:ident)*) => {$(
        fn $name<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Malformed> {
            match self.string()? {
                Cow::Borrowed(text) => visitor.visit_borrowed_str(text),
                Cow::Owned(text) => visitor.visit_string(text),
            }
        }
    )*};
}

/// Kinds that no event of the feed has.
macro_rules! refused {
    ($($name:ident)*) => {$(
        fn $name<V: Visitor<'a>>(self, _: V) -> Result<V::Value, Malformed> {
            Err(Malformed)
        }
    )*};
}

impl<'a> Deserializer<'a> for &mut Reader<'a> {
    type Error = Malformed;

    numbers! { deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_u8 deserialize_u16
    deserialize_u32 deserialize_u64 deserialize_f32 deserialize_f64 }
    strings! { deserialize_str deserialize_string deserialize_identifier deserialize_char }
    refused! { deserialize_any deserialize_bytes deserialize_byte_buf deserialize_option deserialize_unit }

    fn deserialize_bool<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Malformed> {
        let is_true = self.peek() == Some(b't');
        self.word(if is_true { "true" } else { "false" })?;
        visitor.visit_bool(is_true)
    }

    fn deserialize_seq<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Malformed> {
        let mut entries = Entries::of(self, b'[')?;
        let value = visitor.visit_seq(&mut entries)?;
        entries.finish(b']')?;
        Ok(value)
    }

    fn deserialize_map<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Malformed> {
        let mut entries = Entries::of(self, b'{')?;
        let value = visitor.visit_map(&mut entries)?;
        entries.finish(b'}')?;
        Ok(value)
    }

    fn deserialize_tuple<V: Visitor<'a>>(self, _: usize, visitor: V) -> Result<V::Value, Malformed> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'a>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Malformed> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_struct<V: Visitor<'a>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Malformed> {
        self.deserialize_map(visitor)
    }

    fn deserialize_unit_struct<V: Visitor<'a>>(self, _: &'static str, _: V) -> Result<V::Value, Malformed> {
        Err(Malformed)
    }

    fn deserialize_newtype_struct<V: Visitor<'a>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Malformed> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'a>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Malformed> {
        visitor.visit_enum(Variant(self.string()?))
    }

    fn deserialize_ignored_any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Malformed> {
        self.skip()?;
        visitor.visit_unit()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Deserialize;
    use shared::feed::{Delta, FeedPilot, Keyframe, RoundSet};

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    struct Mixed {
        text: String,
        #[serde(default)]
        list: Vec<i32>,
        number: f32,
        flag: bool,
    }

    const MIXED: &str = r#" {"text":"a\n\"\u00e9\ud83d\ude00b" , "more":[{"x":[null,1.5,"\\"]},false],
        "list":[1,-2 ,3],"number":-12.25,"flag":true} "#;

    #[test]
    fn it_reads_what_the_other_reader_reads() {
        let other: Mixed = serde_json::from_str(MIXED).unwrap();
        assert_eq!(read::<Mixed>(MIXED), Ok(other));
        for text in [
            r#"{"tick":7,"round":{"number":1,"phase":"playing","ticks_left":9},"watching":2,"pilots":[[1,"Ann",0,1,2,3]]}"#,
            r#"{"tick":7,"round":{"number":1,"phase":"lobby","ticks_left":0},"watching":0,"ships":[1,-2,3,4,5,6]}"#,
        ] {
            assert_eq!(read::<Keyframe>(text).unwrap(), serde_json::from_str::<Keyframe>(text).unwrap());
        }
        assert_eq!(read::<Delta>(r#"{"tick":4294967295}"#).unwrap().tick.0, u32::MAX);
    }

    #[test]
    fn anything_cut_short_or_changed_is_refused() {
        for end in 0..MIXED.trim_end().len() {
            let cut = MIXED.get(..end).unwrap_or_default();
            assert_eq!(read::<Mixed>(cut), Err(Malformed), "{cut}");
        }
        for text in [
            "",
            "{}",
            "[]",
            "null",
            "{\"tick\":-1}",
            "{\"tick\":4294967296}",
            "{\"tick\":1.5}",
            "{\"tick\":1}x",
            "{\"tick\":1,}",
            "{,\"tick\":1}",
            "{\"tick\" 1}",
            "{\"tick\":1,\"tick\":2}",
            "{\"tick\":\"1\"}",
            "{\"tick\":99999999999999999999}",
            "{\"tick\":1,\"gone\":[1,]}",
            "{\"tick\":1,\"gone\":[1 2]}",
        ] {
            assert!(read::<Delta>(text).is_err(), "{text}");
        }
        let phase = r#"{"tick":1,"round":{"number":1,"phase":"dancing","ticks_left":9}}"#;
        assert!(read::<RoundSet>(phase).is_err());
        assert!(read::<FeedPilot>("[1,\"Ann\",0,1,2,3,4]").is_err(), "one too many");
        assert!(read::<FeedPilot>("[1,\"Ann\",0,1,2]").is_err(), "one too few");
        let deep = format!("{{\"x\":{},\"tick\":1}}", "[".repeat(100_000));
        assert!(read::<Delta>(&deep).is_err());
        for odd in [r#""\ud800""#, r#""\udc00""#, r#""\ud800\u0041""#, r#""\x""#, "\"\u{1}\"", r#""\u+123""#]
        {
            assert!(read::<String>(odd).is_err(), "{odd}");
        }
    }

    proptest! {
        #[test]
        fn both_readers_agree_about_any_text(text in ".*", list: Vec<i32>, number in -1e6_f32..1e6, flag: bool) {
            let json = serde_json::json!({"text": text, "list": list, "number": number, "flag": flag}).to_string();
            let other: Mixed = serde_json::from_str(&json).unwrap();
            prop_assert_eq!(read::<Mixed>(&json), Ok(other));
        }

        #[test]
        fn garbage_is_no_harm(text in "[\\[\\]{}\":,0-9a-u\\\\. -]{0,60}") {
            if let Ok(read) = read::<Mixed>(&text) {
                prop_assert_eq!(serde_json::from_str::<Mixed>(&text).unwrap(), read);
            }
        }
    }
}
