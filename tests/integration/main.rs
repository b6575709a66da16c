//! The whole server over real sockets: in this process, or the built program as a child.
//! One file for each thing that must hold; everything stays on this machine.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod api;
mod close_reasons;
mod disk_faults;
mod feed;
mod feed_ways;
mod half_open;
mod hosting;
mod http2;
mod idle;
mod idle_memory;
mod load;
mod maps;
mod metrics;
mod nats;
mod nats_outages;
mod nginx;
mod operator;
mod play;
mod playground;
mod program;
mod recovery;
mod refusals;
mod replays;
mod same_checksum;
mod seats;
mod spares;
mod store;
mod store_faults;
mod storm;
mod tls;
mod transports;
