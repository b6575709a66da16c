//! Every number of the game in one place: durations in milliseconds, speeds in units per second.
//! [`Rules`] turns them once into ticks for a match's rate, so that no step converts anything.

use serde::{Deserialize, Serialize};

use crate::arena::Arena;
use crate::tick::{Rewind, TickRate};

/// Radius of a ship's hit circle in units.
pub const SHIP_RADIUS: f32 = 16.0;
/// Radius of a blaster shot in units.
pub const SHOT_RADIUS: f32 = 4.0;
/// Thrust of a ship in units/s².
pub const THRUST: f32 = 440.0;
/// Share of its speed that a ship loses in a second; with [`THRUST`] it gives a top speed of 220 units/s.
pub const DRAG: f32 = 2.0;
/// Top speed under thrust in units/s: where thrust and drag are equal.
pub const SPEED_MAX: f32 = THRUST / DRAG;
/// Speed during a dash in units/s.
pub const DASH_SPEED: f32 = 640.0;
/// Speed that is left when a dash ends, in units/s.
pub const DASH_EXIT_SPEED: f32 = 260.0;
/// Length of a dash.
pub const DASH_MS: u32 = 130;
/// Time in which one spent dash comes back.
pub const DASH_RECHARGE_MS: u32 = 1500;
/// Dashes that a ship can hold.
pub const DASH_CHARGES: u32 = 3;
/// Share of the speed against a wall that a ship keeps when it bounces.
pub const WALL_BOUNCE: f32 = 0.35;
/// Speed of a blaster shot in units/s.
pub const SHOT_SPEED: f32 = 480.0;
/// Life of a blaster shot.
pub const SHOT_LIFE_MS: u32 = 2000;
/// Distance from the ship's middle at which a shot is born, in units.
pub const MUZZLE_UNITS: f32 = 24.0;
/// Time between two shots of a held trigger.
pub const FIRE_EVERY_MS: u32 = 360;
/// Time between two beams of the rail.
pub const RAIL_EVERY_MS: u32 = 1500;
/// Farthest that the rail reaches from the ship's middle, in units.
pub const RAIL_RANGE: f32 = 900.0;
/// Half the width of the rail's beam in units.
pub const RAIL_RADIUS: f32 = 3.0;
/// Longest lag compensation that a match may have.
pub const LAG_COMPENSATION_MS_MAX: u32 = 500;
/// Lag compensation of a match whose host says nothing.
pub const LAG_COMPENSATION_MS: u32 = 300;
/// For how long the last input holds on, without its edges, when none comes for a tick.
pub const INPUT_HOLD_MS: u32 = 100;
/// Hull points of a whole ship.
pub const HULL_MAX: u8 = 100;
/// Hull points that a blaster shot takes.
pub const SHOT_DAMAGE: u8 = 20;
/// Hull points that the rail takes.
pub const RAIL_DAMAGE: u8 = 50;
/// Time from death to the next life.
pub const RESPAWN_MS: u32 = 3000;
/// The same in an arena for crowds, where ships appear anywhere: nobody waits where nothing is to be watched.
pub const CROWD_RESPAWN_MS: u32 = 200;
/// Shield after a ship appears; it ends at the first shot.
pub const GUARD_MS: u32 = 2000;
/// Shield after a lost player has come back.
pub const RETURN_GUARD_MS: u32 = 1000;
/// Pause in which results are shown.
pub const RESULTS_MS: u32 = 10_000;
/// Half the width and height of what a player may see round the ship, in units: 1,200 by 800.
pub const VIEW_HALF: (f32, f32) = (600.0, 400.0);

/// The numbers of the game for one match: everything that depends on its tick rate or its settings, in ticks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rules {
    /// Ticks in a second.
    pub rate: TickRate,
    /// Length of a tick in seconds.
    pub dt: f32,
    /// Share of its speed that a coasting ship keeps over a tick.
    pub drag_keep: f32,
    /// Length of a dash.
    pub dash_ticks: u16,
    /// Ticks in which one dash comes back; a ship's energy is counted in these.
    pub dash_recharge_ticks: u16,
    /// Life of a shot.
    pub shot_life_ticks: u16,
    /// Time between two shots.
    pub fire_every_ticks: u16,
    /// Time between two beams of the rail.
    pub rail_every_ticks: u16,
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
}

impl Rules {
    /// The rules at `rate`, with rounds of `round_ms` and the usual lag compensation.
    pub fn new(rate: TickRate, round_ms: u32) -> Rules {
        let ticks = |ms: u32| rate.ticks_in(ms) as u16;
        let dt = rate.period_s();
        Rules {
            rate,
            dt,
            drag_keep: libm::expf(-DRAG * dt),
            dash_ticks: ticks(DASH_MS),
            dash_recharge_ticks: ticks(DASH_RECHARGE_MS),
            shot_life_ticks: ticks(SHOT_LIFE_MS),
            fire_every_ticks: ticks(FIRE_EVERY_MS),
            rail_every_ticks: ticks(RAIL_EVERY_MS),
            rewind_max: rewind_of(rate, LAG_COMPENSATION_MS),
            respawn_ticks: ticks(RESPAWN_MS),
            guard_ticks: ticks(GUARD_MS),
            return_guard_ticks: ticks(RETURN_GUARD_MS),
            round_ticks: rate.ticks_in(round_ms).max(1),
            results_ticks: rate.ticks_in(RESULTS_MS),
        }
    }

    /// The same rules as they are in `arena`: one without places to appear is for crowds.
    #[must_use]
    pub fn in_arena(self, arena: &Arena) -> Rules {
        let wait_ms = if arena.spawns().is_empty() { CROWD_RESPAWN_MS } else { RESPAWN_MS };
        Rules { respawn_ticks: self.rate.ticks_in(wait_ms) as u16, ..self }
    }

    /// The same rules with lag compensation over at most `ms`, 0 to [`LAG_COMPENSATION_MS_MAX`]; 0 is off.
    #[must_use]
    pub fn with_lag_compensation(self, ms: u32) -> Rules {
        Rules { rewind_max: rewind_of(self.rate, ms), ..self }
    }

    /// How far a blaster shot flies in `time`, in units.
    pub fn flight(&self, time: Rewind) -> f32 {
        SHOT_SPEED * self.dt * time.ticks()
    }

    /// Dash energy of a ship that holds all its dashes.
    pub fn dash_energy_max(&self) -> u16 {
        self.dash_recharge_ticks * DASH_CHARGES as u16
    }

    /// A number that differs when any rule differs, so that a client knows whether it plays the same game. Lag
    /// compensation is not in it: it only decides what the server finds hit.
    pub fn hash(&self) -> u32 {
        const CONSTANTS: [f32; 21] = [
            SHIP_RADIUS,
            SHOT_RADIUS,
            THRUST,
            DRAG,
            DASH_SPEED,
            DASH_EXIT_SPEED,
            DASH_MS as f32,
            DASH_RECHARGE_MS as f32,
            WALL_BOUNCE,
            SHOT_SPEED,
            SHOT_LIFE_MS as f32,
            MUZZLE_UNITS,
            FIRE_EVERY_MS as f32,
            SHOT_DAMAGE as f32,
            RESPAWN_MS as f32,
            CROWD_RESPAWN_MS as f32,
            GUARD_MS as f32,
            RAIL_EVERY_MS as f32,
            RAIL_RANGE,
            RAIL_RADIUS,
            RAIL_DAMAGE as f32,
        ];
        let words = CONSTANTS.iter().map(|c| c.to_bits()).chain([self.rate.hz(), self.round_ticks]);
        words.fold(0x811c_9dc5, |hash: u32, word| (hash ^ word).wrapping_mul(0x0100_0193))
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
