//! Feeds on a message broker: every match's events on a subject of its own, for consumers that are no browsers.
//! Nothing outside knows the broker's protocol; nothing here makes a match wait. `run` starts and ends it.

pub mod subjects;

pub mod batch;

pub mod followed;

pub mod board;

pub mod connection;

pub mod publishing;

pub mod bridge;
