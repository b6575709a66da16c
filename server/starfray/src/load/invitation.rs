//! The way into a match over the HTTP API, as any client goes it: find the match, ask for a seat, know the addresses.
//! Plain blocking requests; they are over before anything is measured.

use anyhow::{Context, Result, anyhow};
use serde::Deserialize;
use ureq::Agent;

use crate::load::wire::{Target, Trust};

/// A match that was found.
#[derive(Clone, Debug)]
pub(crate) struct Invitation {
    /// `http://HOST:PORT` or `https://HOST:PORT`.
    pub(crate) base: String,
    /// `HOST:PORT`.
    pub(crate) authority: String,
    /// The match's id.
    pub(crate) match_id: String,
    /// Length of the match's tick in milliseconds.
    pub(crate) tick_ms: f64,
    /// Where sockets connect.
    pub(crate) target: Target,
    agent: Agent,
}

/// A seat that was given.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Seat {
    /// Opens the seat.
    pub(crate) token: String,
}

#[derive(Deserialize)]
struct Listed {
    matches: Vec<Found>,
}

#[derive(Deserialize)]
struct Found {
    id: String,
    settings: Settings,
}

#[derive(Deserialize)]
struct Settings {
    tick_hz: u32,
}

impl Invitation {
    /// The match `id`, or the first public one.
    pub(crate) fn find(url: &str, id: Option<&str>, trust: &Trust) -> Result<Invitation> {
        let base = url.trim_end_matches('/').to_owned();
        let (scheme, authority) = base.split_once("://").ok_or_else(|| anyhow!("no address: {base}"))?;
        let authority = authority.to_owned();
        let target = Target::new(&authority, scheme == "https", trust)?;
        let config = Agent::config_builder().http_status_as_error(false).tls_config(trust.for_requests()?);
        let agent: Agent = config.build().into();
        let found = if let Some(id) = id {
            get::<Found>(&agent, &format!("{base}/api/matches/{id}"))?
        } else {
            let listed: Listed = get(&agent, &format!("{base}/api/matches"))?;
            let first = listed.matches.into_iter().next();
            first.ok_or_else(|| anyhow!("the server has no public match; name one with --match"))?
        };
        let tick_ms = 1000.0 / f64::from(found.settings.tick_hz.max(1));
        Ok(Invitation { base, authority, match_id: found.id, tick_ms, target, agent })
    }

    /// A seat for somebody called `name`.
    pub(crate) fn join(&self, name: &str) -> Result<Seat> {
        let url = format!("{}/api/matches/{}/join", self.base, self.match_id);
        let mut answer = self.agent.post(url).send_json(serde_json::json!({ "name": name }))?;
        let status = answer.status();
        let text = answer.body_mut().read_to_string()?;
        if !status.is_success() {
            return Err(anyhow!("joining was answered {status}: {text}"));
        }
        serde_json::from_str(&text).context("the answer to joining is odd")
    }
}

/// The JSON at `url`, or what the server said instead.
fn get<T: serde::de::DeserializeOwned>(agent: &Agent, url: &str) -> Result<T> {
    let mut answer = agent.get(url).call().context("no server answers")?;
    let status = answer.status();
    let text = answer.body_mut().read_to_string()?;
    if !status.is_success() {
        return Err(anyhow!("{url} was answered {status}: {text}"));
    }
    serde_json::from_str(&text).with_context(|| format!("the answer of {url} is odd"))
}
