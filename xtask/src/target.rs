//! Makes sure that the compiler can build for the browser, and for other targets than this machine.
//! Uses the network only when a target's standard library is really missing. Called by `play`, `test`, `build`, `dist`
//! and `lint` as their first step.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, bail};

use crate::{
    cargo::{BROWSER_TARGET, run},
    programs,
    progress::say,
};

/// Adds the browser target to the tool chain if it is missing.
///
/// # Errors
/// One line on what to install, when it is missing and cannot be added.
pub(crate) fn ensure() -> Result<()> {
    ensure_for(BROWSER_TARGET)
}

/// Adds another target to the tool chain if it is missing.
///
/// # Errors
/// The same.
pub(crate) fn ensure_for(target: &str) -> Result<()> {
    ensure_in(&sysroot()?, target, || add_by_rustup(target))
}

/// The same with the tool chain's folder and the way to add the target given.
fn ensure_in(sysroot: &Path, target: &str, add: impl FnOnce() -> Result<()>) -> Result<()> {
    let library = sysroot.join("lib/rustlib").join(target);
    if library.exists() {
        return Ok(());
    }
    add()?;
    if !library.exists() {
        bail!("{target} was added, but not to the tool chain in use at {}", sysroot.display());
    }
    Ok(())
}

fn sysroot() -> Result<PathBuf> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).args(["--print", "sysroot"]).output().context("cannot start rustc")?;
    let path = String::from_utf8(output.stdout).context("rustc's folder is not UTF-8")?;
    Ok(PathBuf::from(path.trim()))
}

fn add_by_rustup(target: &str) -> Result<()> {
    if programs::find(&["rustup"]).is_none() {
        bail!(
            "Rust's standard library for {target} is missing and there is no rustup to add it: \
             install Rust by rustup, or your system's package for it (Debian for the browser: libstd-rust-dev-wasm32)"
        );
    }
    say(&format!("      the target {target} is missing, adding it"));
    run(Command::new("rustup").args(["target", "add", target]), "`rustup target add`")
        .with_context(|| format!("the target is missing; with a network, run `rustup target add {target}`"))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn sysroot_for(test: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("xtask-{test}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(folder.join("lib/rustlib")).expect("a folder for the test");
        folder
    }

    #[test]
    fn a_present_target_is_left_alone() {
        let sysroot = sysroot_for("present");
        fs::create_dir(sysroot.join("lib/rustlib").join(BROWSER_TARGET)).expect("a folder");
        assert!(ensure_in(&sysroot, BROWSER_TARGET, || bail!("must not be called")).is_ok());
        fs::remove_dir_all(sysroot).expect("the folder to go");
    }

    #[test]
    fn a_missing_target_is_added() {
        let sysroot = sysroot_for("missing");
        let library = sysroot.join("lib/rustlib").join(BROWSER_TARGET);
        assert!(ensure_in(&sysroot, BROWSER_TARGET, || Ok(fs::create_dir(&library)?)).is_ok());
        fs::remove_dir_all(sysroot).expect("the folder to go");
    }

    #[test]
    fn a_target_that_cannot_be_added_is_an_error() {
        let sysroot = sysroot_for("refused");
        assert!(ensure_in(&sysroot, BROWSER_TARGET, || bail!("no network")).is_err());
        assert!(ensure_in(&sysroot, BROWSER_TARGET, || Ok(())).is_err(), "added to another tool chain");
        fs::remove_dir_all(sysroot).expect("the folder to go");
    }
}
