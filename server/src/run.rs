//! A whole server, from its config to its end. It puts the parts together and has no other work of its own.
//! The program calls it with signals, tests with channels.

use std::{future::Future, io, net::SocketAddr, sync::Arc, time::Duration};

use tokio::{net::TcpListener, sync::watch, task::JoinSet, time::interval};

use crate::{
    accept::{self, Door},
    admission::Admission,
    app,
    config::Config,
    lan,
    lobby::{Lobby, LobbyError},
    open_files, shutdown,
    state::{Parts, State},
    store::handle::Store,
    telemetry::{self, MetricsError, Seldom},
    token::{SecretError, Signer},
};

/// Connections to the address set apart for operators.
const ADMIN_CONNECTIONS_MAX: u32 = 64;
/// Time between two looks after the standing matches and after idle addresses.
const TEND_EVERY: Duration = Duration::from_secs(5);
/// Least time between two warnings of one kind.
const WARN_EVERY: Duration = Duration::from_secs(60);

/// Why a server could not start; one line each.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// An address can't be listened on.
    #[error("can't listen on {address}: {error}{}", hint(error))]
    Listen {
        /// Which one.
        address: SocketAddr,
        /// Why not.
        error: io::Error,
    },
    /// Tokens can't be signed.
    #[error("the data folder: {0}")]
    Secret(#[from] SecretError),
    /// There are no metrics.
    #[error(transparent)]
    Metrics(#[from] MetricsError),
    /// Threads could not be started.
    #[error("can't start threads: {0}")]
    Threads(io::Error),
    /// The standing matches can't be hosted.
    #[error("the public matches: {0}")]
    Standing(#[from] LobbyError),
}

fn hint(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::AddrInUse => {
            "; another program has this port: stop it, or choose another with --listen"
        }
        io::ErrorKind::PermissionDenied => {
            "; ports below 1024 need special rights: choose another with --listen"
        }
        _ => "",
    }
}

/// Runs a server until `stop` is ready, then stops it within the config's time. `ready` hears the address that it
/// listens on, with the real port, as soon as players can connect. Several servers may run in one process.
pub async fn run(config: Config, ready: impl FnOnce(SocketAddr), stop: impl Future) -> Result<(), RunError> {
    telemetry::start_metrics()?;
    let config = fit_to_system(config);
    let (listener, listening) = listen(config.listen.0)?;
    let admin = config.admin_listen.map(|address| listen(address.0)).transpose()?;
    let signer = Signer::open(&config.data_dir)?;
    let store = Store::start(Some(config.data_dir.clone())).map_err(RunError::Threads)?;
    let lobby = Lobby::open(&config, store.desk().clone()).map_err(RunError::Threads)?;
    lobby.tend()?;
    let admission = Arc::new(Admission::new(&config));
    let (config_ref, lan) = (&config, lan::address(listening));
    let parts =
        Parts { lobby, store, admission: Arc::clone(&admission), signer, config: config_ref, listening, lan };
    let state = Arc::new(State::new(parts));

    let (closing, closed) = watch::channel(false);
    let mut loops = JoinSet::new();
    let head_max = config.header_timeout_s.0;
    let door = Door { router: app::public(&state), admission, head_max };
    loops.spawn(accept::serve(listener, door, closed.clone()));
    if let Some((listener, address)) = admin {
        let limits = Config { max_connections: ADMIN_CONNECTIONS_MAX, ..config.clone() };
        let door =
            Door { router: app::admin(&state), admission: Arc::new(Admission::new(&limits)), head_max };
        loops.spawn(accept::serve(listener, door, closed));
        tracing::info!(%address, "metrics");
    }
    tracing::info!(address = %listening, version = env!("CARGO_PKG_VERSION"), "listening");
    ready(listening);
    tokio::select! {
        _ = stop => {}
        () = tend(&state) => {}
    }
    shutdown::stop(state, closing, loops, config.drain_timeout_s.0).await;
    Ok(())
}

fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr), RunError> {
    let bound = accept::bind(address).and_then(|listener| {
        let real = listener.local_addr()?;
        Ok((listener, real))
    });
    bound.map_err(|error| RunError::Listen { address, error })
}

/// As many connections as the system lets a process have.
fn fit_to_system(config: Config) -> Config {
    match open_files::raise() {
        Some(fitting) if fitting < config.max_connections => {
            tracing::warn!(
                max_connections = fitting,
                wanted = config.max_connections,
                "fewer connections than configured: the limit of open files is too low"
            );
            Config { max_connections: fitting, ..config }
        }
        _ => config,
    }
}

/// Looks after what must go on by itself. Never ends.
#[expect(clippy::infinite_loop, reason = "whoever awaits it ends it by dropping it")]
async fn tend(state: &State) {
    let mut turns = interval(TEND_EVERY);
    let mut warning = Seldom::new(WARN_EVERY);
    loop {
        turns.tick().await;
        state.admission.forget_idle();
        match state.lobby.tend() {
            Err(error) if warning.now() => tracing::warn!(%error, "a standing match could not be hosted"),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests;
