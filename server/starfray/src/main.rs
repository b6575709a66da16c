//! The program `starfray`: its subcommands and what they print and return. All work is done by `server`, and by
//! `load`, which drives the real client core against a server. Only here and in tests do the two meet.

mod backup;
pub mod load;
mod outcome;
mod replay;
mod serve;

use std::{fs, path::PathBuf, process::ExitCode};

use clap::{CommandFactory, Parser, Subcommand, error::ErrorKind};
use server::config::{Config, layer::Layer};

use load::args::LoadArgs;
use outcome::{Failure, USAGE, say};
use replay::ReplayArgs;

/// Fair multiplayer matches in the browser, hosted by one program.
#[derive(Parser)]
#[command(name = "starfray", version, arg_required_else_help = true)]
struct Program {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Hosts matches until it is told to stop
    #[command(after_help = LAYERS)]
    Serve(Box<Layer>),
    /// Prints the settings that `serve` would use and where each comes from, as a config file
    #[command(after_help = LAYERS)]
    Config(Box<Layer>),
    /// Copies the database of accounts and results, also while a server runs
    Backup(backup::BackupArgs),
    /// Plays and watches with many clients, and measures the server
    Load(LoadArgs),
    /// Says what a replay file is, and verifies it
    #[command(after_help = replay::CODES)]
    Replay(ReplayArgs),
}

const LAYERS: &str = "Every option is also a variable and a key of the config file: --max-connections is \
    STARFRAY_MAX_CONNECTIONS and max_connections. A flag beats a variable beats the file. Lists are separated by \
    commas; in the file they are arrays.";

fn main() -> ExitCode {
    let program = match Program::try_parse() {
        Ok(program) => program,
        Err(error) => return explain(&error),
    };
    let done = match program.command {
        Command::Serve(flags) => serve::serve(*flags),
        Command::Config(flags) => print_config(*flags),
        Command::Backup(args) => backup::run(args),
        Command::Replay(args) => replay::run(&args),
        Command::Load(args) => load::run(&args).map_err(Failure::from),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

fn print_config(flags: Layer) -> Result<(), Failure> {
    let read = |path: &PathBuf| fs::read_to_string(path);
    let traced = Config::trace(flags, &serve::environment(), read).map_err(|error| Failure::usage(&error))?;
    let (config, origins) = traced;
    let text = config.to_toml(&origins).map_err(|error| Failure::usage(&error))?;
    say(text.trim_end());
    Ok(())
}

/// Help as clap writes it; of a mistake only the line that names it.
fn explain(error: &clap::Error) -> ExitCode {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            say(error.to_string().trim_end());
            ExitCode::SUCCESS
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            say(Program::command().render_help().to_string().trim_end());
            ExitCode::from(USAGE)
        }
        _ => {
            let text = error.to_string();
            let lines = text
                .lines()
                .take_while(|line| !line.starts_with("Usage:") && !line.starts_with("For more"))
                .map(str::trim);
            let line = lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ");
            Failure::usage(&line.trim_start_matches("error: ")).report()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Program::command().debug_assert();
    }

    #[test]
    fn times_are_given_without_their_unit() {
        let program = Program::try_parse_from(["starfray", "serve", "--drain-timeout", "2.5"]).unwrap();
        let Command::Serve(layer) = program.command else { panic!("another subcommand") };
        assert_eq!(layer.drain_timeout_s.unwrap().0.as_millis(), 2500);
    }
}
