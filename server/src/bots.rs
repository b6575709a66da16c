//! Players that the program plays: they see what a player in their seat would see, and act by the same commands.
//! How many there are is the match's business; this room knows how they decide. What they intend is plain data, so that a
//! match can be written down with its bots.

use glam::Vec2;
use serde::{Deserialize, Serialize};
use shared::angle::Angle;
use shared::arena::Arena;
use shared::collision::swept_walls;
use shared::command::Command;
use shared::cores::state;
use shared::id::PlayerId;
use shared::input::{Buttons, ShipInput, Thrust};
use shared::mode::{Mode, Team};
use shared::name::PlayerName;
use shared::random::Random;
use shared::rules::{SHIP_RADIUS, VIEW_HALF};
use shared::simulation::Stage;
use shared::tick::{Rewind, Tick};
use shared::world::{CoreState, Hull, Pilot, Ship, World};

/// Raised with every change after which bots may decide otherwise: replays leave out what bots would do anyway.
pub const BOTS_VERSION: u32 = 2;

/// Decisions in a second; between them a bot holds on, as a person's hand does.
const DECISIONS_HZ: u32 = 10;
/// Distance in units from which a bot fires.
const RANGE_UNITS: f32 = 540.0;
/// Distance in units that a bot keeps from whom it fights.
const COMFORT_UNITS: f32 = 260.0;
/// A bot in a fight uses the rail in one of so many decisions.
const RAIL_ONE_IN: u32 = 40;
/// How far a bot looks ahead for walls, in units.
const FEELER_UNITS: f32 = 90.0;
/// Largest error of a bot's aim, in steps of a 65,536th turn: about four degrees.
const AIM_ERROR_STEPS: u32 = 730;

const NAMES: [&str; 24] = [
    "Halcyon",
    "Petrichor",
    "Vesper",
    "Moss",
    "Tycho",
    "Solenne",
    "Lumen",
    "Rook",
    "Quill",
    "Dace",
    "Orrin",
    "Tamsin",
    "Mirelle",
    "Juno",
    "Sable",
    "Oxbow",
    "Ionic",
    "Basalt",
    "Nulla",
    "Brack",
    "Cairn",
    "Fennel",
    "Larkspur",
    "Umber",
];

/// All bots of a match.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bots {
    minds: Vec<Mind>,
    random: Random,
    named: usize,
}

/// One bot's intentions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Mind {
    player: PlayerId,
    decides_at: Tick,
    input: ShipInput,
    goal: Vec2,
    goal_until: Tick,
    circles_right: bool,
}

impl Bots {
    /// No bots yet; their chances come from `seed`.
    pub fn new(seed: u64) -> Bots {
        Bots { minds: Vec::new(), random: Random::new(seed ^ 0x626f_7473), named: 0 }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.minds.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.minds.is_empty()
    }

    /// A new bot takes the seat `player`.
    pub fn add(&mut self, player: PlayerId) -> Command {
        let name = NAMES.get(self.named % NAMES.len()).copied().unwrap_or("Bot");
        let round = self.named / NAMES.len();
        self.named += 1;
        let name = if round == 0 { name.to_owned() } else { format!("{name} {}", round + 1) };
        self.minds.push(Mind::new(player));
        let hull = Hull::from((self.random.below(4)) as u8);
        Command::Join { player, name: PlayerName::sanitise(&name), hull, bot: true }
    }

    /// The bot that came last leaves.
    pub fn remove(&mut self) -> Option<Command> {
        let mind = self.minds.pop()?;
        self.named = self.named.saturating_sub(1);
        Some(Command::Leave { player: mind.player })
    }

    /// After commands were applied without it: every bot in `world` has a mind again, and nobody else.
    pub fn adopt(&mut self, world: &World) {
        let is_bot = |player: PlayerId| world.pilot(player).is_some_and(|pilot| pilot.bot);
        self.minds.retain(|mind| is_bot(mind.player));
        for pilot in world.pilots.iter().filter(|pilot| pilot.bot) {
            if self.minds.iter().all(|mind| mind.player != pilot.id) {
                self.minds.push(Mind::new(pilot.id));
            }
        }
        self.named = self.minds.len();
    }

    /// Appends what each bot wants in the next tick, as far as it differs from what its ship does anyway.
    pub fn decide(&mut self, world: &World, stage: &Stage, commands: &mut Vec<Command>) {
        let every = (stage.rules.rate.hz() / DECISIONS_HZ).max(1);
        for mind in &mut self.minds {
            let Some(ship) = world.ship(mind.player) else { continue };
            if world.tick >= mind.decides_at {
                mind.decides_at = world.tick + every;
                mind.input = mind.decide(ship, world, stage, &mut self.random);
            } else {
                mind.input = mind.input.held();
            }
            if mind.input != ship.input {
                commands.push(Command::Input { player: mind.player, input: mind.input, rewind: Rewind(0) });
            }
        }
    }
}

impl Mind {
    fn new(player: PlayerId) -> Mind {
        Mind {
            player,
            decides_at: Tick(0),
            input: ShipInput::default(),
            goal: Vec2::ZERO,
            goal_until: Tick(0),
            circles_right: player.0.is_multiple_of(2),
        }
    }

    fn decide(&mut self, ship: &Ship, world: &World, stage: &Stage, random: &mut Random) -> ShipInput {
        if !ship.alive() {
            return self.input.neutral();
        }
        // Who carries a core runs.
        let target = nearest_target(ship, world, stage).filter(|_| !world.carries(ship.id));
        match target {
            Some(target) => self.fight(ship, target, stage, random),
            None => self.wander(ship, world, stage, random),
        }
    }

    fn fight(&mut self, ship: &Ship, target: &Ship, stage: &Stage, random: &mut Random) -> ShipInput {
        let place = ship.motion.position;
        let way = target.motion.position - place;
        let distance = way.length().max(1.0);
        let flight_s = distance / stage.rules.book.blaster.speed;
        let lead = way + (target.motion.velocity - ship.motion.velocity * 0.2) * flight_s;
        let error = random.below(2 * AIM_ERROR_STEPS) as i32 - AIM_ERROR_STEPS as i32;
        // The rail needs no lead.
        let rail = target.guard_ticks == 0 && random.below(RAIL_ONE_IN) == 0;
        let aim = Angle::of(if rail { way } else { lead }).turned(error);
        if random.below(20) == 0 {
            self.circles_right = !self.circles_right;
        }
        let side = if self.circles_right { way.perp() } else { -way.perp() } / distance;
        let nearer = ((distance - COMFORT_UNITS) / COMFORT_UNITS).clamp(-1.0, 1.0);
        let thrust = clear_way(&stage.arena, place, way / distance * nearer + side * 0.8);
        let mut buttons = Buttons::default();
        if distance < RANGE_UNITS && target.guard_ticks == 0 {
            buttons = buttons.with(Buttons::FIRE);
        }
        if rail {
            buttons = buttons.with(Buttons::RAIL);
        }
        let in_trouble = ship.hull_points <= 40 && random.below(15) == 0;
        if in_trouble || random.below(90) == 0 {
            buttons = buttons.with(Buttons::DASH);
        }
        ShipInput { thrust: Thrust::from_vector(thrust), aim, buttons }
    }

    fn wander(&mut self, ship: &Ship, world: &World, stage: &Stage, random: &mut Random) -> ShipInput {
        let place = ship.motion.position;
        if world.tick >= self.goal_until || place.distance(self.goal) < 120.0 {
            let spread = stage.arena.half() - 4.0 * SHIP_RADIUS;
            self.goal = (Vec2::new(random.unit(), random.unit()) * 2.0 - 1.0) * spread;
            self.goal_until = world.tick + stage.rules.rate.ticks_in(5000);
        }
        // Every second wish leads to what the round is about.
        let errand = errand(ship.id, world, stage)
            .filter(|_| self.goal_until.0.is_multiple_of(2) || world.carries(ship.id));
        let goal = errand.unwrap_or(self.goal);
        let thrust = clear_way(&stage.arena, place, (goal - place).normalize_or_zero());
        ShipInput { thrust: Thrust::from_vector(thrust), aim: Angle::of(thrust), buttons: Buttons::default() }
    }
}

/// Where a core leads the pilot of `id`, if the match is about cores: home with one, else to the other side's.
fn errand(id: PlayerId, world: &World, stage: &Stage) -> Option<Vec2> {
    let stands = stage.arena.cores().filter(|_| stage.rules.mode == Mode::Ctc)?;
    let team = world.team_of(id);
    if world.carries(id) {
        return stands.get(team.side()?).copied();
    }
    match state(world, team.other()) {
        CoreState::Home => stands.get(team.other().side()?).copied(),
        CoreState::Dropped { place, .. } => Some(place),
        CoreState::Carried(_) => None,
    }
}

/// The nearest living ship in view that no wall hides.
fn nearest_target<'w>(ship: &Ship, world: &'w World, stage: &Stage) -> Option<&'w Ship> {
    let place = ship.motion.position;
    let half = Vec2::from(VIEW_HALF);
    let team = world.team_of(ship.id);
    let mut best: Option<(f32, &Ship)> = None;
    for index in stage.grid().near(place - half, place + half) {
        let Some(other) = world.ships.get(index).filter(|s| s.alive() && s.id != ship.id) else { continue };
        let way = other.motion.position - place;
        let spared = |p: &Pilot| p.limbo || (p.team != Team::None && p.team == team);
        if world.pilots.get(index).is_some_and(spared) || way.abs().cmpgt(half).any() {
            continue;
        }
        let distance = way.length_squared();
        if best.is_none_or(|(b, _)| distance < b)
            && swept_walls(&stage.arena, place, other.motion.position).is_none()
        {
            best = Some((distance, other));
        }
    }
    best.map(|(_, ship)| ship)
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

#[cfg(test)]
mod tests {
    use super::*;
    use shared::event::Event;
    use shared::rules::Rules;
    use shared::simulation::step;
    use shared::tick::TickRate;

    /// Six bots on a map for `seconds`; what happened, and the world.
    fn play(map: &str, seconds: u32) -> (Vec<Event>, World) {
        let arena = crate::maps::find(map).unwrap().arena(16);
        let mut stage = Stage::new(arena, Rules::new(TickRate::DEFAULT, 600_000));
        let mut world = World::new(5);
        let mut bots = Bots::new(5);
        let mut commands: Vec<Command> = (0..6).map(|i| bots.add(PlayerId(i))).collect();
        commands.push(Command::StartRound);
        let (mut all, mut events) = (Vec::new(), Vec::new());
        for _ in 0..seconds * 30 {
            bots.decide(&world, &stage, &mut commands);
            events.clear();
            step(&mut world, &mut stage, &commands, &mut events);
            all.append(&mut events);
            commands.clear();
        }
        (all, world)
    }

    #[test]
    fn bots_fight_on_every_map() {
        for map in crate::maps::names() {
            let (events, world) = play(map, 60);
            let kills = events.iter().filter(|e| matches!(e, Event::Killed { .. })).count();
            assert!(kills >= 5, "{map}: only {kills} kills in a minute");
            assert_eq!(world.pilots.iter().map(|p| usize::from(p.score)).sum::<usize>(), kills);
        }
    }

    #[test]
    fn no_bot_stays_stuck() {
        let (_, world) = play("lattice", 20);
        let before: Vec<Vec2> = world.ships.iter().map(|s| s.motion.position).collect();
        let (_, later) = play("lattice", 30);
        let moved =
            before.iter().zip(&later.ships).filter(|(b, s)| b.distance(s.motion.position) > 50.0).count();
        assert!(moved >= 5, "{moved}");
    }
}
