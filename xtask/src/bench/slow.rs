//! `cargo xtask bench slow`: what players in trouble cost the others. The same crowd thrice, side by side: nobody in
//! trouble, a tenth behind a line of 16 kbit/s, and a tenth that stand still for ten seconds.

use std::time::Duration;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use crate::{
    bench::{
        contenders::{CONTENDERS, Programs},
        figures::{Figures, Run, Runs, Spread},
        machine::Machine,
        measurement::{Order, measure},
        plan::{Plan, Plans},
        report::{Folder, document, lined},
        table::Table,
    },
    progress::{answer, say},
    workspace::Workspace,
};

/// Ticks in a second of a match by default. Healthy players get a snapshot in each.
const HZ: f64 = 30.0;

const NOBODY: &str = "nobody";
const THROTTLED: &str = "10 % throttled";
const STOPPED: &str = "10 % stopped";

/// A crowd: its name, what `starfray load` is told, and how long it stays. The stop lasts from second 2 to 12, so the
/// window, which begins at 3, lies within it; then there is time to come back.
const CROWDS: [(&str, &str, u64); 3] = [
    (NOBODY, "", 0),
    (THROTTLED, "--link throttled-16kbit --troubled 10", 0),
    (STOPPED, "--troubled 10 --stop-after 2 --stop-for 10", 15),
];

/// Longest window that lies within the stop.
pub(super) const SECONDS_MAX: u64 = 8;

/// The windows are at most [`SECONDS_MAX`] long.
pub(super) const PLANS: Plans = Plans {
    full: Plan { crowd: 400, repetitions: 5, seconds: SECONDS_MAX },
    short: Plan { crowd: 200, repetitions: 1, seconds: 4 },
};

/// Measures, prints the table, and leaves the figures in `folder`. Returns them.
///
/// # Errors
/// When Starfray does not compile or a run fails.
pub(super) fn slow(workspace: &Workspace, plan: &Plan, folder: &Folder) -> Result<Value> {
    say("slow: building");
    let programs = Programs::starfray_only(workspace)?;
    let starfray = CONTENDERS.first().context("nobody to measure")?;
    let total = plan.repetitions as usize * CROWDS.len();
    let (mut runs, mut begun) = (Runs::default(), 0);
    for repetition in 0..plan.repetitions {
        for (name, args, stay_s) in CROWDS {
            begun += 1;
            let players = plan.crowd;
            say(&format!(
                "[{begun}/{total}] {players} players, {name} in trouble, repetition {}",
                repetition + 1
            ));
            let order = Order {
                players,
                window: Duration::from_secs(plan.seconds),
                payload_bytes: 0,
                server_args: Vec::new(),
                load_args: args.split_whitespace().map(str::to_owned).collect(),
                stay: Duration::from_secs(stay_s),
            };
            let figures = per_healthy(measure(&programs, starfray, &order)?, players);
            let of = |name: &str| figures.get(name).copied().unwrap_or_default();
            say(&format!(
                "      {:.1} µs per healthy player-tick, gap p99 {:.1} ms; others took {:.0} ms/s of the core",
                of("healthy_cpu_us"),
                of("gap_p99_ms"),
                of("others_ms_per_s")
            ));
            runs.push(Run { contender: name, players, repetition, figures });
        }
    }
    let machine = Machine::here();
    answer(&format!("\nslow: {}\n\n{}\n", machine.line(), table(&runs, plan.crowd)));
    let settings = json!({ "players": plan.crowd, "repetitions": plan.repetitions, "seconds": plan.seconds });
    let figures = document("slow", &machine, &settings, &runs.to_json());
    folder.put("slow.json", &lined(&figures))?;
    Ok(figures)
}

/// Adds the whole server's cost over the ticks of healthy players alone: what the troubled ones cost is in it.
fn per_healthy(mut figures: Figures, players: u32) -> Figures {
    let healthy = f64::from(players) - figures.get("troubled").copied().unwrap_or_default();
    let cpu_ms_per_s = figures.get("cpu_ms_per_s").copied().unwrap_or_default();
    figures.insert("healthy_cpu_us", cpu_ms_per_s * 1000.0 / (healthy * HZ));
    figures
}

fn table(runs: &Runs, players: u32) -> String {
    let mut table = Table::new([
        "in trouble",
        "CPU µs/healthy player-tick",
        "to nobody",
        "server ms/s",
        "to nobody",
        "gap p99 ms",
        "more than nobody",
        "KiB more per troubled",
        "age p99 ms of troubled",
        "age p99 ms after the stop",
        "dropped",
    ]);
    for (name, ..) in CROWDS {
        let spread = |figure, digits: usize| {
            runs.spread(name, players, figure).map_or("-".to_owned(), |spread| spread.text(digits))
        };
        let troubled = runs.spread(name, players, "troubled").map_or(0.0, |spread| spread.median);
        let ratio = |figure| {
            let spread = runs.ratio(name, NOBODY, (players, figure));
            spread.map_or("-".to_owned(), |spread| spread.text(2))
        };
        let gap = runs.excess(name, NOBODY, (players, "gap_p99_ms"));
        let memory = runs.excess(name, NOBODY, (players, "rss_mib")).filter(|_| troubled > 0.0);
        // An age that was never measured is told as 0.
        let age = |figure| runs.spread(name, players, figure).filter(|spread| spread.most > 0.0);
        let text = |spread: Option<Spread>| spread.map_or("-".to_owned(), |spread| spread.text(1));
        table.push(vec![
            name.to_owned(),
            spread("healthy_cpu_us", 1),
            ratio("healthy_cpu_us"),
            spread("cpu_ms_per_s", 0),
            ratio("cpu_ms_per_s"),
            spread("gap_p99_ms", 1),
            text(gap),
            memory.map_or("-".to_owned(), |mib| format!("{:.1}", mib.median * 1024.0 / troubled)),
            text(age("troubled_age_p99_ms")),
            text(age("resumed_age_p99_ms")),
            spread("disconnected", 0),
        ]);
    }
    table.text()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cost_is_spread_over_the_healthy() {
        let figures = Figures::from([("troubled", 10.0), ("cpu_ms_per_s", 27.0)]);
        assert_eq!(per_healthy(figures, 100).get("healthy_cpu_us"), Some(&10.0));
    }

    #[test]
    fn memory_is_that_of_the_troubled_alone() {
        let mut runs = Runs::default();
        for (contender, troubled, rss_mib) in [(NOBODY, 0.0, 20.0), (THROTTLED, 10.0, 21.0)] {
            let figures =
                Figures::from([("troubled", troubled), ("rss_mib", rss_mib), ("cpu_ms_per_s", 30.0)]);
            runs.push(Run { contender, players: 100, repetition: 0, figures: per_healthy(figures, 100) });
        }
        let text = table(&runs, 100);
        assert!(text.contains("102.4"), "{text}");
    }
}
