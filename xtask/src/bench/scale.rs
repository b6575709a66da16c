//! `cargo xtask bench scale`: what a player costs as players become more, for Starfray, the floors and the peers.
//! All stand side by side in one run: everybody at one number of players, then the next number, then once more.

use std::{collections::BTreeMap, time::Duration};

use anyhow::{Result, bail};
use serde_json::{Value, json};

use crate::{
    bench::{
        contenders::{CONTENDERS, Contender, FLOOR, Kind, Programs, STARFRAY},
        figures::{Figures, Run, Runs},
        machine::Machine,
        measurement::{Order, measure},
        plot::{Line, Plot},
        report::{Folder, document, lined},
        table::Table,
    },
    progress::{answer, say},
    workspace::Workspace,
};

/// Snapshots a second below which a server is too slow for its players: from here its figures say little, and it is
/// not asked for more.
const HZ_MIN: f64 = 27.0;
/// What others may take of the server's core, in ms a second, before a slow server may be their fault.
const OTHERS_MAX_MS_PER_S: f64 = 200.0;
/// Payload of the floors when Starfray has none to go by.
const PAYLOAD_BYTES: u32 = 160;

/// How much is to be measured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Plan {
    /// Numbers of players.
    pub(super) players: Vec<u32>,
    /// Repetitions of everything.
    pub(super) repetitions: u32,
    /// Length of a run's window in seconds.
    pub(super) seconds: u64,
}

impl Plan {
    /// What is worth keeping.
    pub(super) fn full() -> Self {
        Self { players: vec![50, 100, 200, 400, 1000], repetitions: 3, seconds: 5 }
    }

    /// Enough to see that nothing is broken.
    pub(super) fn short() -> Self {
        Self { players: vec![50, 200], repetitions: 1, seconds: 3 }
    }

    fn to_json(&self) -> Value {
        json!({ "players": self.players, "repetitions": self.repetitions, "seconds": self.seconds })
    }
}

/// Measures, prints the tables, and leaves figures and drawing in `folder`. Returns the figures.
///
/// # Errors
/// When something does not compile, or Starfray itself cannot be measured. A peer that fails is left out, and said so.
pub(super) fn scale(workspace: &Workspace, plan: &Plan, folder: &Folder) -> Result<Value> {
    say("scale: building");
    let programs = Programs::all(workspace)?;
    let machine = Machine::here();
    let runs = run_all(&programs, plan)?;
    answer(&format!("\nscale: {}\n", machine.line()));
    answer(&main_table(&runs));
    answer(&format!("\nStarfray's CPU per player-tick, divided by:\n\n{}\n", ratio_table(&runs)));
    let figures = document("scale", &machine, &plan.to_json(), &runs.to_json());
    folder.put("scale.json", &lined(&figures))?;
    folder.put("scale.svg", &drawing(&runs, "cpu_us", "server CPU, µs per player and tick").svg())?;
    folder.put("scale-bytes.svg", &drawing(&runs, "bytes_per_snapshot", "bytes per snapshot").svg())?;
    Ok(figures)
}

fn run_all(programs: &Programs, plan: &Plan) -> Result<Runs> {
    let mut series = Series {
        programs,
        plan,
        runs: Runs::default(),
        slow_from: BTreeMap::new(),
        payload_bytes: PAYLOAD_BYTES,
    };
    let total = plan.repetitions as usize * plan.players.len() * CONTENDERS.len();
    let mut begun = 0;
    for repetition in 0..plan.repetitions {
        for &players in &plan.players {
            for contender in &CONTENDERS {
                begun += 1;
                say(&format!(
                    "[{begun}/{total}] {} with {players} players, repetition {}",
                    contender.name,
                    repetition + 1
                ));
                series.run(contender, players, repetition)?;
            }
        }
    }
    Ok(series.runs)
}

/// A series of runs, and what later ones take from earlier ones.
struct Series<'a> {
    programs: &'a Programs,
    plan: &'a Plan,
    runs: Runs,
    /// From how many players a contender was too slow, or failed.
    slow_from: BTreeMap<&'static str, u32>,
    payload_bytes: u32,
}

impl Series<'_> {
    fn run(&mut self, contender: &Contender, players: u32, repetition: u32) -> Result<()> {
        if !self.programs.has(contender) {
            say("      skipped: Node or its packages are not there");
            return Ok(());
        }
        if let Some(slow) = self.slow_from.get(contender.name).filter(|slow| players > **slow) {
            say(&format!("      skipped: it did not keep up with {slow}"));
            return Ok(());
        }
        let order = Order {
            players,
            window: Duration::from_secs(self.plan.seconds),
            payload_bytes: self.payload_bytes,
            server_args: Vec::new(),
            load_args: Vec::new(),
            stay: Duration::ZERO,
        };
        match measure(self.programs, contender, &order) {
            Ok(figures) => self.take(contender, players, repetition, figures),
            Err(error) if contender.kind == Kind::Starfray => bail!(error),
            Err(error) => {
                say(&format!("      failed: {error:#}"));
                self.slow_from.entry(contender.name).or_insert(players);
            }
        }
        Ok(())
    }

    fn take(&mut self, contender: &Contender, players: u32, repetition: u32, figures: Figures) {
        let of = |name: &str| figures.get(name).copied().unwrap_or_default();
        say(&format!(
            "      {:.1} µs per player-tick, {:.0} bytes, {:.1} Hz, gap p99 {:.1} ms; others took {:.0} ms/s of the core",
            of("cpu_us"),
            of("bytes_per_snapshot"),
            of("hz"),
            of("gap_p99_ms"),
            of("others_ms_per_s")
        ));
        if contender.kind == Kind::Starfray {
            self.payload_bytes = payload_of(of("bytes_per_snapshot"));
        } else if of("hz") < HZ_MIN && of("others_ms_per_s") < OTHERS_MAX_MS_PER_S {
            say("      it did not keep up");
            let slow = self.slow_from.entry(contender.name).or_insert(players);
            *slow = players.min(*slow);
        }
        self.runs.push(Run { contender: contender.name, players, repetition, figures });
    }
}

/// The payload of a WebSocket message that is `bytes` long with its frame.
fn payload_of(bytes: f64) -> u32 {
    let bytes = bytes.round() as u32;
    let head = if bytes < 128 { 2 } else { 4 };
    bytes.saturating_sub(head)
}

/// The columns that show a median alone: name, figure, digits.
const COLUMNS: [(&str, &str, usize); 12] = [
    ("B/snapshot", "bytes_per_snapshot", 0),
    ("kbit/s down", "down_kbit_s", 1),
    ("up", "up_kbit_s", 1),
    ("Hz", "hz", 1),
    ("gap p50 ms", "gap_p50_ms", 1),
    ("gap p99 ms", "gap_p99_ms", 1),
    ("ships", "ships_in_view", 0),
    ("shots", "shots_in_view", 0),
    ("KiB/player", "rss_kib_per_player", 1),
    ("server ms/s", "cpu_ms_per_s", 0),
    ("players' ms/s", "crowd_ms_per_s", 0),
    ("others ms/s", "others_ms_per_s", 0),
];

fn main_table(runs: &Runs) -> String {
    let first = ["players", "server", "CPU µs/player-tick", "/ floor-sweep"];
    let mut table = Table::new(first.into_iter().chain(COLUMNS.map(|(name, ..)| name)));
    for players in runs.players() {
        for contender in &CONTENDERS {
            let Some(cpu) = runs.spread(contender.name, players, "cpu_us") else { continue };
            let ratio = runs.ratio(contender.name, FLOOR, (players, "cpu_us"));
            let mut cells = vec![
                players.to_string(),
                contender.name.to_owned(),
                cpu.text(1),
                ratio.map_or("-".to_owned(), |ratio| format!("{:.2}", ratio.median)),
            ];
            let median = |figure, digits: usize| {
                let spread = runs.spread(contender.name, players, figure);
                spread.map_or("-".to_owned(), |spread| format!("{:.digits$}", spread.median))
            };
            cells.extend(COLUMNS.map(|(_, figure, digits)| median(figure, digits)));
            table.push(cells);
        }
    }
    table.text()
}

fn ratio_table(runs: &Runs) -> String {
    let others = || CONTENDERS.iter().filter(|contender| contender.kind != Kind::Starfray);
    let mut table = Table::new(std::iter::once("players").chain(others().map(|other| other.name)));
    for players in runs.players() {
        let ratio = |other: &Contender| {
            let spread = runs.ratio(STARFRAY, other.name, (players, "cpu_us"));
            spread.map_or("-".to_owned(), |spread| spread.text(2))
        };
        table.push(std::iter::once(players.to_string()).chain(others().map(ratio)).collect());
    }
    table.text()
}

fn drawing(runs: &Runs, figure: &str, up: &str) -> Plot {
    let line = |contender: &Contender| {
        let point = |players: u32| Some((players, runs.spread(contender.name, players, figure)?));
        let points = runs.players().into_iter().filter_map(point).collect();
        Line { name: contender.name.to_owned(), points }
    };
    Plot {
        title: "Players in one arena at 30 Hz on one core".to_owned(),
        across: "players".to_owned(),
        up: up.to_owned(),
        lines: CONTENDERS.iter().map(line).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_has_a_head_of_two_or_four_bytes() {
        assert_eq!((payload_of(127.0), payload_of(127.6), payload_of(1028.2)), (125, 124, 1024));
    }

    #[test]
    fn tables_have_a_row_for_whoever_ran() {
        let mut runs = Runs::default();
        for (contender, cost) in [(STARFRAY, 12.0), (FLOOR, 10.0)] {
            let figures = Figures::from([("cpu_us", cost), ("hz", 30.0)]);
            runs.push(Run { contender, players: 50, repetition: 0, figures });
        }
        let table = main_table(&runs);
        assert_eq!(table.lines().count(), 4, "{table}");
        assert!(table.contains("1.20") && ratio_table(&runs).contains("1.20"));
        assert!(drawing(&runs, "cpu_us", "µs").svg().contains("floor-sweep"));
    }
}
