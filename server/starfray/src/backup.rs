//! `starfray backup`: copies the database of accounts and results, also while a server runs, and says how large it is.
//! The copying itself is the store's; here are the command's arguments and its words.

use std::path::PathBuf;

use clap::Args;
use server::config::{Config, layer::Layer};
use server::store::backup::backup;

use crate::outcome::{Failure, say};
use crate::serve::environment;

/// What the command line says.
#[derive(Args)]
pub(crate) struct BackupArgs {
    /// File that gets the copy; one that is there is replaced when the copy is whole
    file: PathBuf,
    /// TOML file with settings
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Folder that the server's --data-dir names [default: starfray-data]
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
}

/// Copies the database.
pub(crate) fn run(args: BackupArgs) -> Result<(), Failure> {
    let BackupArgs { file, config, data_dir } = args;
    let flags = Layer { config, data_dir, ..Layer::default() };
    let config = Config::load(flags, &environment()).map_err(|error| Failure::usage(&error))?;
    let bytes =
        backup(&config.data_dir, &file).map_err(|error| Failure::trouble(&format!("backup: {error}")))?;
    say(&format!("{}: {bytes} bytes", file.display()));
    Ok(())
}
