//! `cargo xtask bench`: the registry of benchmarks, each run by name or all in turn, in a short form.
//! It knows what exists and where figures go; a benchmark's own work is in a file of its own.

mod arena;
mod bots;
mod child;
mod contenders;
mod encode;
mod fanout;
mod fanout_server;
mod feel;
mod figures;
mod idle;
mod idle_connection;
mod journal;
mod machine;
mod measurement;
mod plan;
mod plot;
mod procfs;
mod push;
mod ranges;
mod report;
mod scale;
mod slow;
mod table;
mod ticks;

use std::{path::PathBuf, process::ExitCode};

use anyhow::{Result, bail};
use serde_json::{Value, json};

use crate::{
    bench::{
        plan::{Plan, Plans},
        report::{Folder, lined, put},
    },
    progress::say,
    workspace::Workspace,
};

/// The benchmarks, in the order in which they run.
const BENCHES: [&str; 8] = ["encode", "bots", "feel", "scale", "slow", "journal", "push", "fanout"];

/// Seconds for each figure of `encode` and `bots`, by default and in short.
const CRITERION_SECONDS: (u64, u64) = (3, 1);

/// What was asked for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Options {
    /// The one benchmark to run; all without it, in short.
    name: Option<String>,
    /// One more file for the figures.
    json: Option<PathBuf>,
    /// Numbers of players, or of spectators, where they can be chosen.
    players: Option<Vec<u32>>,
    /// Repetitions, where there are some.
    repetitions: Option<u32>,
    /// Length of one measurement.
    seconds: Option<u64>,
}

impl Options {
    /// Reads `[NAME] [--json FILE] [--players N,…] [--reps N] [--seconds S]`; the error is one line about what is wrong.
    pub(crate) fn parse(args: &[String]) -> Result<Self, String> {
        let mut options = Self::default();
        let mut rest = args.iter();
        while let Some(arg) = rest.next() {
            let mut value = || rest.next().ok_or(format!("`{arg}` needs a value"));
            match arg.as_str() {
                "--json" => options.json = Some(PathBuf::from(value()?)),
                "--players" | "--spectators" => options.players = Some(numbers(value()?)?),
                "--reps" => options.repetitions = Some(number(value()?, 100)?),
                "--seconds" => options.seconds = Some(number(value()?, 3600)?.into()),
                flag if flag.starts_with('-') => return Err(format!("`bench` has no option `{flag}`")),
                _ if options.name.is_some() => {
                    return Err("`bench` takes one name, or none for all".to_owned());
                }
                name => options.name = Some(name.to_owned()),
            }
        }
        if let Some(name @ ("encode" | "bots")) = options.name.as_deref()
            && (options.players.is_some() || options.repetitions.is_some())
        {
            return Err(format!("`bench {name}` has `--seconds` only: its players are fixed"));
        }
        if options.name.as_deref() == Some("feel") && options.players.is_some() {
            return Err("`bench feel` has no `--players`: one person plays among bots".to_owned());
        }
        Ok(options)
    }

    fn scale_plan(&self) -> scale::Plan {
        let mut plan = if self.name.is_some() { scale::Plan::full() } else { scale::Plan::short() };
        plan.players = self.players.clone().unwrap_or(plan.players);
        plan.repetitions = self.repetitions.unwrap_or(plan.repetitions);
        plan.seconds = self.seconds.unwrap_or(plan.seconds);
        plan
    }

    /// The plan of a benchmark with one crowd.
    fn plan(&self, plans: Plans) -> Plan {
        let plan = if self.name.is_some() { plans.full } else { plans.short };
        let first = self.players.as_ref().and_then(|crowds| crowds.first());
        Plan {
            crowd: first.copied().unwrap_or(plan.crowd),
            repetitions: self.repetitions.unwrap_or(plan.repetitions),
            seconds: self.seconds.unwrap_or(plan.seconds),
        }
    }

    fn slow_plan(&self) -> Plan {
        let plan = self.plan(slow::PLANS);
        Plan { seconds: plan.seconds.min(slow::SECONDS_MAX), ..plan }
    }

    fn feel_plan(&self) -> feel::Plan {
        let mut plan = if self.name.is_some() { feel::Plan::full() } else { feel::Plan::short() };
        plan.seeds = self.repetitions.unwrap_or(plan.seeds);
        plan.seconds = self.seconds.unwrap_or(plan.seconds);
        plan
    }

    fn fanout_plan(&self) -> fanout::Plan {
        let mut plan = if self.name.is_some() { fanout::Plan::full() } else { fanout::Plan::short() };
        plan.spectators = self.players.clone().unwrap_or(plan.spectators);
        plan.repetitions = self.repetitions.unwrap_or(plan.repetitions);
        plan.seconds = self.seconds.unwrap_or(plan.seconds);
        plan
    }

    fn criterion_seconds(&self) -> u64 {
        let (full, short) = CRITERION_SECONDS;
        self.seconds.unwrap_or(if self.name.is_some() { full } else { short })
    }
}

fn number(text: &str, most: u32) -> Result<u32, String> {
    let number = text.parse().ok().filter(|number| (1..=most).contains(number));
    number.ok_or(format!("`{text}` should be a number from 1 to {most}"))
}

fn numbers(text: &str) -> Result<Vec<u32>, String> {
    text.split(',').map(|part| number(part.trim(), 10_000)).collect()
}

/// Runs what was asked for. An unknown name is one line and exit code 2.
///
/// # Errors
/// When a benchmark fails or the file for the figures cannot be written.
pub(crate) fn bench(workspace: &Workspace, options: &Options) -> Result<ExitCode> {
    if let Some(name) = options.name.as_deref().filter(|name| !BENCHES.contains(name)) {
        say(&format!("xtask: there is no benchmark `{name}`; there are: {}", BENCHES.join(", ")));
        return Ok(ExitCode::from(2));
    }
    // The short form is for looking; only a benchmark that was asked for by name replaces the project's figures.
    let folder = Folder::new(match options.name {
        Some(_) => workspace.root.join("bench"),
        None => workspace.target.join("bench"),
    });
    let chosen = |name: &&&str| options.name.as_ref().is_none_or(|wanted| wanted == **name);
    let mut all = Vec::new();
    for name in BENCHES.iter().filter(chosen) {
        all.push(run(workspace, name, (options, &folder))?);
    }
    if let Some(file) = &options.json {
        put(file, &lined(&json!({ "benches": all })))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn run(workspace: &Workspace, name: &str, (options, folder): (&Options, &Folder)) -> Result<Value> {
    match name {
        "encode" => encode::encode(workspace, options.criterion_seconds(), folder),
        "bots" => bots::bots(workspace, options.criterion_seconds(), folder),
        "feel" => feel::feel(workspace, &options.feel_plan(), folder),
        "scale" => scale::scale(workspace, &options.scale_plan(), folder),
        "slow" => slow::slow(workspace, &options.slow_plan(), folder),
        "journal" => journal::journal(workspace, &options.plan(journal::PLANS), folder),
        "push" => push::push(workspace, &options.plan(push::PLANS), folder),
        "fanout" => fanout::fanout(workspace, &options.fanout_plan(), folder),
        other => bail!("the benchmark `{other}` is listed and not there"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Options, String> {
        Options::parse(&line.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn name_and_options_come_in_any_order() {
        let options =
            parsed("--json out.json scale --players 50,400 --reps 2 --seconds 7").expect("all known");
        assert_eq!(options.json, Some("out.json".into()));
        let expected = scale::Plan { players: vec![50, 400], repetitions: 2, seconds: 7 };
        assert_eq!(options.scale_plan(), expected);
        assert_eq!(parsed(""), Ok(Options::default()));
    }

    #[test]
    fn without_a_name_all_is_short() {
        assert_eq!(Options::default().scale_plan(), scale::Plan::short());
        assert_eq!(parsed("scale").map(|options| options.scale_plan()), Ok(scale::Plan::full()));
        assert_eq!(
            parsed("slow --seconds 60").map(|options| options.slow_plan().seconds),
            Ok(slow::SECONDS_MAX)
        );
    }

    #[test]
    fn wrong_arguments_are_one_line() {
        for line in [
            "--json",
            "--fast",
            "one two",
            "--players x",
            "--reps 0",
            "encode --reps 2",
            "bots --players 5",
            "feel --players 5",
        ] {
            assert!(parsed(line).is_err_and(|complaint| !complaint.contains('\n')), "{line}");
        }
    }
}
