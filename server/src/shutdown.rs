//! Stopping: when it begins, and in which order things end, so that everybody is told and nothing hangs.
//! `run` calls it last; the program waits for the signals.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{
    sync::watch,
    task::{JoinSet, spawn_blocking},
    time::timeout,
};

use crate::state::State;

/// Time for results that wait to be written, after the matches have ended.
const LAST_RESULTS: Duration = Duration::from_secs(2);
/// Time for requests that are being answered, after the matches have ended.
const LAST_REQUESTS: Duration = Duration::from_millis(500);

/// Waits until somebody asks this process to stop: SIGTERM, or Ctrl-C. It listens from the call on, not from the first
/// look at what it returns, so that no signal falls between.
#[cfg(unix)]
pub fn signal() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};

    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// Waits until somebody asks this process to stop: Ctrl-C.
#[cfg(not(unix))]
pub fn signal() -> std::io::Result<impl Future<Output = ()>> {
    Ok(async {
        if tokio::signal::ctrl_c().await.is_err() {
            // Without signals nothing can ask it to stop.
            std::future::pending::<()>().await;
        }
    })
}

/// Stops a running server within about `within`: takes no new players and says so, lets the matches say goodbye,
/// then stops listening and lets requests end. Without anybody connected that takes no time.
pub async fn stop(state: Arc<State>, closing: watch::Sender<bool>, mut loops: JoinSet<()>, within: Duration) {
    let deadline = Instant::now() + within;
    tracing::info!(within_s = within.as_secs_f64(), "stopping");
    state.drain();
    let matches = Arc::clone(&state);
    let ended = spawn_blocking(move || matches.lobby.stop(within));
    if timeout(within + LAST_REQUESTS, ended).await.is_err() {
        tracing::warn!("matches did not end in time");
    }
    // A receiver that is gone has stopped already.
    let _ = closing.send(true);
    let left = deadline.saturating_duration_since(Instant::now()).max(LAST_REQUESTS);
    let joined = timeout(left, async { while loops.join_next().await.is_some() {} });
    if joined.await.is_err() {
        tracing::warn!("requests did not end in time");
        loops.abort_all();
    }
    let store = spawn_blocking(move || state.store.close(LAST_RESULTS));
    if store.await.is_err() {
        tracing::error!("the store broke at the end");
    }
    tracing::info!("stopped");
}
