//! Figures of journals: what was written, what could not be, and what came back.
//! The writer's thread counts them, and a match's tick only when it had to leave a gap.

use metrics::{Unit, counter, describe_counter, describe_gauge, gauge};

/// Bytes written to journals.
const BYTES: &str = "starfray_journal_bytes_total";
/// Times that a journal could not be written.
const ERRORS: &str = "starfray_journal_errors_total";
/// Times that a match left commands out of its journal, because the queue was full.
const GAPS: &str = "starfray_journal_gaps_total";
/// Matches that play on without a journal now.
const BEHIND: &str = "starfray_journals_behind";
/// Matches that went on from their journals.
const RECOVERED: &str = "starfray_matches_recovered_total";
/// Journals that were put aside, because their matches could not be recovered.
const ASIDE: &str = "starfray_journals_aside_total";

/// Describes every figure and puts each at zero.
pub(super) fn describe() {
    describe_counter!(BYTES, Unit::Bytes, "Bytes written to journals");
    describe_counter!(ERRORS, "Times that a journal could not be written");
    describe_counter!(GAPS, "Times that a match left commands out of its journal");
    describe_gauge!(BEHIND, "Matches that play on without a journal now");
    describe_counter!(RECOVERED, "Matches that went on from their journals");
    describe_counter!(ASIDE, "Journals put aside because their matches could not be recovered");
    for name in [BYTES, ERRORS, GAPS, RECOVERED, ASIDE] {
        counter!(name).absolute(0);
    }
    gauge!(BEHIND).set(0);
}

/// Bytes went to a journal.
pub fn written(bytes: usize) {
    counter!(BYTES).increment(bytes as u64);
}

/// A journal could not be written.
pub fn failed() {
    counter!(ERRORS).increment(1);
}

/// A match left commands out.
pub fn gap() {
    counter!(GAPS).increment(1);
}

/// So many matches have no journal that is being written.
pub fn behind(matches: usize) {
    gauge!(BEHIND).set(matches as f64);
}

/// A match went on from its journal.
pub fn recovered() {
    counter!(RECOVERED).increment(1);
}

/// A journal was put aside.
pub fn put_aside() {
    counter!(ASIDE).increment(1);
}
