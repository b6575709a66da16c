//! Directions as one byte for the wire, and back. Everything else that players are told is exact: see `replica`.
//! The error bound is stated and tested.

use crate::angle::Angle;

/// The nearest of 256 directions; at most 1/512 turn away.
pub fn pack_angle(angle: Angle) -> u8 {
    (angle.0.wrapping_add(128) >> 8) as u8
}

/// The direction that stands for one byte.
pub fn unpack_angle(byte: u8) -> Angle {
    Angle(u16::from(byte) << 8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn angles_keep_their_bound(a: u16) {
            prop_assert!(Angle(a).turn_to(unpack_angle(pack_angle(Angle(a)))).unsigned_abs() <= 128);
        }
    }
}
