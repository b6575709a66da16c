//! What one player wants in one tick, in whole numbers: nothing in here can be out of range or no number.
//! The wire form is five bytes; see `docs/protocol.md`.

use glam::Vec2;
use serde::{Deserialize, Serialize};

use crate::angle::Angle;
use crate::tick::Tick;

/// Buttons held in a tick, as bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Buttons(pub u8);

impl Buttons {
    /// Fire, for as long as it is held.
    pub const FIRE: Buttons = Buttons(1);
    /// Dash: an edge, set in exactly one tick for each press.
    pub const DASH: Buttons = Buttons(2);
    /// The rail, for as long as it is held.
    pub const RAIL: Buttons = Buttons(4);
    const KNOWN: u8 = 7;

    /// Whether all of `buttons` are held.
    pub fn has(self, buttons: Buttons) -> bool {
        self.0 & buttons.0 == buttons.0
    }

    /// Whether anything is pressed.
    pub fn acts(self) -> bool {
        self.0 != 0
    }

    /// Whether a weapon's trigger is held.
    pub fn shoots(self) -> bool {
        self.0 & (Self::FIRE.0 | Self::RAIL.0) != 0
    }

    /// These buttons and `buttons`.
    #[must_use]
    pub fn with(self, buttons: Buttons) -> Buttons {
        Buttons(self.0 | buttons.0)
    }

    /// These buttons but for `buttons`.
    #[must_use]
    pub fn without(self, buttons: Buttons) -> Buttons {
        Buttons(self.0 & !buttons.0)
    }
}

/// Thrust as a vector: each part -127 to 127, length at most 127 (checked where it is used).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thrust {
    /// To the right.
    pub x: i8,
    /// Down.
    pub y: i8,
}

impl Thrust {
    /// The nearest thrust to `vector`, whose length counts up to 1.
    pub fn from_vector(vector: Vec2) -> Thrust {
        if !vector.is_finite() {
            return Thrust::default();
        }
        let v = vector.clamp_length_max(1.0) * 127.0;
        Thrust { x: libm::roundf(v.x) as i8, y: libm::roundf(v.y) as i8 }
    }

    /// The thrust as a vector of length at most 1.
    pub fn vector(self) -> Vec2 {
        Vec2::new(f32::from(self.x), f32::from(self.y)).clamp_length_max(127.0) / 127.0
    }
}

/// What a player wants from the ship.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShipInput {
    /// Where to push.
    pub thrust: Thrust,
    /// Where to point.
    pub aim: Angle,
    /// What is pressed.
    pub buttons: Buttons,
}

/// Bytes of a [`ShipInput`] on the wire.
pub const SHIP_INPUT_BYTES: usize = 5;

impl ShipInput {
    /// The same wish without its edges: what holds on when an input command is missing.
    #[must_use]
    pub fn held(self) -> ShipInput {
        ShipInput { buttons: self.buttons.without(Buttons::DASH), ..self }
    }

    /// No wish but to keep pointing the same way.
    #[must_use]
    pub fn neutral(self) -> ShipInput {
        ShipInput { thrust: Thrust::default(), aim: self.aim, buttons: Buttons::default() }
    }

    /// The wire form: thrust x, thrust y, aim (low byte first), buttons.
    pub fn to_bytes(self) -> [u8; SHIP_INPUT_BYTES] {
        let [low, high] = self.aim.0.to_le_bytes();
        [self.thrust.x as u8, self.thrust.y as u8, low, high, self.buttons.0]
    }

    /// Reads the wire form; unknown buttons are ignored.
    pub fn from_bytes(bytes: [u8; SHIP_INPUT_BYTES]) -> ShipInput {
        let [x, y, low, high, buttons] = bytes;
        ShipInput {
            thrust: Thrust { x: (x as i8).max(-127), y: (y as i8).max(-127) },
            aim: Angle(u16::from_le_bytes([low, high])),
            buttons: Buttons(buttons & Buttons::KNOWN),
        }
    }
}

/// One player's wish, addressed to the tick in which it is to be applied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InputCommand {
    /// The tick that this is meant for; it is also the command's sequence number.
    pub tick: Tick,
    /// The wish.
    pub input: ShipInput,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_five_bytes_are_a_legal_input() {
        let odd = ShipInput::from_bytes([0x80, 0x80, 1, 2, 0xff]);
        assert!(odd.thrust.vector().length() <= 1.0 + f32::EPSILON);
        assert_eq!(odd.buttons, Buttons::FIRE.with(Buttons::DASH).with(Buttons::RAIL));
        assert_eq!(ShipInput::from_bytes(odd.to_bytes()), odd);
    }

    #[test]
    fn thrust_takes_any_vector() {
        assert_eq!(Thrust::from_vector(Vec2::new(f32::NAN, 1.0)), Thrust::default());
        assert_eq!(Thrust::from_vector(Vec2::new(9.0, 0.0)), Thrust { x: 127, y: 0 });
        assert!((Thrust::from_vector(Vec2::new(0.6, -0.8)).vector().length() - 1.0).abs() < 0.01);
    }

    #[test]
    fn holding_on_forgets_edges() {
        let both = ShipInput { buttons: Buttons::FIRE.with(Buttons::DASH), ..ShipInput::default() };
        assert_eq!(both.held().buttons, Buttons::FIRE);
        assert_eq!(both.neutral().buttons, Buttons::default());
    }
}
