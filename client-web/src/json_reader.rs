//! Reads the feed's JSON into its types. It says only that something is wrong, not what: a page can but open the feed
//! anew, and without words for every error the download is a tenth smaller than with a reader that has them.
//! It knows no event; `spectator` calls it.

use std::borrow::Cow;
use std::fmt::Display;

use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, Error, Expected, IntoDeserializer,
    MapAccess, SeqAccess, Unexpected, VariantAccess, Visitor, value::CowStrDeserializer,
};

use crate::json_text::{Malformed, Number, Text};

impl Error for Malformed {
    fn custom<T: Display>(_: T) -> Malformed {
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
    let mut reader = Text::new(text);
    let value = T::deserialize(&mut reader)?;
    if reader.peek().is_some() { Err(Malformed) } else { Ok(value) }
}

/// The entries of a list, or the fields of an object, that are still to come.
struct Entries<'r, 'a> {
    reader: &'r mut Text<'a>,
    first: bool,
    ended: bool,
}

impl<'r, 'a> Entries<'r, 'a> {
    fn of(reader: &'r mut Text<'a>, begin: u8) -> Result<Entries<'r, 'a>, Malformed> {
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

impl<'a> Deserializer<'a> for &mut Text<'a> {
    type Error = Malformed;

    numbers! { deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_u8 deserialize_u16
    deserialize_u32 deserialize_u64 deserialize_f32 deserialize_f64 }
    strings! { deserialize_str deserialize_string deserialize_identifier deserialize_char }
    refused! { deserialize_any deserialize_bytes deserialize_byte_buf deserialize_unit }

    fn deserialize_bool<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Malformed> {
        let is_true = self.peek() == Some(b't');
        self.word(if is_true { "true" } else { "false" })?;
        visitor.visit_bool(is_true)
    }

    fn deserialize_option<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Malformed> {
        if self.peek() == Some(b'n') {
            self.word("null")?;
            return visitor.visit_none();
        }
        visitor.visit_some(self)
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
    use shared::feed::{CoreTold, Delta, FeedPilot, Keyframe, RoundSet};

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
        for text in [
            r#"{"tick":7,"core":1,"deed":"dropped","x":-3,"y":4}"#,
            r#"{"tick":7,"core":2,"deed":"captured","by":null,"x":0,"y":4,"score":12}"#,
        ] {
            assert_eq!(read::<CoreTold>(text).unwrap(), serde_json::from_str::<CoreTold>(text).unwrap());
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
