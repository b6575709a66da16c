//! What never differs between matches, and [`Rules`]: a [`RuleBook`] turned once into ticks for a match's rate, so that no
//! step converts anything. Server and client make the same rules from the same book.

use serde::{Deserialize, Serialize};

use crate::arena::Arena;
use crate::input::ShipInput;
use crate::mode::Mode;
use crate::rule_book::{Arms, RuleBook, Weapon};
use crate::tick::{Rewind, TickRate};

/// Radius of a ship's hit circle in units.
pub const SHIP_RADIUS: f32 = 16.0;
/// Radius of a blaster shot in units.
pub const SHOT_RADIUS: f32 = 4.0;
/// Distance from the ship's middle at which a shot is born, in units.
pub const MUZZLE_UNITS: f32 = 24.0;
/// Longest lag compensation that a match may have.
pub const LAG_COMPENSATION_MS_MAX: u32 = 500;
/// Lag compensation of a match whose host says nothing.
pub const LAG_COMPENSATION_MS: u32 = 300;
/// For how long the last input holds on, without its edges, when none comes for a tick.
pub const INPUT_HOLD_MS: u32 = 100;
/// Hull points of a whole ship.
pub const HULL_MAX: u8 = 100;
/// Pause in which results are shown.
pub const RESULTS_MS: u32 = 10_000;
/// Half the width and height of what a player may see round the ship, in units: 1,200 by 800.
pub const VIEW_HALF: (f32, f32) = (600.0, 400.0);

/// The numbers of the game for one match: the book, and everything that depends on its tick rate or its settings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rules {
    /// The numbers as they were written.
    pub book: RuleBook,
    /// What is played.
    pub mode: Mode,
    /// The score at which a round ends before its time; 0 is never.
    pub goal: u16,
    /// Ticks in a second.
    pub rate: TickRate,
    /// Length of a tick in seconds.
    pub dt: f32,
    /// Top speed under thrust in units/s: where thrust and drag are equal.
    pub speed_max: f32,
    /// The fastest that a ship can be in units/s, by thrust or in a dash.
    pub fastest: f32,
    /// Share of its speed that a coasting ship keeps over a tick.
    pub drag_keep: f32,
    /// Length of a dash.
    pub dash_ticks: u16,
    /// Ticks in which one dash comes back; a ship's energy is counted in these.
    pub dash_recharge_ticks: u16,
    /// Life of a shot.
    pub shot_life_ticks: u16,
    /// Life of a shot of the scatter.
    pub pellet_life_ticks: u16,
    /// Time between two shots.
    pub fire_every_ticks: u16,
    /// Time until a mine is armed.
    pub mine_arm_ticks: u32,
    /// Life of a mine.
    pub mine_life_ticks: u32,
    /// Time until a pickup that was taken is back.
    pub pickup_return_ticks: u32,
    /// Time until a dropped core is back.
    pub core_return_ticks: u32,
    /// The longest way back of lag compensation; none is off. Only the server needs it.
    pub rewind_max: Rewind,
    /// Time from death to the next life.
    pub respawn_ticks: u16,
    /// Shield of a ship that appears.
    pub guard_ticks: u16,
    /// Shield of a player who came back.
    pub return_guard_ticks: u16,
    /// Length of a round.
    pub round_ticks: u32,
    /// Length of the pause with results.
    pub results_ticks: u32,
    /// Waits of the second weapons in the order of [`Weapon::ALL`], and the rail's with a charge.
    pub second_every_ticks: [u16; 5],
}

impl Rules {
    /// The standard rules at `rate`, with rounds of `round_ms` and the usual lag compensation.
    pub fn new(rate: TickRate, round_ms: u32) -> Rules {
        Rules::of(&RuleBook::STANDARD, rate, round_ms)
    }

    /// The rules of `book` at `rate`, with rounds of `round_ms` and the usual lag compensation, for everybody against
    /// everybody.
    pub fn of(book: &RuleBook, rate: TickRate, round_ms: u32) -> Rules {
        let long = |ms: f32| rate.ticks_in(ms as u32);
        let ticks = |ms: f32| long(ms) as u16;
        let dt = rate.period_s();
        let RuleBook { ship, blaster, rail, scatter, mines, pickups, cores, .. } = book;
        let speed_max = ship.thrust / ship.drag;
        Rules {
            book: *book,
            mode: Mode::Ffa,
            goal: book.goals.ffa as u16,
            rate,
            dt,
            speed_max,
            fastest: speed_max.max(ship.dash_speed),
            drag_keep: libm::expf(-ship.drag * dt),
            dash_ticks: ticks(ship.dash_ms),
            dash_recharge_ticks: ticks(ship.dash_recharge_ms),
            shot_life_ticks: ticks(blaster.life_ms),
            pellet_life_ticks: ticks(scatter.life_ms),
            fire_every_ticks: ticks(blaster.every_ms),
            mine_arm_ticks: long(mines.arm_ms),
            mine_life_ticks: long(mines.life_ms),
            pickup_return_ticks: long(pickups.return_ms),
            core_return_ticks: long(cores.return_ms),
            rewind_max: rewind_of(rate, LAG_COMPENSATION_MS),
            respawn_ticks: ticks(ship.respawn_ms),
            guard_ticks: ticks(ship.guard_ms),
            return_guard_ticks: ticks(ship.return_guard_ms),
            round_ticks: rate.ticks_in(round_ms).max(1),
            results_ticks: rate.ticks_in(RESULTS_MS),
            second_every_ticks: [
                1,
                ticks(rail.every_ms),
                ticks(scatter.every_ms),
                ticks(mines.every_ms),
                ticks(rail.charged_every_ms),
            ],
        }
    }

    /// The same rules for `mode`; `goal` is the score at which a round ends, the book's if none is given.
    #[must_use]
    pub fn with_mode(self, mode: Mode, goal: Option<u16>) -> Rules {
        let goals = &self.book.goals;
        let usual = match mode {
            Mode::Ffa => goals.ffa,
            Mode::Tdm => goals.tdm,
            Mode::Ctc => goals.ctc,
        };
        Rules { mode, goal: goal.unwrap_or(usual as u16), ..self }
    }

    /// The same rules as they are in `arena`: one without places to appear is for crowds.
    #[must_use]
    pub fn in_arena(self, arena: &Arena) -> Rules {
        let ship = &self.book.ship;
        let [azure, _] = arena.team_spawns();
        let anywhere = arena.spawns().is_empty() && azure.is_empty();
        let wait_ms = if anywhere { ship.crowd_respawn_ms } else { ship.respawn_ms };
        Rules { respawn_ticks: self.rate.ticks_in(wait_ms as u32) as u16, ..self }
    }

    /// The same rules with lag compensation over at most `ms`, 0 to [`LAG_COMPENSATION_MS_MAX`]; 0 is off.
    #[must_use]
    pub fn with_lag_compensation(self, ms: u32) -> Rules {
        Rules { rewind_max: rewind_of(self.rate, ms), ..self }
    }

    /// The second weapon of every new life.
    pub fn first_arms(&self) -> Arms {
        Arms { weapon: Weapon::from(self.book.ship.second as u8), charges: 0 }
    }

    /// Takes a charge for one use of the second weapon, and returns the ticks until the next one. What is used up gives way
    /// to the weapon that a life begins with.
    pub fn spend(&self, arms: &mut Arms) -> u16 {
        let wait = self.second_every(arms.weapon, arms.charges > 0);
        if arms.charges == 1 {
            *arms = self.first_arms();
        }
        arms.charges = arms.charges.saturating_sub(1);
        wait
    }

    /// What `input` does to a ship that carries a core.
    pub fn laden(&self, input: ShipInput) -> ShipInput {
        if self.book.cores.carrier_dashes > 0.0 { input } else { input.held() }
    }

    /// The charges that a pickup of `weapon` holds.
    pub fn charges(&self, weapon: Weapon) -> u8 {
        let RuleBook { rail, scatter, mines, .. } = &self.book;
        match weapon {
            Weapon::None => 0,
            Weapon::Rail => rail.charges as u8,
            Weapon::Scatter => scatter.charges as u8,
            Weapon::Mines => mines.charges as u8,
        }
    }

    /// Time between two uses of `weapon`, in ticks; `charged` is whether by a charge that was picked up.
    pub fn second_every(&self, weapon: Weapon, charged: bool) -> u16 {
        let place = if weapon == Weapon::Rail && charged { 4 } else { usize::from(u8::from(weapon)) };
        self.second_every_ticks.get(place).copied().unwrap_or(1)
    }

    /// How far a blaster shot flies in `time`, in units.
    pub fn flight(&self, time: Rewind) -> f32 {
        self.book.blaster.speed * self.dt * time.ticks()
    }

    /// Dash energy of a ship that holds all its dashes.
    pub fn dash_energy_max(&self) -> u16 {
        self.dash_recharge_ticks * self.book.ship.dash_charges as u16
    }

    /// A number that differs when any rule differs, so that a client knows whether it plays the same game. Lag
    /// compensation is not in it: it only decides what the server finds hit.
    pub fn hash(&self) -> u32 {
        let fixed = [SHIP_RADIUS, SHOT_RADIUS, MUZZLE_UNITS];
        let numbers = self.book.numbers().into_iter().chain(fixed).map(f32::to_bits);
        let match_words = [self.rate.hz(), self.round_ticks, self.mode as u32, u32::from(self.goal)];
        numbers
            .chain(match_words)
            .fold(0x811c_9dc5, |hash: u32, word| (hash ^ word).wrapping_mul(0x0100_0193))
    }
}

fn rewind_of(rate: TickRate, ms: u32) -> Rewind {
    let parts = ms.min(LAG_COMPENSATION_MS_MAX) * rate.hz() * u32::from(Rewind::PARTS) / 1000;
    Rewind(u8::try_from(parts).unwrap_or(u8::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_lag_compensation_fits_at_every_rate() {
        for hz in 10..=60 {
            let rules = Rules::new(TickRate::new(hz).unwrap(), 1000).with_lag_compensation(500);
            let ms = rules.rewind_max.ticks() * rules.dt * 1000.0;
            assert!(ms <= 500.0 && ms > 500.0 - 1000.0 / 8.0 * rules.dt - 0.01, "{hz} Hz: {ms}");
            assert_eq!(rules.clone().with_lag_compensation(0).rewind_max, Rewind(0));
            assert_eq!(rules.hash(), Rules::new(rules.rate, 1000).hash());
        }
    }

    #[test]
    fn durations_are_whole_ticks_at_every_rate() {
        for hz in 10..=60 {
            let rules = Rules::new(TickRate::new(hz).unwrap(), 600_000);
            assert_eq!(rules.round_ticks, hz * 600);
            assert!(rules.dash_ticks >= 1 && rules.fire_every_ticks >= 4);
            assert!(rules.drag_keep > 0.7 && rules.drag_keep < 1.0);
        }
    }

    #[test]
    fn plain_flight_may_be_faster_than_a_dash() {
        let mut book = RuleBook::STANDARD;
        assert_eq!(Rules::of(&book, TickRate::DEFAULT, 1000).fastest, book.ship.dash_speed);
        book.ship.drag = 0.5;
        let rules = Rules::of(&book, TickRate::DEFAULT, 1000);
        assert_eq!((rules.fastest, rules.speed_max), (880.0, 880.0));
    }

    #[test]
    fn nobody_waits_for_the_next_life_in_an_arena_for_crowds() {
        let rules = Rules::new(TickRate::DEFAULT, 600_000);
        assert_eq!(rules.clone().in_arena(&Arena::open(100)).respawn_ticks, 6);
        assert_eq!(rules.respawn_ticks, 90);
    }

    #[test]
    fn the_hash_tells_rates_apart() {
        let at = |hz| Rules::new(TickRate::new(hz).unwrap(), 600_000).hash();
        assert_ne!(at(30), at(60));
        assert_eq!(at(30), at(30));
    }
}
