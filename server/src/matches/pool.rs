//! The threads on which matches run, each with the matches it owns: it ticks them at absolute deadlines, matches of
//! one rate together, and sleeps in between. The only place of a match that reads a clock.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU16, AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use shared::feed::{FEED_VERSION, Hello};
use shared::world::World;
use thiserror::Error;

use crate::feed::log::FeedLog;
use crate::journal::checkpoint::Checkpoint;
use crate::journal::generations::Generations;
use crate::journal::recorder::Recorder;
use crate::link::mailboxes::Mailboxes;
use crate::matches::callers::Callers;
use crate::matches::handle::{MatchHandle, Shared};
use crate::matches::id::MatchId;
use crate::matches::inbox::INBOX_MESSAGES_MAX;
use crate::matches::parts::MatchParts;
use crate::matches::runner::{Hosted, OnEnded, Runner};
use crate::matches::status::MatchStatus;
use crate::matches::tick::Match;
use crate::settings::MatchSettings;
use crate::spectators::thread::SpectatorThread;
use crate::store::desk::ResultDesk;
use crate::timing::Timing;

/// Matches that wait to be taken in by a thread at most.
const HOSTED_MAX: usize = 256;

/// Called with each match before its first tick.
pub type OnHosted = Arc<dyn Fn(&MatchHandle) + Send + Sync>;

/// How a pool is made.
#[derive(Clone)]
pub struct PoolConfig {
    /// Threads that run matches; at least one.
    pub simulation_threads: usize,
    /// Threads that serve spectators; at least one.
    pub spectator_threads: usize,
    /// Times and rates.
    pub timing: Timing,
    /// Called with each match before its first tick.
    pub on_hosted: Option<OnHosted>,
    /// Called with the id of each match that is over.
    pub on_ended: OnEnded,
    /// Where matches hand in finished rounds.
    pub desk: ResultDesk,
}

impl std::fmt::Debug for PoolConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PoolConfig").field("timing", &self.timing).finish_non_exhaustive()
    }
}

/// A match that is to be hosted.
#[derive(Debug)]
pub struct Order {
    /// What to call it in addresses.
    pub id: MatchId,
    /// How it is set up.
    pub settings: MatchSettings,
    /// Whether it is kept for ever and sleeps while nobody is there.
    pub standing: bool,
    /// Decides all its chances.
    pub seed: u64,
    /// What opens its feed, if it has a password.
    pub feed_key: Option<String>,
    /// What writes it down, if it is to outlive the process.
    pub journal: Option<Recorder>,
    /// Where it goes on, if it does.
    pub resume: Option<Checkpoint>,
}

impl Order {
    /// A new match that nothing is kept of.
    pub fn new(settings: MatchSettings, standing: bool) -> Result<Order, HostError> {
        let id = || random().map(MatchId::from_random);
        let feed_key = settings.password.as_ref().map(|_| id().map(|key| key.to_string())).transpose()?;
        let seed = u64::from_le_bytes(random()?);
        Ok(Order { id: id()?, settings, standing, seed, feed_key, journal: None, resume: None })
    }
}

/// Why a match could not be hosted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum HostError {
    /// Its thread takes no more now.
    #[error("the server is busy; try again in a moment")]
    Busy,
    /// The system gave no random bytes.
    #[error("the system has no randomness")]
    NoRandomness,
}

/// The running threads.
pub struct Pool {
    timing: Timing,
    on_hosted: Option<OnHosted>,
    desk: ResultDesk,
    threads: Vec<SimulationThread>,
    spectators: Vec<SpectatorThread>,
    next: AtomicU64,
    handles: Mutex<Vec<MatchHandle>>,
    stopping: Arc<AtomicBool>,
}

impl std::fmt::Debug for Pool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pool").field("threads", &self.threads).finish_non_exhaustive()
    }
}

#[derive(Debug)]
struct SimulationThread {
    hosted: SyncSender<Hosted>,
    handle: JoinHandle<()>,
}

impl Pool {
    /// Starts the threads.
    pub fn start(config: PoolConfig) -> std::io::Result<Pool> {
        let stopping = Arc::new(AtomicBool::new(false));
        let spectators = (0..config.spectator_threads.max(1))
            .map(|i| {
                let seed = random().map_or(i as u64, u64::from_le_bytes);
                SpectatorThread::start(format!("spectators-{i}"), config.timing.clone(), seed)
            })
            .collect::<Result<Vec<_>, _>>()?;
        let mut threads = Vec::new();
        for i in 0..config.simulation_threads.max(1) {
            let (hosted, inbox) = sync_channel(HOSTED_MAX);
            let (stop, on_ended) = (Arc::clone(&stopping), Arc::clone(&config.on_ended));
            let run = move || Runner::new(inbox, stop, on_ended).run();
            let handle = thread::Builder::new().name(format!("matches-{i}")).spawn(run)?;
            threads.push(SimulationThread { hosted, handle });
        }
        let PoolConfig { timing, on_hosted, desk, .. } = config;
        let (next, handles) = (AtomicU64::new(0), Mutex::default());
        Ok(Pool { timing, on_hosted, desk, threads, spectators, next, handles, stopping })
    }

    /// Hosts a match.
    pub fn host(&self, order: Order) -> Result<MatchHandle, HostError> {
        let turn = self.next.fetch_add(1, Ordering::Relaxed) as usize;
        let (Some(thread), Some(spectators)) = (
            self.threads.get(turn % self.threads.len().max(1)),
            self.spectators.get(turn % self.spectators.len().max(1)),
        ) else {
            return Err(HostError::Busy);
        };
        let Order { id, settings, standing, seed, feed_key, journal, resume } = order;
        let (inbox, messages) = sync_channel(INBOX_MESSAGES_MAX);
        let world = resume.as_ref().map_or_else(|| World::new(0), |checkpoint| checkpoint.world.clone());
        let status = MatchStatus::new(id.as_str(), &settings, &world, 0, 0);
        let status = Arc::new(ArcSwap::from_pointee(status));
        let epoch = u32::from_le_bytes(random()?).max(1);
        let generations = resume.as_ref().map(|checkpoint| checkpoint.generations_with(epoch));
        let host_turn = resume.as_ref().map_or(0, |checkpoint| checkpoint.desk.host_turn);
        let readers = vec![spectators.thread()];
        let log = Arc::new(FeedLog::new(epoch, &hello(&id, &settings), readers));
        let asleep = Arc::new(AtomicBool::new(false));
        let handle = MatchHandle::new(Shared {
            id: id.clone(),
            settings: settings.clone(),
            inbox,
            spectators: spectators.arrivals(),
            status: Arc::clone(&status),
            log: Arc::clone(&log),
            feed_key,
            thread: thread.handle.thread().clone(),
            asleep: Arc::clone(&asleep),
            mailboxes: Mailboxes::default(),
            callers: Callers::default(),
            generations: generations.unwrap_or_else(|| Generations::default().then(0, epoch, &[])),
            host_turn: AtomicU16::new(host_turn),
            host_turns_given: AtomicU16::new(host_turn),
            next: Mutex::default(),
        });
        let (timing, inbox) = (self.timing.clone(), messages);
        let parts = MatchParts { id, settings, standing, seed, inbox, status, log, timing, journal, resume };
        if let Some(on_hosted) = &self.on_hosted {
            on_hosted(&handle);
        }
        let game = Box::new(Match::new(parts).with_desk(self.desk.clone()));
        let hosted = Hosted { game, asleep };
        thread.hosted.try_send(hosted).map_err(|_| HostError::Busy)?;
        thread.handle.thread().unpark();
        self.remember(&handle);
        Ok(handle)
    }

    fn remember(&self, handle: &MatchHandle) {
        let mut handles = self.handles.lock().unwrap_or_else(PoisonError::into_inner);
        handles.retain(MatchHandle::is_alive);
        handles.push(handle.clone());
    }

    /// Says goodbye to everybody and closes every match, within a time. Links still have their last words to send.
    pub fn close(&self, within: Duration) {
        let deadline = Instant::now() + within;
        let handles = std::mem::take(&mut *self.handles.lock().unwrap_or_else(PoisonError::into_inner));
        handles.iter().for_each(MatchHandle::stop);
        self.stopping.store(true, Ordering::Release);
        for thread in &self.threads {
            thread.handle.thread().unpark();
        }
        while handles.iter().any(MatchHandle::is_alive) && Instant::now() < deadline {
            thread::park_timeout(Duration::from_millis(2));
        }
    }

    /// Ends the threads of a closed pool, or leaves them behind after `within`.
    pub fn stop(self, within: Duration) {
        let deadline = Instant::now() + within;
        for thread in self.threads {
            while !thread.handle.is_finished() && Instant::now() < deadline {
                thread::park_timeout(Duration::from_millis(5));
            }
        }
        for thread in self.spectators {
            thread.stop();
        }
    }
}

fn random<const N: usize>() -> Result<[u8; N], HostError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| HostError::NoRandomness)?;
    Ok(bytes)
}

fn hello(id: &MatchId, settings: &MatchSettings) -> String {
    let hello = Hello {
        version: FEED_VERSION,
        match_id: id.to_string(),
        match_name: settings.name.clone(),
        tick_hz: settings.tick_hz,
        delay_ms: settings.spectator_delay_ms,
        arena: settings.arena(),
        mode: settings.mode,
        goal: settings.rules().goal,
        rules: settings.book,
    };
    serde_json::to_string(&hello).unwrap_or_default()
}
