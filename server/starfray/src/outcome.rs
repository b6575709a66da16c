//! How the program ends and what it prints: lines on standard output, one line of trouble on standard error.
//! A stream that is closed is no trouble of its own. All subcommands call it.

use std::{
    fmt::Display,
    io::{Write, stderr, stdout},
    process::ExitCode,
};

/// The exit code of what the operator did wrong, as against what went wrong.
pub(crate) const USAGE: u8 = 2;

/// Why the program ends without success.
#[derive(Debug)]
pub(crate) struct Failure {
    line: String,
    code: u8,
}

impl Failure {
    /// A wrong flag, key or value.
    pub(crate) fn usage(line: &impl Display) -> Failure {
        Failure { line: line.to_string(), code: USAGE }
    }

    /// Something that could not be done.
    pub(crate) fn trouble(line: &impl Display) -> Failure {
        Failure { line: line.to_string(), code: 1 }
    }

    /// Something with an exit code of its own.
    pub(crate) fn coded(line: &impl Display, code: u8) -> Failure {
        Failure { line: line.to_string(), code }
    }

    /// Says it, and gives the exit code that fits.
    pub(crate) fn report(self) -> ExitCode {
        let _ = writeln!(stderr(), "starfray: {}", self.line);
        ExitCode::from(self.code)
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Failure {
        Failure::trouble(&format!("{error:#}"))
    }
}

/// Prints a line for whoever started the program.
pub(crate) fn say(line: &str) {
    let _ = writeln!(stdout(), "{line}").and_then(|()| stdout().flush());
}
