//! A whole server, from its config to its end. It puts the parts together and has no other work of its own.
//! The program calls it with signals, tests with channels.

use std::{future::Future, io, net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use tokio::{
    net::TcpListener,
    sync::watch,
    task::{JoinSet, spawn_blocking},
    time::interval,
};

use crate::{
    accept::{self, Door},
    admission::Admission,
    app,
    cluster::bridge::Bridge,
    config::Config,
    journal::keeper::Journals,
    lan,
    lobby::{Lobby, LobbyError, Side, front},
    open_files, operator_word, panel,
    replay::{
        archivist::Archivist,
        shelf::{Limits, Shelf},
    },
    rules_file::{self, RulesError},
    shutdown::{self, Terms},
    state::{Parts, State},
    store::handle::Store,
    telemetry::{self, MetricsError, seldom::Seldom},
    tls::{Tls, TlsError, TlsFiles},
    token::{SecretError, Signer},
};

/// Connections to the address set apart for operators.
const ADMIN_CONNECTIONS_MAX: u32 = 64;
/// Time between two looks after the standing matches and after idle addresses.
const TEND_EVERY: Duration = Duration::from_secs(5);
/// Time for the last events on their way to a message broker, after the matches have ended.
const LAST_EVENTS: Duration = Duration::from_millis(500);
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
    /// The certificate does not work.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The rules do not work.
    #[error("rules: {0}")]
    Rules(#[from] RulesError),
    /// Threads could not be started.
    #[error("can't start threads: {0}")]
    Threads(io::Error),
    /// What matches leave on the disk can't be kept.
    #[error("the data folder: {}: {error}; --journal off keeps nothing of matches", path.display())]
    Journals {
        /// The data folder.
        path: PathBuf,
        /// Why not.
        error: io::Error,
    },
    /// Another process keeps its matches there.
    #[error("the data folder: {}: another starfray keeps its matches there; stop it, or choose another with --data-dir", .0.display())]
    Taken(PathBuf),
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
    let tls = open_tls(&config)?;
    let book = rules_file::load(config.rules.as_deref())?;
    let config = fit_to_system(config);
    // With a shared port the process before this one is still there: nobody is let in before it has given its matches
    // away. Without, a port that is taken is the first thing to say.
    let early = if config.share_port { None } else { Some(Doors::open(&config)?) };
    let signer = Signer::open(&config.data_dir)?;
    let operator_word = operator_word::find(config.admin_token.as_ref(), &config.data_dir)?;
    let journals = successor::journals(&config).await?;
    let Doors { listener, listening, admin } = early.map_or_else(|| Doors::open(&config), Ok)?;
    let bridge = config.nats.clone().map(|broker| Bridge::new(broker, config.nats_matches));
    let on_hosted = bridge.as_ref().map(Bridge::on_hosted);
    let archivist = archive(&config, journals.as_ref())?;
    let store = Store::start(Some(config.data_dir.clone())).map_err(RunError::Threads)?;
    let lobby = open_lobby(&config, Side { journals, on_hosted, desk: store.desk().clone(), book })?;
    let bridge = bridge.map(Bridge::start);
    let admission = Arc::new(Admission::new(&config));
    let replays = archivist.as_ref().map(Archivist::shelf);
    let (config_ref, lan) = (&config, lan::address(listening));
    let parts = Parts {
        lobby,
        store,
        replays,
        admission: Arc::clone(&admission),
        signer,
        operator_word,
        config: config_ref,
        listening,
        lan,
    };
    let state = Arc::new(State::new(parts));

    let (closing, closed) = watch::channel(false);
    let mut loops = JoinSet::new();
    let (router, head_max) = (app::public(&state), config.header_timeout_s.0);
    let door = Door { router, admission, head_max, tls: tls.clone() };
    loops.spawn(accept::serve(listener, door, closed.clone()));
    if let Some((listener, address)) = admin {
        loops.spawn(accept::serve(listener, admin_door(&state, &config), closed));
        tracing::info!(%address, "admin page and metrics");
    }
    let watched = Arc::clone(&state);
    loops.spawn(async move { panel::keep(&watched.board, &watched.lobby, || watched.is_draining()).await });
    let shown = Arc::clone(&state);
    loops.spawn(async move { front::keep(&shown.front, &shown.lobby).await });
    tracing::info!(address = %listening, version = env!("CARGO_PKG_VERSION"), "listening");
    ready(listening);
    work_until(stop, &state, tls.as_deref()).await;
    if let Some(archivist) = archivist {
        archivist.stop();
    }
    let terms = Terms { within: config.drain_timeout_s.0, share_port: config.share_port };
    shutdown::stop(state, (closing, loops), terms).await;
    if let Some(bridge) = bridge {
        bridge.finish(LAST_EVENTS).await;
    }
    Ok(())
}

/// Looks after what has to be looked after, until `stop` is ready or the operator wants it.
async fn work_until(stop: impl Future, state: &Arc<State>, tls: Option<&Tls>) {
    tokio::select! {
        _ = stop => {}
        () = state.asked_to_stop() => tracing::info!("the operator asked the server to stop"),
        () = tend(state) => {}
        () = tend_tls(tls) => {}
    }
}

/// The lobby with the matches of the process before this one, and those that are always there.
fn open_lobby(config: &Config, side: Side) -> Result<Lobby, RunError> {
    let lobby = Lobby::open(config, side).map_err(RunError::Threads)?;
    lobby.recover();
    for kept in lobby.with_other_rules() {
        tracing::warn!(
            match_id = %kept.id(),
            name = kept.settings().name,
            "this public match keeps the rules that it began with; to have it by those of now, end it on the admin page, or \
             start with a fresh data folder"
        );
    }
    lobby.tend()?;
    Ok(lobby)
}

/// Who gets in where operators ask.
fn admin_door(state: &Arc<State>, config: &Config) -> Door {
    let limits = Config { max_connections: ADMIN_CONNECTIONS_MAX, ..config.clone() };
    let (admission, head_max) = (Arc::new(Admission::new(&limits)), config.header_timeout_s.0);
    Door { router: app::admin(state), admission, head_max, tls: None }
}

/// What keeps replays of ended matches, if the config asks for that and there are journals to make them from.
fn archive(config: &Config, journals: Option<&Journals>) -> Result<Option<Archivist>, RunError> {
    let limits = Limits::new(config.replays_max_mb, config.replays_max_age_days);
    let Some(journals) = journals else { return Ok(None) };
    let trouble = |error| RunError::Journals { path: config.data_dir.clone(), error };
    let Some(limits) = limits else {
        // What an earlier process kept to make replays of is of no use.
        journals.folder().remove_histories().map_err(trouble)?;
        return Ok(None);
    };
    let shelf = Shelf::open(&config.data_dir, limits).map_err(trouble)?;
    Archivist::start(journals, Arc::new(shelf)).map_err(RunError::Threads)
}

fn open_tls(config: &Config) -> Result<Option<Arc<Tls>>, TlsError> {
    let files = config.tls_cert.clone().zip(config.tls_key.clone());
    files.map(|(cert, key)| Tls::open(TlsFiles { cert, key }).map(Arc::new)).transpose()
}

/// Looks after the certificate, if there is one. Never ends.
async fn tend_tls(tls: Option<&Tls>) {
    match tls {
        Some(tls) => tls.tend().await,
        None => std::future::pending().await,
    }
}

/// The sockets that listen, with their real ports.
struct Doors {
    listener: TcpListener,
    listening: SocketAddr,
    admin: Option<(TcpListener, SocketAddr)>,
}

impl Doors {
    fn open(config: &Config) -> Result<Doors, RunError> {
        let (listener, listening) = listen(config.listen.0, config.share_port)?;
        let admin = config.admin_listen.map(|address| listen(address.0, config.share_port)).transpose()?;
        Ok(Doors { listener, listening, admin })
    }
}

fn listen(address: SocketAddr, share_port: bool) -> Result<(TcpListener, SocketAddr), RunError> {
    let bound = accept::bind(address, share_port).and_then(|listener| {
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
async fn tend(state: &Arc<State>) {
    let mut turns = interval(TEND_EVERY);
    let mut warning = Seldom::new(WARN_EVERY);
    loop {
        tokio::select! {
            _ = turns.tick() => {}
            () = state.lobby.broken() => {
                let state = Arc::clone(state);
                if spawn_blocking(move || state.lobby.mend()).await.is_err() {
                    tracing::error!("matches that panicked could not be taken up");
                }
            }
        }
        state.admission.forget_idle();
        match state.lobby.tend() {
            Err(error) if warning.now() => tracing::warn!(%error, "a standing match could not be hosted"),
            _ => {}
        }
    }
}

mod successor;

#[cfg(test)]
mod tests;
