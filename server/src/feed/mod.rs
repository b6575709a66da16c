//! A match's public events on their way to spectators: numbered, framed once, kept for a while.
//! The match publishes; whatever carries the feed reads. Neither knows the other.

pub mod cursor;
pub mod ending;

pub mod form;

pub mod entry;

pub mod log;

pub mod answer;
