//! `cargo xtask bench slow`: what players in trouble cost the others. The same crowd in one run after another: nobody in
//! trouble, a tenth behind a line of 16 kbit/s, a tenth that stand still for ten seconds; and all of them in either trouble,
//! which says what one in trouble costs itself. What a mixed crowd costs beyond that is what the healthy cost.

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

/// A crowd of the same size as all others.
#[derive(Debug)]
struct Crowd {
    name: &'static str,
    /// What `starfray load` is told of it.
    args: &'static str,
    /// How long it stays.
    stay_s: u64,
    /// The crowd in which all are in the trouble that some are in here.
    all: Option<&'static str>,
}

/// The stop lasts from second 2 to 12, so the window, which begins at 3, lies within it; then there is time to come back.
const CROWDS: [Crowd; 5] = [
    Crowd { name: NOBODY, args: "", stay_s: 0, all: None },
    Crowd {
        name: "10 % throttled",
        args: "--link throttled-16kbit --troubled 10",
        stay_s: 0,
        all: Some("all throttled"),
    },
    Crowd {
        name: "10 % stopped",
        args: "--troubled 10 --stop-after 2 --stop-for 10",
        stay_s: 15,
        all: Some("all stopped"),
    },
    Crowd { name: "all throttled", args: "--link throttled-16kbit --troubled 100", stay_s: 0, all: None },
    Crowd { name: "all stopped", args: "--troubled 100 --stop-after 2 --stop-for 10", stay_s: 15, all: None },
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
    let mut runs = Runs::default();
    for repetition in 0..plan.repetitions {
        let mut measured: Vec<(&Crowd, Figures)> = Vec::new();
        for crowd in &CROWDS {
            let number = repetition as usize * CROWDS.len() + measured.len() + 1;
            say(&format!(
                "[{number}/{total}] {} players, {} in trouble, repetition {}",
                plan.crowd,
                crowd.name,
                repetition + 1
            ));
            let figures = measure(&programs, starfray, &order(crowd, plan))?;
            let of = |name: &str| figures.get(name).copied().unwrap_or_default();
            say(&format!(
                "      {:.0} ms/s, gap p99 {:.1} ms; others took {:.0} ms/s of the core",
                of("cpu_ms_per_s"),
                of("gap_p99_ms"),
                of("others_ms_per_s")
            ));
            measured.push((crowd, figures));
        }
        for (crowd, figures) in &measured {
            let figures = per_healthy(figures.clone(), all_of(crowd, &measured), plan.crowd);
            runs.push(Run { contender: crowd.name, players: plan.crowd, repetition, figures });
        }
    }
    let machine = Machine::here();
    answer(&format!("\nslow: {}\n\n{}\n", machine.line(), table(&runs, plan.crowd)));
    let settings = json!({ "players": plan.crowd, "repetitions": plan.repetitions, "seconds": plan.seconds });
    let figures = document("slow", &machine, &settings, &runs.to_json());
    folder.put("slow.json", &lined(&figures))?;
    Ok(figures)
}

fn order(crowd: &Crowd, plan: &Plan) -> Order {
    Order {
        players: plan.crowd,
        window: Duration::from_secs(plan.seconds),
        payload_bytes: 0,
        server_args: Vec::new(),
        load_args: crowd.args.split_whitespace().map(str::to_owned).collect(),
        stay: Duration::from_secs(crowd.stay_s),
    }
}

/// The figures of the crowd in which all are in `crowd`'s trouble.
fn all_of<'a>(crowd: &Crowd, measured: &'a [(&Crowd, Figures)]) -> Option<&'a Figures> {
    let all = crowd.all?;
    measured.iter().find(|(other, _)| other.name == all).map(|(_, figures)| figures)
}

/// Adds what a healthy player's tick costs: the server's time without that of the troubled ones, as `all` has it who are all
/// in that trouble; and the same with everything charged to the healthy ones.
fn per_healthy(mut figures: Figures, all: Option<&Figures>, players: u32) -> Figures {
    let of = |figures: &Figures, name: &str| figures.get(name).copied().unwrap_or_default();
    let (players, troubled) = (f64::from(players), of(&figures, "troubled"));
    let healthy = players - troubled;
    if healthy > 0.0 {
        let whole = of(&figures, "cpu_ms_per_s");
        let own = all.map_or(0.0, |all| of(all, "cpu_ms_per_s") / players * troubled);
        figures.insert("healthy_cpu_us", (whole - own) * 1000.0 / (healthy * HZ));
        figures.insert("charged_cpu_us", whole * 1000.0 / (healthy * HZ));
    }
    figures
}

fn table(runs: &Runs, players: u32) -> String {
    let mut table = Table::new([
        "in trouble",
        "CPU µs/healthy player-tick",
        "to nobody",
        "if they bear all, to nobody",
        "server ms/s",
        "to nobody",
        "gap p99 ms",
        "more than nobody",
        "KiB more per troubled",
        "age p99 ms of troubled",
        "age p99 ms after the stop",
        "dropped",
    ]);
    for Crowd { name, .. } in &CROWDS {
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
            (*name).to_owned(),
            spread("healthy_cpu_us", 1),
            ratio("healthy_cpu_us"),
            ratio("charged_cpu_us"),
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
    fn the_cost_of_the_troubled_is_taken_apart() {
        let all = Figures::from([("troubled", 100.0), ("cpu_ms_per_s", 15.0)]);
        let some = Figures::from([("troubled", 10.0), ("cpu_ms_per_s", 28.5)]);
        let figures = per_healthy(some, Some(&all), 100);
        assert!((figures["healthy_cpu_us"] - 10.0).abs() < 1e-9, "{figures:?}");
        assert!((figures["charged_cpu_us"] - 28.5 / 2.7).abs() < 1e-9, "{figures:?}");
        assert!(!per_healthy(all, None, 100).contains_key("healthy_cpu_us"), "nobody is healthy");
    }

    #[test]
    fn every_mixed_crowd_has_its_match() {
        for all in CROWDS.iter().filter_map(|crowd| crowd.all) {
            assert!(CROWDS.iter().any(|crowd| crowd.name == all), "{all}");
        }
    }

    #[test]
    fn memory_is_that_of_the_troubled_alone() {
        let mut runs = Runs::default();
        for (contender, troubled, rss_mib) in [(NOBODY, 0.0, 20.0), ("10 % throttled", 10.0, 21.0)] {
            let figures =
                Figures::from([("troubled", troubled), ("rss_mib", rss_mib), ("cpu_ms_per_s", 30.0)]);
            let figures = per_healthy(figures, None, 100);
            runs.push(Run { contender, players: 100, repetition: 0, figures });
        }
        let text = table(&runs, 100);
        assert!(text.contains("102.4"), "{text}");
    }
}
