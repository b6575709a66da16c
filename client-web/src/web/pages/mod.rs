//! The pages of the one document: lobby (with hosting), play (also as a playground), watch. Each is a struct that owns its parts.
//! `start` chooses one by the address. The lobby opens the form of `host`, and `play` shows
//! the panel of `playground`; otherwise pages never import each other.

pub mod host;
pub mod lobby;
pub mod play;
pub mod playground;
pub mod route;
pub mod tagging;
pub mod watch;
