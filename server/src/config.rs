//! The server's settings: flags over environment over file over defaults, checked once and then plain values.
//! Everything else is handed the parts that it needs; nothing else reads the environment. The program calls it.

pub mod values;

pub mod broker_url;
pub mod layer;
pub mod origins;

use std::{collections::BTreeMap, fs, path::PathBuf, time::Duration};

use ipnet::IpNet;
use serde::Serialize;

pub use broker_url::BrokerUrl;
use layer::Layer;
use origins::Origins;
pub use values::{BaseUrl, JournalMode, ListenAddress, LogFormat, NatsMatches, Seconds, Secret};

/// Fewest characters of the operator's word: more than anybody guesses.
pub const ADMIN_TOKEN_CHARS_MIN: usize = 16;

/// A setting that does not work; one line that names it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {message}")]
pub struct ConfigError {
    /// The key, variable or file and line.
    pub place: String,
    /// What is wrong with it.
    pub message: String,
}

/// All settings; every value works. As TOML it is a config file that says the same, but for secrets.
#[derive(Clone, Debug, Serialize)]
pub struct Config {
    /// Where players connect.
    pub listen: ListenAddress,
    /// Where metrics and the admin page are; `None` is on `listen`, for loopback peers only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub admin_listen: Option<ListenAddress>,
    /// What metrics and the admin page ask for; without it metrics ask for nothing, and the page for the word in the data
    /// folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub admin_token: Option<Secret>,
    /// Folder for what outlives the process; made if it is missing.
    pub data_dir: PathBuf,
    /// How players reach this server; `None` is: as each of them did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_url: Option<BaseUrl>,
    /// The certificate that players are shown, with its chain; `None` is plain HTTP.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_cert: Option<PathBuf>,
    /// The certificate's private key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_key: Option<PathBuf>,
    /// The numbers of the game; `None` is the program's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rules: Option<PathBuf>,
    /// Other sites whose pages may host and play.
    pub allowed_origins: Vec<BaseUrl>,
    /// Most open connections.
    pub max_connections: u32,
    /// Most open connections of one address, not counting loopback.
    pub max_connections_per_address: u32,
    /// Networks of proxies that are believed when they name an address.
    pub trusted_proxy: Vec<IpNet>,
    /// Matches that one address may host in a minute.
    pub hosts_per_minute: u32,
    /// Joins of one address in a minute.
    pub joins_per_minute: u32,
    /// Most matches at a time.
    pub matches_max: u32,
    /// Most playgrounds at a time; 0 is none.
    pub playgrounds_max: u32,
    /// Public matches that are always there.
    pub public_matches: u32,
    /// Bots in each of those.
    pub public_match_bots: u32,
    /// How well those play, 1 (easy: newcomers come here) to 3.
    pub public_match_skill: u32,
    /// Threads that run matches.
    pub simulation_threads: u32,
    /// Threads that write to spectators.
    pub spectator_threads: u32,
    /// Time between two pings of a player.
    pub ping_every_s: Seconds,
    /// Silence after which a player's connection is dead.
    pub silence_after_s: Seconds,
    /// Time for which the seat of a lost connection is kept.
    pub limbo_s: Seconds,
    /// Time without thrust or fire in a round after which a player's seat is for others; 0 is never.
    pub inactive_s: Seconds,
    /// Silence after which a spectator is sent a heartbeat.
    pub feed_heartbeat_s: Seconds,
    /// Longest time for which a spectator's poll is held.
    pub feed_poll_hold_s: Seconds,
    /// Time without any event after which a spectator's connection ends.
    pub feed_idle_s: Seconds,
    /// Age at which a spectator's connection ends, less up to a fifth by chance.
    pub feed_age_s: Seconds,
    /// Age at which a player's client opens its next stream, less up to a fifth by chance.
    pub stream_age_s: Seconds,
    /// Time that a request's head may take to arrive.
    pub header_timeout_s: Seconds,
    /// Time that stopping may take while somebody is connected.
    pub drain_timeout_s: Seconds,
    /// Whether a next process may listen on the same port before this one has ended.
    pub share_port: bool,
    /// What is kept of running matches.
    pub journal: JournalMode,
    /// Time between two checkpoints of a match.
    pub checkpoint_every_s: Seconds,
    /// Room for replays in megabytes; the oldest go first. 0 keeps none.
    pub replays_max_mb: u32,
    /// Days for which a replay is kept; 0 keeps none.
    pub replays_max_age_days: u32,
    /// What to log: a level or directives.
    pub log: String,
    /// How log lines look.
    pub log_format: LogFormat,
    /// Message broker that feeds are published to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nats: Option<BrokerUrl>,
    /// Which matches' feeds go there.
    pub nats_matches: NatsMatches,
}

impl Config {
    /// The config of a process: its flags, its environment, and the file that one of them names.
    pub fn load(flags: Layer, env: &BTreeMap<String, String>) -> Result<Config, ConfigError> {
        Config::compose(flags, env, |path| fs::read_to_string(path))
    }

    /// The same with a file system of the caller's.
    pub fn compose(
        flags: Layer,
        env: &BTreeMap<String, String>,
        read: impl FnOnce(&PathBuf) -> std::io::Result<String>,
    ) -> Result<Config, ConfigError> {
        Config::trace(flags, env, read).map(|(config, _)| config)
    }

    /// The same with where each value comes from.
    pub fn trace(
        flags: Layer,
        env: &BTreeMap<String, String>,
        read: impl FnOnce(&PathBuf) -> std::io::Result<String>,
    ) -> Result<(Config, Origins), ConfigError> {
        let mut origins = Origins::default();
        origins.note_flags(&flags);
        let mut variables = Layer::default();
        for (name, one) in Layer::each_from_env(env)? {
            origins.note_variable(&name, &one);
            variables = one.over(variables);
        }
        let upper = flags.over(variables);
        let lower = match &upper.config {
            None => Layer::default(),
            Some(path) => {
                let place = path.display().to_string();
                let text = read(path)
                    .map_err(|error| ConfigError { place: place.clone(), message: error.to_string() })?;
                let layer = Layer::from_file(&place, &text)?;
                origins.note_file(&place, &text, &layer);
                layer
            }
        };
        let config = Config::from_layer(upper.over(lower)).map_err(|error| origins.locate(error))?;
        Ok((config, origins))
    }

    fn from_layer(layer: Layer) -> Result<Config, ConfigError> {
        let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get() as u32);
        let spare = cores.saturating_sub(1).max(1);
        let each = layer.max_connections_per_address;
        let config = Config {
            listen: layer.listen.unwrap_or(ListenAddress(([127, 0, 0, 1], 7777).into())),
            admin_listen: layer.admin_listen,
            admin_token: layer.admin_token,
            data_dir: layer.data_dir.unwrap_or_else(|| PathBuf::from("starfray-data")),
            public_url: layer.public_url,
            tls_cert: layer.tls_cert,
            tls_key: layer.tls_key,
            rules: layer.rules,
            allowed_origins: layer.allowed_origins.unwrap_or_default(),
            max_connections: within("max_connections", layer.max_connections, 10_000, (1, 1_000_000))?,
            max_connections_per_address: within("max_connections_per_address", each, 100, (1, 1_000_000))?,
            trusted_proxy: layer.trusted_proxy.unwrap_or_default(),
            hosts_per_minute: within("hosts_per_minute", layer.hosts_per_minute, 10, (1, 100_000))?,
            joins_per_minute: within("joins_per_minute", layer.joins_per_minute, 30, (1, 100_000))?,
            matches_max: within("matches_max", layer.matches_max, 200, (1, 10_000))?,
            playgrounds_max: within("playgrounds_max", layer.playgrounds_max, 8, (0, 100))?,
            public_matches: within("public_matches", layer.public_matches, 1, (0, 100))?,
            public_match_bots: within("public_match_bots", layer.public_match_bots, 7, (0, 200))?,
            public_match_skill: within("public_match_skill", layer.public_match_skill, 1, (1, 3))?,
            simulation_threads: within("simulation_threads", layer.simulation_threads, spare, (1, 256))?,
            spectator_threads: within("spectator_threads", layer.spectator_threads, 1, (1, 64))?,
            ping_every_s: seconds("ping_every_s", layer.ping_every_s, 5, 0.1, 60.0)?,
            silence_after_s: seconds("silence_after_s", layer.silence_after_s, 15, 0.2, 600.0)?,
            limbo_s: seconds("limbo_s", layer.limbo_s, 30, 0.0, 3600.0)?,
            inactive_s: seconds("inactive_s", layer.inactive_s, 60, 0.0, 3600.0)?,
            feed_heartbeat_s: seconds("feed_heartbeat_s", layer.feed_heartbeat_s, 15, 0.1, 60.0)?,
            feed_poll_hold_s: seconds("feed_poll_hold_s", layer.feed_poll_hold_s, 25, 0.1, 25.0)?,
            feed_idle_s: seconds("feed_idle_s", layer.feed_idle_s, 300, 1.0, 86_400.0)?,
            feed_age_s: seconds("feed_age_s", layer.feed_age_s, 1800, 1.0, 86_400.0)?,
            stream_age_s: seconds("stream_age_s", layer.stream_age_s, 600, 5.0, 86_400.0)?,
            header_timeout_s: seconds("header_timeout_s", layer.header_timeout_s, 5, 0.1, 60.0)?,
            drain_timeout_s: seconds("drain_timeout_s", layer.drain_timeout_s, 10, 0.0, 3600.0)?,
            share_port: layer.share_port.unwrap_or_default(),
            journal: layer.journal.unwrap_or_default(),
            checkpoint_every_s: seconds("checkpoint_every_s", layer.checkpoint_every_s, 5, 0.2, 60.0)?,
            replays_max_mb: within("replays_max_mb", layer.replays_max_mb, 1000, (0, 1_000_000))?,
            replays_max_age_days: within(
                "replays_max_age_days",
                layer.replays_max_age_days,
                30,
                (0, 36_500),
            )?,
            log: layer.log.unwrap_or_else(|| "info".to_owned()),
            log_format: layer.log_format.unwrap_or_default(),
            nats: layer.nats.as_ref().map(broker).transpose()?,
            nats_matches: layer.nats_matches.unwrap_or_default(),
        };
        config.check()
    }

    /// What no single setting shows.
    fn check(self) -> Result<Config, ConfigError> {
        if self.silence_after_s.0 <= self.ping_every_s.0 {
            return refuse(
                "silence_after_s",
                "must be longer than ping_every_s, whose answers break it".to_owned(),
            );
        }
        if self.public_matches > self.matches_max {
            return refuse("public_matches", format!("must be at most matches_max, {}", self.matches_max));
        }
        if self.admin_token.as_ref().is_some_and(|token| token.reveal().len() < ADMIN_TOKEN_CHARS_MIN) {
            return refuse("admin_token", format!("must have {ADMIN_TOKEN_CHARS_MIN} characters or more"));
        }
        if self.tls_cert.is_some() != self.tls_key.is_some() {
            let missing = if self.tls_cert.is_some() { "tls_key" } else { "tls_cert" };
            return refuse(missing, "set tls_cert and tls_key, or neither".to_owned());
        }
        if self.data_dir.as_os_str().is_empty() {
            return refuse("data_dir", "must name a folder".to_owned());
        }
        Ok(self)
    }

    /// The settings as a config file's text, each with where it comes from, secrets masked; those without a value as
    /// comments.
    pub fn to_toml(&self, origins: &Origins) -> Result<String, ConfigError> {
        let table = toml::Table::try_from(self)
            .map_err(|error| ConfigError { place: "config".to_owned(), message: error.to_string() })?;
        let lines = origins::keys().into_iter().map(|key| match table.get(&key) {
            Some(value) => format!("{:<42} # {}\n", format!("{key} = {value}"), origins.of(&key)),
            None => format!("# {key} is not set\n"),
        });
        Ok(lines.collect())
    }
}

fn within(key: &str, given: Option<u32>, default: u32, range: (u32, u32)) -> Result<u32, ConfigError> {
    let (low, high) = range;
    let value = given.unwrap_or(default);
    if (low..=high).contains(&value) {
        return Ok(value);
    }
    refuse(key, format!("must be {low} to {high}, not {value}"))
}

/// A time in seconds between `low` and `high`.
fn seconds(
    key: &str,
    given: Option<Seconds>,
    default: u64,
    low: f64,
    high: f64,
) -> Result<Seconds, ConfigError> {
    let range = Duration::from_secs_f64(low)..=Duration::from_secs_f64(high);
    let value = given.map_or(Duration::from_secs(default), |seconds| seconds.0);
    if range.contains(&value) {
        return Ok(Seconds(value));
    }
    refuse(key, format!("must be {low} to {high} seconds, not {}", value.as_secs_f64()))
}

fn broker(url: &Secret) -> Result<BrokerUrl, ConfigError> {
    BrokerUrl::parse(url.reveal()).or_else(|error| refuse("nats", error.to_string()))
}

fn refuse<T>(key: &str, message: String) -> Result<T, ConfigError> {
    Err(ConfigError { place: key.to_owned(), message })
}

#[cfg(test)]
mod tests;
