//! What a process and a core did, as Linux tells it under `/proc`: CPU time, memory, how busy a core was.
//! It only reads; elsewhere than on Linux every reading is `None`. Called by `measurement`.

use std::{fs, time::Instant};

/// The kernel counts time of processes and cores in hundredths of a second.
const TICK_MS: f64 = 10.0;

/// Clocks at one moment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reading {
    /// When.
    pub(super) at: Instant,
    /// CPU time of the process so far, all its threads, by the scheduler's own account, in ms.
    pub(super) cpu_ms: f64,
    /// The same from utime and stime, which are coarse: a cross-check.
    pub(super) coarse_cpu_ms: f64,
    /// Time that the core was busy so far, with everybody's work, in ms.
    pub(super) core_ms: f64,
}

impl Reading {
    /// The clocks of process `id` and of core `core` now; `None` when the process is gone or this is not Linux.
    pub(super) fn of(id: u32, core: usize) -> Option<Self> {
        let coarse_cpu_ms = coarse_cpu_ms(id)?;
        // A kernel without scheduler statistics leaves only the coarse clock.
        let cpu_ms = scheduled_ms(id).unwrap_or(coarse_cpu_ms);
        Some(Self { at: Instant::now(), cpu_ms, coarse_cpu_ms, core_ms: core_ms(core)? })
    }
}

/// Resident memory of process `id` in KiB.
pub(super) fn resident_kib(id: u32) -> Option<f64> {
    let status = fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.split_whitespace().next()?.parse().ok()
}

fn scheduled_ms(id: u32) -> Option<f64> {
    let mut sum_ns = 0.0;
    for task in fs::read_dir(format!("/proc/{id}/task")).ok()?.flatten() {
        // A thread may end while its folder is read.
        let Ok(text) = fs::read_to_string(task.path().join("schedstat")) else { continue };
        sum_ns += text.split_whitespace().next()?.parse::<f64>().ok()?;
    }
    (sum_ns > 0.0).then_some(sum_ns / 1e6)
}

fn coarse_cpu_ms(id: u32) -> Option<f64> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    process_ticks(&stat).map(|ticks| ticks * TICK_MS)
}

/// utime and stime together. The process's name comes before them and may hold anything, so count from its end.
fn process_ticks(stat: &str) -> Option<f64> {
    let (_, after_name) = stat.rsplit_once(')')?;
    let mut fields = after_name.split_whitespace().skip(11);
    let user: f64 = fields.next()?.parse().ok()?;
    let system: f64 = fields.next()?.parse().ok()?;
    Some(user + system)
}

fn core_ms(core: usize) -> Option<f64> {
    core_ticks(&fs::read_to_string("/proc/stat").ok()?, core).map(|ticks| ticks * TICK_MS)
}

/// Everything of a core's line but idle time, waiting for disks, and what the host took for others.
fn core_ticks(stat: &str, core: usize) -> Option<f64> {
    let name = format!("cpu{core}");
    let line = stat.lines().find(|line| line.split_whitespace().next() == Some(&name))?;
    let fields: Vec<f64> = line.split_whitespace().skip(1).filter_map(|field| field.parse().ok()).collect();
    let [user, nice, system, _idle, _iowait, irq, softirq, ..] = fields.as_slice() else { return None };
    Some(user + nice + system + irq + softirq)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_brackets_does_not_move_the_fields() {
        let stat = "42 (odd) name)) S 1 42 42 0 -1 4194560 900 0 0 0 250 30 0 0 20 0 9 0 100 1 1";
        assert_eq!(process_ticks(stat), Some(280.0));
    }

    #[test]
    fn idle_and_stolen_time_is_not_busy() {
        let stat = "cpu  1 1 1 1 1 1 1 1 0 0\ncpu0 10 1 5 900 7 1 3 99 0 0\ncpu1 0 0 0 0 0 0 0 0 0 0\n";
        assert_eq!(core_ticks(stat, 0), Some(20.0));
        assert_eq!(core_ticks(stat, 7), None);
    }
}
