//! Programs that are not ours and that the tests start: which, and how to get them on Debian.
//! It installs only what is missing, and only where it may. Called by `test` and `delivery`; `find` also by the target's
//! check.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, bail};

use crate::{cargo::run, progress::say};

/// A program that the tests need.
struct Program {
    /// The names it may have in `PATH`.
    names: &'static [&'static str],
    /// The package that brings it on Debian and its relatives.
    debian_package: &'static str,
}

/// What the tests start.
const NEEDED: [Program; 3] = [
    Program { names: &["chromium", "chromium-browser"], debian_package: "chromium" },
    Program { names: &["nginx"], debian_package: "nginx-light" },
    Program { names: &["nats-server"], debian_package: "nats-server" },
];

/// The C compiler for musl, which the static build needs.
const MUSL: Program = Program { names: &["musl-gcc"], debian_package: "musl-tools" };

/// The first of `names` that lies in `PATH`.
pub(crate) fn find(names: &[&str]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let files = |folder: PathBuf| {
        names
            .iter()
            .map(|name| folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX)))
            .collect::<Vec<_>>()
    };
    std::env::split_paths(&path).flat_map(files).find(|file| file.is_file())
}

/// Makes sure that every program of the tests is there.
///
/// # Errors
/// One line naming the packages to install, when some are missing and may not be installed from here.
pub(crate) fn ensure() -> Result<()> {
    ensure_all(&NEEDED, "the tests need")
}

/// Makes sure that there is a C compiler for musl.
///
/// # Errors
/// The same.
pub(crate) fn ensure_musl() -> Result<()> {
    ensure_all(&[MUSL], "the static build needs")
}

fn ensure_all(programs: &[Program], who: &str) -> Result<()> {
    let missing = || missing_packages(programs, |program| find(program.names).is_some());
    let (packages, advice) = (missing(), |packages: &[&str]| advice(who, packages));
    if packages.is_empty() {
        return Ok(());
    }
    if !may_install() {
        bail!("{}", advice(&packages));
    }
    install(&packages).with_context(|| advice(&packages))?;
    let packages = missing();
    if !packages.is_empty() {
        bail!("{} was installed, but its program is not in PATH", packages.join(" "));
    }
    Ok(())
}

fn missing_packages(programs: &[Program], present: impl Fn(&Program) -> bool) -> Vec<&'static str> {
    programs.iter().filter(|program| !present(program)).map(|program| program.debian_package).collect()
}

fn advice(who: &str, packages: &[&str]) -> String {
    format!("{who} {0}: install it first (Debian: `apt-get install {0}`)", packages.join(" "))
}

/// Whether this is root on a system with apt-get.
fn may_install() -> bool {
    find(&["apt-get"]).is_some() && user_id().as_deref() == Some("0")
}

fn user_id() -> Option<String> {
    let output = Command::new("id").arg("-u").stderr(Stdio::null()).output().ok()?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn install(packages: &[&str]) -> Result<()> {
    say(&format!("      installing {} with apt-get", packages.join(" ")));
    run(apt_get().arg("update"), "`apt-get update`")?;
    run(apt_get().args(["install", "-y", "--no-install-recommends"]).args(packages), "`apt-get install`")
}

fn apt_get() -> Command {
    let mut command = Command::new(Path::new("apt-get"));
    command.env("DEBIAN_FRONTEND", "noninteractive").stdin(Stdio::null());
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_missing_programs_are_asked_for() {
        assert!(missing_packages(&NEEDED, |_| true).is_empty());
        assert_eq!(missing_packages(&NEEDED, |_| false), ["chromium", "nginx-light", "nats-server"]);
    }

    #[test]
    fn the_advice_is_one_line_with_the_package() {
        let line = advice("the tests need", &["chromium"]);
        assert!(line.contains("apt-get install chromium"));
        assert!(!line.contains('\n'));
    }

    #[test]
    fn a_program_is_found_by_any_of_its_names() {
        assert!(find(&["surely-no-such-program", "cargo"]).is_some());
        assert!(find(&["surely-no-such-program"]).is_none());
    }
}
