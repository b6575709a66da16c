//! What players can say to each other: a few phrases, sent as their numbers, so that there is nothing to moderate.
//! Clients show the words; the server only knows how many there are.

/// How many phrases there are.
pub const PHRASES: u8 = 8;

/// The words, by their numbers.
const WORDS: [&str; PHRASES as usize] =
    ["Good luck, have fun", "Nice shot", "Well played", "Thanks", "Sorry", "Help", "Follow me", "Good game"];

/// The words of a phrase; none for a number that is no phrase.
pub fn words(phrase: u8) -> Option<&'static str> {
    WORDS.get(usize::from(phrase)).copied()
}
