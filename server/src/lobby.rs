//! Which matches there are: handles by id, never game state. It hosts, finds and lists them, keeps the standing
//! public ones there, and takes up those that another process or a panic left behind. It knows no HTTP; the routes call
//! it, and the pool tells it when a match is over.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use dashmap::DashMap;
use shared::rule_book::RuleBook;
use tokio::sync::Notify;

use crate::{
    admission::PlaygroundPermit,
    conditions::Conditions,
    config::Config,
    journal::{header::Origin, keeper::Journals},
    matches::{
        handle::MatchHandle,
        id::MatchId,
        pool::{HostError, OnHosted, Order, Pool, PoolConfig},
        runner::Ending,
        status::MatchStatus,
    },
    settings::{MatchSettings, RawSettings, SettingsError, Visibility},
    store::desk::ResultDesk,
    telemetry::rejected,
    timing::Timing,
};

pub mod front;
mod just_ended;
mod mending;
pub mod quick;
mod standing;

use just_ended::JustEnded;
use standing::Standing;

/// Bots of a playground: somebody to look at and to shoot at.
const PLAYGROUND_BOTS: u32 = 4;

/// Time after which a match that panicked and was taken up counts as sound again.
const MENDED_FOR: Duration = Duration::from_secs(60);

/// A match in the lobby.
struct Hosted {
    handle: MatchHandle,
    standing: bool,
    /// The place among the playgrounds of a match that is one.
    playground: Option<PlaygroundPermit>,
    /// Counts matches up, so that lists keep their order.
    turn: u64,
    /// When it panicked and was taken up again.
    mended_at: Option<Instant>,
}

/// A match in a list for operators.
#[derive(Debug)]
pub struct Listed {
    /// The match.
    pub handle: MatchHandle,
    /// `standing` (always there), `hosted` or `playground`.
    pub kind: &'static str,
}

/// Matches by the text of their id.
type Registry = Arc<DashMap<String, Hosted>>;

/// What is only known while no other match is being hosted.
struct Desk {
    pool: Option<Pool>,
    turns: u64,
}

/// Matches that panicked and wait to be taken up again; there are no more of them than matches.
#[derive(Default)]
struct Broken {
    ids: Mutex<Vec<MatchId>>,
    /// Tells whoever waits for the first one.
    news: Notify,
}

/// The registry of matches.
pub struct Lobby {
    registry: Registry,
    desk: Mutex<Desk>,
    journals: Option<Journals>,
    broken: Arc<Broken>,
    just_ended: Arc<JustEnded>,
    matches_max: usize,
    standing: Standing,
    book: RuleBook,
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

/// Who else hears of matches.
pub struct Side {
    /// Where matches are written down, if anywhere.
    pub journals: Option<Journals>,
    /// Hears of each match before its first tick.
    pub on_hosted: Option<OnHosted>,
    /// Where finished rounds go.
    pub desk: ResultDesk,
    /// The numbers that new matches are played by.
    pub book: RuleBook,
}

impl fmt::Debug for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Side").field("journals", &self.journals.is_some()).finish_non_exhaustive()
    }
}

impl Side {
    /// Finished rounds go to `desk`; nothing is written down, nobody else hears of matches.
    pub fn of(desk: ResultDesk) -> Side {
        Side { journals: None, on_hosted: None, desk, book: RuleBook::STANDARD }
    }
}

impl Lobby {
    /// Starts the pool of a config, without any match yet.
    pub fn open(config: &Config, side: Side) -> std::io::Result<Lobby> {
        let Side { journals, on_hosted, desk, book } = side;
        let (registry, broken) = (Registry::default(), Arc::<Broken>::default());
        let just_ended = Arc::<JustEnded>::default();
        let (leaving, waiting, kept) = (Arc::clone(&registry), Arc::clone(&broken), Arc::clone(&just_ended));
        let mends = journals.is_some();
        let pool = Pool::start(PoolConfig {
            simulation_threads: config.simulation_threads as usize,
            spectator_threads: config.spectator_threads as usize,
            timing: Timing::of(config),
            on_hosted,
            on_ended: Arc::new(move |id: &MatchId, ending| {
                if ending != Ending::Over && mends {
                    waiting.ids.lock().unwrap_or_else(PoisonError::into_inner).push(id.clone());
                    waiting.news.notify_one();
                } else if let Some((_, hosted)) = leaving.remove(id.as_str()) {
                    kept.keep(hosted.handle, Instant::now());
                }
            }),
            desk,
        })?;
        Ok(Lobby {
            registry,
            desk: Mutex::new(Desk { pool: Some(pool), turns: 0 }),
            journals,
            broken,
            just_ended,
            matches_max: config.matches_max as usize,
            standing: Standing {
                matches: config.public_matches,
                bots: config.public_match_bots,
                bot_skill: config.public_match_skill,
            },
            book,
        })
    }

    /// Takes up every match that another process left behind. Call it once, before anybody is let in. Blocks.
    pub fn recover(&self) {
        let Some(journals) = &self.journals else { return };
        for recovered in journals.recover_all() {
            self.take_up(recovered, None);
        }
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

    /// The match with this id that ended a moment ago, for what is left of its feed.
    pub fn just_ended(&self, id: &str) -> Option<MatchHandle> {
        self.just_ended.find(id, Instant::now())
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

    /// All matches, oldest first, also those that nobody else is shown.
    pub fn all(&self) -> Vec<Listed> {
        let listed = |hosted: &Hosted| {
            let kind = match (&hosted.playground, hosted.standing) {
                (Some(_), _) => "playground",
                (None, true) => "standing",
                (None, false) => "hosted",
            };
            (hosted.turn, Listed { handle: hosted.handle.clone(), kind })
        };
        let mut found: Vec<(u64, Listed)> = self.registry.iter().map(|hosted| listed(&hosted)).collect();
        found.sort_by_key(|(turn, _)| *turn);
        found.into_iter().map(|(_, listed)| listed).collect()
    }

    /// Whether somebody plays and is connected, as of a quarter of a second ago.
    pub fn has_people(&self) -> bool {
        let plays = |status: &MatchStatus| status.players.iter().any(|p| !p.bot && p.connected);
        self.registry.iter().any(|hosted| plays(&hosted.handle.status()))
    }

    /// Tells everybody who plays that the server stops in so many seconds.
    pub fn tell_closing(&self, in_s: u16) {
        self.registry.iter().for_each(|hosted| hosted.handle.tell_closing(in_s));
    }

    /// Hosts the standing matches that are missing, and lets go of ended ones. Call it at the start and now and then.
    pub fn tend(&self) -> Result<(), LobbyError> {
        self.just_ended.tidy(Instant::now());
        for missing in self.standing()..self.standing.matches {
            self.add(self.standing.settings(missing)?, true, None)?;
        }
        Ok(())
    }

    /// The standing matches that another process began by other rules than those of new matches, and that keep theirs.
    pub fn with_other_rules(&self) -> Vec<MatchHandle> {
        let others = |hosted: &Hosted| hosted.standing && hosted.handle.settings().book != self.book;
        let found = self.registry.iter().filter(|hosted| others(hosted));
        found.map(|hosted| hosted.handle.clone()).collect()
    }

    fn standing(&self) -> u32 {
        self.registry.iter().filter(|hosted| hosted.standing).count() as u32
    }

    /// Says goodbye to everybody and closes all matches, within a time; what is kept of them is free for another
    /// process as soon as it is written. Blocks; hosts nothing from then on.
    pub fn stop(&self, within: Duration) {
        let deadline = Instant::now() + within;
        let left = || deadline.saturating_duration_since(Instant::now());
        let pool = self.desk.lock().unwrap_or_else(PoisonError::into_inner).pool.take();
        if let Some(pool) = pool {
            pool.close(left());
            if let Some(journals) = &self.journals {
                journals.stop(left());
            }
            pool.stop(left());
        }
        self.registry.clear();
    }

    fn add(
        &self,
        settings: MatchSettings,
        standing: bool,
        playground: Option<PlaygroundPermit>,
    ) -> Result<MatchHandle, LobbyError> {
        let settings = MatchSettings { book: self.book, ..settings };
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let hosted_at_ms = since.as_millis() as u64;
        self.place(
            Order::new(settings, standing)?,
            Place { standing, hosted_at_ms, mended_at: None, playground },
        )
    }

    /// Hosts a match and puts it into the registry. Playgrounds are not written down: they are over in minutes.
    fn place(&self, mut order: Order, place: Place) -> Result<MatchHandle, LobbyError> {
        let Place { standing, hosted_at_ms, mended_at, playground } = place;
        if let Some(journals) = self.journals.as_ref().filter(|_| playground.is_none()) {
            let (match_id, feed_key) = (order.id.to_string(), order.feed_key.clone());
            let origin = Origin { match_id, seed: order.seed, standing, hosted_at_ms, feed_key };
            order.journal = Some(journals.recorder(origin, &order.settings));
        }
        let mut desk = self.desk.lock().unwrap_or_else(PoisonError::into_inner);
        // Those that were there before have their place.
        if order.resume.is_none() && self.registry.len() >= self.matches_max {
            rejected("too_many_matches");
            return Err(LobbyError::TooMany(self.matches_max));
        }
        let handle = desk.pool.as_ref().ok_or(LobbyError::Stopping)?.host(order)?;
        desk.turns += 1;
        let turn = desk.turns;
        let hosted = Hosted { handle: handle.clone(), standing, playground, turn, mended_at };
        self.registry.insert(handle.id().to_string(), hosted);
        tracing::info!(match_id = %handle.id(), name = handle.settings().name, standing, "match hosted");
        Ok(handle)
    }
}

/// What the lobby knows of a match beside what it is.
struct Place {
    standing: bool,
    hosted_at_ms: u64,
    mended_at: Option<Instant>,
    playground: Option<PlaygroundPermit>,
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, thread};

    use super::*;
    use crate::config::layer::Layer;
    use crate::journal::folder::Folder;

    fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
        for _ in 0..1000 {
            if done() {
                return;
            }
            thread::sleep(Duration::from_millis(5));
        }
        panic!("waited in vain for {what}");
    }

    #[test]
    fn a_match_that_panics_comes_back_once_and_alone() {
        let data = tempfile::tempdir().unwrap();
        let folder = Folder::take(data.path()).unwrap().unwrap();
        let journals = Journals::start(folder, false, Duration::from_millis(500)).unwrap();
        let layer = Layer { public_matches: Some(0), ..Layer::default() };
        let config = Config::load(layer, &BTreeMap::new()).unwrap();
        let lobby = Lobby::open(&config, Side { journals: Some(journals), ..Side::of(ResultDesk::closed()) })
            .unwrap();
        let settings = RawSettings { bots: Some(3), ..RawSettings::default() }.check().unwrap();
        let (first, other) = (lobby.host(settings.clone()).unwrap(), lobby.host(settings).unwrap());
        let id = first.id().as_str();
        wait_until("a second of play", || first.status().tick > 30);
        let shown = first.status().tick;
        first.break_down();
        wait_until("the match to be back", || {
            lobby.mend();
            lobby.find(id).is_some_and(|again| again.feed().epoch() != first.feed().epoch())
        });
        let again = lobby.find(id).unwrap();
        assert!(again.status().tick + 15 > shown, "at most half a second is lost");
        wait_until("it to play on", || again.status().tick > shown + 10);
        assert_eq!(again.status().players.len(), 3);
        again.break_down();
        wait_until("it to be gone", || {
            lobby.mend();
            lobby.find(id).is_none()
        });
        assert!(data.path().join(format!("journals/aside/{id}.journal")).exists());
        assert!(other.is_alive() && lobby.find(other.id().as_str()).is_some());
        lobby.stop(Duration::from_secs(2));
    }

    #[test]
    fn a_match_that_finds_no_place_again_is_gone_and_its_journal_stays() {
        let data = tempfile::tempdir().unwrap();
        let folder = Folder::take(data.path()).unwrap().unwrap();
        let journals = Journals::start(folder, false, Duration::from_millis(500)).unwrap();
        let config = Config::load(Layer::default(), &BTreeMap::new()).unwrap();
        let lobby = Lobby::open(&config, Side { journals: Some(journals), ..Side::of(ResultDesk::closed()) })
            .unwrap();
        let only =
            lobby.host(RawSettings { bots: Some(3), ..RawSettings::default() }.check().unwrap()).unwrap();
        wait_until("a moment of play", || only.status().tick > 10);
        let pool = lobby.desk.lock().unwrap().pool.take();
        only.break_down();
        wait_until("it to be gone", || {
            lobby.mend();
            lobby.find(only.id().as_str()).is_none()
        });
        assert!(data.path().join(format!("journals/{}.journal", only.id())).exists());
        lobby.desk.lock().unwrap().pool = pool;
        lobby.stop(Duration::from_secs(2));
    }

    fn lobby(layer: Layer) -> Lobby {
        Lobby::open(&Config::load(layer, &BTreeMap::new()).unwrap(), Side::of(ResultDesk::closed())).unwrap()
    }

    #[test]
    fn a_standing_match_keeps_its_rules_until_it_is_ended() {
        let data = tempfile::tempdir().unwrap();
        let layer = Layer { public_matches: Some(1), ..Layer::default() };
        let config = Config::load(layer, &BTreeMap::new()).unwrap();
        let open = |book: RuleBook| {
            let folder = Folder::take(data.path()).unwrap().unwrap();
            let journals = Some(Journals::start(folder, false, Duration::from_millis(500)).unwrap());
            let lobby = Lobby::open(&config, Side { journals, book, ..Side::of(ResultDesk::closed()) });
            let lobby = lobby.unwrap();
            lobby.recover();
            lobby
        };
        let first = open(RuleBook::STANDARD);
        first.tend().unwrap();
        assert!(first.with_other_rules().is_empty());
        first.stop(Duration::from_secs(5));
        drop(first);
        let mut book = RuleBook::STANDARD;
        book.ship.drag = 0.5;
        let second = open(book);
        second.tend().unwrap();
        let kept = second.with_other_rules();
        assert_eq!(kept.len(), 1);
        kept[0].end().unwrap();
        wait_until("a match by the new rules", || {
            second.tend().unwrap();
            second.all().len() == 1 && second.with_other_rules().is_empty()
        });
        second.stop(Duration::from_secs(2));
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
        hosted.end().unwrap();
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
