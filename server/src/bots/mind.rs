//! One bot's decisions: what it does about a foe, about shots that come, and on its errands. It acts by an input like
//! anybody, and between two decisions holds on.

use glam::Vec2;
use serde::{Deserialize, Serialize};
use shared::angle::Angle;
use shared::arena::Arena;
use shared::collision::swept_walls;
use shared::id::PlayerId;
use shared::input::{Buttons, ShipInput, Thrust};
use shared::random::Random;
use shared::rule_book::Weapon;
use shared::simulation::Stage;
use shared::tick::Tick;
use shared::world::{Ship, World};

use super::aim::ahead;
use super::errand::Errand;
use super::sight::Sight;
use super::skill::{Skill, Traits};
use super::ways::Ways;

/// Distance in units that a bot keeps from whom it fights.
const COMFORT_UNITS: f32 = 260.0;
/// The same with a weapon for near by.
const CLOSE_UNITS: f32 = 120.0;
/// How far a bot looks ahead for walls, in units.
const FEELER_UNITS: f32 = 90.0;
/// Hull points below which a bot rather flees.
const FEARFUL_HULL: u8 = 40;

/// One bot's intentions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Mind {
    pub(super) player: PlayerId,
    pub(super) input: ShipInput,
    #[serde(default)]
    skill: Skill,
    #[serde(default)]
    errand: Errand,
    /// Whom it fights, and since when it sees them.
    #[serde(default)]
    watches: Option<(PlayerId, Tick)>,
    circles_right: bool,
}

/// Where to push and what to press.
struct Act {
    push: Vec2,
    aim: Angle,
    buttons: Buttons,
}

impl Mind {
    pub(super) fn new(player: PlayerId, skill: Skill) -> Mind {
        Mind {
            player,
            input: ShipInput::default(),
            skill,
            errand: Errand::default(),
            watches: None,
            circles_right: player.0.is_multiple_of(2),
        }
    }

    /// Makes up its mind for the next tick.
    pub(super) fn think(
        &mut self,
        ship: &Ship,
        (world, stage): (&World, &Stage),
        ways: &mut Ways,
        random: &mut Random,
    ) {
        let traits = self.skill.traits();
        let every = (stage.rules.rate.hz() / traits.decides_hz).max(1);
        if !ship.alive() {
            *self = Mind { input: self.input.neutral(), ..Mind::new(self.player, self.skill) };
        } else if (world.tick.0 + u32::from(self.player.0)).is_multiple_of(every) {
            // Bots decide in turn, so that no tick has the work of all.
            let sight = Sight::new(ship, world, stage);
            let act = self.decide(&sight, &traits, ways, random);
            self.input =
                ShipInput { thrust: Thrust::from_vector(act.push), aim: act.aim, buttons: act.buttons };
        } else {
            self.input = self.input.held();
        }
    }

    fn decide(&mut self, sight: &Sight<'_>, traits: &Traits, ways: &mut Ways, random: &mut Random) -> Act {
        let foe = sight.foe();
        let since = self.watch(foe, sight.now());
        let foe_units = foe.map(|foe| foe.motion.position.distance(sight.place));
        let matters = self.errand.choose(sight, foe_units, random);
        let push = match foe {
            Some(foe) if !matters => self.circle(sight, foe, traits, random),
            _ => self.errand.way(sight, ways),
        };
        let mut act = Act { push, aim: Angle::of(push), buttons: Buttons::default() };
        if let Some(foe) = foe.filter(|_| sight.now() >= since + sight.ticks_in(traits.reaction_ms)) {
            shoot(&mut act, sight, foe, (traits, random));
        }
        // Who was stuck goes past mines too.
        if !self.errand.is_astray(sight.now()) {
            act.push = round_mine(sight, act.push);
        }
        dodge(&mut act, sight, (traits, random));
        act
    }

    /// Since when it sees this foe.
    fn watch(&mut self, foe: Option<&Ship>, now: Tick) -> Tick {
        let before = self.watches;
        let since = |id: PlayerId| before.filter(|(whom, _)| *whom == id).map_or(now, |(_, since)| since);
        self.watches = foe.map(|foe| (foe.id, since(foe.id)));
        self.watches.map_or(now, |(_, since)| since)
    }

    /// Where to push to circle round the foe at a distance.
    fn circle(&mut self, sight: &Sight<'_>, foe: &Ship, traits: &Traits, random: &mut Random) -> Vec2 {
        let way = foe.motion.position - sight.place;
        let distance = way.length().max(1.0);
        if random.below(2 * traits.decides_hz) == 0 {
            self.circles_right = !self.circles_right;
        }
        let comfort = if sight.second() == Weapon::Scatter { CLOSE_UNITS } else { COMFORT_UNITS };
        let side = if self.circles_right { way.perp() } else { -way.perp() } / distance;
        let nearer = ((distance - comfort) / comfort).clamp(-1.0, 1.0);
        clear_way(&sight.stage.arena, sight.place, way / distance * nearer + side * 0.8)
    }
}

/// `push` without what leads nearer to a mine: round it instead.
fn round_mine(sight: &Sight<'_>, push: Vec2) -> Vec2 {
    let Some(mine) = sight.mine_near() else { return push };
    let away = (sight.place - mine).normalize_or_zero();
    let into = push.dot(away).min(0.0);
    let aside = away.perp() * away.perp_dot(push).signum();
    push - away * into - aside * into
}

/// Gets out of the way of shots, as well as it can.
fn dodge(act: &mut Act, sight: &Sight<'_>, (traits, random): (&Traits, &mut Random)) {
    let Some(away) = sight.danger().filter(|_| random.below(100) < traits.dodges) else { return };
    let open = sight.is_clear(sight.place + away * FEELER_UNITS);
    act.push = if open { away } else { -away };
    let hurt = sight.ship.hull_points <= FEARFUL_HULL;
    if random.below(if hurt { 2 } else { 6 }) == 0 {
        act.buttons = act.buttons.with(Buttons::DASH);
    }
}

/// Points at the foe and pulls triggers.
fn shoot(act: &mut Act, sight: &Sight<'_>, foe: &Ship, (traits, random): (&Traits, &mut Random)) {
    if foe.guard_ticks > 0 {
        return;
    }
    let way = foe.motion.position - sight.place;
    let distance = way.length();
    let error = random.below(2 * traits.aim_error_steps) as i32 - traits.aim_error_steps as i32;
    let book = &sight.stage.rules.book;
    let wants_second = random.below(traits.second_one_in) == 0;
    let second = wants_second
        && match sight.second() {
            Weapon::None => false,
            Weapon::Rail => distance < book.rail.range,
            Weapon::Scatter => distance < 2.0 * CLOSE_UNITS,
            Weapon::Mines => distance < COMFORT_UNITS,
        };
    // A beam is there at once; everything else takes its time.
    let beam = second && sight.second() == Weapon::Rail;
    let point = if beam { way } else { ahead(way, foe.motion.velocity, (book.blaster.speed, traits.lead)) };
    act.aim = Angle::of(point).turned(error);
    if distance < traits.range_units {
        act.buttons = act.buttons.with(Buttons::FIRE);
    }
    if second {
        act.buttons = act.buttons.with(Buttons::RAIL);
    }
}

/// `wish`, turned as little as needed so that no wall is close ahead.
fn clear_way(arena: &Arena, place: Vec2, wish: Vec2) -> Vec2 {
    const TURNS: [i32; 7] = [0, 7_000, -7_000, 14_000, -14_000, 22_000, -22_000];
    let Some(ahead) = wish.try_normalize() else { return wish };
    let angle = Angle::of(ahead);
    let free = |turn: &i32| {
        let way = angle.turned(*turn).direction() * FEELER_UNITS;
        swept_walls(arena, place, place + way).is_none()
    };
    let turn = TURNS.into_iter().find(free).unwrap_or(32_768);
    angle.turned(turn).direction() * wish.length().min(1.0)
}
