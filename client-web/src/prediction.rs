//! The own ship ahead of the server: moved at once by the rules that the server uses, mended when the server disagrees.
//! What a mend changes on the screen fades; the predicted state itself is always the server's plus known inputs.

use std::collections::VecDeque;

use glam::Vec2;
use shared::arena::Arena;
use shared::input::{Buttons, ShipInput};
use shared::movement::move_ship;
use shared::rule_book::Weapon;
use shared::rules::{INPUT_HOLD_MS, Rules};
use shared::snapshot::OwnShip;
use shared::tick::Tick;

/// Most ticks that are predicted ahead; beyond it the oldest is forgotten.
const STEPS_MAX: usize = 160;
/// Time in which half of a visible error fades.
const ERROR_HALF_LIFE_MS: f64 = 120.0;
/// Larger errors are shown as the jumps that they are.
const ERROR_MAX_UNITS: f32 = 150.0;

/// By which rules the own ship flies now.
#[derive(Clone, Copy, Debug)]
pub struct Flight<'a> {
    /// The match's numbers.
    pub rules: &'a Rules,
    /// Where it flies.
    pub arena: &'a Arena,
    /// Whether weapons work in the present phase.
    pub weapons_on: bool,
}

/// What a ship began to do in a tick.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Deeds {
    /// A dash began.
    pub dashed: bool,
    /// A shot was born.
    pub fired: bool,
    /// The second weapon was used: which.
    pub used: Option<Weapon>,
}

/// How the server's word compares with the prediction.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Verdict {
    /// Distance between predicted and true place at the snapshot's tick, in units; 0 when it was right.
    pub off_units: f32,
    /// The ship began a new life.
    pub born: bool,
    /// The ship was shot down.
    pub died: bool,
}

/// The own ship's predicted ticks, from the newest snapshot's on.
#[derive(Clone, Debug, Default)]
pub struct Prediction {
    steps: VecDeque<Step>,
    /// Where the ship is drawn beside its predicted place, in units, at `error_ms`.
    error: Vec2,
    error_ms: f64,
}

#[derive(Clone, Copy, Debug)]
struct Step {
    tick: Tick,
    input: ShipInput,
    /// Ticks since the input that was really sampled.
    held_ticks: u32,
    ship: OwnShip,
}

impl Flight<'_> {
    /// What `input` does to `ship` as it is.
    fn heeded(&self, ship: &OwnShip, input: ShipInput) -> ShipInput {
        if ship.carries { self.rules.laden(input) } else { input }
    }

    /// Moves `ship` by one tick in the order of `simulation::step`. Where a new life begins only the server knows.
    pub fn fly(&self, ship: &mut OwnShip, input: ShipInput) -> Deeds {
        let mut deeds = Deeds::default();
        if ship.respawn_ticks > 1 {
            ship.respawn_ticks -= 1;
        }
        let alive = ship.respawn_ticks == 0;
        if alive {
            let input = self.heeded(ship, input);
            deeds.dashed = move_ship(&mut ship.motion, input, self.rules, self.arena);
        }
        ship.fire_wait_ticks = ship.fire_wait_ticks.saturating_sub(1);
        ship.guard_ticks = ship.guard_ticks.saturating_sub(1);
        ship.second_wait_ticks = ship.second_wait_ticks.saturating_sub(1);
        let armed = alive && self.weapons_on;
        if armed && ship.fire_wait_ticks == 0 && input.buttons.has(Buttons::FIRE) {
            ship.fire_wait_ticks = self.rules.fire_every_ticks;
            ship.guard_ticks = 0;
            deeds.fired = true;
        }
        let weapon = ship.kit.arms.weapon;
        let has_second = armed && weapon != Weapon::None;
        if has_second && ship.second_wait_ticks == 0 && input.buttons.has(Buttons::RAIL) {
            ship.second_wait_ticks = self.rules.spend(&mut ship.kit.arms);
            ship.guard_ticks = 0;
            deeds.used = Some(weapon);
        }
        deeds
    }
}

impl Prediction {
    /// The newest predicted tick and its ship.
    pub fn present(&self) -> Option<(Tick, OwnShip)> {
        self.steps.back().map(|s| (s.tick, s.ship))
    }

    /// The player's input of `tick`. Ticks left out before it get what the server makes of missing inputs; ticks from
    /// it on that were predicted already are forgotten.
    pub fn push(&mut self, tick: Tick, input: ShipInput, flight: &Flight<'_>) -> Deeds {
        while self.steps.len() > 1 && self.steps.back().is_some_and(|s| s.tick >= tick) {
            self.steps.pop_back();
        }
        let Some(mut last) = self.steps.back().copied().filter(|s| s.tick < tick) else {
            return Deeds::default();
        };
        while last.tick.next() < tick && tick.since(last.tick) < STEPS_MAX as u32 {
            let held_ticks = last.held_ticks + 1;
            let held = if held_ticks <= flight.rules.rate.ticks_in(INPUT_HOLD_MS) {
                last.input.held()
            } else {
                last.input.neutral()
            };
            last = self.step(last, held, flight).0;
            last.held_ticks = held_ticks;
        }
        // A longer pause is flown over: the next snapshot mends it.
        last.tick = tick - 1;
        self.step(last, input, flight).1
    }

    fn step(&mut self, from: Step, input: ShipInput, flight: &Flight<'_>) -> (Step, Deeds) {
        let mut step = Step { tick: from.tick.next(), input, held_ticks: 0, ship: from.ship };
        let deeds = flight.fly(&mut step.ship, input);
        while self.steps.len() >= STEPS_MAX {
            self.steps.pop_front();
        }
        self.steps.push_back(step);
        (step, deeds)
    }

    /// The server says that the own ship was `truth` at `tick`: what was predicted after it is made anew, if need be.
    pub fn reconcile(&mut self, tick: Tick, truth: OwnShip, flight: &Flight<'_>, now_ms: f64) -> Verdict {
        while self.steps.front().is_some_and(|s| s.tick < tick) && self.steps.len() > 1 {
            self.steps.pop_front();
        }
        let before = self.present();
        let Some(front) = self.steps.front_mut() else {
            self.restart(tick, truth);
            return Verdict { born: truth.respawn_ticks == 0, ..Verdict::default() };
        };
        if front.tick > tick {
            // A pause was flown over: from here on it is flown again, from what is known.
            let inputs: Vec<_> = self.steps.iter().map(|s| (s.tick, s.input)).collect();
            self.restart(tick, truth);
            for (tick, input) in inputs {
                self.push(tick, input, flight);
            }
            return Verdict::default();
        }
        let predicted = OwnShip { hull_points: truth.hull_points, ..front.ship };
        let (was_alive, is_alive) = (predicted.respawn_ticks == 0, truth.respawn_ticks == 0);
        if front.tick < tick {
            self.restart(tick, truth);
        } else if front.ship != truth {
            front.ship = truth;
            self.replay(flight);
        }
        let verdict = Verdict {
            off_units: if was_alive && is_alive { distance(&predicted, &truth, flight.rules) } else { 0.0 },
            born: !was_alive && is_alive,
            died: was_alive && !is_alive,
        };
        self.hide(before, was_alive && is_alive, now_ms);
        verdict
    }

    fn restart(&mut self, tick: Tick, ship: OwnShip) {
        let input = self.steps.back().map(|s| s.input.neutral()).unwrap_or_default();
        self.steps.clear();
        self.steps.push_back(Step { tick, input, held_ticks: 0, ship });
    }

    fn replay(&mut self, flight: &Flight<'_>) {
        let mut ship = None;
        for step in &mut self.steps {
            if let Some(mut before) = ship {
                flight.fly(&mut before, step.input);
                step.ship = before;
            }
            ship = Some(step.ship);
        }
    }

    /// Turns the jump from `before` to the present into an error that fades, unless it is a jump to be seen.
    fn hide(&mut self, before: Option<(Tick, OwnShip)>, same_life: bool, now_ms: f64) {
        let (Some((_, old)), Some((_, new))) = (before, self.present()) else { return };
        let error = self.error(now_ms) + old.motion.position - new.motion.position;
        let seen_jump = !same_life || error.length() > ERROR_MAX_UNITS;
        self.error = if seen_jump { Vec2::ZERO } else { error };
        self.error_ms = now_ms;
    }

    /// Where to draw the ship beside its predicted place, in units.
    pub fn error(&self, now_ms: f64) -> Vec2 {
        let half_lives = (now_ms - self.error_ms).max(0.0) / ERROR_HALF_LIFE_MS;
        self.error * (-half_lives).exp2() as f32
    }
}

/// How far apart two states are, in units; a difference in speed alone counts as its way in one tick.
fn distance(predicted: &OwnShip, truth: &OwnShip, rules: &Rules) -> f32 {
    let apart = predicted.motion.position.distance(truth.motion.position);
    let drift = predicted.motion.velocity.distance(truth.motion.velocity) * rules.dt;
    apart.max(drift)
}

#[cfg(test)]
mod tests {
    use shared::angle::Angle;
    use shared::input::Thrust;
    use shared::tick::TickRate;

    use super::*;

    fn rules() -> Rules {
        Rules::new(TickRate::DEFAULT, 60_000)
    }

    fn ship(rules: &Rules) -> OwnShip {
        let mut ship = OwnShip { hull_points: 100, ..OwnShip::default() };
        ship.motion.dash_energy = rules.dash_energy_max();
        ship
    }

    fn right(buttons: u8) -> ShipInput {
        ShipInput { thrust: Thrust { x: 127, y: 0 }, aim: Angle(0), buttons: Buttons(buttons) }
    }

    #[test]
    fn the_servers_agreement_changes_nothing() {
        let (arena, rules) = (Arena::open(16), rules());
        let flight = Flight { rules: &rules, arena: &arena, weapons_on: true };
        let (mut prediction, mut truth) = (Prediction::default(), ship(&rules));
        assert!(prediction.reconcile(Tick(10), truth, &flight, 0.0).born);
        for t in 11..60 {
            let deeds = prediction.push(Tick(t + 4), right(u8::from(t == 20) * 2 + 1), &flight);
            assert_eq!(deeds.dashed, t == 20, "tick {t}");
            if t > 14 {
                flight.fly(&mut truth, right(u8::from(t == 24) * 2 + 1));
            } else {
                flight.fly(&mut truth, ShipInput::default());
            }
            let verdict = prediction.reconcile(Tick(t), truth, &flight, 0.0);
            assert_eq!(verdict, Verdict::default(), "tick {t}");
        }
        assert_eq!(prediction.error(0.0), Vec2::ZERO);
        assert!(prediction.present().unwrap().1.motion.position.x > 100.0);
    }

    #[test]
    fn a_wrong_prediction_is_replayed_and_its_error_fades() {
        let (arena, rules) = (Arena::open(16), rules());
        let flight = Flight { rules: &rules, arena: &arena, weapons_on: true };
        let (mut prediction, mut truth) = (Prediction::default(), ship(&rules));
        prediction.reconcile(Tick(10), truth, &flight, 0.0);
        (11..=15).for_each(|t| {
            let _ = prediction.push(Tick(t), right(0), &flight);
        });
        let drawn = prediction.present().unwrap().1.motion.position;
        flight.fly(&mut truth, ShipInput::default());
        let verdict = prediction.reconcile(Tick(11), truth, &flight, 1000.0);
        assert!(verdict.off_units > 0.1 && verdict.off_units < 5.0, "{verdict:?}");
        (12..=15).for_each(|_| {
            let _ = flight.fly(&mut truth, right(0));
        });
        let (tick, present) = prediction.present().unwrap();
        assert_eq!((tick, present), (Tick(15), truth));
        assert!((present.motion.position + prediction.error(1000.0)).distance(drawn) < 1e-3);
        let later = prediction.error(1000.0 + ERROR_HALF_LIFE_MS).length();
        assert!((later * 2.0 - prediction.error(1000.0).length()).abs() < 1e-3);
    }

    #[test]
    fn deaths_births_and_long_ways_are_jumps() {
        let (arena, rules) = (Arena::open(100), rules());
        let flight = Flight { rules: &rules, arena: &arena, weapons_on: true };
        let (mut prediction, mut truth) = (Prediction::default(), ship(&rules));
        prediction.reconcile(Tick(10), truth, &flight, 0.0);
        (11..=13).for_each(|t| {
            let _ = prediction.push(Tick(t), right(1), &flight);
        });
        truth.respawn_ticks = 90;
        let verdict = prediction.reconcile(Tick(11), truth, &flight, 0.0);
        assert!(verdict.died && verdict.off_units == 0.0);
        assert_eq!(prediction.present().unwrap().1.respawn_ticks, 88);
        truth = ship(&rules);
        truth.motion.position = Vec2::new(400.0, 300.0);
        let verdict = prediction.reconcile(Tick(12), truth, &flight, 0.0);
        assert!(verdict.born && prediction.error(0.0) == Vec2::ZERO);
        truth.motion.position = Vec2::new(-400.0, 300.0);
        let verdict = prediction.reconcile(Tick(13), truth, &flight, 0.0);
        assert!(verdict.off_units > 700.0 && prediction.error(0.0) == Vec2::ZERO);
    }

    #[test]
    fn missing_ticks_are_filled_as_the_server_does() {
        let (arena, rules) = (Arena::open(100), rules());
        let flight = Flight { rules: &rules, arena: &arena, weapons_on: true };
        let (mut prediction, mut truth) = (Prediction::default(), ship(&rules));
        prediction.reconcile(Tick(10), truth, &flight, 0.0);
        prediction.push(Tick(11), right(2), &flight);
        prediction.push(Tick(20), right(0), &flight);
        flight.fly(&mut truth, right(2));
        (12..=14).for_each(|_| {
            let _ = flight.fly(&mut truth, right(0));
        });
        (15..=19).for_each(|_| {
            let _ = flight.fly(&mut truth, ShipInput::default());
        });
        flight.fly(&mut truth, right(0));
        assert_eq!(prediction.present(), Some((Tick(20), truth)));
        assert!(truth.motion.position.x > 64.0);
        prediction.push(Tick(15), right(0), &flight);
        assert_eq!(prediction.present().unwrap().0, Tick(15));
        prediction.push(Tick(9_000), right(0), &flight);
        assert_eq!(prediction.present().unwrap().0, Tick(9_000));
        assert!(prediction.steps.len() <= STEPS_MAX);
    }
}
