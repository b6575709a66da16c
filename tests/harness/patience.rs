//! Waiting for something to become true: looked at often, and never for ever.
//! Every test that needs time to pass uses it, so that none sleeps longer than it must.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

/// Time between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// Looks until `look` finds something; the error names `what` was waited for.
pub fn wait_for<T>(what: &str, within: Duration, mut look: impl FnMut() -> Result<Option<T>>) -> Result<T> {
    let end = Instant::now() + within;
    loop {
        if let Some(found) = look()? {
            return Ok(found);
        }
        if Instant::now() >= end {
            bail!("waited {} s in vain for {what}", within.as_secs_f64());
        }
        thread::sleep(LOOK_EVERY);
    }
}

/// Whether the long tests were asked for too.
pub fn wants_long_tests() -> bool {
    std::env::var("STARFRAY_TESTS").is_ok_and(|wanted| wanted == "all")
}
