//! One source of settings: the flags, the environment or the file, each setting present or not.
//! It reads texts that it is given and touches neither the process nor the disk; `config` lays layers over each other.

use std::{collections::BTreeMap, path::PathBuf};

use clap::{
    Args, Parser,
    error::{ContextKind, ContextValue, ErrorKind},
};
use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use super::{BaseUrl, ConfigError, JournalMode, ListenAddress, LogFormat, NatsMatches, Seconds, Secret};

/// What every variable of ours begins with.
const ENV_PREFIX: &str = "STARFRAY_";
/// Variables with our prefix that are no settings: of the project's own test runs, and those that Kubernetes sets
/// in every container beside a service that is called `starfray`.
const NOT_SETTINGS: [&str; 4] = ["STARFRAY_BIN", "STARFRAY_TEST", "STARFRAY_SERVICE_", "STARFRAY_PORT"];

/// Settings of one source. As flags they are kebab-case, as keys of the file `snake_case`, as variables
/// `STARFRAY_SNAKE_CASE`; a key of a time also goes with the unit behind it, as in `drain_timeout_s`.
#[derive(Clone, Debug, Default, PartialEq, Args, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Layer {
    /// TOML file with settings
    #[arg(long, value_name = "FILE")]
    #[serde(skip)]
    pub config: Option<PathBuf>,
    /// Address to play on; port 0 lets the system choose [default: 127.0.0.1:7777]
    #[arg(long, value_name = "ADDR")]
    pub listen: Option<ListenAddress>,
    /// Address for metrics and the admin page [default: on the main address, for loopback peers only]
    #[arg(long, value_name = "ADDR")]
    pub admin_listen: Option<ListenAddress>,
    /// Word that metrics and the admin page ask for, 16 characters or more [default: for the page the word in
    /// DATA/admin-token, for metrics none]
    #[arg(long, value_name = "TOKEN")]
    pub admin_token: Option<Secret>,
    /// Folder for what outlives the process [default: starfray-data]
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// Address that players reach this server by [default: the one that the page was opened by]
    #[arg(long, value_name = "URL")]
    pub public_url: Option<BaseUrl>,
    /// PEM file with the certificate and its chain; with it and the key players connect by https [default: none]
    #[arg(long, value_name = "FILE")]
    pub tls_cert: Option<PathBuf>,
    /// PEM file with the certificate's private key [default: none]
    #[arg(long, value_name = "FILE")]
    pub tls_key: Option<PathBuf>,
    /// TOML file with the numbers of the game [default: the program's own]
    #[arg(long, value_name = "FILE")]
    pub rules: Option<PathBuf>,
    /// Other sites whose pages may host and play [default: none]
    #[arg(long, value_name = "ORIGIN", value_delimiter = ',')]
    pub allowed_origins: Option<Vec<BaseUrl>>,
    /// Most open connections [default: 10000]
    #[arg(long, value_name = "N")]
    pub max_connections: Option<u32>,
    /// Most open connections of one address, not counting loopback [default: 100]
    #[arg(long, value_name = "N")]
    pub max_connections_per_address: Option<u32>,
    /// Networks of proxies that are believed when they name an address [default: none]
    #[arg(long, value_name = "CIDR", value_delimiter = ',')]
    pub trusted_proxy: Option<Vec<IpNet>>,
    /// Matches that one address may host in a minute [default: 10]
    #[arg(long, value_name = "N")]
    pub hosts_per_minute: Option<u32>,
    /// Joins of one address in a minute [default: 30]
    #[arg(long, value_name = "N")]
    pub joins_per_minute: Option<u32>,
    /// Most matches at a time [default: 200]
    #[arg(long, value_name = "N")]
    pub matches_max: Option<u32>,
    /// Most playgrounds at a time; 0 is none [default: 8]
    #[arg(long, value_name = "N")]
    pub playgrounds_max: Option<u32>,
    /// Public matches that are always there [default: 1]
    #[arg(long, value_name = "N")]
    pub public_matches: Option<u32>,
    /// Bots in each of them [default: 7]
    #[arg(long, value_name = "N")]
    pub public_match_bots: Option<u32>,
    /// How well those play, 1 to 3 [default: 1]
    #[arg(long, value_name = "N")]
    pub public_match_skill: Option<u32>,
    /// Threads that run matches [default: one less than there are cores]
    #[arg(long, value_name = "N")]
    pub simulation_threads: Option<u32>,
    /// Threads that write to spectators [default: 1]
    #[arg(long, value_name = "N")]
    pub spectator_threads: Option<u32>,
    /// Seconds between two pings of a player [default: 5]
    #[arg(long = "ping-every", value_name = "S", alias = "ping-every-s")]
    #[serde(alias = "ping_every")]
    pub ping_every_s: Option<Seconds>,
    /// Seconds of silence after which a player's connection is dead [default: 15]
    #[arg(long = "silence-after", value_name = "S", alias = "silence-after-s")]
    #[serde(alias = "silence_after")]
    pub silence_after_s: Option<Seconds>,
    /// Seconds for which the seat of a lost connection is kept [default: 30]
    #[arg(long = "limbo", value_name = "S", alias = "limbo-s")]
    #[serde(alias = "limbo")]
    pub limbo_s: Option<Seconds>,
    /// Seconds without thrust or fire after which a player's seat is for others; 0 is never [default: 60]
    #[arg(long = "inactive", value_name = "S", alias = "inactive-s")]
    #[serde(alias = "inactive")]
    pub inactive_s: Option<Seconds>,
    /// Seconds of silence after which a spectator is sent a heartbeat [default: 15]
    #[arg(long = "feed-heartbeat", value_name = "S", alias = "feed-heartbeat-s")]
    #[serde(alias = "feed_heartbeat")]
    pub feed_heartbeat_s: Option<Seconds>,
    /// Longest seconds for which a spectator's poll is held [default: 25]
    #[arg(long = "feed-poll-hold", value_name = "S", alias = "feed-poll-hold-s")]
    #[serde(alias = "feed_poll_hold")]
    pub feed_poll_hold_s: Option<Seconds>,
    /// Seconds without any event after which a spectator's connection ends [default: 300]
    #[arg(long = "feed-idle", value_name = "S", alias = "feed-idle-s")]
    #[serde(alias = "feed_idle")]
    pub feed_idle_s: Option<Seconds>,
    /// Seconds after which a spectator's connection ends, less up to a fifth by chance [default: 1800]
    #[arg(long = "feed-age", value_name = "S", alias = "feed-age-s")]
    #[serde(alias = "feed_age")]
    pub feed_age_s: Option<Seconds>,
    /// Seconds after which a player's client opens its next stream beside the old one, less up to a fifth by chance
    /// [default: 600]
    #[arg(long = "stream-age", value_name = "S", alias = "stream-age-s")]
    #[serde(alias = "stream_age")]
    pub stream_age_s: Option<Seconds>,
    /// Seconds that a request's head may take to arrive [default: 5]
    #[arg(long = "header-timeout", value_name = "S", alias = "header-timeout-s")]
    #[serde(alias = "header_timeout")]
    pub header_timeout_s: Option<Seconds>,
    /// Seconds that stopping may take while somebody is connected [default: 10]
    #[arg(long = "drain-timeout", value_name = "S", alias = "drain-timeout-s")]
    #[serde(alias = "drain_timeout")]
    pub drain_timeout_s: Option<Seconds>,
    /// Whether a next process may listen on the same port before this one has ended [default: false]
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub share_port: Option<bool>,
    /// What is kept of running matches in the data folder: off, written or synced [default: synced]
    #[arg(long, value_name = "MODE")]
    pub journal: Option<JournalMode>,
    /// Seconds between two checkpoints of a match [default: 5]
    #[arg(long = "checkpoint-every", value_name = "S", alias = "checkpoint-every-s")]
    #[serde(alias = "checkpoint_every")]
    pub checkpoint_every_s: Option<Seconds>,
    /// Room for replays of ended matches in megabytes, the oldest go first; 0 keeps none [default: 1000]
    #[arg(long, value_name = "MB")]
    pub replays_max_mb: Option<u32>,
    /// Days for which a replay is kept; 0 keeps none [default: 30]
    #[arg(long, value_name = "DAYS")]
    pub replays_max_age_days: Option<u32>,
    /// What to log: a level or directives like server=debug,info [default: info]
    #[arg(long, value_name = "FILTER")]
    pub log: Option<String>,
    /// How log lines look: text or json [default: text]
    #[arg(long, value_name = "FORMAT")]
    pub log_format: Option<LogFormat>,
    /// NATS broker to publish feeds to; nats: or tls:, and USER:PASSWORD@ may stand before the host [default: none]
    #[arg(long, value_name = "nats://HOST:4222")]
    pub nats: Option<Secret>,
    /// Matches whose feeds go there: open (those without a password) or all [default: open]
    #[arg(long, value_name = "WHICH")]
    pub nats_matches: Option<NatsMatches>,
}

/// Lets clap read single settings out of something else than the command line.
#[derive(Parser)]
#[command(no_binary_name = true, disable_help_flag = true, disable_version_flag = true)]
struct OneSetting {
    #[command(flatten)]
    layer: Layer,
}

impl Layer {
    /// The settings among the variables of an environment; others are passed over, empty ones count as unset.
    /// Fails with one line that names the variable.
    pub fn from_env(env: &BTreeMap<String, String>) -> Result<Layer, ConfigError> {
        let each = Layer::each_from_env(env)?;
        Ok(each.into_iter().fold(Layer::default(), |all, (_, one)| one.over(all)))
    }

    /// The same, each with the name of its variable. Fails also if two variables are one setting.
    pub(super) fn each_from_env(env: &BTreeMap<String, String>) -> Result<Vec<(String, Layer)>, ConfigError> {
        let (mut each, mut names) = (Vec::new(), BTreeMap::new());
        for (name, value) in env {
            let Some(key) = name.strip_prefix(ENV_PREFIX) else { continue };
            if value.is_empty() || NOT_SETTINGS.iter().any(|other| name.starts_with(other)) {
                continue;
            }
            let flag = format!("--{}={value}", key.to_ascii_lowercase().replace('_', "-"));
            let one = OneSetting::try_parse_from([flag]).map_err(|error| ConfigError {
                place: name.clone(),
                message: match error.kind() {
                    ErrorKind::UnknownArgument => {
                        "is not a setting; `starfray serve --help` lists them".to_owned()
                    }
                    _ => reason(&error),
                },
            })?;
            let setting = key.to_ascii_lowercase();
            // A time goes with and without its unit.
            let setting = setting.strip_suffix("_s").unwrap_or(&setting).to_owned();
            if let Some(other) = names.insert(setting, name) {
                let message = format!("is the same setting as {other}; keep one of them");
                return Err(ConfigError { place: name.clone(), message });
            }
            each.push((name.clone(), one.layer));
        }
        Ok(each)
    }

    /// The settings in a file's text; `path` is for messages. Fails with one line that names file, line and key.
    pub fn from_file(path: &str, text: &str) -> Result<Layer, ConfigError> {
        toml::from_str(text).map_err(|error| {
            let start = error.span().map_or(0, |span| span.start);
            let before = text.get(..start).unwrap_or_default();
            let number = before.matches('\n').count() + 1;
            let line = text.lines().nth(number - 1).unwrap_or_default();
            let message = error.message().lines().collect::<Vec<_>>().join(" ");
            let message = match line.split_once('=') {
                Some((key, _)) if !message.contains(key.trim()) => format!("{}: {message}", key.trim()),
                _ => message,
            };
            ConfigError { place: format!("{path}:{number}"), message }
        })
    }

    /// This layer where it says something, and `lower` where it does not.
    #[must_use]
    pub fn over(self, lower: Layer) -> Layer {
        Layer {
            config: self.config.or(lower.config),
            listen: self.listen.or(lower.listen),
            admin_listen: self.admin_listen.or(lower.admin_listen),
            admin_token: self.admin_token.or(lower.admin_token),
            data_dir: self.data_dir.or(lower.data_dir),
            public_url: self.public_url.or(lower.public_url),
            tls_cert: self.tls_cert.or(lower.tls_cert),
            tls_key: self.tls_key.or(lower.tls_key),
            rules: self.rules.or(lower.rules),
            allowed_origins: self.allowed_origins.or(lower.allowed_origins),
            max_connections: self.max_connections.or(lower.max_connections),
            max_connections_per_address: self
                .max_connections_per_address
                .or(lower.max_connections_per_address),
            trusted_proxy: self.trusted_proxy.or(lower.trusted_proxy),
            hosts_per_minute: self.hosts_per_minute.or(lower.hosts_per_minute),
            joins_per_minute: self.joins_per_minute.or(lower.joins_per_minute),
            matches_max: self.matches_max.or(lower.matches_max),
            playgrounds_max: self.playgrounds_max.or(lower.playgrounds_max),
            public_matches: self.public_matches.or(lower.public_matches),
            public_match_bots: self.public_match_bots.or(lower.public_match_bots),
            public_match_skill: self.public_match_skill.or(lower.public_match_skill),
            simulation_threads: self.simulation_threads.or(lower.simulation_threads),
            spectator_threads: self.spectator_threads.or(lower.spectator_threads),
            ping_every_s: self.ping_every_s.or(lower.ping_every_s),
            silence_after_s: self.silence_after_s.or(lower.silence_after_s),
            limbo_s: self.limbo_s.or(lower.limbo_s),
            inactive_s: self.inactive_s.or(lower.inactive_s),
            feed_heartbeat_s: self.feed_heartbeat_s.or(lower.feed_heartbeat_s),
            feed_poll_hold_s: self.feed_poll_hold_s.or(lower.feed_poll_hold_s),
            feed_idle_s: self.feed_idle_s.or(lower.feed_idle_s),
            feed_age_s: self.feed_age_s.or(lower.feed_age_s),
            stream_age_s: self.stream_age_s.or(lower.stream_age_s),
            header_timeout_s: self.header_timeout_s.or(lower.header_timeout_s),
            drain_timeout_s: self.drain_timeout_s.or(lower.drain_timeout_s),
            share_port: self.share_port.or(lower.share_port),
            journal: self.journal.or(lower.journal),
            checkpoint_every_s: self.checkpoint_every_s.or(lower.checkpoint_every_s),
            replays_max_mb: self.replays_max_mb.or(lower.replays_max_mb),
            replays_max_age_days: self.replays_max_age_days.or(lower.replays_max_age_days),
            log: self.log.or(lower.log),
            log_format: self.log_format.or(lower.log_format),
            nats: self.nats.or(lower.nats),
            nats_matches: self.nats_matches.or(lower.nats_matches),
        }
    }
}

/// What clap says about a wrong value, without the flag's name, which the person never wrote.
fn reason(error: &clap::Error) -> String {
    let source = std::error::Error::source(error).map(ToString::to_string);
    let value = error.get(ContextKind::InvalidValue).and_then(|value| match value {
        ContextValue::String(text) => Some(text.clone()),
        _ => None,
    });
    match (source, value) {
        (Some(source), Some(value)) if !source.contains(&value) => format!("\"{value}\": {source}"),
        (Some(source), _) => source,
        (None, _) => error.to_string().lines().next().unwrap_or_default().to_owned(),
    }
}
