//! Counts passed and failed tests in what a test runner prints, while passing every line on at once.
//! It knows the closing lines of nextest and of cargo's own runner, nothing else of them. Called by `test`.

use std::{
    io::{BufRead as _, BufReader, Read, Write},
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, bail};

/// Whose closing lines are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// cargo's own runner, which speaks on standard output.
    Cargo,
    /// nextest, which speaks on standard error. It shows the output of failed tests, closing lines of cargo's runner
    /// among it.
    Nextest,
}

impl Dialect {
    /// How a closing line begins.
    fn closing(self) -> &'static str {
        match self {
            Self::Cargo => "test result: ",
            Self::Nextest => "Summary [",
        }
    }
}

/// Tests that ended, by how.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Those that ended well.
    pub(crate) passed: u64,
    /// Those that failed, died or ran out of time.
    pub(crate) failed: u64,
    /// Those among the passed that did so at the second try.
    pub(crate) flaky: u64,
}

impl Tally {
    /// The sum of two runs.
    pub(crate) fn plus(self, other: Self) -> Self {
        Self {
            passed: self.passed + other.passed,
            failed: self.failed + other.failed,
            flaky: self.flaky + other.flaky,
        }
    }
}

/// Runs a test runner, shows what it prints, and counts.
///
/// # Errors
/// When it cannot be started, or exits badly without naming a failed test (it did not compile, or crashed).
pub(crate) fn run(command: &mut Command, dialect: Dialect, what: &str) -> Result<Tally> {
    // The stream that is not read goes straight to the terminal.
    match dialect {
        Dialect::Cargo => command.stdout(Stdio::piped()),
        Dialect::Nextest => command.stderr(Stdio::piped()),
    };
    let mut child = command.spawn().with_context(|| format!("cannot start {what}"))?;
    let tally = match dialect {
        Dialect::Cargo => child.stdout.take().map(|from| pass_on(from, std::io::stdout(), dialect)),
        Dialect::Nextest => child.stderr.take().map(|from| pass_on(from, std::io::stderr(), dialect)),
    };
    let tally = tally.context("the runner has no output")??;
    let status = child.wait()?;
    if !status.success() && tally.failed == 0 {
        bail!("{what} failed ({status})");
    }
    Ok(tally)
}

fn pass_on(from: impl Read, mut to: impl Write, dialect: Dialect) -> Result<Tally> {
    let mut tally = Tally::default();
    let mut reader = BufReader::new(from);
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line)? > 0 {
        to.write_all(&line)?;
        to.flush()?;
        if let Some(counted) = closing_line(&without_colours(&String::from_utf8_lossy(&line)), dialect) {
            tally = tally.plus(counted);
        }
        line.clear();
    }
    Ok(tally)
}

/// Takes away the terminal's colour codes: ESC, `[`, and all up to a letter.
fn without_colours(line: &str) -> String {
    let mut plain = String::new();
    let mut rest = line.chars();
    while let Some(next) = rest.next() {
        if next == '\u{1b}' {
            rest.find(char::is_ascii_alphabetic);
        } else {
            plain.push(next);
        }
    }
    plain
}

/// The figures of a runner's closing line; `None` for every other line.
fn closing_line(line: &str, dialect: Dialect) -> Option<Tally> {
    let line = line.trim().strip_prefix(dialect.closing())?;
    let mut tally = Tally::default();
    for part in line.split([',', ';', ':', '.', '(', ')']) {
        let Some((number, label)) = part.trim().split_once(' ') else { continue };
        let Ok(number) = number.parse::<u64>() else { continue };
        match label {
            "passed" => tally.passed += number,
            "failed" | "timed out" | "exec failed" => tally.failed += number,
            "flaky" => tally.flaky += number,
            _ => {}
        }
    }
    Some(tally)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(line: &str, dialect: Dialect) -> Option<(u64, u64)> {
        closing_line(&without_colours(line), dialect).map(|tally| (tally.passed, tally.failed))
    }

    #[test]
    fn cargos_own_closing_line_is_read() {
        let line = "test result: FAILED. 5 passed; 2 failed; 1 ignored; 0 measured; 3 filtered out; finished in 0.00s";
        assert_eq!(counted(line, Dialect::Cargo), Some((5, 2)));
        assert_eq!(counted(line, Dialect::Nextest), None, "it stands in the output of a failed test");
        assert_eq!(counted("test result: ok. 0 passed; 0 failed; 0 ignored", Dialect::Cargo), Some((0, 0)));
    }

    #[test]
    fn nextests_closing_line_is_read_with_and_without_colours() {
        let line = "     Summary [   1.012s] 15/20 tests run: 12 passed (1 slow, 2 leaky), 2 failed, 1 timed out, 4 skipped";
        assert_eq!(counted(line, Dialect::Nextest), Some((12, 3)));
        let coloured = "\u{1b}[32;1m     Summary\u{1b}[0m [   0.005s] \u{1b}[1m2\u{1b}[0m tests run: \u{1b}[1m2\u{1b}[0m \u{1b}[32;1mpassed\u{1b}[0m, 0 skipped";
        assert_eq!(counted(coloured, Dialect::Nextest), Some((2, 0)));
    }

    #[test]
    fn a_second_try_is_counted() {
        let line = "     Summary [   9.1s] 3 tests run: 3 passed (1 slow, 1 flaky), 0 skipped";
        assert_eq!(closing_line(line, Dialect::Nextest), Some(Tally { passed: 3, failed: 0, flaky: 1 }));
    }

    #[test]
    fn other_lines_are_not_counted() {
        assert_eq!(counted("running 3 tests", Dialect::Cargo), None);
        assert_eq!(counted("3 passed, 1 failed", Dialect::Nextest), None);
    }

    #[test]
    fn every_line_is_passed_on() {
        let text = "test a ... ok\ntest result: ok. 1 passed; 0 failed\nlast without end";
        let mut seen = Vec::new();
        let tally = pass_on(text.as_bytes(), &mut seen, Dialect::Cargo).expect("reading memory");
        assert_eq!(seen, text.as_bytes());
        assert_eq!(tally, Tally { passed: 1, failed: 0, flaky: 0 });
    }
}
