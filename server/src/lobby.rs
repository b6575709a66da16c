//! Which matches there are: handles by id, never game state. It hosts, finds and lists them, and keeps the standing
//! public ones there. It knows no HTTP; the routes call it, and the pool tells it when a match is over.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use dashmap::DashMap;

use crate::{
    admission::PlaygroundPermit,
    conditions::Conditions,
    config::Config,
    maps,
    matches::{
        handle::MatchHandle,
        id::MatchId,
        pool::{HostError, Pool, PoolConfig},
        status::MatchStatus,
    },
    settings::{MatchSettings, RawSettings, SettingsError, Visibility},
    store::desk::ResultDesk,
    telemetry::rejected,
    timing::Timing,
};

/// Bots of a playground: somebody to look at and to shoot at.
const PLAYGROUND_BOTS: u32 = 4;

/// A match in the lobby.
struct Hosted {
    handle: MatchHandle,
    standing: bool,
    /// The place among the playgrounds of a match that is one.
    playground: Option<PlaygroundPermit>,
    /// Counts matches up, so that lists keep their order.
    turn: u64,
}

/// Matches by the text of their id.
type Registry = Arc<DashMap<String, Hosted>>;

/// What must be there always.
#[derive(Clone, Copy, Debug)]
struct Standing {
    matches: u32,
    bots: u32,
}

/// What is only known while no other match is being hosted.
struct Desk {
    pool: Option<Pool>,
    turns: u64,
}

/// The registry of matches.
pub struct Lobby {
    registry: Registry,
    desk: Mutex<Desk>,
    matches_max: usize,
    standing: Standing,
}

impl fmt::Debug for Lobby {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lobby").field("matches", &self.registry.len()).finish_non_exhaustive()
    }
}

/// Why a match could not be hosted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LobbyError {
    /// As many matches as the server takes.
    #[error(
        "the server hosts {0} matches and takes no more; join one of them, or try again when one has ended"
    )]
    TooMany(usize),
    /// The server stops.
    #[error("the server is about to stop")]
    Stopping,
    /// The pool refused.
    #[error(transparent)]
    Pool(#[from] HostError),
    /// A standing match can't be set up as the config says.
    #[error(transparent)]
    Settings(#[from] SettingsError),
}

impl Lobby {
    /// Starts the pool of a config, without any match yet. Finished rounds go to `desk`.
    pub fn open(config: &Config, desk: ResultDesk) -> std::io::Result<Lobby> {
        let registry = Registry::default();
        let leaving = Arc::clone(&registry);
        let pool = Pool::start(PoolConfig {
            simulation_threads: config.simulation_threads as usize,
            spectator_threads: config.spectator_threads as usize,
            timing: timing(config),
            on_ended: Arc::new(move |id: &MatchId| {
                leaving.remove(id.as_str());
            }),
            desk,
        })?;
        Ok(Lobby {
            registry,
            desk: Mutex::new(Desk { pool: Some(pool), turns: 0 }),
            matches_max: config.matches_max as usize,
            standing: Standing { matches: config.public_matches, bots: config.public_match_bots },
        })
    }

    /// Hosts a match for somebody.
    pub fn host(&self, settings: MatchSettings) -> Result<MatchHandle, LobbyError> {
        self.add(settings, false, None)
    }

    /// Opens a playground for whoever has the permit.
    pub fn open_playground(&self, permit: PlaygroundPermit) -> Result<MatchHandle, LobbyError> {
        let settings = RawSettings {
            name: Some("Playground".to_owned()),
            max_players: Some(1),
            bots: Some(PLAYGROUND_BOTS),
            visibility: Some("unlisted".to_owned()),
            duration_s: Some(3600),
            ..RawSettings::default()
        };
        let handle = self.add(settings.check()?, false, Some(permit))?;
        handle.set_conditions(Conditions::default()).map_err(|_| HostError::Busy)?;
        Ok(handle)
    }

    /// The playground with this id.
    pub fn playground(&self, id: &str) -> Option<MatchHandle> {
        self.registry.get(id).filter(|h| h.playground.is_some()).map(|h| h.handle.clone())
    }

    /// The match with this id.
    pub fn find(&self, id: &str) -> Option<MatchHandle> {
        self.registry.get(id).map(|hosted| hosted.handle.clone())
    }

    /// The public matches, oldest first.
    pub fn public(&self) -> Vec<Arc<MatchStatus>> {
        let mut found: Vec<(u64, Arc<MatchStatus>)> = self
            .registry
            .iter()
            .filter(|hosted| hosted.handle.settings().visibility == Visibility::Public)
            .map(|hosted| (hosted.turn, hosted.handle.status()))
            .collect();
        found.sort_by_key(|(turn, _)| *turn);
        found.into_iter().map(|(_, status)| status).collect()
    }

    /// Hosts the standing matches that are missing. Call it at the start and now and then.
    pub fn tend(&self) -> Result<(), LobbyError> {
        let there = self.registry.iter().filter(|hosted| hosted.standing).count() as u32;
        for missing in there..self.standing.matches {
            self.add(standing_settings(self.standing, missing)?, true, None)?;
        }
        Ok(())
    }

    /// Says goodbye to everybody and ends all matches, within a time. Blocks; hosts nothing from then on.
    pub fn stop(&self, within: Duration) {
        let pool = self.desk.lock().unwrap_or_else(PoisonError::into_inner).pool.take();
        if let Some(pool) = pool {
            pool.stop(within);
        }
        self.registry.clear();
    }

    fn add(
        &self,
        settings: MatchSettings,
        standing: bool,
        playground: Option<PlaygroundPermit>,
    ) -> Result<MatchHandle, LobbyError> {
        let mut desk = self.desk.lock().unwrap_or_else(PoisonError::into_inner);
        if self.registry.len() >= self.matches_max {
            rejected("too_many_matches");
            return Err(LobbyError::TooMany(self.matches_max));
        }
        let handle = desk.pool.as_ref().ok_or(LobbyError::Stopping)?.host(settings, standing)?;
        desk.turns += 1;
        let hosted = Hosted { handle: handle.clone(), standing, playground, turn: desk.turns };
        self.registry.insert(handle.id().to_string(), hosted);
        tracing::info!(match_id = %handle.id(), name = handle.settings().name, standing, "match hosted");
        Ok(handle)
    }
}

/// The standing matches take the maps in turn.
fn standing_settings(standing: Standing, number: u32) -> Result<MatchSettings, SettingsError> {
    let names = maps::names();
    let map = names.get(number as usize % names.len().max(1)).map(|name| (*name).to_owned());
    RawSettings { map, bots: Some(standing.bots), ..RawSettings::default() }.check()
}

fn timing(config: &Config) -> Timing {
    Timing {
        ping_every: config.ping_every_s.0,
        silence_after: config.silence_after_s.0,
        limbo: config.limbo_s.0,
        feed_heartbeat: config.feed_heartbeat_s.0,
        feed_idle: config.feed_idle_s.0,
        feed_age: config.feed_age_s.0,
        ..Timing::default()
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, thread};

    use super::*;
    use crate::config::layer::Layer;

    fn lobby(layer: Layer) -> Lobby {
        Lobby::open(&Config::load(layer, &BTreeMap::new()).unwrap(), ResultDesk::closed()).unwrap()
    }

    #[test]
    fn standing_matches_are_there_and_listed() {
        let lobby = lobby(Layer { public_matches: Some(2), ..Layer::default() });
        lobby.tend().unwrap();
        lobby.tend().unwrap();
        let public = lobby.public();
        assert_eq!(public.len(), 2);
        assert_ne!(public[0].settings.map, public[1].settings.map);
        assert!(lobby.find(&public[0].id).is_some() && lobby.find("nothing").is_none());
        lobby.stop(Duration::from_secs(2));
        assert_eq!(lobby.tend(), Err(LobbyError::Stopping));
    }

    #[test]
    fn there_is_a_most_and_unlisted_ones_count() {
        let lobby = lobby(Layer { matches_max: Some(1), public_matches: Some(0), ..Layer::default() });
        let raw = RawSettings { visibility: Some("unlisted".into()), ..RawSettings::default() };
        let hosted = lobby.host(raw.check().unwrap()).unwrap();
        assert!(lobby.public().is_empty());
        let again = lobby.host(RawSettings::default().check().unwrap());
        assert_eq!(again.unwrap_err(), LobbyError::TooMany(1));
        hosted.host_act(crate::matches::inbox::HostAct::End).unwrap();
        for _ in 0..500 {
            if lobby.find(hosted.id().as_str()).is_none() {
                break;
            }
            thread::sleep(Duration::from_millis(10));
        }
        assert!(lobby.find(hosted.id().as_str()).is_none(), "an ended match leaves the lobby");
        lobby.stop(Duration::from_secs(2));
    }
}
