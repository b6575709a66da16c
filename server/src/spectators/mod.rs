//! Threads that write feeds to spectators' sockets: every event is one shared run of bytes, written once to each.
//! They never touch a match; a thousand writes here make no tick late.

pub mod outbox;
pub mod peer;

pub mod parked;
pub mod watcher;

pub mod thread;
