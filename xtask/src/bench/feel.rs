//! `cargo xtask bench feel`: how the game feels behind each kind of network. The true client plays against the true
//! match on a fake clock, so the figures are the same on every machine. The playing is in `tests/feel`; here it is run.

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use crate::{
    bench::{
        machine::Machine,
        ranges::{Range, Ranges},
        report::{Folder, document, lined},
        table::Table,
    },
    cargo::{SELECTION, cargo},
    progress::{answer, say},
    workspace::Workspace,
};

/// The table's columns: what stands above, the figure, and its digits after the point.
const COLUMNS: [(&str, &str, usize); 13] = [
    ("RTT ms", "rtt_ms", 0),
    ("input to ack p50 ms", "input_ack_p50_ms", 1),
    ("p99 ms", "input_ack_p99_ms", 1),
    ("late %", "late_percent", 2),
    ("correction p50 radii", "correction_p50_radii", 3),
    ("p99", "correction_p99_radii", 3),
    ("max", "correction_max_radii", 2),
    ("delay p50 ms", "delay_p50_ms", 0),
    ("underruns %", "underruns_percent", 2),
    ("pictures beyond %", "beyond_percent", 2),
    ("error p50 units", "error_p50_units", 2),
    ("p95", "error_p95_units", 2),
    ("p99", "error_p99_units", 1),
];

/// How much is to be played.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Plan {
    /// Runs behind each network, each with chances of its own.
    pub(super) seeds: u32,
    /// Length of a run in seconds of the game.
    pub(super) seconds: u64,
}

impl Plan {
    /// What is worth keeping.
    pub(super) fn full() -> Self {
        Self { seeds: 10, seconds: 120 }
    }

    /// Enough to see that nothing is broken.
    pub(super) fn short() -> Self {
        Self { seeds: 2, seconds: 30 }
    }
}

/// Plays, prints the table, and leaves figures and drawing in `folder`. Returns the figures.
///
/// # Errors
/// When the runs do not compile or one fails.
pub(super) fn feel(workspace: &Workspace, plan: &Plan, folder: &Folder) -> Result<Value> {
    say("feel: building and playing");
    let mut bench = cargo(&workspace.root, ["bench", "--quiet", "--profile", "dev"]);
    bench.args(SELECTION).args(["--bench", "feel", "--"]);
    bench.args([plan.seconds.to_string(), plan.seeds.to_string()]);
    bench.stderr(std::process::Stdio::inherit());
    let output = bench.output().context("cannot start the runs of `feel`")?;
    ensure!(output.status.success(), "the runs of `feel` failed ({})", output.status);
    let text = String::from_utf8(output.stdout)?;
    let lines = text.lines().filter(|line| line.starts_with('{'));
    let runs = lines.map(serde_json::from_str).collect::<Result<Vec<Value>, _>>()?;
    answer(&format!("\nfeel: {} s with each of {} seeds\n\n{}\n", plan.seconds, plan.seeds, table(&runs)));
    let settings = json!({ "seconds": plan.seconds, "seeds": plan.seeds });
    let figures = document("feel", &Machine::here(), &settings, &Value::from(runs.clone()));
    folder.put("feel.json", &lined(&figures))?;
    folder.put("feel.svg", &drawing(&runs).svg())?;
    Ok(figures)
}

fn number(run: &Value, figure: &str) -> f64 {
    run.get(figure).and_then(Value::as_f64).unwrap_or(0.0)
}

fn name(run: &Value) -> String {
    run.get("profile").and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn table(runs: &[Value]) -> String {
    let heads = COLUMNS.iter().map(|(head, ..)| (*head).to_owned());
    let mut table = Table::new(std::iter::once("network".to_owned()).chain(heads));
    for run in runs {
        let cells = COLUMNS.iter().map(|(_, figure, digits)| format!("{:.digits$}", number(run, figure)));
        table.push(std::iter::once(name(run)).chain(cells).collect());
    }
    table.text()
}

fn drawing(runs: &[Value]) -> Ranges {
    let row = |run: &Value| {
        let of = |figure| number(run, figure);
        let (rtt, delay) = (of("rtt_ms"), (of("delay_p50_ms"), of("delay_p99_ms")));
        (name(run), vec![(rtt, rtt), (of("input_ack_p50_ms"), of("input_ack_p99_ms")), delay])
    };
    Ranges {
        title: "How late the game is behind each network".to_owned(),
        across: "milliseconds, from the median to the 99th percentile".to_owned(),
        kinds: ["round trip", "input to ack", "interpolation delay"].map(str::to_owned).to_vec(),
        rows: runs.iter().map(row).map(|(name, ranges)| Range { name, ranges }).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_becomes_a_row_and_bars() {
        let run = json!({ "profile": "wifi", "rtt_ms": 44.0, "input_ack_p50_ms": 60.5, "input_ack_p99_ms": 200.0,
            "delay_p50_ms": 50.0, "delay_p99_ms": 90.0 });
        let text = table(std::slice::from_ref(&run));
        assert!(text.contains("| wifi ") && text.contains("| 60.5 "), "{text}");
        let svg = drawing(&[run]).svg();
        assert!(svg.contains(">wifi<") && svg.contains("input to ack"), "{svg}");
    }
}
