//! One player's input commands on their way into the simulation: a jitter buffer addressed by tick.
//!
//! A command is meant for one tick. It is taken when that tick comes, refused when it is too late or too far ahead.
//! When none is there the last one holds on without its edges for 100 ms, then the ship is left alone: a lost
//! connection must not steer for ever.

use std::time::Duration;

use shared::input::{InputCommand, ShipInput};
use shared::rules::INPUT_HOLD_MS;
use shared::snapshot::SLACK_STEPS;
use shared::tick::{Tick, TickRate};

/// How far ahead of the match a command may be, in ticks.
const AHEAD_TICKS_MAX: u32 = 24;
const SLOTS: usize = 32;

/// What became of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pushed {
    /// It waits for its tick.
    Accepted,
    /// There is one for its tick already.
    Repeated,
    /// Its tick has passed.
    Late,
    /// It is too far ahead.
    TooEarly,
}

/// A player's commands that wait for their ticks.
#[derive(Clone, Debug)]
pub struct InputQueue {
    slots: [Option<InputCommand>; SLOTS],
    waiting: u8,
    newest: Option<Tick>,
    applied: Option<Tick>,
    missing_ticks: u32,
    hold_ticks: u32,
    period: Duration,
    slack: Option<i8>,
}

impl InputQueue {
    /// An empty queue for a match of `rate`.
    pub fn new(rate: TickRate) -> InputQueue {
        InputQueue {
            slots: [None; SLOTS],
            waiting: 0,
            newest: None,
            applied: None,
            missing_ticks: 0,
            hold_ticks: rate.ticks_in(INPUT_HOLD_MS),
            period: Duration::from_secs_f32(rate.period_s()),
            slack: None,
        }
    }

    /// Takes in a command; `now` is the last tick that was stepped.
    pub fn push(&mut self, now: Tick, command: InputCommand) -> Pushed {
        let spare = command.tick.distance(now.next());
        self.newest = self.newest.max(Some(command.tick));
        if spare < 0 {
            return Pushed::Late;
        }
        if spare >= i64::from(AHEAD_TICKS_MAX) {
            return Pushed::TooEarly;
        }
        let Some(slot) = self.slots.get_mut(command.tick.0 as usize % SLOTS) else { return Pushed::TooEarly };
        if slot.is_some_and(|waiting| waiting.tick == command.tick) {
            return Pushed::Repeated;
        }
        if slot.is_none() {
            self.waiting += 1;
        }
        *slot = Some(command);
        Pushed::Accepted
    }

    /// Notes that a message arrived `age` before the read in which it was taken, or at an unknown time before it; its
    /// first command was `spare` whole ticks early for that read. The worst since the last report counts.
    pub fn note_slack(&mut self, spare: i64, age: Option<Duration>) {
        let part = age.unwrap_or_default().as_secs_f64() / self.period.as_secs_f64();
        // What is read now came after the read before; more than a tick is a server that was late itself.
        let steps = (spare as f64 + part.min(1.0)) * SLACK_STEPS;
        let slack = steps.floor().clamp(-127.0, 127.0) as i8;
        self.slack = Some(self.slack.map_or(slack, |worst| worst.min(slack)));
    }

    /// A snapshot with the report went out: the next one tells of what comes from now on.
    pub fn reported(&mut self) {
        self.slack = None;
    }

    /// What the ship does in `tick`, given what it was told last (`held`).
    pub fn take(&mut self, tick: Tick, held: ShipInput) -> ShipInput {
        let slot = self.slots.get_mut(tick.0 as usize % SLOTS);
        let command = slot.and_then(Option::take);
        if command.is_some() {
            self.waiting -= 1;
        }
        if let Some(command) = command.filter(|c| c.tick == tick) {
            self.missing_ticks = 0;
            self.applied = Some(tick);
            return command.input;
        }
        self.missing_ticks = self.missing_ticks.saturating_add(1);
        if self.missing_ticks <= self.hold_ticks { held.held() } else { held.neutral() }
    }

    /// The newest tick that a command came for.
    pub fn newest(&self) -> Option<Tick> {
        self.newest
    }

    /// The last tick that had a command of its own.
    pub fn applied(&self) -> Option<Tick> {
        self.applied
    }

    /// Commands that wait.
    pub fn waiting(&self) -> u8 {
        self.waiting
    }

    /// How much time the worst command since the last report had to spare, in sixteenths of a tick.
    pub fn slack(&self) -> Option<i8> {
        self.slack
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::input::{Buttons, Thrust};

    fn command(tick: u32) -> InputCommand {
        let input =
            ShipInput { thrust: Thrust { x: 100, y: 0 }, buttons: Buttons::DASH, ..ShipInput::default() };
        InputCommand { tick: Tick(tick), input }
    }

    #[test]
    fn a_command_waits_for_its_tick() {
        let mut queue = InputQueue::new(TickRate::DEFAULT);
        assert_eq!(queue.push(Tick(10), command(12)), Pushed::Accepted);
        assert_eq!(queue.push(Tick(10), command(12)), Pushed::Repeated);
        assert_eq!(queue.take(Tick(11), ShipInput::default()), ShipInput::default());
        assert_eq!(queue.take(Tick(12), ShipInput::default()), command(12).input);
        assert_eq!((queue.applied(), queue.waiting()), (Some(Tick(12)), 0));
    }

    #[test]
    fn the_worst_slack_since_the_last_report_is_told_in_parts_of_a_tick() {
        let mut queue = InputQueue::new(TickRate::DEFAULT);
        let ms = |ms| Some(Duration::from_millis(ms));
        assert_eq!(queue.slack(), None);
        for (spare, age, slack) in [
            (1, ms(10), 20),
            (0, ms(5), 2),
            (0, ms(20), 2),
            (-1, ms(30), -2),
            (-1, None, -16),
            (-90, None, -127),
        ] {
            queue.note_slack(spare, age);
            assert_eq!(queue.slack(), Some(slack));
        }
        queue.reported();
        assert_eq!(queue.slack(), None);
        queue.note_slack(3, ms(4000));
        assert_eq!(queue.slack(), Some(64));
    }

    #[test]
    fn late_and_far_commands_are_refused() {
        let mut queue = InputQueue::new(TickRate::DEFAULT);
        assert_eq!(queue.push(Tick(10), command(10)), Pushed::Late);
        assert_eq!(queue.push(Tick(10), command(34)), Pushed::Accepted);
        assert_eq!(queue.push(Tick(10), command(35)), Pushed::TooEarly);
        assert_eq!(queue.push(Tick(10), command(u32::MAX)), Pushed::TooEarly);
    }

    #[test]
    fn silence_holds_a_little_and_then_lets_go() {
        let mut queue = InputQueue::new(TickRate::DEFAULT);
        let mut held = command(1).input;
        for _ in 0..3 {
            held = queue.take(Tick(2), held);
            assert_eq!((held.thrust.x, held.buttons), (100, Buttons::default()));
        }
        assert_eq!(queue.take(Tick(5), held).thrust, Thrust::default());
    }
}
