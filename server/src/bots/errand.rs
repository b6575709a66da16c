//! Where a bot wants to be, and how it gets there: a goal that is kept for a while, and the corners on the way to it.
//! What is worth an errand is decided here, what to do about foes on the way elsewhere.

use glam::Vec2;
use serde::{Deserialize, Serialize};
use shared::random::Random;
use shared::rules::SHIP_RADIUS;
use shared::tick::Tick;
use shared::world::CoreState;

use super::sight::Sight;
use super::ways::{Ways, passes};

/// Longest time for which a way is followed before it is looked for anew.
const WAY_MS: u32 = 1500;
/// Least time between two searches for a way that was lost or leads after somebody who moves.
const LOST_MS: u32 = 400;
/// Longest time for a goal that nobody waits at.
const STROLL_MS: u32 = 9000;
/// Distance in units at which a goal or a corner is reached.
const REACHED_UNITS: f32 = 44.0;
/// How far a bot goes for something to take with a foe at its heels.
const FETCH_IN_FIGHT_UNITS: f32 = 300.0;
/// A goal that moved farther, in units, is another one.
const ELSEWHERE_UNITS: f32 = 250.0;
/// Distance from the own stand that defenders keep.
const GUARD_UNITS: f32 = 320.0;
/// Distance at which a core to take matters more than a fight.
const TAKE_UNITS: f32 = 300.0;
/// Distance at which every bot brings the own core back.
const RETURN_UNITS: f32 = 500.0;
/// Time after which a bot that hardly moved goes somewhere else, and for how long.
const STUCK_MS: u32 = 1200;
/// What hardly moving is, in units.
const STUCK_UNITS: f32 = 24.0;
/// How much faster than it can a bot wishes to fly: the more, the sooner it gives up a turn's drift.
const HASTE: f32 = 1.3;

/// Where to, and how.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Errand {
    goal: Vec2,
    /// Until when the goal is only somewhere to be; over if there is something to do.
    strolls_until: Tick,
    /// Until when it goes there whatever there is to do, because it was stuck.
    astray_until: Tick,
    /// Corners still to be passed, the goal last.
    corners: Vec<Vec2>,
    way_until: Tick,
    /// Where it was, and when that is compared.
    was: Vec2,
    looks_at: Tick,
}

impl Errand {
    /// Chooses the goal. Returns whether it matters more than a fight.
    pub(super) fn choose(&mut self, sight: &Sight<'_>, fights: bool, random: &mut Random) -> bool {
        let now = sight.now();
        if now < self.astray_until {
            return false;
        }
        if let Some((goal, matters)) = core_goal(sight) {
            self.go(goal, sight);
            return matters;
        }
        let within = if fights { FETCH_IN_FIGHT_UNITS } else { f32::INFINITY };
        if let Some(goal) = sight.pickup(within) {
            self.go(goal, sight);
            return fights;
        }
        if now >= self.strolls_until || self.goal.distance(sight.place) < REACHED_UNITS {
            self.stroll(sight, random);
        }
        false
    }

    fn go(&mut self, goal: Vec2, sight: &Sight<'_>) {
        let moved = self.goal.distance(goal);
        if moved > ELSEWHERE_UNITS {
            self.way_until = sight.now();
        } else if moved > SHIP_RADIUS {
            // After somebody who moves: not a search for every step.
            self.way_until = self.way_until.min(sight.after(LOST_MS));
            if let Some(last) = self.corners.last_mut() {
                *last = goal;
            }
        }
        (self.goal, self.strolls_until) = (goal, Tick(0));
    }

    /// Somewhere by chance; as often as not where something may lie to be taken.
    fn stroll(&mut self, sight: &Sight<'_>, random: &mut Random) {
        let spread = sight.stage.arena.half() - 4.0 * SHIP_RADIUS;
        let anywhere = (Vec2::new(random.unit(), random.unit()) * 2.0 - 1.0) * spread;
        let pickups = sight.stage.arena.pickups();
        let drawn = pickups.get(random.below(2 * pickups.len() as u32) as usize);
        self.goal = drawn.map_or(anywhere, |pickup| pickup.place);
        self.strolls_until = sight.after(STROLL_MS);
        self.way_until = sight.now();
    }

    /// The way to push towards the goal.
    pub(super) fn way(&mut self, sight: &Sight<'_>, ways: &mut Ways, random: &mut Random) -> Vec2 {
        self.look_whether_stuck(sight, random);
        if sight.now() >= self.way_until {
            self.corners = ways.find(sight.place, self.goal, &sight.stage.arena);
            self.way_until = sight.after(WAY_MS);
        }
        self.pass_corners(sight);
        let to = self.corners.first().copied().unwrap_or(self.goal);
        if !sight.is_clear(to) {
            // It drifted off; from here the way may be another.
            self.way_until = self.way_until.min(sight.after(LOST_MS));
        }
        let ahead = (to - sight.place).normalize_or_zero();
        (ahead * sight.stage.rules.speed_max * HASTE - sight.ship.motion.velocity).normalize_or_zero()
    }

    /// A corner is passed when it is reached, or when the one behind it is in reach already.
    fn pass_corners(&mut self, sight: &Sight<'_>) {
        while let [first, second, ..] = self.corners.as_slice() {
            let reached = first.distance(sight.place) < REACHED_UNITS;
            if !reached && !passes(&sight.stage.arena, sight.place, *second) {
                break;
            }
            self.corners.remove(0);
        }
    }

    fn look_whether_stuck(&mut self, sight: &Sight<'_>, random: &mut Random) {
        if sight.now() < self.looks_at {
            return;
        }
        let stands = self.was.distance(sight.place) < STUCK_UNITS;
        if stands && self.goal.distance(sight.place) > REACHED_UNITS {
            self.stroll(sight, random);
            self.astray_until = sight.after(STUCK_MS);
        }
        self.was = sight.place;
        self.looks_at = sight.after(STUCK_MS);
    }
}

/// Where the cores call this bot, and whether that matters more than a fight.
fn core_goal(sight: &Sight<'_>) -> Option<(Vec2, bool)> {
    let [(own, stand), (theirs, their_stand)] = sight.cores()?;
    let near = |place: Vec2, units: f32| place.distance(sight.place) < units;
    if sight.carries() {
        // Without the own core at the stand it waits near by, and fights.
        let waits = own != CoreState::Home && near(stand, GUARD_UNITS);
        return (!waits).then_some((stand, true));
    }
    let (defends, both_gone) = (sight.defends(), matches!(theirs, CoreState::Carried(_)));
    match own {
        CoreState::Dropped { place, .. } if defends || near(place, RETURN_UNITS) => return Some((place, true)),
        // Out of view a carrier is on its way home, as far as anybody knows.
        CoreState::Carried(by) if defends || both_gone => {
            return Some((sight.seen(by).unwrap_or(their_stand), false));
        }
        _ if defends => return (!near(stand, GUARD_UNITS)).then_some((stand, false)),
        _ => {}
    }
    match theirs {
        CoreState::Home => Some((their_stand, near(their_stand, TAKE_UNITS))),
        CoreState::Dropped { place, .. } => Some((place, near(place, TAKE_UNITS))),
        // A mate has it: go with them, or to meet them.
        CoreState::Carried(by) => Some((sight.seen(by).unwrap_or(stand), false)),
    }
}
