//! `cargo xtask bench fanout`: what an event costs for each of many spectators, on the server's own way out, beside
//! nginx with nchan and axum's `Sse`. All stand side by side in one run, on one core, with the same audience on another.

use std::{path::PathBuf, time::Duration};

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use crate::{
    bench::{
        child::Running,
        contenders::Programs,
        fanout_server::{self, CONTENDERS, STARFRAY},
        figures::{Figures, Run, Runs},
        machine::Machine,
        plot::{Line, Plot},
        procfs::{Reading, resident_kib},
        report::{Folder, document, lined},
        table::Table,
    },
    cargo::cargo,
    progress::{answer, say},
    workspace::Workspace,
};

/// The core of the servers, and of what reads from them.
const CORES: (usize, usize) = (0, 1);
/// How long all spectators together may take to be in.
const CONNECT_WITHIN: Duration = Duration::from_secs(90);
/// Text of an event.
const EVENT_BYTES: u32 = 1024;

/// How much is to be measured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Plan {
    /// Numbers of spectators.
    pub(super) spectators: Vec<u32>,
    /// Repetitions of everything.
    pub(super) repetitions: u32,
    /// Length of a run's window in seconds.
    pub(super) seconds: u64,
}

impl Plan {
    /// What is worth keeping.
    pub(super) fn full() -> Self {
        Self { spectators: vec![1000, 4000], repetitions: 3, seconds: 5 }
    }

    /// Enough to see that nothing is broken.
    pub(super) fn short() -> Self {
        Self { spectators: vec![200], repetitions: 1, seconds: 2 }
    }
}

/// Measures, prints the table, and leaves figures and drawing in `folder`. Returns the figures.
///
/// # Errors
/// When something does not compile or Starfray itself cannot be measured. A peer that is not there is left out, and
/// said so.
pub(super) fn fanout(workspace: &Workspace, plan: &Plan, folder: &Folder) -> Result<Value> {
    say("fanout: building");
    let programs = Programs::with_peers(workspace)?;
    let starfray = build(workspace)?;
    let machine = Machine::here();
    let mut runs = Runs::default();
    for repetition in 0..plan.repetitions {
        for &spectators in &plan.spectators {
            for contender in CONTENDERS {
                say(&format!("{contender} with {spectators} spectators, repetition {}", repetition + 1));
                let figures = match measure((&programs, &starfray), contender, (spectators, plan.seconds)) {
                    Ok(figures) => figures,
                    Err(error) if contender == STARFRAY => bail!(error),
                    Err(error) => {
                        say(&format!("      left out: {error:#}"));
                        continue;
                    }
                };
                let of = |name: &str| figures.get(name).copied().unwrap_or_default();
                say(&format!(
                    "      {:.1} µs per event, {:.1} Hz, latency p99 {:.1} ms; others took {:.0} ms/s of the core",
                    of("cpu_us"),
                    of("hz"),
                    of("latency_p99_ms"),
                    of("others_ms_per_s")
                ));
                runs.push(Run { contender, players: spectators, repetition, figures });
            }
        }
    }
    answer(&format!("\nfanout: {}\n\n{}\n", machine.line(), table(&runs)));
    let settings = json!({ "spectators": plan.spectators, "repetitions": plan.repetitions,
        "seconds": plan.seconds, "event_bytes": EVENT_BYTES });
    let figures = document("fanout", &machine, &settings, &runs.to_json());
    folder.put("fanout.json", &lined(&figures))?;
    folder.put("fanout.svg", &drawing(&runs).svg())?;
    Ok(figures)
}

/// Builds the program of `server/benches/fanout.rs`; where it is, only cargo knows.
fn build(workspace: &Workspace) -> Result<PathBuf> {
    let mut build = cargo(&workspace.root, ["bench", "-p", "server", "--bench", "fanout", "--no-run"]);
    let output = build.args(["--message-format", "json-render-diagnostics"]);
    let output = output.stderr(std::process::Stdio::inherit()).output().context("cannot start cargo")?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let messages = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let made =
        messages.filter_map(|message| Some(message.get("executable")?.as_str()?.to_owned())).next_back();
    made.map(PathBuf::from).filter(|_| output.status.success()).context("the fan-out does not compile")
}

/// Runs `contender` once for so many spectators and seconds.
fn measure(
    (programs, starfray): (&Programs, &PathBuf),
    contender: &'static str,
    (spectators, seconds): (u32, u64),
) -> Result<Figures> {
    let server = fanout_server::start((programs, starfray), contender, (CORES.0, EVENT_BYTES))?;
    std::thread::sleep(Duration::from_millis(500));
    let idle_kib = resident_kib(server.worker).context("there is no /proc to read: this needs Linux")?;
    let (spectators_text, seconds_text) = (spectators.to_string(), (seconds + 1).to_string());
    let args = ["--address", &server.address, "--path", "/feed", "--watchers", &spectators_text];
    let mut args: Vec<String> =
        args.into_iter().chain(["--seconds", &seconds_text]).map(str::to_owned).collect();
    args.extend(server.publish_args(EVENT_BYTES));
    let audience = programs.peers.join("audience");
    let mut audience = Running::start(&audience, &args, &programs.root, CORES.1)?;
    audience.wait_for_complaint("measuring", CONNECT_WITHIN)?;
    let read = |id: u32, core: usize| Reading::of(id, core).context("the process is gone");
    let begin = (read(server.worker, CORES.0)?, read(audience.id(), CORES.1)?);
    std::thread::sleep(Duration::from_secs(seconds));
    let end = (read(server.worker, CORES.0)?, read(audience.id(), CORES.1)?);
    let busy_kib = resident_kib(server.worker).context("the server is gone")?;
    let report: Value = serde_json::from_str(&audience.finish()?).context("the report is not JSON")?;
    let mut figures = told(&report, spectators);
    figures.insert("rss_kib_per_spectator", (busy_kib - idle_kib) / f64::from(spectators));
    let rate = |begin: &Reading, end: &Reading, clock: fn(&Reading) -> f64| {
        (clock(end) - clock(begin)) / (end.at - begin.at).as_secs_f64()
    };
    let cpu_ms_per_s = rate(&begin.0, &end.0, |reading| reading.cpu_ms);
    let events_per_s = figures.get("hz").copied().unwrap_or_default() * f64::from(spectators);
    figures.insert("cpu_ms_per_s", cpu_ms_per_s);
    figures.insert("cpu_us", cpu_ms_per_s * 1000.0 / events_per_s.max(1.0));
    figures.insert("audience_ms_per_s", rate(&begin.1, &end.1, |reading| reading.cpu_ms));
    let core_ms_per_s = rate(&begin.0, &end.0, |reading| reading.core_ms);
    figures.insert("others_ms_per_s", (core_ms_per_s - cpu_ms_per_s).max(0.0));
    Ok(figures)
}

/// What the audience tells.
fn told(report: &Value, spectators: u32) -> Figures {
    let number = |place: &str| report.pointer(place).and_then(Value::as_f64).unwrap_or_default();
    let events = number("/events");
    Figures::from([
        ("connected", number("/connected")),
        ("hz", events / number("/seconds").max(0.001) / f64::from(spectators)),
        ("bytes_per_event", number("/bytes_down") / events.max(1.0)),
        ("latency_p50_ms", number("/latency_ms/p50")),
        ("latency_p99_ms", number("/latency_ms/p99")),
    ])
}

/// The columns that show a median alone: name, figure, digits.
const COLUMNS: [(&str, &str, usize); 8] = [
    ("Hz", "hz", 1),
    ("latency p50 ms", "latency_p50_ms", 1),
    ("p99 ms", "latency_p99_ms", 1),
    ("B/event", "bytes_per_event", 0),
    ("KiB/spectator", "rss_kib_per_spectator", 1),
    ("server ms/s", "cpu_ms_per_s", 0),
    ("audience ms/s", "audience_ms_per_s", 0),
    ("others ms/s", "others_ms_per_s", 0),
];

fn table(runs: &Runs) -> String {
    let first = ["spectators", "server", "CPU µs/event", "starfray / this"];
    let mut table = Table::new(first.into_iter().chain(COLUMNS.map(|(name, ..)| name)));
    for spectators in runs.players() {
        for contender in CONTENDERS {
            let Some(cpu) = runs.spread(contender, spectators, "cpu_us") else { continue };
            let ratio = runs.ratio(STARFRAY, contender, (spectators, "cpu_us"));
            let ratio = ratio.map_or("-".to_owned(), |ratio| ratio.text(2));
            let mut cells = vec![spectators.to_string(), contender.to_owned(), cpu.text(1), ratio];
            let median = |figure, digits: usize| {
                let spread = runs.spread(contender, spectators, figure);
                spread.map_or("-".to_owned(), |spread| format!("{:.digits$}", spread.median))
            };
            cells.extend(COLUMNS.map(|(_, figure, digits)| median(figure, digits)));
            table.push(cells);
        }
    }
    table.text()
}

fn drawing(runs: &Runs) -> Plot {
    let line = |contender: &str| {
        let point = |spectators: u32| Some((spectators, runs.spread(contender, spectators, "cpu_us")?));
        Line { name: contender.to_owned(), points: runs.players().into_iter().filter_map(point).collect() }
    };
    Plot {
        title: "Events of 1 KiB, thirty a second, to each spectator from one core".to_owned(),
        across: "spectators".to_owned(),
        up: "server CPU, µs per event delivered".to_owned(),
        lines: CONTENDERS.into_iter().map(line).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_becomes_events_for_each_spectator() {
        let report = json!({ "connected": 10, "seconds": 4.0, "events": 1200, "bytes_down": 1_200_000,
            "latency_ms": { "p50": 1.5, "p99": 3.0 } });
        let figures = told(&report, 10);
        assert_eq!((figures.get("hz"), figures.get("bytes_per_event")), (Some(&30.0), Some(&1000.0)));
    }

    #[test]
    fn each_is_compared_within_its_repetition() {
        let mut runs = Runs::default();
        for (contender, cpu_us) in [(STARFRAY, 3.0), ("nchan", 12.0)] {
            let figures = Figures::from([("cpu_us", cpu_us)]);
            runs.push(Run { contender, players: 1000, repetition: 0, figures });
        }
        assert!(table(&runs).contains("0.25"), "{}", table(&runs));
    }
}
