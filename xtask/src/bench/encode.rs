//! `cargo xtask bench encode`: what a tick costs inside the server, without sockets, by criterion.
//! The measuring is in `server/benches/encode.rs`; here it is run, and what criterion wrote is read.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use crate::{
    bench::{
        figures::{Figures, Run, Runs, Spread},
        machine::Machine,
        plot::{Line, Plot},
        report::{Folder, document, lined},
        table::Table,
    },
    cargo::{cargo, run},
    progress::{answer, say},
    workspace::Workspace,
};

/// What is measured, by its name in criterion's folder, in the order of a tick.
const STAGES: [(&str, &str); 3] = [
    ("step", "the rules, for everybody"),
    ("pack", "what is new, encoded once"),
    ("assemble", "a snapshot for each player"),
];
const SIZES: [u32; 5] = [50, 200, 500, 1000, 2000];

/// Measures, prints the table, and leaves figures and drawing in `folder`. Returns the figures. `seconds` is the time
/// for each of the fifteen.
///
/// # Errors
/// When the benchmark does not compile, or criterion left no figures.
pub(super) fn encode(workspace: &Workspace, seconds: u64, folder: &Folder) -> Result<Value> {
    say("encode: building and measuring");
    let runs = read(&criterion(workspace, "encode", seconds)?)?;
    let machine = Machine::here();
    answer(&format!("\nencode: {}\n\n{}\n", machine.line(), table(&runs)));
    let figures = document("encode", &machine, &json!({ "seconds": seconds }), &runs.to_json());
    folder.put("encode.json", &lined(&figures))?;
    folder.put("encode.svg", &drawing(&runs).svg())?;
    Ok(figures)
}

/// Runs criterion's benchmark `name` of the server, `seconds` for each figure; the folder into which criterion wrote.
pub(super) fn criterion(workspace: &Workspace, name: &str, seconds: u64) -> Result<PathBuf> {
    let seconds_text = seconds.to_string();
    let written = workspace.target.join("criterion");
    let mut bench = cargo(&workspace.root, ["bench", "-p", "server", "--bench", name, "--"]);
    bench.args(["--noplot", "--quiet", "--warm-up-time", "1", "--measurement-time", &seconds_text]);
    // Criterion finds its folder by this when the target folder was moved.
    bench.env("CRITERION_HOME", &written);
    run(&mut bench, &format!("the benchmark `{name}`"))?;
    Ok(written)
}

/// What criterion found for one figure: a tick's median time, and where it lies with the usual confidence.
pub(super) fn estimates(criterion: &Path, group: &str, id: &str) -> Result<Figures> {
    let file = criterion.join(group).join(id).join("new").join("estimates.json");
    let text = fs::read_to_string(&file).with_context(|| format!("no figures in {}", file.display()))?;
    let estimates: Value = serde_json::from_str(&text)?;
    let nanoseconds = |place: &str| estimates.pointer(place).and_then(Value::as_f64);
    let figures = [
        ("tick_us", "/median/point_estimate"),
        ("least_us", "/median/confidence_interval/lower_bound"),
        ("most_us", "/median/confidence_interval/upper_bound"),
    ];
    Ok(figures.into_iter().filter_map(|(name, place)| Some((name, nanoseconds(place)? / 1000.0))).collect())
}

fn read(criterion: &Path) -> Result<Runs> {
    let mut runs = Runs::default();
    for (stage, _) in STAGES {
        for players in SIZES {
            let figures = estimates(criterion, stage, &players.to_string())?;
            runs.push(Run { contender: stage, players, repetition: 0, figures });
        }
    }
    Ok(runs)
}

/// Microseconds of a tick for each player.
fn each_us(runs: &Runs, stage: &str, players: u32, figure: &str) -> Option<f64> {
    runs.spread(stage, players, figure).map(|spread| spread.median / f64::from(players))
}

fn table(runs: &Runs) -> String {
    let names = STAGES.map(|(stage, what)| format!("{stage}: {what}, µs"));
    let ends = ["together, µs per tick", "together, µs per player-tick"].map(str::to_owned);
    let mut table = Table::new(std::iter::once("players".to_owned()).chain(names).chain(ends));
    for players in SIZES {
        let of = |stage: &str| runs.spread(stage, players, "tick_us").map_or(0.0, |spread| spread.median);
        let parts = STAGES.map(|(stage, _)| of(stage));
        let sum: f64 = parts.iter().sum();
        let mut cells = vec![players.to_string()];
        cells.extend(parts.map(|us| format!("{us:.0}")));
        cells.extend([format!("{sum:.0}"), format!("{:.2}", sum / f64::from(players))]);
        table.push(cells);
    }
    table.text()
}

fn drawing(runs: &Runs) -> Plot {
    let line = |(stage, what): (&str, &str)| {
        let point = |players: u32| {
            let of = |figure| each_us(runs, stage, players, figure);
            Some((players, Spread { median: of("tick_us")?, least: of("least_us")?, most: of("most_us")? }))
        };
        Line { name: format!("{stage}: {what}"), points: SIZES.into_iter().filter_map(point).collect() }
    };
    Plot {
        title: "A tick inside the server, without sockets".to_owned(),
        across: "players".to_owned(),
        up: "µs per player and tick".to_owned(),
        lines: STAGES.into_iter().rev().map(line).collect(),
    }
}
