//! What is left of a match that has ended: a file with its feed, to be watched, and its commands, to be simulated again.
//! It is made from the match's history on a thread of its own, after the end: no tick pays for it. It knows no network;
//! the server's `run` starts it, routes read from its shelf, and `starfray replay` reads single files.

pub mod packing;

pub mod summary;

pub mod file;

pub mod stretch;

pub mod telling;

pub mod making;

pub mod verify;

pub mod shelf;

pub mod archivist;
