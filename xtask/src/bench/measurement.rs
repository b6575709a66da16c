//! One run: a fresh server on one core, its players on another, and the server's clocks read at both ends of a window.
//! It knows how each kind of contender is started and nothing of comparisons. Called by `scale`, `slow` and `journal`.

use std::{path::PathBuf, time::Duration};

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::bench::{
    arena,
    child::Running,
    contenders::{Contender, Kind, Programs},
    figures::Figures,
    procfs::{Reading, resident_kib},
    ticks::Ticks,
};

/// The server's core.
const SERVER_CORE: usize = 0;
/// The core of what drives it.
const CROWD_CORE: usize = 1;
/// Time from the last player's first snapshot to the window: a shot lives two seconds, so now the air is as full as it
/// will be.
const WARM: Duration = Duration::from_secs(3);
/// How long players go on after the window, so that its end is as busy as its begin.
const AFTER: Duration = Duration::from_secs(1);
/// How long a server may take to listen.
const START_WITHIN: Duration = Duration::from_secs(30);
/// How long all players together may take to be in.
const CONNECT_WITHIN: Duration = Duration::from_secs(150);
/// Node's default for its youngest generation is made for small programs; every guide to game servers lifts it.
const NODE_TUNING: &str = "--max-semi-space-size=32";

/// What a run is to be.
#[derive(Debug, Clone)]
pub(super) struct Order {
    /// Players.
    pub(super) players: u32,
    /// Length of the window.
    pub(super) window: Duration,
    /// Payload of a floor's message in bytes.
    pub(super) payload_bytes: u32,
    /// More arguments of `starfray serve`.
    pub(super) server_args: Vec<String>,
    /// More arguments of `starfray load`.
    pub(super) load_args: Vec<String>,
    /// The least time for which players stay after their first snapshot.
    pub(super) stay: Duration,
}

/// Runs `contender` once.
///
/// # Errors
/// When something cannot be started, does not get its players in time, or dies.
pub(super) fn measure(programs: &Programs, contender: &Contender, order: &Order) -> Result<Figures> {
    let (program, args) = server(programs, contender, order)?;
    let mut server = Running::start(&program, &args, &programs.root, SERVER_CORE)?;
    let address = server.wait_for_output("listening on http://", START_WITHIN)?;
    // What a program does right after its start is no part of the figures.
    std::thread::sleep(Duration::from_millis(500));
    let idle_kib = resident_kib(server.id()).context("there is no /proc to read: this needs Linux")?;
    let (program, args) = crowd(programs, contender, order, &address)?;
    let mut crowd = Running::start(&program, &args, &programs.root, CROWD_CORE)?;
    crowd.wait_for_complaint("measuring", CONNECT_WITHIN)?;
    std::thread::sleep(WARM);
    let read = |id: u32, core: usize| Reading::of(id, core).context("the process is gone");
    let ticks = || (contender.kind == Kind::Starfray).then(|| Ticks::read(&address)).transpose();
    let ticked = ticks()?;
    let begin = (read(server.id(), SERVER_CORE)?, read(crowd.id(), CROWD_CORE)?);
    std::thread::sleep(order.window);
    let end = (read(server.id(), SERVER_CORE)?, read(crowd.id(), CROWD_CORE)?);
    let ticked = ticked.zip(ticks()?);
    let busy_kib = resident_kib(server.id()).context("the server is gone")?;
    std::thread::sleep(order.stay.saturating_sub(WARM + order.window));
    let report: Value = serde_json::from_str(&crowd.finish()?).context("the players' report is not JSON")?;
    let mut figures = told(&report, order.players);
    figures.insert("rss_mib", busy_kib / 1024.0);
    figures.insert("rss_kib_per_player", (busy_kib - idle_kib) / f64::from(order.players));
    if let Some((begin, end)) = ticked {
        figures.insert("tick_cpu_us", end.cpu_us_since(&begin));
    }
    add_clocks(&mut figures, (begin.0, end.0), (begin.1, end.1), order.players);
    Ok(figures)
}

/// The server's program and arguments.
fn server(programs: &Programs, contender: &Contender, order: &Order) -> Result<(PathBuf, Vec<String>)> {
    let players = ["--players".to_owned(), order.players.to_string()];
    Ok(match contender.kind {
        Kind::Starfray => {
            let data = programs.fresh_data()?;
            let args = ["serve", "--listen", "127.0.0.1:0", "--data-dir", &data];
            let args = args.map(str::to_owned).into_iter().chain(order.server_args.iter().cloned());
            (programs.starfray.clone(), args.collect())
        }
        Kind::Floor => {
            let args = ["--bytes".to_owned(), order.payload_bytes.to_string()];
            (programs.peers.join(contender.name), args.to_vec())
        }
        Kind::Rust => (programs.peers.join(contender.name), players.to_vec()),
        Kind::Node(script) => {
            let script = programs.scripts.join(script).to_string_lossy().into_owned();
            let args = [NODE_TUNING.to_owned(), script].into_iter().chain(players);
            (programs.node.clone().unwrap_or_else(|| "node".into()), args.collect())
        }
    })
}

/// The program and arguments of the players.
fn crowd(
    programs: &Programs,
    contender: &Contender,
    order: &Order,
    address: &str,
) -> Result<(PathBuf, Vec<String>)> {
    let stay = (WARM + order.window + AFTER).max(order.stay).as_secs().to_string();
    let players = order.players.to_string();
    if contender.kind != Kind::Starfray {
        let args = [
            "--address",
            address,
            "--protocol",
            contender.protocol,
            "--players",
            &players,
            "--seconds",
            &stay,
        ];
        return Ok((programs.peers.join("crowd"), args.map(str::to_owned).to_vec()));
    }
    let id = arena::host(address, order.players)?;
    let url = format!("http://{address}");
    let args = [
        "load",
        "--url",
        &url,
        "--match",
        &id,
        "--players",
        &players,
        "--seconds",
        &stay,
        "--light",
        "--json",
    ];
    let args = args.map(str::to_owned).into_iter().chain(order.load_args.iter().cloned());
    Ok((programs.starfray.clone(), args.collect()))
}

/// Where a figure of the players' report stands, for those that are taken over as they are.
const TAKEN: [(&str, &str); 13] = [
    ("connected", "/connected"),
    ("disconnected", "/disconnected"),
    ("gap_p50_ms", "/snapshot_gap_ms/p50"),
    ("gap_p99_ms", "/snapshot_gap_ms/p99"),
    ("gap_max_ms", "/snapshot_gap_ms/max"),
    ("ships_in_view", "/in_view/ships"),
    ("shots_in_view", "/in_view/shots"),
    ("age_p99_ms", "/snapshot_age_ms/p99"),
    ("troubled", "/troubled"),
    ("troubled_age_p99_ms", "/troubled_age_ms/p99"),
    ("resumed", "/resumed"),
    ("resumed_age_p99_ms", "/resumed_age_ms/p99"),
    ("resumed_wait_p99_ms", "/resumed_wait_ms/p99"),
];

/// What the players themselves tell.
fn told(report: &Value, players: u32) -> Figures {
    let number = |place: &str| report.pointer(place).and_then(Value::as_f64);
    let mut figures: Figures =
        TAKEN.iter().filter_map(|(name, place)| Some((*name, number(place)?))).collect();
    let count = |place: &str| number(place).unwrap_or_default();
    let player_seconds = count("/seconds") * f64::from(players);
    let snapshots = count("/snapshots");
    figures.insert("hz", snapshots / player_seconds);
    figures.insert("bytes_per_snapshot", count("/bytes_down") / snapshots.max(1.0));
    figures.insert("down_kbit_s", count("/bytes_down") * 8.0 / 1000.0 / player_seconds);
    figures.insert("up_kbit_s", count("/bytes_up") * 8.0 / 1000.0 / player_seconds);
    figures
}

/// What the clocks tell of the window.
fn add_clocks(figures: &mut Figures, server: (Reading, Reading), crowd: (Reading, Reading), players: u32) {
    let rate = |(begin, end): (Reading, Reading), clock: fn(&Reading) -> f64| {
        (clock(&end) - clock(&begin)) / (end.at - begin.at).as_secs_f64()
    };
    let cpu_ms_per_s = rate(server, |reading| reading.cpu_ms);
    let player_ticks_per_s = figures.get("hz").copied().unwrap_or_default() * f64::from(players);
    let each_us = |ms_per_s: f64| ms_per_s * 1000.0 / player_ticks_per_s.max(1.0);
    figures.insert("cpu_us", each_us(cpu_ms_per_s));
    figures.insert("coarse_cpu_us", each_us(rate(server, |reading| reading.coarse_cpu_ms)));
    figures.insert("cpu_ms_per_s", cpu_ms_per_s);
    let crowd_ms_per_s = rate(crowd, |reading| reading.cpu_ms);
    figures.insert("crowd_ms_per_s", crowd_ms_per_s);
    // Cores are counted in ticks of 10 ms, processes exactly, so a quiet core can come out a little below nothing.
    figures.insert("others_ms_per_s", (rate(server, |reading| reading.core_ms) - cpu_ms_per_s).max(0.0));
    figures
        .insert("crowd_others_ms_per_s", (rate(crowd, |reading| reading.core_ms) - crowd_ms_per_s).max(0.0));
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[test]
    fn a_report_becomes_figures_per_player() {
        let report = serde_json::json!({
            "seconds": 10.0, "connected": 4, "disconnected": 0, "snapshots": 1200,
            "bytes_down": 120_000, "bytes_up": 40_000,
            "snapshot_gap_ms": {"p50": 33.0, "p99": 35.0, "max": 40.0}, "in_view": null,
        });
        let figures = told(&report, 4);
        assert_eq!(figures.get("hz"), Some(&30.0));
        assert_eq!(figures.get("bytes_per_snapshot"), Some(&100.0));
        assert_eq!(figures.get("down_kbit_s"), Some(&24.0));
        assert_eq!(figures.get("gap_p99_ms"), Some(&35.0));
        assert_eq!(figures.get("ships_in_view"), None);
    }

    #[test]
    fn clocks_become_time_per_player_tick() {
        let at = Instant::now();
        let reading = |s: u64, cpu_ms: f64, core_ms: f64| Reading {
            at: at + Duration::from_secs(s),
            cpu_ms,
            coarse_cpu_ms: cpu_ms,
            core_ms,
        };
        let mut figures = Figures::from([("hz", 30.0)]);
        let window = (reading(0, 100.0, 500.0), reading(2, 700.0, 1300.0));
        add_clocks(&mut figures, window, window, 1000);
        assert_eq!(figures.get("cpu_us"), Some(&10.0));
        assert_eq!(figures.get("others_ms_per_s"), Some(&100.0));
    }
}
