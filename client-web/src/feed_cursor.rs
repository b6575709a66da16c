//! Where a reader of the feed is: the cursor `<epoch>.<seq>` and whether the next event follows without a gap.
//! It knows no events, only their places.

/// A place in the feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    text: String,
    epoch: u64,
    seq: u64,
}

/// How a place stands to the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// It is the very next.
    Next,
    /// It was read already.
    Again,
    /// Something is missing between, or the feed is another one.
    Gap,
}

impl Cursor {
    /// Reads `<epoch>.<seq>`; `None` for anything else.
    pub fn parse(text: &str) -> Option<Cursor> {
        let (epoch, seq) = text.split_once('.')?;
        let number = |digits: &str| {
            let plain = digits.bytes().all(|b| b.is_ascii_digit());
            if plain { digits.parse().ok() } else { None }
        };
        Some(Cursor { text: text.to_owned(), epoch: number(epoch)?, seq: number(seq)? })
    }

    /// The cursor as text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// How this place stands to `before`, the one read last.
    pub fn after(&self, before: &Cursor) -> Step {
        if self.epoch != before.epoch {
            Step::Gap
        } else if self.seq <= before.seq {
            Step::Again
        } else if self.seq - before.seq == 1 {
            Step::Next
        } else {
            Step::Gap
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_ordered_within_an_epoch() {
        let at = |text: &str| Cursor::parse(text).unwrap();
        assert_eq!(at("3.8").after(&at("3.7")), Step::Next);
        assert_eq!(at("3.7").after(&at("3.7")), Step::Again);
        assert_eq!(at("3.9").after(&at("3.7")), Step::Gap);
        assert_eq!(at("4.8").after(&at("3.7")), Step::Gap);
    }

    #[test]
    fn anything_else_is_no_cursor() {
        for text in ["", "3", "3.", ".3", "a.b", "+3.4", "3.-4", "3.4.5", "99999999999999999999.1"] {
            assert_eq!(Cursor::parse(text), None, "{text}");
        }
    }
}
