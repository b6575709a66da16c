//! What the tool says while it works: numbered steps with their time, on standard error.
//! It knows nothing of the steps themselves. Every task calls it; nobody else writes to the terminal.

use std::{
    io::Write as _,
    time::{Duration, Instant},
};

use anyhow::Result;

/// Writes one line to standard error. A closed terminal is no reason to fail.
pub(crate) fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// Writes one line to standard output, for what was asked for rather than how it goes.
pub(crate) fn answer(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// Counts the steps of one task.
#[derive(Debug)]
pub(crate) struct Progress {
    total: usize,
    begun: usize,
    start: Instant,
}

impl Progress {
    /// A task of `total` steps, whose clock starts now.
    pub(crate) fn new(total: usize) -> Self {
        Self { total, begun: 0, start: Instant::now() }
    }

    /// Announces a step, does it, and says how long it took.
    pub(crate) fn step<T>(&mut self, name: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
        self.announce(name);
        let start = Instant::now();
        let result = work();
        let outcome = if result.is_ok() { "done in" } else { "failed after" };
        say(&format!("      {outcome} {}", seconds(start.elapsed())));
        result
    }

    /// Announces a step that has no end of its own, such as serving.
    pub(crate) fn announce(&mut self, name: &str) {
        self.begun += 1;
        say(&format!("[{}/{}] {name}", self.begun, self.total));
    }

    /// The whole task's time so far, as text.
    pub(crate) fn elapsed(&self) -> String {
        seconds(self.start.elapsed())
    }
}

/// A duration as people read it: `0.4 s`, `2 min 05 s`.
fn seconds(elapsed: Duration) -> String {
    let whole = elapsed.as_secs();
    if whole < 60 {
        format!("{:.1} s", elapsed.as_secs_f64())
    } else {
        format!("{} min {:02} s", whole / 60, whole % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_well() {
        assert_eq!(seconds(Duration::from_millis(420)), "0.4 s");
        assert_eq!(seconds(Duration::from_secs(125)), "2 min 05 s");
    }

    #[test]
    fn a_failing_step_passes_its_error_on() {
        let mut progress = Progress::new(1);
        let result: Result<()> = progress.step("breaking", || anyhow::bail!("broken"));
        assert!(result.is_err());
    }
}
