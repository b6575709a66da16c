//! How much a benchmark measures of one crowd: what is worth keeping when it is asked for by name, less when all run in
//! turn. It says nothing of what is measured; `bench` fills it from the command line.

/// How much is to be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Plan {
    /// Players, or spectators.
    pub(super) crowd: u32,
    /// Repetitions of everything.
    pub(super) repetitions: u32,
    /// Length of a run's window in seconds.
    pub(super) seconds: u64,
}

/// The plans of a benchmark.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plans {
    /// What is worth keeping.
    pub(super) full: Plan,
    /// Enough to see that nothing is broken.
    pub(super) short: Plan,
}
