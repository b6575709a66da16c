//! `cargo xtask play`: from the sources to a served game.
//! It builds and then steps aside: the address, a busy port and the end of the game are the server's to tell.

use std::process::{Command, ExitCode};

use anyhow::Result;

use crate::{
    cargo::{SELECTION, cargo, run},
    client,
    progress::Progress,
    target,
    workspace::Workspace,
};

/// Builds the client and the server and serves the game; `args` go to `starfray serve`.
///
/// # Errors
/// When something does not compile or the server cannot be started. What the server says and its exit code are its
/// own.
pub(crate) fn play(workspace: &Workspace, args: &[String]) -> Result<ExitCode> {
    let mut progress = Progress::new(4);
    progress.step("browser target", target::ensure)?;
    progress.step("browser client", || client::build(workspace))?;
    progress.step("server", || {
        let build = &mut cargo(&workspace.root, ["build", "--bin", "starfray"]);
        run(build.args(SELECTION), "building the server")
    })?;
    progress.announce(&format!("serving, ready after {}", progress.elapsed()));
    let mut server = Command::new(workspace.program("debug", "starfray"));
    server.arg("serve").args(args);
    hand_over(server)
}

/// Becomes the server, so that signals, terminal and exit code are the server's without a process between.
#[cfg(unix)]
fn hand_over(mut server: Command) -> Result<ExitCode> {
    use std::os::unix::process::CommandExt as _;

    let error = server.exec();
    Err(anyhow::Error::new(error).context("cannot start the server"))
}

/// Waits for the server and passes on how it ended.
#[cfg(not(unix))]
fn hand_over(mut server: Command) -> Result<ExitCode> {
    use anyhow::Context as _;

    let status = server.status().context("cannot start the server")?;
    Ok(status.code().map_or(ExitCode::FAILURE, |code| ExitCode::from(code.clamp(0, 255) as u8)))
}
