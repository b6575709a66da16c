//! The text of an event of the fan-out: as long as asked for, with the time at which it was made at its end.
//! Server and audience run on one machine, so one clock serves both. It knows no framing round the text.

use rustix::time::{ClockId, clock_gettime};

/// Ends the text and stands nowhere else in it, nor in any framing.
pub const END: u8 = b'~';
/// Digits of the time before the end.
pub const CLOCK_DIGITS: usize = 16;

/// The system's steady clock in nanoseconds, the same in every process.
pub fn clock_ns() -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
    now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64
}

/// A text of `bytes` bytes, at least 17, that was made at `clock_ns`.
pub fn text(bytes: usize, clock_ns: u64) -> String {
    format!("{}{clock_ns:016x}~", "x".repeat(bytes.saturating_sub(CLOCK_DIGITS + 1)))
}

/// The time in the digits before an end.
pub fn made_at_ns(digits: &[u8]) -> Option<u64> {
    u64::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_tells_when_it_was_made() {
        let text = text(1024, 0x1234_5678_9abc);
        assert_eq!((text.len(), text.bytes().last()), (1024, Some(END)));
        let digits = text.as_bytes().get(1024 - 17..1023).unwrap_or_default();
        assert_eq!(made_at_ns(digits), Some(0x1234_5678_9abc));
    }
}
