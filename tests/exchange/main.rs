//! The real match against the real client core, in one thread, with links in memory and a made-up clock.
//! One file for each thing that must hold; nothing here opens a socket or reads a clock.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bad_input;
mod bots;
mod bots_everywhere;
mod clean_link;
mod crowd;
mod determinism;
mod duels;
mod feed;
mod feel;
mod fight;
mod framing;
mod hidden;
mod hosting;
mod journal;
mod lag_compensation;
mod liars;
mod link_profiles;
mod mailbox;
mod modes;
mod moving;
mod net_figures;
mod replay;
mod rounds;
mod seats;
mod sleep;
mod slow_reader;
mod vectors;
mod view;
mod wire;
