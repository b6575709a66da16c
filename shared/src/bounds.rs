//! Keeping a fraction within its bounds. The standard `clamp` of floats says in words which bounds were the wrong way round,
//! and so brings all the machinery that writes floats as text into the browser's client. Knows nothing of what it bounds.

/// `value`, or the nearer of `low` and `high` if it is outside; not a number stays so.
pub fn within<T: PartialOrd>(value: T, low: T, high: T) -> T {
    if value < low {
        low
    } else if value > high {
        high
    } else {
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_what_clamp_gives() {
        for value in [-1.0_f32, -0.0, 0.0, 0.3, 1.0, 7.0, f32::INFINITY, f32::NEG_INFINITY] {
            assert_eq!(within(value, 0.0, 1.0).to_bits(), value.clamp(0.0, 1.0).to_bits());
        }
        assert!(within(f32::NAN, 0.0, 1.0).is_nan());
    }
}
