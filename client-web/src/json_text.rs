//! JSON as text: numbers, strings, and what stands between them, taken one after the other. Whatever is wrong is the same
//! error. It knows no types; `json_reader` reads them with it.

use std::borrow::Cow;
use std::fmt;

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

/// What a JSON number is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    /// Without a fraction.
    Whole(i64),
    /// With one, or with an exponent.
    Fraction(f64),
}

/// A text and how far it was read.
#[derive(Debug)]
pub struct Text<'a> {
    content: &'a str,
    at: usize,
    depth: u8,
}

impl<'a> Text<'a> {
    /// A text of which nothing was read.
    pub fn new(content: &'a str) -> Text<'a> {
        Text { content, at: 0, depth: 0 }
    }

    fn byte(&self) -> Option<u8> {
        self.content.as_bytes().get(self.at).copied()
    }

    /// The next byte that is no space.
    pub fn peek(&mut self) -> Option<u8> {
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

    /// Takes `byte`, which must come next.
    pub fn take(&mut self, byte: u8) -> Result<(), Malformed> {
        if self.takes(byte) { Ok(()) } else { Err(Malformed) }
    }

    /// Takes a word that must come next.
    pub fn word(&mut self, word: &str) -> Result<(), Malformed> {
        self.peek();
        let rest = self.content.get(self.at..).unwrap_or_default();
        self.at += word.len();
        if rest.starts_with(word) { Ok(()) } else { Err(Malformed) }
    }

    /// Begins a list or an object with its first `byte`.
    pub fn open(&mut self, byte: u8) -> Result<(), Malformed> {
        self.take(byte)?;
        self.depth += 1;
        if self.depth > DEPTH_MAX { Err(Malformed) } else { Ok(()) }
    }

    /// Whether another entry comes before `end`; takes what stands between.
    pub fn another(&mut self, first: &mut bool, end: u8) -> Result<bool, Malformed> {
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

    /// A number of any kind.
    pub fn number(&mut self) -> Result<Number, Malformed> {
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

    /// A text, without its quotes and escapes.
    pub fn string(&mut self) -> Result<Cow<'a, str>, Malformed> {
        self.take(b'"')?;
        let begin = self.at;
        let mut owned: Option<String> = None;
        let mut from = begin;
        loop {
            let byte = self.byte().ok_or(Malformed)?;
            let part = self.content.get(from..self.at);
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
        let digits = self.content.get(self.at..self.at + 4).ok_or(Malformed)?;
        self.at += 4;
        if digits.starts_with('+') {
            Err(Malformed)
        } else {
            u32::from_str_radix(digits, 16).map_err(|_| Malformed)
        }
    }

    /// Passes over a value of any kind.
    pub fn skip(&mut self) -> Result<(), Malformed> {
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
