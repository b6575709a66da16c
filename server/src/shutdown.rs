//! Stopping: when it begins, and in which order things end, so that everybody is told and nothing hangs.
//! `run` calls it last; the program waits for the signals.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{
    sync::watch,
    task::{JoinSet, spawn_blocking},
    time::{sleep, timeout},
};

use crate::{state::State, telemetry::seldom::Seldom};

/// Time for results that wait to be written, after the matches have ended.
const LAST_RESULTS: Duration = Duration::from_secs(2);
/// Time for requests that are being answered, after the matches have ended.
const LAST_REQUESTS: Duration = Duration::from_millis(500);

/// Time of the whole that is kept for closing matches and for last words.
const GOODBYE: Duration = Duration::from_secs(1);
/// Time after which people are told again how long they can play.
const TELL_EVERY: Duration = Duration::from_secs(4);
/// Time between two looks whether somebody is still connected.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// Time for which two processes listen on one port, so that at every moment one does.
const OVERLAP: Duration = Duration::from_millis(500);

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

/// How a server stops.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// Time for all of it while somebody is connected.
    pub within: Duration,
    /// Whether another process waits to listen on the same port.
    pub share_port: bool,
}

/// Stops a running server within about the given time: takes no new players and says so, lets those who play know how
/// long they can, closes the matches, then stops listening and lets requests end. Without anybody connected that takes
/// no time.
pub async fn stop(state: Arc<State>, (closing, mut loops): (watch::Sender<bool>, JoinSet<()>), terms: Terms) {
    let Terms { within, share_port } = terms;
    let deadline = Instant::now() + within;
    tracing::info!(within_s = within.as_secs_f64(), "stopping; a second signal makes it quick");
    state.drain();
    count_down(&state, within.saturating_sub(GOODBYE.min(within / 2))).await;
    let matches = Arc::clone(&state);
    let left = deadline.saturating_duration_since(Instant::now());
    let ended = spawn_blocking(move || matches.lobby.stop(left));
    if timeout(left + LAST_REQUESTS, ended).await.is_err() {
        tracing::warn!("matches did not end in time");
    }
    if share_port {
        sleep(OVERLAP).await;
    }
    state.board.close();
    state.front.close();
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

/// Lets people play on until the time is over, nobody is connected, or another signal asks for haste.
async fn count_down(state: &State, time: Duration) {
    let end = Instant::now() + time;
    let mut tell = Seldom::new(TELL_EVERY);
    let again = async {
        match signal() {
            Ok(signal) => signal.await,
            // Without signals nobody can ask for more haste.
            Err(_) => std::future::pending().await,
        }
    };
    tokio::pin!(again);
    while state.lobby.has_people() && Instant::now() < end {
        if tell.now() {
            let left = end.saturating_duration_since(Instant::now());
            state.lobby.tell_closing(left.as_secs_f64().ceil() as u16);
        }
        tokio::select! {
            () = sleep(LOOK_EVERY) => {}
            () = &mut again => return,
        }
    }
}
