//! One simulation thread: ticks its matches at absolute deadlines and sleeps in between.
//! A late thread makes up at most three ticks, then leaves ticks out and counts them. A panic ends one match only.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, TryRecvError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

use crate::matches::id::MatchId;
use crate::matches::tick::Match;
use crate::telemetry::TickMetrics;

/// Ticks that are made up for at most.
const CATCH_UP_TICKS: u64 = 3;
/// Time between two looks after a sleeping match.
const DOZE: Duration = Duration::from_secs(1);

/// Time between two looks at the made-up network of a playground.
const CARRY_EVERY: Duration = Duration::from_millis(3);

/// How a match left its thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It was over, and everybody was told.
    Over,
    /// It goes on on another map.
    Moves,
    /// It panicked.
    Broken,
}

/// Called with the id of each match that leaves.
pub type OnEnded = Arc<dyn Fn(&MatchId, Ending) + Send + Sync>;

/// A match on its way to its thread.
#[derive(Debug)]
pub struct Hosted {
    /// The match.
    pub game: Box<Match>,
    /// Set while it sleeps, so that whoever asks it something wakes the thread.
    pub asleep: Arc<AtomicBool>,
}

/// A match on its thread.
struct Running {
    game: Box<Match>,
    asleep: Arc<AtomicBool>,
    /// Ticks of its rate since the thread began: matches of one rate share deadlines.
    due: u64,
    broken: bool,
}

/// One simulation thread's work.
pub struct Runner {
    inbox: Receiver<Hosted>,
    stopping: Arc<AtomicBool>,
    on_ended: OnEnded,
    start: Instant,
    matches: Vec<Running>,
    metrics: TickMetrics,
}

impl std::fmt::Debug for Runner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Runner").field("matches", &self.matches.len()).finish_non_exhaustive()
    }
}

impl Runner {
    /// A thread's work before it begins.
    pub fn new(inbox: Receiver<Hosted>, stopping: Arc<AtomicBool>, on_ended: OnEnded) -> Runner {
        let (start, matches) = (Instant::now(), Vec::new());
        Runner { inbox, stopping, on_ended, start, matches, metrics: TickMetrics::new() }
    }

    /// Runs until the pool stops and every match is over.
    pub fn run(mut self) {
        loop {
            let open = self.take_in();
            let next = self.tick_due();
            self.let_go();
            let stopping = self.stopping.load(Ordering::Acquire) || !open;
            if stopping && self.matches.is_empty() {
                return;
            }
            let now = self.start.elapsed();
            match next {
                Some(at) => thread::park_timeout(at.saturating_sub(now)),
                None => thread::park_timeout(DOZE),
            }
        }
    }

    /// Takes in new matches; false when no more can come.
    fn take_in(&mut self) -> bool {
        loop {
            match self.inbox.try_recv() {
                Ok(Hosted { game, asleep }) => {
                    let due = next_due(&game, self.start.elapsed());
                    self.matches.push(Running { game, asleep, due, broken: false });
                }
                Err(TryRecvError::Empty) => return true,
                Err(TryRecvError::Disconnected) => return false,
            }
        }
    }

    /// Ticks every match whose time has come; returns when the next one's comes.
    fn tick_due(&mut self) -> Option<Duration> {
        let mut next: Option<Duration> = None;
        for running in &mut self.matches {
            let now = self.start.elapsed();
            let at = if running.asleep.load(Ordering::Acquire) {
                guard(running, |game| game.doze(now));
                running.wake_or_sleep(now)
            } else if deadline(&running.game, running.due) <= now {
                tick(running, now, &self.metrics);
                running.wake_or_sleep(self.start.elapsed())
            } else {
                running.next_look(now)
            };
            next = Some(next.map_or(at, |n| n.min(at)));
        }
        next
    }

    fn let_go(&mut self) {
        let on_ended = &self.on_ended;
        self.matches.retain(|running| {
            let ending = match (running.broken, running.game.is_over()) {
                (true, _) => Ending::Broken,
                (false, true) if running.game.moves() => Ending::Moves,
                (false, true) => Ending::Over,
                (false, false) => return true,
            };
            on_ended(running.game.id(), ending);
            false
        });
    }
}

impl Running {
    /// Decides whether the match sleeps, and returns when it wants to be looked after next.
    fn wake_or_sleep(&mut self, now: Duration) -> Duration {
        let sleeps = self.game.may_sleep();
        let slept = self.asleep.swap(sleeps, Ordering::AcqRel);
        if sleeps {
            return now + DOZE;
        }
        if slept {
            self.due = next_due(&self.game, now);
        }
        self.next_look(now)
    }

    /// Looks after what goes on between ticks, and returns when the match wants to be looked after next.
    fn next_look(&mut self, now: Duration) -> Duration {
        let due = deadline(&self.game, self.due);
        let mut carries = false;
        guard(self, |game| carries = game.carry(now));
        if carries { due.min(now + CARRY_EVERY) } else { due }
    }
}

/// One tick of one match, measured.
fn tick(running: &mut Running, now: Duration, metrics: &TickMetrics) {
    let period = deadline(&running.game, 1);
    let late = now.saturating_sub(deadline(&running.game, running.due));
    metrics.tick_lateness.record(late.as_secs_f64());
    let behind = (late.as_secs_f64() / period.as_secs_f64()) as u64;
    if behind > CATCH_UP_TICKS {
        running.due += behind;
        metrics.ticks_skipped.increment(behind);
    }
    let (began, cpu_began) = (Instant::now(), thread_cpu());
    guard(running, |game| game.tick(now));
    metrics.tick_cpu.record(thread_cpu().saturating_sub(cpu_began).as_secs_f64());
    metrics.tick_duration.record(began.elapsed().as_secs_f64());
    running.due += 1;
}

/// Lets a match work; a panic ends it and nothing else.
fn guard(running: &mut Running, work: impl FnOnce(&mut Match)) {
    let game = &mut running.game;
    if catch_unwind(AssertUnwindSafe(|| work(game))).is_err() {
        tracing::error!(match_id = %running.game.id(), "a match panicked and was ended");
        running.broken = true;
    }
}

/// When the tick number `due` of the match's rate falls, counted from the thread's beginning.
fn deadline(game: &Match, due: u64) -> Duration {
    Duration::from_nanos(due.saturating_mul(1_000_000_000) / u64::from(game.rate_hz()))
}

/// The first tick number after `now`.
fn next_due(game: &Match, now: Duration) -> u64 {
    (now.as_nanos() * u128::from(game.rate_hz()) / 1_000_000_000) as u64 + 1
}

/// CPU time of this thread.
fn thread_cpu() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec.unsigned_abs() as u32)
}
