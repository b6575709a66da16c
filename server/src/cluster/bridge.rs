//! The bridge from a server's feeds to a message broker: connects, publishes, and connects again when the broker was away.
//! A task of the runtime; matches never wait for it, and a server starts and plays without any broker.

use std::fmt;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use crate::cluster::board::{Board, Newcomers};
use crate::cluster::connection::Connection;
use crate::cluster::followed::Followed;
use crate::cluster::publishing::{Finish, Publishing};
use crate::cluster::subjects;
use crate::config::{BrokerUrl, NatsMatches};
use crate::matches::handle::MatchHandle;
use crate::matches::pool::OnHosted;
use crate::telemetry::bridge_figures::BridgeFigures;
use crate::telemetry::seldom::Seldom;

/// Bounds of the time between two attempts to connect; it doubles between them, and a half of it is chance.
const RETRY: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(4));
/// How long a connection has to last until the next loss counts as the first.
const HEALTHY_AFTER: Duration = Duration::from_secs(10);
/// Time between two looks after ended matches while there is no broker.
const TIDY_EVERY: Duration = Duration::from_millis(250);
/// Least time between two warnings that the broker is away.
const WARN_EVERY: Duration = Duration::from_secs(60);

/// A bridge before it runs.
#[derive(Debug)]
pub struct Bridge {
    url: BrokerUrl,
    matches: NatsMatches,
    newcomers: Newcomers,
}

/// A running bridge.
pub struct Running {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl fmt::Debug for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Running").finish_non_exhaustive()
    }
}

impl Bridge {
    /// A bridge to the broker at `url`, for these matches.
    pub fn new(url: BrokerUrl, matches: NatsMatches) -> Bridge {
        Bridge { url, matches, newcomers: Newcomers::default() }
    }

    /// Takes in each match that a lobby hosts, before its first tick, so that no event is missed.
    pub fn on_hosted(&self) -> OnHosted {
        let (newcomers, matches) = (Arc::downgrade(&self.newcomers), self.matches);
        Arc::new(move |game: &MatchHandle| {
            // A bridge that is gone takes nothing in, and nothing piles up.
            let Some(newcomers) = newcomers.upgrade() else { return };
            if game.settings().password.is_some() && matches == NatsMatches::Open {
                return;
            }
            let followed = Followed::new(game.id().to_string(), subjects::feed(game.id()), game.feed_log());
            newcomers.lock().unwrap_or_else(PoisonError::into_inner).push(followed);
        })
    }

    /// Starts it on the runtime.
    pub fn start(self) -> Running {
        let (stop, stopping) = watch::channel(false);
        let task = tokio::spawn(run(self.url, Board::new(self.newcomers), stopping));
        Running { stop, task }
    }
}

impl Running {
    /// Lets it tell what is left, if there is a broker, within a time. Comes after the end of all matches.
    pub async fn finish(mut self, within: Duration) {
        // A bridge that is gone needs no telling.
        let _ = self.stop.send(true);
        if timeout(within, &mut self.task).await.is_err() {
            tracing::warn!("the message broker did not take the last events in time");
            self.task.abort();
        }
    }
}

async fn run(url: BrokerUrl, mut board: Board, mut stop: watch::Receiver<bool>) {
    let (began, figures) = (Instant::now(), BridgeFigures::new());
    let (mut attempts, mut warnings) = (0, Warnings::new());
    while !*stop.borrow() {
        let opened = tokio::select! {
            opened = Connection::open(&url) => opened,
            () = wait(&mut board, &figures, began, &mut stop) => return,
        };
        let reason = match opened {
            Ok(connection) => {
                tracing::info!(broker = %url, "publishing feeds");
                let connected = Instant::now();
                figures.connects.increment(1);
                figures.connected.set(1);
                let finish = Publishing::new(connection, &mut board, &figures, began).run(&stop).await;
                figures.connected.set(0);
                if matches!(finish, Finish::Done) {
                    return;
                }
                if connected.elapsed() >= HEALTHY_AFTER {
                    attempts = 0;
                }
                finish.to_string()
            }
            Err(error) => error.to_string(),
        };
        if warnings.worth(&reason) {
            tracing::warn!(broker = %url, reason, "no message broker; trying again");
        }
        attempts += 1;
        tokio::select! {
            () = sleep(pause(attempts, chance())) => {}
            () = wait(&mut board, &figures, began, &mut stop) => return,
        }
    }
}

/// Which warnings are worth saying: one of another kind at once, the same again only after a while.
#[derive(Debug)]
struct Warnings {
    again: Seldom,
    last: String,
}

impl Warnings {
    fn new() -> Warnings {
        Warnings { again: Seldom::new(WARN_EVERY), last: String::new() }
    }

    fn worth(&mut self, reason: &str) -> bool {
        let worth = self.again.now() || reason != self.last;
        reason.clone_into(&mut self.last);
        worth
    }
}

/// Looks after ended matches while there is no broker; returns when the bridge is to stop.
async fn wait(board: &mut Board, figures: &BridgeFigures, began: Instant, stop: &mut watch::Receiver<bool>) {
    while !*stop.borrow() {
        figures.dropped.increment(board.tidy(began.elapsed()));
        // Whether it was told or ran out of time, the loop looks itself; without anybody to tell it is over.
        if let Ok(Err(_)) = timeout(TIDY_EVERY, stop.changed()).await {
            return;
        }
    }
}

/// How long to wait before the attempt after `attempts` that failed; `chance` is 0 to 1.
fn pause(attempts: u32, chance: f64) -> Duration {
    let (least, most) = RETRY;
    let whole = least.saturating_mul(1 << attempts.saturating_sub(1).min(8)).min(most);
    whole.mul_f64(0.5 + 0.5 * chance)
}

/// A number between 0 and 1; the middle if the system has no randomness.
fn chance() -> f64 {
    getrandom::u32().map_or(0.5, |bits| f64::from(bits) / f64::from(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_bound_and_are_spread() {
        assert_eq!(pause(1, 1.0), RETRY.0);
        assert_eq!(pause(2, 0.0), RETRY.0);
        for attempts in [20, u32::MAX] {
            assert_eq!(pause(attempts, 1.0), RETRY.1);
            assert_eq!(pause(attempts, 0.0), RETRY.1 / 2);
        }
    }
}
