//! `cargo xtask bench bots`: what the decisions of a hundred bots of the highest skill cost, by criterion.
//! The measuring is in `server/benches/bots.rs`; here it is run, and what criterion wrote is read.

use anyhow::Result;
use serde_json::{Value, json};

use crate::{
    bench::{
        encode::{criterion, estimates},
        machine::Machine,
        report::{Folder, document, lined},
        table::Table,
    },
    progress::{answer, say},
    workspace::Workspace,
};

/// Those of `assets/maps`, and the one without walls.
const MAPS: [&str; 4] = ["lattice", "quarry", "foundry", "open"];
/// Ticks in a second of the matches that are measured.
const TICK_HZ: f64 = 30.0;

/// Measures for `seconds` on each map, prints the table, and leaves the figures in `folder`. Returns the figures.
///
/// # Errors
/// When the benchmark does not compile, or criterion left no figures.
pub(super) fn bots(workspace: &Workspace, seconds: u64, folder: &Folder) -> Result<Value> {
    say("bots: building and measuring");
    let written = criterion(workspace, "bots", seconds)?;
    let mut table = Table::new(["map", "100 bots, µs per tick", "% of a core at 30 Hz"]);
    let mut maps = Vec::new();
    for map in MAPS {
        let tick_us = estimates(&written, "bots", map)?.get("tick_us").copied().unwrap_or(f64::NAN);
        let percent = tick_us * TICK_HZ / 1e4;
        table.push(vec![map.to_owned(), format!("{tick_us:.0}"), format!("{percent:.2}")]);
        maps.push(json!({ "map": map, "tick_us": tick_us, "core_percent": percent }));
    }
    let machine = Machine::here();
    answer(&format!("\nbots: {}\n\n{}\n", machine.line(), table.text()));
    let figures = document("bots", &machine, &json!({ "seconds": seconds }), &json!(maps));
    folder.put("bots.json", &lined(&figures))?;
    Ok(figures)
}
