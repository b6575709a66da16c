//! `cargo xtask bench push`: pulling against pushing. The same kind of match watched over every way that its feed can be
//! read, a fresh server each: bytes, requests and the server's time for each event that arrives, and how late it does.
//! Then what a connection costs while nothing happens.

use std::time::Duration;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use crate::{
    bench::{
        arena,
        child::Running,
        contenders::Programs,
        figures::{Figures, Run, Runs},
        idle,
        machine::Machine,
        plan::{Plan, Plans},
        procfs::{Reading, resident_kib},
        ranges::{Range, Ranges},
        report::{Folder, document, lined},
        table::Table,
    },
    progress::{answer, say},
    workspace::Workspace,
};

/// The ways: a name, and what `starfray load` is told.
const WAYS: [(&str, &str); 6] = [
    ("pull every 1 s", "--feed poll --pull-every 1000"),
    ("pull every 100 ms", "--feed poll --pull-every 100"),
    ("long poll", "--feed poll"),
    ("ndjson", "--feed ndjson"),
    ("sse", "--feed sse"),
    ("websocket", "--feed websocket"),
];
/// Bots of the match, so that there is something to see.
const BOTS: u32 = 12;
/// The core of the server, and of those who watch.
const CORES: (usize, usize) = (0, 1);
/// How long a server may take to listen, and all spectators together to be in.
const START_WITHIN: Duration = Duration::from_secs(30);
const CONNECT_WITHIN: Duration = Duration::from_secs(100);
/// Seconds for what the match itself costs, with one spectator.
const ALONE_S: u64 = 2;

/// Of each way.
pub(super) const PLANS: Plans = Plans {
    full: Plan { crowd: 300, repetitions: 3, seconds: 5 },
    short: Plan { crowd: 50, repetitions: 1, seconds: 2 },
};

/// Measures, prints the tables, and leaves figures and drawing in `folder`. Returns the figures.
///
/// # Errors
/// When Starfray does not compile or a run fails.
pub(super) fn push(workspace: &Workspace, plan: &Plan, folder: &Folder) -> Result<Value> {
    say("push: building");
    let programs = Programs::starfray_only(workspace)?;
    let mut runs = Runs::default();
    for repetition in 0..plan.repetitions {
        for (name, load_args) in WAYS {
            say(&format!("{} spectators, {name}, repetition {}", plan.crowd, repetition + 1));
            let figures = watch(&programs, load_args, plan)?;
            let of = |name: &str| figures.get(name).copied().unwrap_or_default();
            say(&format!(
                "      {:.1} µs per event, {:.0} bytes, latency p99 {:.1} ms; others took {:.0} ms/s of the core",
                of("cpu_us"),
                of("bytes_per_event"),
                of("latency_p99_ms"),
                of("others_ms_per_s")
            ));
            runs.push(Run { contender: name, players: plan.crowd, repetition, figures });
        }
    }
    let waiting = idle::measure(&programs, plan.repetitions)?;
    let machine = Machine::here();
    answer(&format!("\npush: {}\n\n{}\n", machine.line(), table(&runs, plan.crowd)));
    answer(&format!("\nWhile nothing happens, for each connection:\n\n{}\n", idle::table(&waiting)));
    let settings = json!({ "spectators": plan.crowd, "repetitions": plan.repetitions,
        "seconds": plan.seconds, "bots": BOTS });
    let mut figures = document("push", &machine, &settings, &runs.to_json());
    if let Some(object) = figures.as_object_mut() {
        object.insert("idle".to_owned(), waiting.to_json());
    }
    folder.put("push.json", &lined(&figures))?;
    folder.put("push.svg", &drawing(&runs, plan.crowd).svg())?;
    Ok(figures)
}

/// Watches a match of its own in one way.
fn watch(programs: &Programs, load_args: &str, plan: &Plan) -> Result<Figures> {
    let data = programs.fresh_data()?;
    let args = ["serve", "--listen", "127.0.0.1:0", "--data-dir", &data].map(str::to_owned);
    let mut server = Running::start(&programs.starfray, &args, &programs.root, CORES.0)?;
    let address = server.wait_for_output("listening on http://", START_WITHIN)?;
    let settings = json!({ "name": "bench", "max_players": 16, "bots": BOTS, "duration_s": 3600 });
    let id = arena::host_with(&address, &settings)?;
    let target = (address.as_str(), id.as_str());
    // The match itself runs and is told to one; what is above that is the others'.
    let (alone, _) = run(programs, &server, (target, 1, ALONE_S), "--feed sse")?;
    let idle_kib = resident_kib(server.id()).context("there is no /proc to read: this needs Linux")?;
    let (mut figures, busy_kib) = run(programs, &server, (target, plan.crowd, plan.seconds), load_args)?;
    let of = |name: &str| figures.get(name).copied().unwrap_or_default();
    let own_ms_per_s = of("cpu_ms_per_s") - alone.get("cpu_ms_per_s").copied().unwrap_or_default();
    let events_per_s = of("events_per_s");
    figures.insert("cpu_us", own_ms_per_s * 1000.0 / events_per_s.max(1.0));
    figures.insert("rss_kib_per_spectator", (busy_kib - idle_kib) / f64::from(plan.crowd));
    Ok(figures)
}

/// One crowd of spectators; its figures, and the server's memory while it was there.
fn run(
    programs: &Programs,
    server: &Running,
    ((address, id), spectators, seconds): ((&str, &str), u32, u64),
    load_args: &str,
) -> Result<(Figures, f64)> {
    let url = format!("http://{address}");
    let (count, length) = (spectators.to_string(), (seconds + 1).to_string());
    let args = ["load", "--json", "--url", &url, "--match", id, "--players", "0", "--spectators", &count];
    let args = args.into_iter().chain(["--seconds", &length]).chain(load_args.split_whitespace());
    let args: Vec<String> = args.map(str::to_owned).collect();
    let mut crowd = Running::start(&programs.starfray, &args, &programs.root, CORES.1)?;
    crowd.wait_for_complaint("measuring", CONNECT_WITHIN)?;
    let begin = Reading::of(server.id(), CORES.0).context("the server is gone")?;
    std::thread::sleep(Duration::from_secs(seconds));
    let end = Reading::of(server.id(), CORES.0).context("the server is gone")?;
    let busy_kib = resident_kib(server.id()).context("the server is gone")?;
    let report: Value = serde_json::from_str(&crowd.finish()?).context("the report is not JSON")?;
    let mut figures = told(&report, spectators);
    let passed_s = (end.at - begin.at).as_secs_f64();
    let cpu_ms_per_s = (end.cpu_ms - begin.cpu_ms) / passed_s;
    figures.insert("cpu_ms_per_s", cpu_ms_per_s);
    let others_ms_per_s = (end.core_ms - begin.core_ms) / passed_s - cpu_ms_per_s;
    figures.insert("others_ms_per_s", others_ms_per_s.max(0.0));
    Ok((figures, busy_kib))
}

/// What the spectators tell.
fn told(report: &Value, spectators: u32) -> Figures {
    let number = |place: &str| report.pointer(place).and_then(Value::as_f64).unwrap_or_default();
    let (events, seconds) = (number("/feed_events"), number("/seconds").max(0.001));
    Figures::from([
        ("connected", number("/connected")),
        ("events_per_s", events / seconds),
        ("bytes_per_event", (number("/bytes_down") + number("/bytes_up")) / events.max(1.0)),
        ("requests_per_s", number("/feed_requests") / seconds / f64::from(spectators)),
        ("latency_p50_ms", number("/feed_latency_ms/p50")),
        ("latency_p99_ms", number("/feed_latency_ms/p99")),
    ])
}

/// The columns: name, figure, digits.
const COLUMNS: [(&str, &str, usize); 7] = [
    ("B/event", "bytes_per_event", 0),
    ("requests/s", "requests_per_s", 2),
    ("CPU µs/event", "cpu_us", 1),
    ("latency p50 ms", "latency_p50_ms", 1),
    ("p99 ms", "latency_p99_ms", 1),
    ("KiB/spectator", "rss_kib_per_spectator", 1),
    ("others ms/s", "others_ms_per_s", 0),
];

fn table(runs: &Runs, spectators: u32) -> String {
    let mut table = Table::new(std::iter::once("way").chain(COLUMNS.map(|(name, ..)| name)));
    for (name, _) in WAYS {
        let text = |figure, digits| {
            runs.spread(name, spectators, figure).map_or("-".to_owned(), |spread| spread.text(digits))
        };
        let cells = COLUMNS.map(|(_, figure, digits)| text(figure, digits));
        table.push(std::iter::once(name.to_owned()).chain(cells).collect());
    }
    table.text()
}

fn drawing(runs: &Runs, spectators: u32) -> Ranges {
    let row = |name: &str| {
        let of = |figure| runs.spread(name, spectators, figure).map_or(0.0, |spread| spread.median);
        let latency = (of("latency_p50_ms"), of("latency_p99_ms"));
        Range { name: name.to_owned(), ranges: vec![latency, (of("cpu_us"), of("cpu_us"))] }
    };
    Ranges {
        title: "A feed pulled, polled and pushed".to_owned(),
        across: "milliseconds from tick to arrival, median to 99th percentile; µs of the server's time"
            .to_owned(),
        kinds: ["latency, ms", "CPU for an event, µs"].map(str::to_owned).to_vec(),
        rows: WAYS.iter().map(|(name, _)| row(name)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_becomes_figures_for_each_event() {
        let report = json!({ "seconds": 5.0, "connected": 10, "feed_events": 500, "feed_requests": 50,
            "bytes_down": 90_000, "bytes_up": 10_000, "feed_latency_ms": { "p50": 2.0, "p99": 9.0 } });
        let figures = told(&report, 10);
        for (name, value) in [("events_per_s", 100.0), ("bytes_per_event", 200.0), ("requests_per_s", 1.0)] {
            assert_eq!(figures.get(name), Some(&value), "{name}");
        }
    }
}
