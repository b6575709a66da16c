//! The three pages of the one document: lobby (with hosting), play, watch. Each is a struct that owns its parts.
//! `start` chooses one by the address. The lobby opens the form of `host`; otherwise pages never import each other.

pub mod host;
pub mod lobby;
pub mod play;
pub mod route;
pub mod tagging;
pub mod watch;
