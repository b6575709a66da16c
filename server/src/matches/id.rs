//! What a match is called in addresses: eight characters that nobody mistypes or guesses.
//! Unlisted matches are found only by their id, so it comes from the system's randomness.

use std::fmt;

use serde::Serialize;

/// A match's id: short text, safe in URLs and file names.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct MatchId(String);

/// No vowels, nothing that looks like something else.
const LETTERS: &[u8; 32] = b"23456789bcdfghjkmnpqrstvwxyzBCDF";
const LENGTH: usize = 10;

impl MatchId {
    /// An id from random bytes.
    pub fn from_random(bytes: [u8; LENGTH]) -> MatchId {
        let letter = |b: u8| LETTERS.get(usize::from(b) % LETTERS.len()).map_or('2', |&l| char::from(l));
        MatchId(bytes.into_iter().map(letter).collect())
    }

    /// The id that `text` is; `None` if none is written like that.
    pub fn parse(text: &str) -> Option<MatchId> {
        let fits = text.len() == LENGTH && text.bytes().all(|b| LETTERS.contains(&b));
        fits.then(|| MatchId(text.to_owned()))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for MatchId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
