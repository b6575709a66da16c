//! Firing, flying, hitting, dying, and coming back. Order is fixed: ships by id, shots by birth.
//! A shot is tested by its swept way against where ships are after this tick's movement; in the tick of its birth, against
//! where they were from its shooter's view tick on.

use glam::Vec2;

use crate::angle::Angle;
use crate::arena::Arena;
use crate::event::{Event, ShotEnd};
use crate::id::{PlayerId, ShotId};
use crate::input::Buttons;
use crate::mode::{Mode, Team};
use crate::rules::{MUZZLE_UNITS, Rules, SHIP_RADIUS, SHOT_RADIUS};
use crate::targets::{Ground, Sweep, first_met};
use crate::tick::{Rewind, Tick};
use crate::world::{Ship, Shot, World, newborn_place};

/// The side whose ships a weapon of `team` spares.
pub fn spared(rules: &Rules, team: Team) -> Team {
    if rules.book.teams.friendly_fire > 0.0 { Team::None } else { team }
}

/// Ships whose trigger is held and whose weapon is ready fire.
pub fn fire(world: &mut World, rules: &Rules, events: &mut Vec<Event>) {
    let weapons_on = world.weapons_on();
    let load = Load { damage: rules.book.blaster.damage as u8, life_ticks: rules.shot_life_ticks };
    for (ship, pilot) in world.ships.iter_mut().zip(&world.pilots) {
        ship.fire_wait_ticks = ship.fire_wait_ticks.saturating_sub(1);
        ship.guard_ticks = ship.guard_ticks.saturating_sub(1);
        let wants = ship.alive() && ship.input.buttons.has(Buttons::FIRE);
        if !wants || !weapons_on || ship.fire_wait_ticks > 0 {
            continue;
        }
        ship.fire_wait_ticks = rules.fire_every_ticks;
        ship.guard_ticks = 0;
        let shot = Shot { id: world.next_shot, ..shot(ship, ship.input.aim, world.tick, (load, rules)) };
        let shot = Shot { spares: spared(rules, pilot.team), ..shot };
        world.next_shot = world.next_shot.next();
        events.push(Event::Fired(shot.clone()));
        world.shots.push(shot);
    }
}

/// What a shot does and how long it flies.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// Hull points that it takes.
    pub damage: u8,
    /// How long it flies.
    pub life_ticks: u16,
}

/// A shot of `ship` along `angle`, without a name and sparing nobody.
pub fn shot(ship: &Ship, angle: Angle, born: Tick, (load, rules): (Load, &Rules)) -> Shot {
    let direction = angle.direction();
    let origin = ship.motion.position + direction * MUZZLE_UNITS;
    Shot {
        id: ShotId::default(),
        owner: ship.id,
        origin,
        angle,
        born,
        flown: ship.rewind,
        over: false,
        position: origin,
        velocity: direction * rules.book.blaster.speed,
        spares: Team::None,
        damage: load.damage,
        life_ticks: load.life_ticks,
    }
}

/// Shots fly by one tick and end where they meet something. A shot born in this tick flies from its shooter's view tick
/// to the present at once, against ships where they were meanwhile; from then on it lives in the present.
pub fn fly(world: &mut World, ground: &Ground<'_>, events: &mut Vec<Event>) {
    let mut shots = std::mem::take(&mut world.shots);
    shots.retain_mut(|shot| {
        if shot.over {
            return false;
        }
        if shot.born == world.tick {
            return launch(world, ground, shot, events);
        }
        let to = shot.position + shot.velocity * ground.rules.dt;
        let sweep = Sweep {
            from: shot.position,
            to,
            radius: SHOT_RADIUS,
            owner: shot.owner,
            spares: shot.spares,
            back: Rewind::default(),
        };
        let life = u32::from(shot.life_ticks) * u32::from(Rewind::PARTS);
        let age = world.tick.since(shot.born) * u32::from(Rewind::PARTS) + u32::from(shot.flown.0);
        let met = first_met(world, ground, &sweep);
        if met.is_none() && age < life {
            shot.position = to;
            return true;
        }
        let (part, victim) = met.map_or((1.0, None), |(part, victim)| (part, Some(victim)));
        let end = victim.map_or(ShotEnd::Spent, end_on);
        let position = sweep.from.lerp(to, part);
        events.push(Event::ShotEnded { shot: shot.id, position, end, before: Rewind::default() });
        if let Some(index) = victim.flatten() {
            hurt(world, index, Blow { by: shot.owner, damage: shot.damage }, (ground.rules, events));
        }
        false
    });
    world.shots = shots;
}

/// What ended a shot that met the ship with this index, or a wall.
fn end_on(victim: Option<usize>) -> ShotEnd {
    if victim.is_some() { ShotEnd::Ship } else { ShotEnd::Wall }
}

/// The first moments of a shot: out of the muzzle at the view tick, then tick by tick up to the present. A target counts
/// where the shooter saw it, so whoever leads it rightly on the screen hits. Returns whether the shot left its muzzle.
fn launch(world: &mut World, ground: &Ground<'_>, shot: &mut Shot, events: &mut Vec<Event>) -> bool {
    let whole = shot.flown;
    let (mut from, mut flown) = (shot.origin - shot.velocity.normalize_or_zero() * MUZZLE_UNITS, Rewind(0));
    loop {
        let to = newborn_place(shot.origin, shot.velocity, ground.rules.flight(flown));
        let back = Rewind(whole.0 - flown.0);
        let (owner, spares) = (shot.owner, shot.spares);
        let sweep = Sweep { from, to, radius: SHOT_RADIUS, owner, spares, back };
        if let Some((part, victim)) = first_met(world, ground, &sweep) {
            let position = from.lerp(to, part);
            // The last place that is surely before what it met.
            let short = ((1.0 - part) * f32::from(Rewind::PARTS)).ceil() as u8;
            shot.over = true;
            shot.flown = Rewind(flown.0.saturating_sub(short));
            shot.position = newborn_place(shot.origin, shot.velocity, ground.rules.flight(shot.flown));
            let end = end_on(victim);
            events.push(Event::ShotEnded { shot: shot.id, position, end, before: back });
            if let Some(index) = victim {
                hurt(world, index, Blow { by: shot.owner, damage: shot.damage }, (ground.rules, events));
            }
            return flown > Rewind(0);
        }
        if flown == whole {
            shot.position = to;
            return true;
        }
        (from, flown) = (to, Rewind(flown.0.saturating_add(Rewind::PARTS).min(whole.0)));
    }
}

/// What a hit does.
#[derive(Clone, Copy, Debug)]
pub struct Blow {
    /// Who fired.
    pub by: PlayerId,
    /// Hull points that it takes.
    pub damage: u8,
}

/// A hit on the ship with the index `index`. A shield or a lost connection at present takes it all.
pub fn hurt(world: &mut World, index: usize, blow: Blow, (rules, events): (&Rules, &mut Vec<Event>)) {
    let Blow { by, damage } = blow;
    let limbo = world.pilots.get(index).is_some_and(|p| p.limbo);
    let Some(ship) = world.ships.get_mut(index) else { return };
    if limbo || ship.guard_ticks > 0 || !ship.alive() {
        return;
    }
    let soaked = damage.min(ship.shield_points);
    ship.shield_points -= soaked;
    ship.hull_points = ship.hull_points.saturating_sub(damage - soaked);
    let victim = ship.id;
    events.push(Event::Hit { victim, by, hull_points: ship.hull_points });
    if ship.hull_points > 0 {
        return;
    }
    let position = ship.motion.position;
    ship.respawn_ticks = rules.respawn_ticks;
    ship.motion.velocity = Vec2::ZERO;
    ship.motion.dash_ticks = 0;
    // Who takes out a mate gains nothing: it counts as the victim's own doing.
    let (side, other) = (world.team_of(victim), world.team_of(by));
    let by = if side != Team::None && side == other { victim } else { by };
    events.push(Event::Killed { victim, by, position });
    if let Some(pilot) = world.pilots.get_mut(index) {
        pilot.deaths = pilot.deaths.saturating_add(1);
    }
    if by == victim {
        return;
    }
    if let Some(killer) = world.find(by).ok().and_then(|i| world.pilots.get_mut(i)) {
        killer.score = killer.score.saturating_add(1);
    }
    if rules.mode == Mode::Tdm
        && let Some(score) = other.side().and_then(|side| world.team_scores.get_mut(side))
    {
        *score = score.saturating_add(1);
        events.push(Event::TeamScores(world.team_scores));
    }
}

/// Ships whose waiting is over appear at the safest of a few places drawn by chance.
pub fn respawn(world: &mut World, rules: &Rules, arena: &Arena, events: &mut Vec<Event>) {
    for index in 0..world.ships.len() {
        let Some(ship) = world.ships.get_mut(index) else { continue };
        if ship.respawn_ticks > 1 {
            ship.respawn_ticks -= 1;
        } else if ship.respawn_ticks == 1 {
            let team = world.pilots.get(index).map(|p| p.team).unwrap_or_default();
            let position = safest_place(world, arena, team);
            if let Some(ship) = world.ships.get_mut(index) {
                let mut fresh =
                    Ship { input: ship.input, rewind: ship.rewind, ..Ship::waiting(ship.id, rules) };
                fresh.respawn_ticks = 0;
                fresh.guard_ticks = rules.guard_ticks;
                fresh.motion.position = position;
                *ship = fresh;
                events.push(Event::Appeared(ship.id));
            }
        }
    }
}

/// Of a few places of `team` drawn by chance, the one whose nearest living ship of another side is farthest.
fn safest_place(world: &mut World, arena: &Arena, team: Team) -> Vec2 {
    const DRAWS: u32 = 6;
    let mut best = (f32::NEG_INFINITY, Vec2::ZERO);
    for _ in 0..DRAWS {
        let place = draw_place(world, arena, team);
        let others = world.ships.iter().zip(&world.pilots);
        let others = others.filter(|(s, p)| s.alive() && (team == Team::None || p.team != team));
        let nearest =
            others.map(|(s, _)| s.motion.position.distance_squared(place)).fold(f32::INFINITY, f32::min);
        if nearest > best.0 {
            best = (nearest, place);
        }
    }
    best.1
}

fn draw_place(world: &mut World, arena: &Arena, team: Team) -> Vec2 {
    let own = team.side().and_then(|side| arena.team_spawns().get(side)).filter(|places| !places.is_empty());
    let places = own.map_or(arena.spawns(), Vec::as_slice);
    let chosen = world.random.below(places.len() as u32) as usize;
    if let Some(&place) = places.get(chosen) {
        return place;
    }
    let spread = arena.half() - 2.0 * SHIP_RADIUS;
    (Vec2::new(world.random.unit(), world.random.unit()) * 2.0 - 1.0) * spread
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::angle::Angle;
    use crate::command::Command;
    use crate::input::{ShipInput, Thrust};
    use crate::name::PlayerName;
    use crate::simulation::{Stage, step};
    use crate::tick::TickRate;
    use crate::world::Hull;

    /// Two ships in an open arena: the first at the origin aims along +x, the second flies down at full speed and has just
    /// crossed that line `past` units ago, `away` units from the first.
    fn crossing(compensation_ms: u32, away: f32, past: f32) -> (World, Stage) {
        let rules = Rules::new(TickRate::DEFAULT, 60_000).with_lag_compensation(compensation_ms);
        let (mut world, mut stage) = (World::new(1), Stage::new(Arena::open(100), rules));
        let join = |i| Command::Join {
            player: PlayerId(i),
            name: PlayerName::sanitise("Pilot"),
            hull: Hull::Wedge,
            bot: false,
        };
        step(&mut world, &mut stage, &[join(1), join(2), Command::StartRound], &mut Vec::new());
        step(&mut world, &mut stage, &[], &mut Vec::new());
        let speed = Vec2::new(0.0, 220.0);
        for ship in &mut world.ships {
            let second = ship.id == PlayerId(2);
            let place = if second { Vec2::new(away, past - 220.0 * 0.5) } else { Vec2::ZERO };
            ship.motion.position = place;
            ship.motion.velocity = if second { speed } else { Vec2::ZERO };
            ship.input.thrust = Thrust { x: 0, y: if second { 127 } else { 0 } };
            ship.guard_ticks = 0;
            ship.trail.clear();
        }
        (0..15).for_each(|_| step(&mut world, &mut stage, &[], &mut Vec::new()));
        (world, stage)
    }

    /// The first ship acts along +x and saw others `ms` ago; the hull points of the second after a second.
    fn act(scene: (World, Stage), buttons: Buttons, ms: f32) -> (u8, Vec<Event>) {
        let (mut world, mut stage) = scene;
        let rewind = Rewind((ms * 30.0 * 8.0 / 1000.0) as u8);
        let input = ShipInput { aim: Angle(0), buttons, ..ShipInput::default() };
        let mut events = Vec::new();
        let fire = Command::Input { player: PlayerId(1), input, rewind };
        step(&mut world, &mut stage, &[fire], &mut events);
        let rest = Command::Input { player: PlayerId(1), input: input.neutral(), rewind };
        (0..30).for_each(|_| step(&mut world, &mut stage, std::slice::from_ref(&rest), &mut events));
        (world.ship(PlayerId(2)).unwrap().hull_points, events)
    }

    #[test]
    fn a_hit_counts_where_the_shooter_saw_the_target() {
        // Seen on the line 200 ms ago: 44 units back.
        for (buttons, points) in [(Buttons::RAIL, 50), (Buttons::FIRE, 80)] {
            let near = if buttons == Buttons::FIRE { 40.0 } else { 500.0 };
            assert_eq!(act(crossing(300, near, 44.0), buttons, 200.0).0, points, "{buttons:?}");
            assert_eq!(act(crossing(300, near, 44.0), buttons, 0.0).0, 100, "seen now, it is gone");
            assert_eq!(act(crossing(0, near, 44.0), buttons, 200.0).0, 100, "compensation is off");
            assert_eq!(act(crossing(300, near, 99.0), buttons, 450.0).0, 100, "beyond the cap");
            assert_eq!(act(crossing(500, near, 99.0), buttons, 450.0).0, points, "within a longer cap");
        }
    }

    #[test]
    fn a_shot_that_leads_its_target_hits_from_any_distance() {
        for away in [60.0, 120.0, 300.0] {
            // The shot needs this long, so the target was seen so far before the line; then 200 ms passed.
            let flight_s = (away - MUZZLE_UNITS) / 480.0;
            let (left, events) = act(crossing(300, away, 220.0 * (0.2 - flight_s)), Buttons::FIRE, 200.0);
            assert_eq!(left, 80, "{away} units away: {events:?}");
        }
    }

    #[test]
    fn a_shot_that_ends_at_birth_is_kept_for_that_tick() {
        let (mut world, mut stage) = crossing(300, 60.0, 34.0);
        let input = ShipInput { buttons: Buttons::FIRE, ..ShipInput::default() };
        let fire = Command::Input { player: PlayerId(1), input, rewind: Rewind(48) };
        step(&mut world, &mut stage, &[fire], &mut Vec::new());
        assert!(world.shots.len() == 1 && world.shots[0].over, "{:?}", world.shots);
        step(&mut world, &mut stage, &[], &mut Vec::new());
        assert!(world.shots.is_empty());
    }

    #[test]
    fn shields_and_new_lives_beat_the_past() {
        let (mut world, stage) = crossing(300, 500.0, 44.0);
        world.ships[1].guard_ticks = 9;
        assert_eq!(act((world, stage), Buttons::RAIL, 200.0).0, 100, "its shield is up now");
        let (mut world, stage) = crossing(300, 500.0, 44.0);
        world.ships[1].trail.clear();
        assert_eq!(act((world, stage), Buttons::RAIL, 200.0).0, 100, "it began a new life");
    }

    #[test]
    fn the_rail_waits_for_its_time() {
        let (mut world, mut stage) = crossing(300, 500.0, 200.0);
        let input = ShipInput { buttons: Buttons::RAIL, ..ShipInput::default() };
        let hold = Command::Input { player: PlayerId(1), input, rewind: Rewind(0) };
        let mut events = Vec::new();
        (0..100).for_each(|_| step(&mut world, &mut stage, std::slice::from_ref(&hold), &mut events));
        let beams: Vec<_> = events.iter().filter(|e| matches!(e, Event::Beam(_))).collect();
        assert_eq!(beams.len(), 3, "{beams:?}");
    }
}
