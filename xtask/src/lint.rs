//! `cargo xtask lint`: the list of checks that a change must pass.
//! It runs them all, so that one run shows every complaint; the house's own rules are in `tidy`.

use anyhow::{Result, bail};

use crate::{
    cargo::{BROWSER_TARGET, cargo, has_command, run},
    progress::{Progress, say},
    target, tidy,
    workspace::Workspace,
};

const CLIPPY_NATIVE: &[&str] = &["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"];

const CLIPPY_BROWSER: &[&str] = &[
    "clippy",
    "-p",
    "shared",
    "-p",
    "client-web",
    "--lib",
    "--target",
    BROWSER_TARGET,
    "--",
    "-D",
    "warnings",
];

/// Advisories need the network, and a lint that fails without one is no use; they are asked for by hand.
const DENY: &[&str] =
    &["deny", "--offline", "check", "--config", ".deny.toml", "bans", "licenses", "sources"];

/// Runs every check.
///
/// # Errors
/// When at least one check failed; each has printed its complaints.
pub(crate) fn lint(workspace: &Workspace) -> Result<()> {
    let mut progress = Progress::new(7);
    let root = &workspace.root;
    let results = [
        ("browser target", progress.step("browser target", target::ensure)),
        (
            "format",
            progress.step("format", || run(&mut cargo(root, ["fmt", "--all", "--check"]), "cargo fmt")),
        ),
        ("house rules", progress.step("house rules", || tidy::check(workspace))),
        ("clippy", progress.step("clippy", || run(&mut cargo(root, CLIPPY_NATIVE), "clippy"))),
        (
            "clippy for the browser",
            progress.step("clippy for the browser", || run(&mut cargo(root, CLIPPY_BROWSER), "clippy")),
        ),
        ("documentation", progress.step("documentation", || document(workspace))),
        ("dependency policy", progress.step("dependency policy", || deny(workspace))),
    ];
    let failed: Vec<String> = results
        .iter()
        .filter_map(|(name, result)| result.as_ref().err().map(|error| format!("{name} ({error:#})")))
        .collect();
    if !failed.is_empty() {
        bail!("lint failed: {}", failed.join("; "));
    }
    say(&format!("      lint is clean after {}", progress.elapsed()));
    Ok(())
}

fn document(workspace: &Workspace) -> Result<()> {
    let mut command = cargo(&workspace.root, ["doc", "--workspace", "--no-deps"]);
    run(command.env("RUSTDOCFLAGS", "-D warnings"), "cargo doc")
}

fn deny(workspace: &Workspace) -> Result<()> {
    if !has_command(&workspace.root, "deny") {
        say("      skipped: cargo-deny is not installed");
        return Ok(());
    }
    run(&mut cargo(&workspace.root, DENY), "cargo deny")
}
