//! What the tests are made with: a match without sockets, a server with them, players, spectators, a browser.
//! It judges nothing; the tests in `exchange`, `integration` and `browser` do. No product code imports it.
//!
//! The modules stand in reading order; each may import only those above it.

pub mod lane;
pub mod peer;
pub mod steering;

pub mod sse;

pub mod feed;

pub mod exchange;
pub mod road;

pub mod feel;

pub mod patience;

pub mod skirmish;

pub mod server;

pub mod load;

pub mod http;

pub mod tls;

pub mod http2;

pub mod feed_socket;
pub mod mail;

pub mod nats;
pub mod nats_reading;

pub mod pilot;

pub mod comeback;

pub mod feed_ways;

pub mod black_hole;
pub mod nginx;

pub mod browser;
