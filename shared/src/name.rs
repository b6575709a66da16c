//! What people call themselves and their matches: text from strangers, made harmless once, here.
//! After this a name is short, printable and never empty, so that no page or log has to think about it.

use std::sync::Arc;

use serde::{Deserialize, Serialize, Serializer};

/// A player's name: 1 to 16 characters, printable, single spaces inside. Copies share the text.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(from = "String")]
pub struct PlayerName(Arc<str>);

/// Longest player's name, in characters.
pub const PLAYER_NAME_CHARS_MAX: usize = 16;
/// Longest match's name, in characters.
pub const MATCH_NAME_CHARS_MAX: usize = 32;
/// Longest notice of the server's operator, in characters.
pub const NOTICE_CHARS_MAX: usize = 160;

impl PlayerName {
    /// Makes any text a name; what is left empty becomes "Pilot".
    pub fn sanitise(text: &str) -> PlayerName {
        PlayerName(clean(text, PLAYER_NAME_CHARS_MAX).as_deref().unwrap_or("Pilot").into())
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Serialize for PlayerName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl From<String> for PlayerName {
    fn from(text: String) -> PlayerName {
        PlayerName::sanitise(&text)
    }
}

/// Text without control, format and private characters, with single spaces, cut to `chars_max` characters.
/// `None` if nothing is left.
pub fn clean(text: &str, chars_max: usize) -> Option<String> {
    let mut out = String::new();
    let mut count = 0;
    let mut gap = false;
    for c in text.chars() {
        if c.is_whitespace() {
            gap = !out.is_empty();
            continue;
        }
        if !is_printable(c) {
            continue;
        }
        let needed = if gap { 2 } else { 1 };
        if count + needed > chars_max {
            break;
        }
        if gap {
            out.push(' ');
            gap = false;
        }
        out.push(c);
        count += needed;
    }
    (!out.is_empty()).then_some(out)
}

/// Neither a control character, nor one that reorders or hides text, nor a stacking accent.
fn is_printable(c: char) -> bool {
    !c.is_control()
        && !matches!(c as u32,
            0xAD | 0x034F | 0x061C | 0x115F..=0x1160 | 0x17B4..=0x17B5 | 0x180B..=0x180F | 0x200B..=0x200F
            | 0x2028..=0x202E | 0x2060..=0x206F | 0x3164 | 0xE000..=0xF8FF | 0xFE00..=0xFE0F | 0xFEFF | 0xFFA0
            | 0xFFF0..=0xFFFF | 0x0300..=0x036F | 0x1AB0..=0x1AFF | 0x1DC0..=0x1DFF | 0x20D0..=0x20FF | 0xE0000..)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_made_harmless() {
        assert_eq!(PlayerName::sanitise("  Wren \t\n Two ").as_str(), "Wren Two");
        assert_eq!(PlayerName::sanitise("").as_str(), "Pilot");
        assert_eq!(PlayerName::sanitise("\u{202e}\u{200b}\u{0}").as_str(), "Pilot");
        assert_eq!(PlayerName::sanitise("a\u{0301}\u{0301}\u{0301}b").as_str(), "ab");
        assert_eq!(PlayerName::sanitise(&"x".repeat(99)).as_str().len(), 16);
        assert_eq!(PlayerName::sanitise("Ünïcødé 名前").as_str(), "Ünïcødé 名前");
        assert_eq!(PlayerName::sanitise("aaaaaaaaaaaaaaa b").as_str(), "aaaaaaaaaaaaaaa");
    }
}
