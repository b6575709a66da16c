//! One player's input commands on their way into the simulation: a jitter buffer addressed by tick.
//!
//! A command is meant for one tick. It is taken when that tick comes, refused when it is too late or too far ahead.
//! When none is there the last one holds on without its edges for 100 ms, then the ship is left alone: a lost
//! connection must not steer for ever.

use shared::input::{InputCommand, ShipInput};
use shared::rules::INPUT_HOLD_MS;
use shared::tick::{Tick, TickRate};

/// How far ahead of the match a command may be, in ticks.
const AHEAD_TICKS_MAX: u32 = 24;
const SLOTS: usize = 32;
/// Commands over which the worst slack is taken.
const SLACK_COMMANDS: u8 = 8;

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
    slack: i8,
    slack_age: u8,
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
            slack: 0,
            slack_age: SLACK_COMMANDS,
        }
    }

    /// Takes in a command; `now` is the last tick that was stepped.
    pub fn push(&mut self, now: Tick, command: InputCommand) -> Pushed {
        let spare = command.tick.distance(now.next());
        self.note_slack(spare.clamp(-127, 127) as i8);
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

    /// The worst slack of the last few commands: a worse one counts at once, a better one after a while.
    fn note_slack(&mut self, slack: i8) {
        self.slack_age = self.slack_age.saturating_add(1);
        if slack <= self.slack || self.slack_age >= SLACK_COMMANDS {
            self.slack = slack;
            self.slack_age = 0;
        }
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

    /// Ticks to spare of the worst of the last few commands; negative is too late.
    pub fn slack_ticks(&self) -> i8 {
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
        assert_eq!((queue.applied(), queue.waiting(), queue.slack_ticks()), (Some(Tick(12)), 0, 1));
    }

    #[test]
    fn late_and_far_commands_are_refused() {
        let mut queue = InputQueue::new(TickRate::DEFAULT);
        assert_eq!(queue.push(Tick(10), command(10)), Pushed::Late);
        assert_eq!(queue.slack_ticks(), -1);
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
