//! The whole server over real sockets: in this process, or the built program as a child.
//! One file for each thing that must hold; everything stays on this machine.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod api;
mod feed;
mod feed_ways;
mod load;
mod metrics;
mod nginx;
mod play;
mod playground;
mod program;
mod refusals;
mod seats;
mod store;
mod store_faults;
mod transports;
