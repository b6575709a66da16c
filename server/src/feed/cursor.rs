//! Where a spectator stands in a feed: `<epoch>.<seq>`.
//! The epoch tells owners of a match apart, so that a number of an older life never looks valid.

use std::fmt;

/// A place in a feed: the event that was seen last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// Which life of the match.
    pub epoch: u32,
    /// Which event.
    pub seq: u64,
}

impl Cursor {
    /// Reads `<epoch>.<seq>`, both decimal without leading zeros. Anything else is `None`.
    pub fn parse(text: &str) -> Option<Cursor> {
        let (epoch, seq) = text.split_once('.')?;
        let cursor = Cursor { epoch: epoch.parse().ok()?, seq: seq.parse().ok()? };
        (cursor.to_string() == text).then_some(cursor)
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.epoch, self.seq)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_its_own_form_is_read() {
        assert_eq!(Cursor::parse("3.812"), Some(Cursor { epoch: 3, seq: 812 }));
        for odd in ["", ".", "3", "3.", ".8", "03.8", "3.8.1", "+3.8", "-1.0", "3. 8", "99999999999.1", "a.b"]
        {
            assert_eq!(Cursor::parse(odd), None, "{odd}");
        }
    }
}
