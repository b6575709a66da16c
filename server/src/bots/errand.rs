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
/// Least time between two searches for a way that was lost or leads after somebody who moves.
const LOST_MS: u32 = 400;
/// Longest time for a goal that nobody waits at.
const STROLL_MS: u32 = 9000;
/// Distance in units at which a goal or a corner is reached.
const REACHED_UNITS: f32 = 44.0;
/// How far a bot goes for something to take when there is something else to do.
const DETOUR_UNITS: f32 = 300.0;
/// A goal that moved farther, in units, is another one.
const ELSEWHERE_UNITS: f32 = 250.0;
/// Distance from the own stand that defenders keep.
const GUARD_UNITS: f32 = 320.0;
/// Distance at which a core to take matters more than a fight.
const TAKE_UNITS: f32 = 300.0;
/// Foes that are farther off do not keep a bot from where it is called.
const ESCORT_UNITS: f32 = 240.0;
/// Distance at which every bot brings the own core back.
const RETURN_UNITS: f32 = 500.0;
/// Time after which a bot that hardly moved goes somewhere else.
const STUCK_MS: u32 = 1800;
/// The same for one that fights.
const LINGERS_MS: u32 = 6000;
/// For how long it goes there.
const ASTRAY_MS: u32 = 1500;
/// Places that are looked at to find one outside of walls.
const DRAWS: u32 = 4;
/// What hardly moving is, in units.
const STUCK_UNITS: f32 = 60.0;
/// How much faster than it can a bot wishes to fly: the more, the sooner it gives up a turn's drift.
const HASTE: f32 = 1.3;

/// What a bot does where cores count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    /// Goes for the other core and lets nobody stop it.
    Runs,
    /// Goes along, and fights whom it meets.
    Escorts,
    /// Stays with the own core.
    Defends,
}

/// Bots of a side have these in turn: one alone attacks, and in a crowd most run, or nobody would get through.
const ROLES: [Role; 8] =
    [Role::Runs, Role::Escorts, Role::Defends, Role::Runs, Role::Runs, Role::Runs, Role::Escorts, Role::Runs];

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
    /// Where it is but for a little, and since when.
    was: Vec2,
    since: Tick,
}

impl Errand {
    /// Chooses the goal, with a foe so many units off. Returns whether it matters more than a fight.
    pub(super) fn choose(&mut self, sight: &Sight<'_>, foe_units: Option<f32>, random: &mut Random) -> bool {
        self.look_whether_stuck(sight, foe_units.is_some(), random);
        let now = sight.now();
        if self.is_astray(now) {
            return true;
        }
        let call = core_call(sight);
        if let Some(goal) = detour(sight, foe_units.is_some(), call.as_ref()) {
            self.go(goal, sight);
            return true;
        }
        let round = match call {
            Some(Call::Go(goal, fights_within_units)) => {
                self.go(goal, sight);
                return foe_units.is_none_or(|units| units > fights_within_units);
            }
            Some(Call::Guard(stand)) => Some(stand),
            None => None,
        };
        let strays = round.is_some_and(|stand| self.goal.distance(stand) > GUARD_UNITS);
        if strays || now >= self.strolls_until || self.goal.distance(sight.place) < REACHED_UNITS {
            self.stroll(sight, round, random);
        }
        false
    }

    /// Whether it goes elsewhere because it was stuck.
    pub(super) fn is_astray(&self, now: Tick) -> bool {
        now < self.astray_until
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

    /// Somewhere by chance, round a place if one is given; else as often as not where something may lie to be taken.
    fn stroll(&mut self, sight: &Sight<'_>, round: Option<Vec2>, random: &mut Random) {
        let spread = sight.stage.arena.half() - 4.0 * SHIP_RADIUS;
        let reach = if round.is_some() { Vec2::splat(GUARD_UNITS * 0.7) } else { spread };
        let middle = round.unwrap_or_default();
        let mut draws = (0..DRAWS).map(|_| {
            let offset = (Vec2::new(random.unit(), random.unit()) * 2.0 - 1.0) * reach;
            (middle + offset).clamp(-spread, spread)
        });
        let anywhere = draws.find(|place| sight.is_open(*place)).unwrap_or(middle);
        let pickups = sight.stage.arena.pickups();
        let drawn = pickups.get(random.below(2 * pickups.len() as u32) as usize);
        self.goal = drawn.filter(|_| round.is_none()).map_or(anywhere, |pickup| pickup.place);
        self.strolls_until = sight.after(STROLL_MS);
        self.way_until = sight.now();
    }

    /// The way to push towards the goal.
    pub(super) fn way(&mut self, sight: &Sight<'_>, ways: &mut Ways) -> Vec2 {
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

    /// A bot that is where it was for too long goes somewhere else, whatever there is to do.
    fn look_whether_stuck(&mut self, sight: &Sight<'_>, fights: bool, random: &mut Random) {
        let patience_ms = if fights { LINGERS_MS } else { STUCK_MS };
        if self.was.distance(sight.place) > STUCK_UNITS {
            (self.was, self.since) = (sight.place, sight.now());
        } else if sight.now().since(self.since) > sight.ticks_in(patience_ms) {
            self.stroll(sight, None, random);
            self.astray_until = sight.after(ASTRAY_MS);
            self.since = sight.now();
        }
    }
}

/// Where something lies that is worth a way there before anything else.
fn detour(sight: &Sight<'_>, fights: bool, call: Option<&Call>) -> Option<Vec2> {
    let busy = fights || call.is_some();
    let nearer = match call {
        Some(Call::Go(goal, _)) => goal.distance(sight.place),
        _ => f32::INFINITY,
    };
    let within = if busy { DETOUR_UNITS.min(nearer) } else { f32::INFINITY };
    sight.pickup(within).filter(|_| !sight.carries())
}

/// What a core calls a bot to do.
enum Call {
    /// To go to a place. A foe that is no farther off than this, in units, is fought first.
    Go(Vec2, f32),
    /// To stay near a place.
    Guard(Vec2),
}

/// Where the cores call this bot, if they do.
fn core_call(sight: &Sight<'_>) -> Option<Call> {
    let [(own, stand), (theirs, their_stand)] = sight.cores()?;
    let near = |place: Vec2, units: f32| place.distance(sight.place) < units;
    let at_once = |goal: Vec2| Some(Call::Go(goal, 0.0));
    let fighting = |goal: Vec2| Some(Call::Go(goal, ESCORT_UNITS));
    // Out of view a carrier is on its way home, as far as anybody knows; if it is not there, anywhere.
    let hunt = |by: PlayerId| match sight.seen(by) {
        None if near(their_stand, GUARD_UNITS) => None,
        seen => fighting(seen.unwrap_or(their_stand)),
    };
    if sight.carries() {
        // Without the own core at the stand mates see to that, and it waits near by; who has none waits and goes for it in turn.
        return match own {
            CoreState::Home => at_once(stand),
            _ if sight.has_mates() || sight.is_patient() => {
                if near(stand, GUARD_UNITS) {
                    Some(Call::Guard(stand))
                } else {
                    at_once(stand)
                }
            }
            CoreState::Dropped { place, .. } => at_once(place),
            CoreState::Carried(by) => hunt(by),
        };
    }
    let role = ROLES.into_iter().cycle().nth(sight.rank());
    let (runs, defends) = (role == Some(Role::Runs), role == Some(Role::Defends));
    let both_gone = matches!(theirs, CoreState::Carried(_));
    match own {
        CoreState::Dropped { place, .. } if defends || near(place, RETURN_UNITS) => return at_once(place),
        CoreState::Carried(by) if defends || both_gone => return hunt(by),
        _ if defends => return Some(Call::Guard(stand)),
        _ => {}
    }
    let take = |place: Vec2| if runs || near(place, TAKE_UNITS) { at_once(place) } else { fighting(place) };
    match theirs {
        CoreState::Home => take(their_stand),
        CoreState::Dropped { place, .. } => take(place),
        // A mate has it: go with them, or to meet them.
        CoreState::Carried(by) => fighting(sight.seen(by).unwrap_or(stand)),
    }
}
