//! What a server's metrics tell of its ticks: how many there were and what CPU time of their threads they took.
//! Read over a plain socket at both ends of a window. Called by `measurement`.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    time::Duration,
};

use anyhow::{Context as _, Result};

/// Longest wait for the answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Ticks so far.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Ticks {
    /// CPU time in seconds.
    cpu_s: f64,
    count: f64,
}

impl Ticks {
    /// Those of the server at `address`.
    ///
    /// # Errors
    /// When it does not answer with metrics.
    pub(super) fn read(address: &str) -> Result<Self> {
        let mut socket =
            TcpStream::connect(address).with_context(|| format!("nobody answers at {address}"))?;
        socket.set_read_timeout(Some(PATIENCE))?;
        write!(socket, "GET /metrics HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n")?;
        let mut answer = String::new();
        socket.read_to_string(&mut answer).context("no answer to the request for metrics")?;
        Self::of(&answer).context("the metrics do not tell of ticks")
    }

    fn of(metrics: &str) -> Option<Self> {
        let value = |end: &str| {
            let of =
                |line: &str| line.split_once(' ').filter(|(name, _)| name.ends_with(end))?.1.parse().ok();
            metrics.lines().find_map(of)
        };
        Some(Self { cpu_s: value("_tick_cpu_seconds_sum")?, count: value("_tick_cpu_seconds_count")? })
    }

    /// Microseconds of CPU for each tick since an earlier look.
    pub(super) fn cpu_us_since(&self, earlier: &Self) -> f64 {
        (self.cpu_s - earlier.cpu_s) * 1e6 / (self.count - earlier.count).max(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_is_of_what_came_between() {
        let metrics = |sum: f64, count: u32| {
            format!("HTTP/1.1 200 OK\r\n\r\na_tick_cpu_seconds_sum {sum}\na_tick_cpu_seconds_count {count}\n")
        };
        let begin = Ticks::of(&metrics(1.0, 100)).expect("both lines");
        let end = Ticks::of(&metrics(1.5, 200)).expect("both lines");
        assert!((end.cpu_us_since(&begin) - 5000.0).abs() < 1e-6);
        assert_eq!(Ticks::of("nothing"), None);
    }
}
