//! `starfray serve`: a server with the process's settings, until a signal ends it.
//! The first line on standard output says where it listens; everything else that it has to say is a log line.

use std::{collections::BTreeMap, env, net::SocketAddr};

use server::{
    RunError,
    config::{Config, layer::Layer},
    lan, run, shutdown, telemetry,
};
use tokio::runtime;

use crate::outcome::{Failure, say};

/// Threads for everything that is not a match or a spectator's feed; most of their time they wait.
const WORKERS: usize = 2;

/// Serves until SIGTERM or Ctrl-C; a second one makes the end quick, a third one ends the process where it stands.
pub(crate) fn serve(flags: Layer) -> Result<(), Failure> {
    let config = Config::load(flags, &environment()).map_err(|error| Failure::usage(&error))?;
    telemetry::start_logging(&config.log, config.log_format)
        .map_err(|error| Failure::usage(&format!("log: {error}")))?;
    let runtime = runtime::Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .thread_name("runtime")
        .enable_all()
        .build()
        .map_err(|error| Failure::trouble(&format!("can't start threads: {error}")))?;
    let scheme = if config.tls_cert.is_some() { "https" } else { "http" };
    let done = runtime.block_on(async {
        let stop = shutdown::signal().map_err(|error| Failure::trouble(&format!("no signals: {error}")))?;
        tokio::select! {
            done = run(config, |address| announce(address, scheme), stop) => done.map_err(|error| match error {
                RunError::Tls(_) | RunError::Rules(_) => Failure::usage(&error),
                _ => Failure::trouble(&error),
            }),
            () = thrice() => Err(Failure::trouble(&"stopped at once, by a third signal")),
        }
    });
    // Whatever still runs is not worth waiting for.
    runtime.shutdown_background();
    done
}

/// The process's environment, as far as it is text.
pub(crate) fn environment() -> BTreeMap<String, String> {
    env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

fn announce(address: SocketAddr, scheme: &str) {
    say(&format!("listening on {scheme}://{address}"));
    if address.ip().is_unspecified() {
        say(&format!("open {scheme}://127.0.0.1:{} on this machine", address.port()));
    }
    if let Some(own) = lan::address(address) {
        say(&format!(
            "open {scheme}://{} on others of the same network",
            SocketAddr::new(own, address.port())
        ));
    }
}

/// Waits for three signals.
async fn thrice() {
    for _ in 0..3 {
        match shutdown::signal() {
            Ok(signal) => signal.await,
            // Without signals nothing can ask for more haste.
            Err(_) => std::future::pending().await,
        }
    }
}
