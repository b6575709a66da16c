//! Where and when figures were taken, without which they mean nothing: cores, kernel, compiler, Node, the date.
//! What a system does not tell is left out. Called by `report`.

use std::{
    fs,
    process::Command,
    time::{SystemTime, UNIX_EPOCH},
};

use serde_json::{Value, json};

/// The machine in words that may be published: nothing that names it or its owner.
#[derive(Debug)]
pub(super) struct Machine {
    /// The processor's name.
    processor: String,
    /// How many cores there are.
    cores: usize,
    /// The system and its version.
    system: String,
    /// The Rust compiler.
    rust: String,
    /// Node, which runs two of the peers.
    node: String,
    /// Today, as `2026-01-31`.
    date: String,
}

impl Machine {
    /// This machine, today.
    pub(super) fn here() -> Self {
        let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        Self {
            processor: processor().unwrap_or_else(|| "unknown processor".to_owned()),
            cores: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            system: first_line("uname", &["-sr"]),
            rust: first_line("rustc", &["--version"]),
            node: first_line("node", &["--version"]),
            date: date(seconds / 86_400),
        }
    }

    /// One line for people.
    pub(super) fn line(&self) -> String {
        let Self { processor, cores, system, rust, node, date } = self;
        format!("{date}; {cores} cores of {processor}; {system}; {rust}; node {node}")
    }

    /// The same as JSON.
    pub(super) fn to_json(&self) -> Value {
        let Self { processor, cores, system, rust, node, date } = self;
        json!({
            "date": date, "processor": processor, "cores": cores,
            "system": system, "rust": rust, "node": node, "network": "loopback",
        })
    }
}

fn processor() -> Option<String> {
    let text = fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = text.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

fn first_line(program: &str, args: &[&str]) -> String {
    let output = Command::new(program).args(args).output().ok().filter(|output| output.status.success());
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    text.and_then(|text| text.lines().next().map(str::to_owned)).unwrap_or_else(|| "not there".to_owned())
}

/// The date `days` after 1970-01-01, by the days of whole years and months.
fn date(days: u64) -> String {
    let leap = |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let (mut year, mut day) = (1970, days);
    while day >= 365 + u64::from(leap(year)) {
        day -= 365 + u64::from(leap(year));
        year += 1;
    }
    let lengths = [31, 28 + u64::from(leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut month = 1;
    for length in lengths {
        if day < length {
            break;
        }
        day -= length;
        month += 1;
    }
    format!("{year}-{month:02}-{:02}", day + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_become_dates() {
        assert_eq!(date(0), "1970-01-01");
        assert_eq!(date(19_782), "2024-02-29");
        assert_eq!(date(20_818), "2026-12-31");
    }
}
