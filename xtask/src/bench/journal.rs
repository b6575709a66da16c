//! `cargo xtask bench journal`: what it costs a match to be written down. The same crowd with and without a journal, one
//! after the other, and the other way round the next time; the tick's own CPU time is read from the server's metrics.

use std::time::Duration;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use crate::{
    bench::{
        contenders::{CONTENDERS, Programs},
        figures::{Run, Runs},
        machine::Machine,
        measurement::{Order, measure},
        plan::{Plan, Plans},
        report::{Folder, document, lined},
        table::Table,
    },
    progress::{answer, say},
    workspace::Workspace,
};

const OFF: &str = "off";
const ON: &str = "synced";
/// What the journal may add to a tick's CPU time.
const SHARE_MAX: f64 = 0.05;

/// A window holds several checkpoints.
pub(super) const PLANS: Plans = Plans {
    full: Plan { crowd: 400, repetitions: 5, seconds: 10 },
    short: Plan { crowd: 200, repetitions: 1, seconds: 5 },
};

/// Measures, prints the table, and leaves the figures in `folder`. Returns them.
///
/// # Errors
/// When Starfray does not compile or a run fails.
pub(super) fn journal(workspace: &Workspace, plan: &Plan, folder: &Folder) -> Result<Value> {
    say("journal: building");
    let programs = Programs::starfray_only(workspace)?;
    let starfray = CONTENDERS.first().context("nobody to measure")?;
    let mut runs = Runs::default();
    for repetition in 0..plan.repetitions {
        let pair = if repetition % 2 == 0 { [OFF, ON] } else { [ON, OFF] };
        for mode in pair {
            say(&format!("[{}/{}] {} players, journal {mode}", repetition + 1, plan.repetitions, plan.crowd));
            let order = Order {
                players: plan.crowd,
                window: Duration::from_secs(plan.seconds),
                payload_bytes: 0,
                server_args: ["--journal", mode].map(str::to_owned).to_vec(),
                load_args: Vec::new(),
                stay: Duration::ZERO,
            };
            let figures = measure(&programs, starfray, &order)?;
            let of = |name: &str| figures.get(name).copied().unwrap_or_default();
            say(&format!(
                "      {:.0} µs of CPU for a tick; others took {:.0} ms/s of the core",
                of("tick_cpu_us"),
                of("others_ms_per_s")
            ));
            runs.push(Run { contender: mode, players: plan.crowd, repetition, figures });
        }
    }
    let machine = Machine::here();
    answer(&format!(
        "\njournal: {}\n\n{}\n{}",
        machine.line(),
        table(&runs, plan.crowd),
        verdict(&runs, plan)
    ));
    let settings = json!({ "players": plan.crowd, "repetitions": plan.repetitions, "seconds": plan.seconds });
    let figures = document("journal", &machine, &settings, &runs.to_json());
    folder.put("journal.json", &lined(&figures))?;
    Ok(figures)
}

fn table(runs: &Runs, players: u32) -> String {
    let mut table = Table::new([
        "journal",
        "tick CPU µs",
        "to off",
        "server ms/s",
        "to off",
        "gap p99 ms",
        "others ms/s",
    ]);
    for mode in [OFF, ON] {
        let spread = |figure, digits: usize| {
            runs.spread(mode, players, figure).map_or("-".to_owned(), |spread| spread.text(digits))
        };
        let ratio =
            |figure| runs.ratio(mode, OFF, (players, figure)).map_or("-".to_owned(), |spread| spread.text(3));
        table.push(vec![
            mode.to_owned(),
            spread("tick_cpu_us", 0),
            ratio("tick_cpu_us"),
            spread("cpu_ms_per_s", 0),
            ratio("cpu_ms_per_s"),
            spread("gap_p99_ms", 1),
            spread("others_ms_per_s", 0),
        ]);
    }
    table.text()
}

/// Whether the journal costs what it may.
fn verdict(runs: &Runs, plan: &Plan) -> String {
    let Some(ratio) = runs.ratio(ON, OFF, (plan.crowd, "tick_cpu_us")) else { return String::new() };
    let word = if ratio.median <= 1.0 + SHARE_MAX { "at most" } else { "ABOVE" };
    let (added, most) = ((ratio.median - 1.0) * 100.0, SHARE_MAX * 100.0);
    format!("\nThe journal adds {added:.1} % to a tick's CPU time, {word} {most:.0} %.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::figures::Figures;

    #[test]
    fn pairs_are_compared_with_each_other() {
        let plan = Plan { crowd: 10, repetitions: 2, seconds: 1 };
        for (added, said) in [(1.02, "at most"), (1.2, "ABOVE")] {
            let mut runs = Runs::default();
            for (repetition, off) in [(0, 100.0), (1, 300.0)] {
                for (contender, cost) in [(OFF, off), (ON, off * added)] {
                    let figures = Figures::from([("tick_cpu_us", cost)]);
                    runs.push(Run { contender, players: 10, repetition, figures });
                }
            }
            assert!(verdict(&runs, &plan).contains(said));
            assert_eq!(table(&runs, 10).lines().count(), 4);
        }
    }
}
