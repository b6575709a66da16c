//! The command line of `starfray load`, and what of it this version can do.
//! An option that does not exist yet is refused by name, never silently ignored.

use std::path::PathBuf;

use anyhow::{Result, ensure};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};
use shared::link_profile::{LINK_PROFILES, LinkProfile};

use crate::load::feed_reader::Feed;
use crate::load::trouble::Trouble;
use crate::load::wire::Trust;

/// What carries a player's messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Transport {
    /// A WebSocket.
    Websocket,
    /// A response that goes on, and POSTs.
    Stream,
    /// Long polls, and POSTs.
    Poll,
}

/// Headless players and spectators that measure a server.
#[derive(Args, Clone, Debug)]
pub(crate) struct LoadArgs {
    /// The server's address, as `http://HOST:PORT` or `https://HOST:PORT`.
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
    #[arg(long, default_value = "websocket")]
    pub(crate) transport: Transport,
    /// What carries the feed.
    #[arg(long, default_value = "sse", value_enum)]
    pub(crate) feed: Feed,
    /// Milliseconds between two requests of a spectator that pulls: with `--feed poll`, none is held.
    #[arg(long, value_name = "MS", value_parser = clap::value_parser!(u32).range(10..=60_000))]
    pub(crate) pull_every: Option<u32>,
    /// The kind of network to imitate, in both directions.
    #[arg(long, value_name = "PROFILE", default_value = "clean", value_parser = link_profiles())]
    pub(crate) link: &'static LinkProfile,
    /// Share of players that get this network, and stop if they are to; the others stay clean.
    #[arg(long, value_name = "PERCENT", default_value_t = 100, value_parser = clap::value_parser!(u32).range(0..=100))]
    pub(crate) troubled: u32,
    /// Seconds after the measurement's begin at which these players stop reading and sending.
    #[arg(long, value_name = "S", requires = "stop_for")]
    pub(crate) stop_after: Option<u64>,
    /// How many seconds later they go on.
    #[arg(long, value_name = "S", requires = "stop_after")]
    pub(crate) stop_for: Option<u64>,
    /// Seconds after the measurement's begin at which every connection breaks at once; all come back by themselves.
    #[arg(long, value_name = "S")]
    pub(crate) cut_after: Option<u64>,
    /// Length of the measurement.
    #[arg(long, default_value_t = 10)]
    pub(crate) seconds: u64,
    /// All but every fiftieth player read only what steering and acks need.
    #[arg(long)]
    pub(crate) light: bool,
    /// Takes every certificate that the server shows.
    #[arg(long, conflicts_with = "ca")]
    pub(crate) insecure: bool,
    /// PEM file with who certifies the server, instead of the authorities that browsers know.
    #[arg(long, value_name = "FILE")]
    pub(crate) ca: Option<PathBuf>,
    /// Prints the figures as one line of JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

impl LoadArgs {
    /// Refuses what makes no sense.
    pub(crate) fn check(&self) -> Result<()> {
        ensure!(
            self.url.starts_with("http://") || self.url.starts_with("https://"),
            "--url must begin with http:// or https://"
        );
        ensure!(self.players + self.spectators > 0, "--players and --spectators are both 0");
        ensure!(
            self.players <= 5000 && self.spectators <= 20_000,
            "at most 5,000 players and 20,000 spectators"
        );
        ensure!((1..=86_400).contains(&self.seconds), "--seconds must be 1 to 86,400");
        ensure!(self.stop_after.unwrap_or(0) < self.seconds, "--stop-after must be less than --seconds");
        ensure!(self.cut_after.unwrap_or(0) < self.seconds, "--cut-after must be less than --seconds");
        ensure!(self.pull_every.is_none() || self.feed == Feed::Poll, "--pull-every goes with --feed poll");
        ensure!(self.stop_for != Some(0), "--stop-for must be at least 1");
        Ok(())
    }

    /// Connections that all clients have together: over plain HTTP a player has two.
    pub(crate) fn connections(&self) -> u32 {
        let each = if self.transport == Transport::Websocket { 1 } else { 2 };
        self.players * each + self.spectators
    }

    /// Whom the clients trust.
    pub(crate) fn trust(&self) -> Trust {
        Trust { everybody: self.insecure, authority: self.ca.clone() }
    }

    /// Who is in trouble, and how.
    pub(crate) fn trouble(&self) -> Trouble {
        Trouble { profile: self.link, percent: self.troubled, stop_s: self.stop_after.zip(self.stop_for) }
    }
}

/// Reads a network's name; help lists them all.
fn link_profiles() -> impl TypedValueParser<Value = &'static LinkProfile> {
    let names = LINK_PROFILES.map(|profile| profile.name);
    PossibleValuesParser::new(names)
        .try_map(|name| LinkProfile::named(&name).ok_or("there is no such network"))
}
