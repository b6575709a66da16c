//! What the player holds now, turned into one input for each client tick, and when each of them was sent.
//! Presses shorter than a tick are kept until the next one is sampled; it knows no clock and no keyboard.

use std::collections::VecDeque;

use shared::angle::Angle;
use shared::input::{Buttons, ShipInput};
use shared::tick::Tick;

/// Most sent commands that wait to be reported as applied; beyond it the oldest is forgotten.
const SENT_MAX: usize = 128;

/// The player's wish and the commands that are on their way.
#[derive(Clone, Debug, Default)]
pub struct InputBuffer {
    held: ShipInput,
    /// Pressed since the last sample, perhaps released again.
    pressed: Buttons,
    /// Where a fresh press of a trigger pointed: that is where it fires, wherever the hand went since.
    pressed_aim: Option<Angle>,
    sent: VecDeque<(Tick, f64)>,
}

impl InputBuffer {
    /// The player holds `input`. Its dash button is an edge: it counts for exactly one sample.
    pub fn hold(&mut self, input: ShipInput) {
        let fresh = input.buttons.without(self.held.buttons);
        self.pressed = self.pressed.with(fresh);
        if fresh.shoots() {
            self.pressed_aim.get_or_insert(input.aim);
        }
        self.held = input.held();
    }

    /// The next input, should it be sampled now.
    pub fn peek(&self) -> ShipInput {
        let aim = self.pressed_aim.unwrap_or(self.held.aim);
        ShipInput { buttons: self.held.buttons.with(self.pressed), aim, ..self.held }
    }

    /// Whether a trigger was pressed since the last sample.
    pub fn trigger_pressed(&self) -> bool {
        self.pressed.shoots()
    }

    /// The input of the next tick; edges are used up.
    pub fn sample(&mut self) -> ShipInput {
        let input = self.peek();
        self.pressed = Buttons::default();
        self.pressed_aim = None;
        input
    }

    /// The command of `tick` leaves.
    pub fn sent(&mut self, tick: Tick, now_ms: f64) {
        while self.sent.len() >= SENT_MAX {
            self.sent.pop_front();
        }
        self.sent.push_back((tick, now_ms));
    }

    /// A new link knows nothing of commands sent on the old one.
    pub fn forget_sent(&mut self) {
        self.sent.clear();
    }

    /// The server applied the command of `tick`: yields how long ago each command up to it was sent, in milliseconds.
    pub fn applied(&mut self, tick: Tick, now_ms: f64) -> impl Iterator<Item = f64> + '_ {
        let count = self.sent.iter().take_while(|(sent, _)| *sent <= tick).count();
        self.sent.drain(..count).map(move |(_, at_ms)| now_ms - at_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press(buttons: Buttons) -> ShipInput {
        ShipInput { buttons, ..ShipInput::default() }
    }

    #[test]
    fn a_dash_counts_once_and_a_short_press_is_not_lost() {
        let mut buffer = InputBuffer::default();
        buffer.hold(press(Buttons::DASH));
        buffer.hold(press(Buttons::FIRE));
        buffer.hold(press(Buttons::default()));
        assert!(buffer.trigger_pressed());
        assert_eq!(buffer.sample().buttons, Buttons::FIRE.with(Buttons::DASH));
        assert_eq!(buffer.sample().buttons, Buttons::default());
        buffer.hold(press(Buttons::FIRE));
        assert_eq!(buffer.sample().buttons, Buttons::FIRE);
        buffer.hold(press(Buttons::FIRE));
        assert!(!buffer.trigger_pressed(), "it is held, not pressed");
        assert_eq!(buffer.sample().buttons, Buttons::FIRE);
    }

    #[test]
    fn a_trigger_fires_where_it_was_pressed() {
        let mut buffer = InputBuffer::default();
        buffer.hold(ShipInput { aim: Angle(100), ..press(Buttons::RAIL) });
        buffer.hold(ShipInput { aim: Angle(900), ..press(Buttons::RAIL) });
        assert_eq!(buffer.sample().aim, Angle(100));
        assert_eq!(buffer.sample().aim, Angle(900));
    }

    #[test]
    fn applied_commands_are_timed_once() {
        let mut buffer = InputBuffer::default();
        (1..=4).for_each(|t| buffer.sent(Tick(t), f64::from(t) * 10.0));
        assert_eq!(buffer.applied(Tick(2), 50.0).collect::<Vec<_>>(), [40.0, 30.0]);
        assert_eq!(buffer.applied(Tick(2), 60.0).count(), 0);
        (0..999).for_each(|t| buffer.sent(Tick(t), 0.0));
        assert!(buffer.sent.len() <= SENT_MAX);
    }
}
