//! The page in a real Chromium, against the real server: what a player and a spectator go through.
//! One file for each thing that must hold; pictures go into the folder `output`. Run one test at a time.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod admin;
mod checksum;
mod compare;
mod host;
mod maps;
mod phone;
mod play;
mod playground;
mod reconnect;
mod records;
mod replay;
mod scene;
mod tls;
mod transports;
mod versions;
mod watch;
