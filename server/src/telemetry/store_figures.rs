//! Metrics of the store: what waits to be written, what failed and why, what was dropped.
//! Names stand here and nowhere else. The store's rooms call it; it knows none of them.

use metrics::{counter, describe_counter, describe_gauge, gauge};

/// Things that wait to be written now.
pub const QUEUE: &str = "starfray_store_queue";
/// Attempts of the database that failed, by reason.
pub const ERRORS: &str = "starfray_store_errors_total";
/// Results and seats that were dropped for want of room, or given up.
pub const DROPPED: &str = "starfray_store_dropped_total";

/// Registers them at zero; `reasons` are the words by which failures are counted.
pub fn describe(reasons: &[&'static str]) {
    describe_gauge!(QUEUE, "Results and seats that wait to be written");
    describe_counter!(ERRORS, "Attempts of the database that failed, by reason");
    describe_counter!(DROPPED, "Results and seats dropped for want of room, or given up");
    gauge!(QUEUE).set(0);
    counter!(DROPPED).absolute(0);
    for reason in reasons {
        counter!(ERRORS, "reason" => *reason).absolute(0);
    }
}

/// So many things wait now.
pub fn waiting(things: usize) {
    gauge!(QUEUE).set(things as f64);
}

/// An attempt failed.
pub fn failed(reason: &'static str) {
    counter!(ERRORS, "reason" => reason).increment(1);
}

/// Something was dropped.
pub fn dropped() {
    counter!(DROPPED).increment(1);
}
