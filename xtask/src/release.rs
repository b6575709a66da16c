//! `cargo xtask build`: one file that holds the server and the browser client.
//! It knows nothing of running or testing it.

use anyhow::Result;

use crate::{
    cargo::{cargo, run},
    client,
    progress::{Progress, say},
    target,
    workspace::Workspace,
};

/// Makes `starfray` in the release folder.
///
/// # Errors
/// When something does not compile.
pub(crate) fn build(workspace: &Workspace) -> Result<()> {
    let mut progress = Progress::new(3);
    progress.step("browser target", target::ensure)?;
    progress.step("browser client", || client::build(workspace))?;
    progress.step("server, optimised", || {
        run(
            &mut cargo(&workspace.root, ["build", "--release", "-p", "starfray", "--bin", "starfray"]),
            "building the server",
        )
    })?;
    say(&format!(
        "{} ready after {}",
        workspace.program("release", "starfray").display(),
        progress.elapsed()
    ));
    Ok(())
}
