//! Where a bot wants to be, and how it gets there: a goal that is kept for a while, and the corners on the way to it.
//! What is worth an errand is decided here, what to do about foes on the way elsewhere.

use glam::Vec2;
use serde::{Deserialize, Serialize};
use shared::id::PlayerId;
use shared::random::Random;
use shared::rules::SHIP_RADIUS;
use shared::tick::Tick;
use shared::world::CoreState;

use super::sight::Sight;
use super::ways::{Ways, passes};

/// Longest time for which a way is followed before it is looked for anew.
const WAY_MS: u32 = 1500;
/// Longest time for a goal that nobody waits at.
const STROLL_MS: u32 = 9000;
/// Distance in units at which a goal or a corner is reached.
const REACHED_UNITS: f32 = 44.0;
/// How far a bot goes for something to take, and how far with a foe at its heels.
const FETCH_UNITS: (f32, f32) = (900.0, 300.0);
/// A goal that moved farther, in units, is another one.
const ELSEWHERE_UNITS: f32 = 250.0;
/// Least time between two searches for the way to one that moves.
const CHASE_MS: u32 = 500;
/// Distance from the own stand that defenders keep.
const GUARD_UNITS: f32 = 320.0;
/// Time after which a bot that hardly moved goes somewhere else.
const STUCK_MS: u32 = 1200;
/// What hardly moving is, in units.
const STUCK_UNITS: f32 = 24.0;

/// Where to, and how.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Errand {
    goal: Vec2,
    /// Whether the goal is only somewhere to be.
    strolls: bool,
    goal_until: Tick,
    /// Corners still to be passed, the goal last.
    corners: Vec<Vec2>,
    way_until: Tick,
    /// Where it was, and when that is compared.
    was: Vec2,
    looks_at: Tick,
}

impl Errand {
    pub(super) fn new() -> Errand {
        Errand {
            goal: Vec2::ZERO,
            strolls: true,
            goal_until: Tick(0),
            corners: Vec::new(),
            way_until: Tick(0),
            was: Vec2::ZERO,
            looks_at: Tick(0),
        }
    }

    /// Chooses the goal. Returns whether it matters more than a fight.
    pub(super) fn choose(&mut self, sight: &Sight<'_>, fights: bool, (now, random): (Tick, &mut Random)) -> bool {
        if let Some((goal, matters)) = core_goal(sight) {
            self.go(goal, sight, now);
            return matters;
        }
        let within = if fights { FETCH_UNITS.1 } else { FETCH_UNITS.0 };
        if let Some(goal) = sight.pickup(within) {
            self.go(goal, sight, now);
            return fights;
        }
        let there = self.goal.distance(sight.place) < REACHED_UNITS;
        if !self.strolls || there || now >= self.goal_until {
            self.stroll(sight, (now, random));
        }
        false
    }

    fn go(&mut self, goal: Vec2, sight: &Sight<'_>, now: Tick) {
        let moved = self.goal.distance(goal);
        if moved > ELSEWHERE_UNITS {
            self.way_until = now;
        } else if moved > SHIP_RADIUS {
            // After somebody who moves: not a search for every step.
            self.way_until = self.way_until.min(now + sight.stage.rules.rate.ticks_in(CHASE_MS));
            if let Some(last) = self.corners.last_mut() {
                *last = goal;
            }
        }
        (self.goal, self.strolls) = (goal, false);
    }

    fn stroll(&mut self, sight: &Sight<'_>, (now, random): (Tick, &mut Random)) {
        let spread = sight.stage.arena.half() - 4.0 * SHIP_RADIUS;
        self.goal = (Vec2::new(random.unit(), random.unit()) * 2.0 - 1.0) * spread;
        self.strolls = true;
        self.goal_until = now + sight.stage.rules.rate.ticks_in(STROLL_MS);
        self.way_until = now;
    }

    /// The way to push towards the goal.
    pub(super) fn way(&mut self, sight: &Sight<'_>, ways: &mut Ways, (now, random): (Tick, &mut Random)) -> Vec2 {
        self.look_whether_stuck(sight, (now, random));
        let arena = &sight.stage.arena;
        if now >= self.way_until {
            self.corners = ways.find(sight.place, self.goal, arena);
            self.way_until = now + sight.stage.rules.rate.ticks_in(WAY_MS);
        }
        // Passed when reached, or when the one behind it is in reach already.
        while let [first, rest @ ..] = self.corners.as_slice() {
            let reached = first.distance(sight.place) < REACHED_UNITS;
            let seen = rest.first().is_some_and(|second| passes(arena, sight.place, *second));
            if rest.is_empty() || !(reached || seen) {
                break;
            }
            self.corners.remove(0);
        }
        let to = self.corners.first().copied().unwrap_or(self.goal);
        (to - sight.place).normalize_or_zero()
    }

    fn look_whether_stuck(&mut self, sight: &Sight<'_>, (now, random): (Tick, &mut Random)) {
        if now < self.looks_at {
            return;
        }
        let stands = self.was.distance(sight.place) < STUCK_UNITS;
        if stands && self.goal.distance(sight.place) > REACHED_UNITS {
            self.stroll(sight, (now, random));
        }
        self.was = sight.place;
        self.looks_at = now + sight.stage.rules.rate.ticks_in(STUCK_MS);
    }
}

/// Where the cores call this bot, and whether that matters more than a fight. Every third stays to defend.
fn core_goal(sight: &Sight<'_>) -> Option<(Vec2, bool)> {
    let [(own, stand), (theirs, their_stand)] = sight.cores()?;
    let near_home = stand.distance(sight.place) < GUARD_UNITS;
    if sight.carries() {
        // Without the own core at the stand it waits near by, and fights.
        let waits = own != CoreState::Home && near_home;
        return (!waits).then_some((stand, true));
    }
    let defends = is_defender(sight.ship.id);
    let both_gone = matches!(theirs, CoreState::Carried(_));
    match own {
        CoreState::Dropped { place, .. } if defends || place.distance(sight.place) < 500.0 => {
            return Some((place, true));
        }
        CoreState::Carried(_) if defends || both_gone => {
            return sight.carrier(own).map(|place| (place, false));
        }
        _ if defends => return (!near_home).then_some((stand, false)),
        _ => {}
    }
    match theirs {
        CoreState::Home => Some((their_stand, their_stand.distance(sight.place) < 260.0)),
        CoreState::Dropped { place, .. } => Some((place, place.distance(sight.place) < 400.0)),
        // A mate has it: go with them.
        CoreState::Carried(_) => sight.carrier(theirs).map(|place| (place, false)),
    }
}

fn is_defender(player: PlayerId) -> bool {
    // Sides are filled in turn, so that two neighbours are on different ones.
    (player.0 / 2).is_multiple_of(3)
}
