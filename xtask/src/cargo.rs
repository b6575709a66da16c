//! Starts cargo and other programs, and turns a bad exit into one line.
//! It does not know what is built or why. Called by every task that runs another program.

use std::{
    ffi::OsStr,
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, bail};

/// One selection for `play` and `test`: cargo unites the features of what is selected together, so that another
/// selection would compile the same packages again. The tool itself stays out; its features are its own.
pub(crate) const SELECTION: [&str; 3] = ["--workspace", "--exclude", "xtask"];

/// The compiler's name for the browser.
pub(crate) const BROWSER_TARGET: &str = "wasm32-unknown-unknown";

/// A call of the cargo that runs this tool, with `args`, in `root`.
pub(crate) fn cargo<S: AsRef<OsStr>>(root: &Path, args: impl IntoIterator<Item = S>) -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(program);
    command.args(args).current_dir(root).stdin(Stdio::null());
    // `cargo run` describes this tool's own package to us. Passed on, it would make build scripts look changed.
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(describes_this_package) {
            command.env_remove(name);
        }
    }
    command
}

fn describes_this_package(name: &str) -> bool {
    name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")
}

/// Runs a program whose output goes straight to the terminal.
///
/// # Errors
/// When it cannot be started or exits badly; it has said why, so the error is only `what` and the way it ended.
pub(crate) fn run(command: &mut Command, what: &str) -> Result<()> {
    let status = command.status().with_context(|| format!("cannot start {what}"))?;
    if !status.success() {
        bail!("{what} failed ({status})");
    }
    Ok(())
}

/// Whether `cargo NAME` is an installed command.
pub(crate) fn has_command(root: &Path, name: &str) -> bool {
    cargo(root, [name, "--version"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_tools_own_description_is_taken_away() {
        assert!(describes_this_package("CARGO_PKG_NAME"));
        assert!(describes_this_package("CARGO_MANIFEST_DIR"));
        assert!(!describes_this_package("CARGO_TARGET_DIR"));
        assert!(!describes_this_package("CARGO_HOME"));
    }
}
