//! Starfray's server: matches on simulation threads, and HTTP, limits and settings round them.
//! The program `starfray` and the tests call it; the browser client and it never meet but on a socket.

pub mod config;
pub mod telemetry;

pub mod bots;

pub mod maps;
pub mod rules_file;
pub mod settings;

pub mod conditions;
pub mod timing;

pub mod link;

pub mod feed;
pub mod spectators;

pub mod journal;
pub mod replay;
pub mod store;

pub mod matches;

pub mod cluster;

pub mod lan;
pub mod open_files;

pub mod admission;
pub mod token;

pub mod operator_word;

pub mod lobby;
pub mod panel;
pub mod state;

pub mod http;

pub mod app;

pub mod tls;

pub mod accept;

pub mod shutdown;

pub mod run;

pub use run::{RunError, run};
