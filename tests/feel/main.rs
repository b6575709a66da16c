//! The runs behind `cargo xtask bench feel`: `feel SECONDS SEEDS` plays behind each link profile, once for each seed, and
//! prints one line of JSON for each. It only adds figures up; `harness/feel.rs` plays, xtask shows the table.

use std::io::Write;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use shared::link_profile::{LINK_PROFILES, LinkProfile};
use tests::feel::{Feel, quantile};

fn main() -> Result<()> {
    // Cargo adds a flag of its own to what a benchmark is called with.
    let mut numbers = std::env::args().skip(1).filter(|arg| !arg.starts_with("--")).map(|arg| arg.parse());
    let seconds: u32 = numbers.next().context("how many seconds?")??;
    let seeds: u32 = numbers.next().context("how many seeds?")??;
    for profile in &LINK_PROFILES {
        let feel = Feel::of(profile, 1..1 + u64::from(seeds), seconds)?;
        writeln!(std::io::stdout(), "{}", figures(profile, &feel)).context("standard output is closed")?;
    }
    Ok(())
}

fn figures(profile: &LinkProfile, feel: &Feel) -> Value {
    let percent = |count: u64, of: usize| count as f64 * 100.0 / of.max(1) as f64;
    json!({
        "profile": profile.name,
        "rtt_ms": quantile(&feel.rtts_ms, 0.5),
        "input_ack_p50_ms": quantile(&feel.input_acks_ms, 0.5),
        "input_ack_p99_ms": quantile(&feel.input_acks_ms, 0.99),
        "late_percent": percent(feel.inputs_missing, feel.snapshots as usize),
        "correction_p50_radii": quantile(&feel.corrections_radii, 0.5),
        "correction_p99_radii": quantile(&feel.corrections_radii, 0.99),
        "correction_max_radii": quantile(&feel.corrections_radii, 1.0),
        "delay_p50_ms": quantile(&feel.delays_ms, 0.5),
        "delay_p99_ms": quantile(&feel.delays_ms, 0.99),
        "underruns_percent": percent(feel.underruns, feel.delays_ms.len()),
        "beyond_percent": feel.beyond(0.0) * 100.0,
        "error_p50_units": quantile(&feel.errors_units, 0.5),
        "error_p95_units": quantile(&feel.errors_units, 0.95),
        "error_p99_units": quantile(&feel.errors_units, 0.99),
        "snapshots": feel.snapshots,
        "pictures": feel.delays_ms.len(),
    })
}
