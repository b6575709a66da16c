//! Starfray's browser client: the netcode as plain structs without a browser, and `web`, the only door to one.
//! It shares rules and messages with the server through `shared` and never imports the server.
//!
//! The modules stand in reading order; each may import only those above it.

pub mod view;

pub mod sides;

pub mod aids;

pub mod determinism;

pub mod climb;

pub mod ladder;
pub mod session;

pub mod instruments;

pub mod trouble;

pub mod net_gauge;

pub mod server_clock;

pub mod lead;

pub mod client_clock;
pub mod playout;

pub mod input_buffer;
pub mod interpolation;
pub mod own_truth;
pub mod prediction;
pub mod roster;
pub mod round_clock;
pub mod round_trip;
pub mod schedule;
pub mod shot_sightings;
pub mod shots;
pub mod sightings;

pub mod beams;
pub mod ground;
pub mod own_ship;

pub mod play;

pub mod feed_cursor;
pub mod feed_way;
pub mod watch;
pub mod way_figures;

pub mod client;
pub mod light;

pub mod json_text;

pub mod json_reader;

pub mod spectator;

pub mod tape;

#[cfg(target_arch = "wasm32")]
pub mod web;

#[cfg(test)]
mod exchange;

#[cfg(test)]
mod client_tests;
#[cfg(test)]
mod spectator_tests;
