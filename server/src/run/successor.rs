//! Taking over from the process before this one: the folder of journals is free when that has closed its matches.
//! A part of `run`, which calls it before anybody is let in.

use std::time::{Duration, Instant};

use super::RunError;
use crate::config::{Config, JournalMode};
use crate::journal::folder::Folder;
use crate::journal::keeper::Journals;

/// Time between two looks whether the folder is free: a part of the pause that nobody plays.
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// How long a process that just ends may still have the folder of one that shares no port with it.
const PATIENCE: Duration = Duration::from_secs(3);

/// The journals that the config asks for. Waits for a process that shares the port until it gives the folder away.
pub(super) async fn journals(config: &Config) -> Result<Option<Journals>, RunError> {
    if config.journal == JournalMode::Off {
        return Ok(None);
    }
    let trouble = |error| RunError::Journals { path: config.data_dir.clone(), error };
    let (began, mut told) = (Instant::now(), false);
    let folder = loop {
        if let Some(folder) = Folder::take(&config.data_dir).map_err(trouble)? {
            break folder;
        }
        if !config.share_port && began.elapsed() >= PATIENCE {
            return Err(RunError::Taken(config.data_dir.clone()));
        }
        if !std::mem::replace(&mut told, true) {
            tracing::info!(data_dir = %config.data_dir.display(), "waiting for the process that has the matches");
        }
        tokio::time::sleep(LOOK_EVERY).await;
    };
    let sync = config.journal == JournalMode::Synced;
    Journals::start(folder, sync, config.checkpoint_every_s.0).map(Some).map_err(RunError::Threads)
}
