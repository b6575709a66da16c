//! `cargo xtask test`: everything that the tests need, then the tests, those in a real browser last.
//! It does not know what is tested. One selection and one profile serve all steps, so that nothing is built twice.

use std::{io::IsTerminal as _, process::Command};

use anyhow::{Result, bail};

use crate::{
    cargo::{SELECTION, cargo, has_command, run},
    client, programs,
    progress::{Progress, answer, say},
    tally::{self, Dialect, Tally},
    target,
    workspace::Workspace,
};

/// The test program that drives a browser. It runs last and one test at a time: two browsers share two cores badly.
const BROWSER_TESTS: &str = "browser";

/// What was asked for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Options {
    /// Run the long tests too.
    all: bool,
    /// Run only tests with this in their name.
    filter: Option<String>,
}

impl Options {
    /// Reads `[--all] [FILTER]`; the error is one line about what is wrong.
    pub(crate) fn parse(args: &[String]) -> Result<Self, String> {
        let mut options = Self::default();
        for arg in args {
            match arg.as_str() {
                "--all" => options.all = true,
                flag if flag.starts_with('-') => return Err(format!("`test` has no option `{flag}`")),
                _ if options.filter.is_some() => return Err("`test` takes one filter, or none".to_owned()),
                filter => options.filter = Some(filter.to_owned()),
            }
        }
        Ok(options)
    }
}

/// A part of the tests, run by one call of the runner.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    /// This tool's own tests, which are built with its own features.
    Tool,
    /// All but the tool and the browser.
    Native,
    /// The tests in a browser.
    Browser,
}

/// Runs the tests. The last line on standard output is `N passed, N failed`.
///
/// # Errors
/// When something is missing or does not compile, a test fails, or no test matches the filter.
pub(crate) fn test(workspace: &Workspace, options: &Options) -> Result<()> {
    let mut progress = Progress::new(7);
    progress.step("browser target", target::ensure)?;
    progress.step("programs that the tests start", programs::ensure)?;
    progress.step("browser client", || client::build(workspace))?;
    progress.step("server and tests, building", || {
        let build = &mut cargo(&workspace.root, ["build", "--bins", "--tests"]);
        run(build.args(SELECTION), "building the server and the tests")
    })?;
    let runner = Runner { workspace, options, nextest: has_command(&workspace.root, "nextest") };
    if !runner.nextest {
        say("      cargo-nextest is not installed: using cargo's own runner");
    }
    let mut total = Tally::default();
    let parts =
        [("tests of this tool", Part::Tool), ("tests", Part::Native), ("tests in a browser", Part::Browser)];
    for (name, part) in parts {
        total = total.plus(progress.step(name, || runner.run(part))?);
    }
    say(&format!("      all in {}", progress.elapsed()));
    if total.flaky > 0 {
        say(&format!("      {} of the passed needed a second try", total.flaky));
    }
    answer(&format!("{} passed, {} failed", total.passed, total.failed));
    verdict(total, options)
}

fn verdict(total: Tally, options: &Options) -> Result<()> {
    if total.failed > 0 {
        bail!("{} tests failed", total.failed);
    }
    if total.passed == 0 {
        bail!(
            "no test ran{}",
            if options.filter.is_some() { ": none has the filter in its name" } else { "" }
        );
    }
    Ok(())
}

/// How the parts are run on this machine.
struct Runner<'w> {
    workspace: &'w Workspace,
    options: &'w Options,
    nextest: bool,
}

impl Runner<'_> {
    fn run(&self, part: Part) -> Result<Tally> {
        let (args, dialect) = if self.nextest {
            (self.nextest_args(part), Dialect::Nextest)
        } else {
            (self.cargo_args(part), Dialect::Cargo)
        };
        let mut command = cargo(&self.workspace.root, args);
        self.set_environment(&mut command);
        tally::run(&mut command, dialect, "the test runner")
    }

    fn set_environment(&self, command: &mut Command) {
        command.env("STARFRAY_BIN", self.workspace.program("debug", "starfray"));
        if self.options.all {
            command.env("STARFRAY_TESTS", "all");
        }
    }

    fn nextest_args(&self, part: Part) -> Vec<String> {
        let mut args = words("nextest run --no-fail-fast --no-tests=pass");
        // The runner sees only the pipe that we count through, and would leave its colours out.
        if std::io::stderr().is_terminal() {
            args.extend(words("--color always"));
        }
        args.extend(selection(part));
        match part {
            Part::Tool => {}
            Part::Native => args.extend(["-E".to_owned(), format!("not binary(={BROWSER_TESTS})")]),
            Part::Browser => {
                args.extend(["-E".to_owned(), format!("binary(={BROWSER_TESTS})"), "-j1".to_owned()]);
            }
        }
        args.extend(self.options.filter.clone());
        args
    }

    fn cargo_args(&self, part: Part) -> Vec<String> {
        let mut args = words("test --no-fail-fast");
        args.extend(selection(part));
        match part {
            Part::Tool => args.push("--bins".to_owned()),
            Part::Native => {
                args.extend(words("--lib --bins"));
                let targets = self.workspace.packages.iter().flat_map(|package| &package.test_targets);
                for target in targets.filter(|name| *name != BROWSER_TESTS) {
                    args.extend(["--test".to_owned(), target.clone()]);
                }
            }
            Part::Browser => args.extend(["--test".to_owned(), BROWSER_TESTS.to_owned()]),
        }
        args.push("--".to_owned());
        if part == Part::Browser {
            args.push("--test-threads=1".to_owned());
        }
        args.extend(self.options.filter.clone());
        args
    }
}

fn selection(part: Part) -> Vec<String> {
    if part == Part::Tool { words("--package xtask") } else { SELECTION.map(str::to_owned).to_vec() }
}

fn words(line: &str) -> Vec<String> {
    line.split_whitespace().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::Package;

    fn workspace() -> Workspace {
        let test_targets = words("integration exchange browser");
        let tests = Package { name: "tests".to_owned(), test_targets, ..Package::default() };
        Workspace { root: "here".into(), target: "there".into(), packages: vec![tests] }
    }

    #[test]
    fn options_are_read() {
        assert_eq!(
            Options::parse(&words("join --all")),
            Ok(Options { all: true, filter: Some("join".to_owned()) })
        );
        assert!(Options::parse(&words("--fast")).is_err());
        assert!(Options::parse(&words("one two")).is_err());
    }

    #[test]
    fn cargos_runner_leaves_the_browser_to_its_own_call() {
        let workspace = workspace();
        let options = Options { all: false, filter: Some("join".to_owned()) };
        let runner = Runner { workspace: &workspace, options: &options, nextest: false };
        let native = runner.cargo_args(Part::Native).join(" ");
        assert!(native.contains("--test integration --test exchange -- join"), "{native}");
        assert!(!native.contains("browser"), "{native}");
        let browser = runner.cargo_args(Part::Browser).join(" ");
        assert!(browser.ends_with("--test browser -- --test-threads=1 join"), "{browser}");
    }

    #[test]
    fn a_run_without_tests_or_with_a_failure_is_no_success() {
        let options = Options::default();
        assert!(verdict(Tally { passed: 3, failed: 0, flaky: 0 }, &options).is_ok());
        assert!(verdict(Tally { passed: 3, failed: 1, flaky: 0 }, &options).is_err());
        assert!(verdict(Tally::default(), &options).is_err());
    }
}
