//! `starfray replay`: what a replay file is, and whether it is true. It simulates the round again from its start and
//! never trusts a recorded state; the server's room for replays does the work, this prints and counts.

use std::io::{IsTerminal, Write, stderr};
use std::path::PathBuf;

use clap::Args;
use server::replay::file::{ReadError, Replay};
use server::replay::summary::{RoundPlayed, Summary};
use server::replay::verify::{VerifyError, verify};

use crate::outcome::{Failure, say};

/// The exit code of a file that is no replay, or is damaged.
const DAMAGED: u8 = 3;
/// The exit code of a replay whose commands give another match.
const DIFFERS: u8 = 4;
/// The exit code of a replay that only another version can verify.
const OTHER_VERSION: u8 = 5;

/// What `starfray replay --help` says about exit codes.
pub(crate) const CODES: &str = "Exit codes: 0 it is sound (with --verify: and true); 1 it can't be read; 2 wrong use; \
    3 it is damaged or no replay, and the place is named; 4 the first tick that differs is named; \
    5 another version wrote it: it can be watched, but not verified by this one.";

/// Options of `starfray replay`.
#[derive(Args, Debug)]
pub(crate) struct ReplayArgs {
    /// Replay file, as in DATA/replays or from /api/replays/ID/file
    file: PathBuf,
    /// Simulate the round again from its start and compare every tick
    #[arg(long)]
    verify: bool,
}

/// Prints what the file is, and verifies it if asked to.
pub(crate) fn run(args: &ReplayArgs) -> Result<(), Failure> {
    let place = args.file.display();
    let replay = Replay::open(&args.file).map_err(|error| match error {
        ReadError::Io(_) => Failure::trouble(&format!("{place}: {error}")),
        ReadError::Newer(_) => Failure::coded(&format!("{place}: {error}"), OTHER_VERSION),
        ReadError::Magic | ReadError::Damaged { .. } => Failure::coded(&format!("{place}: {error}"), DAMAGED),
    })?;
    describe(&replay.summary);
    if !args.verify {
        return Ok(());
    }
    let ticks = replay.summary.length_ms * u64::from(replay.summary.hello.tick_hz.hz()) / 1000;
    let mut show = Progress { all: ticks.max(1), first: replay.summary.first_tick, shown: 0 };
    let verified = verify(&replay, &mut |tick| show.at(tick));
    show.clear();
    let verified = verified.map_err(|error| {
        let code = match error {
            VerifyError::Settings(_) | VerifyError::OtherRules(_) => OTHER_VERSION,
            VerifyError::State(_) | VerifyError::Missing(_) => DAMAGED,
            VerifyError::Differs { .. } => DIFFERS,
        };
        Failure::coded(&format!("{place}: {error}"), code)
    })?;
    let given = match verified.given_states {
        0 => "from the start".to_owned(),
        1 if replay.summary.whole => "from the state in which the round began".to_owned(),
        1 => "from one state that is given, since what led to it is lost".to_owned(),
        count => format!("from {count} states that are given, since what led to them is lost"),
    };
    say(&format!("verified: {} ticks simulated again {given}, every one as recorded", verified.ticks));
    Ok(())
}

fn describe(summary: &Summary) {
    let bots = summary.players.iter().filter(|played| played.bot).count();
    let length_s = summary.length_ms / 1000;
    say(&format!("match    {} \"{}\" on {}", summary.of_match(), summary.name, summary.map));
    say(&format!(
        "length   {}:{:02} at {} ticks a second",
        length_s / 60,
        length_s % 60,
        summary.hello.tick_hz.hz()
    ));
    say(&format!(
        "players  {} people, {bots} bots; {} ships lost",
        summary.players.len() - bots,
        summary.kills.len()
    ));
    for RoundPlayed { number, results, team_scores, .. } in &summary.rounds {
        let best: Vec<String> = results
            .iter()
            .take(3)
            .map(|(id, score, _)| format!("{} {score}", summary.name_of(*id)))
            .collect();
        let sides = team_scores.map(|[azure, amber]| format!("Azure {azure}, Amber {amber}: "));
        say(&format!("round {number:<2} {}{}", sides.unwrap_or_default(), best.join(", ")));
    }
    if summary.first_tick > 0 && !summary.whole {
        say("begins   in the middle of the round: what was before is lost, or of another version");
    }
    say(&format!("written  by version {}", summary.program));
}

/// How far it is, on a terminal only.
struct Progress {
    all: u64,
    first: u32,
    shown: u64,
}

impl Progress {
    fn at(&mut self, tick: u32) {
        let percent = (u64::from(tick.saturating_sub(self.first)) * 100 / self.all).min(100);
        if percent > self.shown && stderr().is_terminal() {
            self.shown = percent;
            let _ = write!(stderr(), "\rverifying {percent} %").and_then(|()| stderr().flush());
        }
    }

    fn clear(&self) {
        if self.shown > 0 {
            let _ = write!(stderr(), "\r                \r");
        }
    }
}
