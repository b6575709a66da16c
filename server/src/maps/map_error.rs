//! What is wrong with a map's file, and where: the layer and the object as Tiled shows them.
//! The door and the reader of maps give it; hosts and the log see it behind the file's name.

use std::fmt;

/// Most characters of a text from the file that an error repeats.
const QUOTED_CHARS_MAX: usize = 40;

/// Where in a map something stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spot {
    /// The layer's name.
    pub layer: Option<String>,
    /// The object's number, as Tiled shows it.
    pub object: Option<u32>,
}

/// A map that can't be played.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{spot}{what}")]
pub struct MapError {
    /// Where the trouble is.
    pub spot: Spot,
    /// The field and what is wrong with it.
    pub what: String,
}

impl fmt::Display for Spot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.layer, self.object) {
            (Some(layer), Some(object)) => write!(f, "layer {}, object {object}: ", shortened(layer)),
            (Some(layer), None) => write!(f, "layer {}: ", shortened(layer)),
            (None, Some(object)) => write!(f, "object {object}: "),
            (None, None) => Ok(()),
        }
    }
}

impl Spot {
    /// An error here.
    pub fn error(&self, what: impl Into<String>) -> MapError {
        MapError { spot: self.clone(), what: what.into() }
    }
}

/// As much of a stranger's text as an error shows: one line, not too long.
pub fn shortened(text: &str) -> String {
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    text.chars().take(QUOTED_CHARS_MAX).map(plain).collect()
}
