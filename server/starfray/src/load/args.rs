//! The command line of `starfray load`, and what of it this version can do.
//! An option that does not exist yet is refused by name, never silently ignored.

use anyhow::{Result, ensure};
use clap::Args;

/// Headless players and spectators that measure a server.
#[derive(Args, Clone, Debug)]
pub(crate) struct LoadArgs {
    /// The server's address, as `http://HOST:PORT`.
    #[arg(long)]
    pub(crate) url: String,
    /// The match's id; by default the first public one.
    #[arg(long = "match", value_name = "ID")]
    pub(crate) match_id: Option<String>,
    /// Players that join and steer.
    #[arg(long, default_value_t = 10)]
    pub(crate) players: u32,
    /// Spectators that read the feed.
    #[arg(long, default_value_t = 0)]
    pub(crate) spectators: u32,
    /// What carries the players.
    #[arg(long, default_value = "websocket", value_parser = ["websocket"])]
    pub(crate) transport: String,
    /// What carries the feed.
    #[arg(long, default_value = "sse", value_parser = ["sse"])]
    pub(crate) feed: String,
    /// The kind of network to imitate.
    #[arg(long, default_value = "clean", value_parser = ["clean"])]
    pub(crate) link: String,
    /// Length of the measurement.
    #[arg(long, default_value_t = 10)]
    pub(crate) seconds: u64,
    /// All but every fiftieth player read only what steering and acks need.
    #[arg(long)]
    pub(crate) light: bool,
    /// Prints the figures as one line of JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

impl LoadArgs {
    /// Refuses what makes no sense.
    pub(crate) fn check(&self) -> Result<()> {
        ensure!(self.url.starts_with("http://"), "--url must begin with http:// (no TLS here)");
        ensure!(self.players + self.spectators > 0, "--players and --spectators are both 0");
        ensure!(self.players <= 5000 && self.spectators <= 20_000, "at most 5,000 players and 20,000 spectators");
        ensure!((1..=86_400).contains(&self.seconds), "--seconds must be 1 to 86,400");
        Ok(())
    }
}
