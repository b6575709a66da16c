//! `cargo xtask bench`: the registry of benchmarks, each run by name or all in turn.
//! It knows what exists and where figures go; a benchmark's own work belongs in a file of its own.

use std::{fs, path::PathBuf, process::ExitCode};

use anyhow::{Context as _, Result};

use crate::progress::{answer, say};

/// The benchmarks: name and what it measures, in the order in which they run.
const BENCHES: &[(&str, &str)] = &[];

/// What was asked for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Options {
    /// The one benchmark to run; all without it.
    name: Option<String>,
    /// The file for the figures.
    json: Option<PathBuf>,
}

impl Options {
    /// Reads `[NAME] [--json FILE]`; the error is one line about what is wrong.
    pub(crate) fn parse(args: &[String]) -> Result<Self, String> {
        let mut options = Self::default();
        let mut rest = args.iter();
        while let Some(arg) = rest.next() {
            match arg.as_str() {
                "--json" => {
                    let file = rest.next().ok_or("`--json` needs the name of a file")?;
                    options.json = Some(PathBuf::from(file));
                }
                flag if flag.starts_with('-') => return Err(format!("`bench` has no option `{flag}`")),
                _ if options.name.is_some() => {
                    return Err("`bench` takes one name, or none for all".to_owned());
                }
                name => options.name = Some(name.to_owned()),
            }
        }
        Ok(options)
    }
}

/// Runs what was asked for. An unknown name is one line and exit code 2.
///
/// # Errors
/// When the file for the figures cannot be written.
pub(crate) fn bench(options: &Options) -> Result<ExitCode> {
    if let Some(name) = &options.name
        && !BENCHES.iter().any(|(known, _)| known == name)
    {
        say(&format!("xtask: there is no benchmark `{name}`; there are: {}", names()));
        return Ok(ExitCode::from(2));
    }
    answer(&format!("benchmarks: {}", names()));
    for (name, measures) in BENCHES {
        answer(&format!("  {name}: {measures}"));
    }
    if let Some(file) = &options.json {
        let figures = serde_json::json!({ "benches": [] });
        fs::write(file, format!("{figures}\n"))
            .with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn names() -> String {
    let names: Vec<&str> = BENCHES.iter().map(|(name, _)| *name).collect();
    if names.is_empty() { "none yet".to_owned() } else { names.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Options, String> {
        Options::parse(&line.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn name_and_file_come_in_any_order() {
        let expected = Options { name: Some("tick".to_owned()), json: Some("out.json".into()) };
        assert_eq!(parsed("--json out.json tick"), Ok(expected));
        assert_eq!(parsed(""), Ok(Options::default()));
    }

    #[test]
    fn wrong_arguments_are_one_line() {
        for line in ["--json", "--fast", "one two"] {
            assert!(parsed(line).is_err_and(|complaint| !complaint.contains('\n')), "{line}");
        }
    }
}
