//! The project's own tool: `cargo xtask play | test | build | dist | bench | lint`.
//! This file reads the command line and hands over to the file of the task; it knows nothing of how a task is
//! done. Called by people, by `.ci/run`, and by nothing else.

mod archive;
mod bench;
mod cargo;
mod client;
mod delivery;
mod dist;
mod files;
mod licences;
mod lint;
mod play;
mod programs;
mod progress;
mod release;
mod tally;
mod target;
mod test;
mod tidy;
mod workspace;

use std::process::ExitCode;

use anyhow::Result;

use crate::{progress::say, workspace::Workspace};

const HELP: &str = "\
Usage: cargo xtask TASK

  play  [-- ARGS]            build the game and serve it; ARGS go to `starfray serve`
  test  [--all] [FILTER]     run the tests; --all adds the long ones, FILTER is a part of a test's name
  build                      make target/release/starfray, one file with the browser client inside
  dist                       make target/dist/starfray-VERSION-TARGET.tar.gz: a program for every Linux, with all it needs
  bench [NAME] [--json FILE] run the benchmarks, all in a short form or one; FILE gets the figures
        encode               a tick inside the server, for 50 to 2,000 players
        scale                players against CPU, bytes and gaps, beside two floors and three peers
        slow                 what players on bad networks cost the others
        push                 a feed pulled, polled and pushed; what idle connections cost in memory
        fanout               a thousand spectators and more, beside nginx with nchan and axum's Sse
        --players N,… --spectators N,… --reps N --seconds S   how much to measure
  lint                       formatting, clippy for both targets, documentation, house rules

  --help                     show this text";

/// Exit code of a command line that makes no sense.
const USAGE_EXIT: u8 = 2;

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
enum Task {
    Help,
    Play(Vec<String>),
    Test(test::Options),
    Build,
    Dist,
    Bench(bench::Options),
    Lint,
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let task = match parse(&args) {
        Ok(task) => task,
        Err(complaint) => {
            say(&format!("xtask: {complaint}"));
            return ExitCode::from(USAGE_EXIT);
        }
    };
    match run(task) {
        Ok(code) => code,
        Err(error) => {
            say(&format!("xtask: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run(task: Task) -> Result<ExitCode> {
    if task == Task::Help {
        progress::answer(HELP);
        return Ok(ExitCode::SUCCESS);
    }
    let workspace = Workspace::open()?;
    match task {
        Task::Help => {}
        Task::Play(args) => return play::play(&workspace, &args),
        Task::Test(options) => test::test(&workspace, &options)?,
        Task::Build => release::build(&workspace)?,
        Task::Dist => drop(delivery::dist(&workspace)?),
        Task::Bench(options) => return bench::bench(&workspace, &options),
        Task::Lint => lint::lint(&workspace)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// The task that the arguments name, or one line about what is wrong with them.
fn parse(args: &[String]) -> Result<Task, String> {
    let Some((name, rest)) = args.split_first() else {
        return Err("no task given: play, test, build, dist, bench or lint (--help explains them)".to_owned());
    };
    if rest.iter().take_while(|arg| *arg != "--").any(|arg| arg == "--help" || arg == "-h") {
        return Ok(Task::Help);
    }
    match name.as_str() {
        "--help" | "-h" | "help" => Ok(Task::Help),
        "play" => parse_play(rest),
        "test" => test::Options::parse(rest).map(Task::Test),
        "build" => nothing_more(name, rest).map(|()| Task::Build),
        "dist" => nothing_more(name, rest).map(|()| Task::Dist),
        "bench" => bench::Options::parse(rest).map(Task::Bench),
        "lint" => nothing_more(name, rest).map(|()| Task::Lint),
        other => Err(format!(
            "unknown task `{other}`: play, test, build, dist, bench or lint (--help explains them)"
        )),
    }
}

fn parse_play(rest: &[String]) -> Result<Task, String> {
    match rest.split_first() {
        None => Ok(Task::Play(Vec::new())),
        Some((dashes, args)) if dashes == "--" => Ok(Task::Play(args.to_vec())),
        Some((arg, _)) => Err(format!("`play` has no option `{arg}`: put the server's options after `--`")),
    }
}

fn nothing_more(task: &str, rest: &[String]) -> Result<(), String> {
    match rest.first() {
        None => Ok(()),
        Some(arg) => Err(format!("`{task}` takes no arguments, but there is `{arg}`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Task, String> {
        parse(&line.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn arguments_after_the_dashes_go_to_the_server() {
        let expected = vec!["--listen".to_owned(), "0.0.0.0:7777".to_owned()];
        assert_eq!(parsed("play -- --listen 0.0.0.0:7777"), Ok(Task::Play(expected)));
        assert_eq!(parsed("play"), Ok(Task::Play(Vec::new())));
        assert!(parsed("play --listen x").is_err_and(|line| line.contains("after `--`")));
    }

    #[test]
    fn help_for_the_server_stays_with_the_server() {
        assert_eq!(parsed("play -- --help"), Ok(Task::Play(vec!["--help".to_owned()])));
        assert_eq!(parsed("play --help"), Ok(Task::Help));
    }

    #[test]
    fn an_unknown_task_is_one_line() {
        let complaint = parsed("dance").expect_err("dance is no task");
        assert!(complaint.contains("`dance`"));
        assert!(!complaint.contains('\n'));
        assert!(parsed("").is_err());
        assert!(parsed("build now").is_err());
    }
}
