//! The cores of mode `ctc`: taken from their stand by touch, lost with the ship, brought back by a mate's touch or by time,
//! and worth a point at the own stand. It runs after everything that can take a ship away.

use glam::Vec2;

use crate::event::{CoreDeed, Event};
use crate::id::PlayerId;
use crate::mode::{Mode, Team};
use crate::rules::Rules;
use crate::targets::Ground;
use crate::world::{CoreState, Phase, Ship, World};

/// Lets a tick pass for both cores.
pub fn pass(world: &mut World, ground: &Ground<'_>, events: &mut Vec<Event>) {
    let Some(stands) = ground.arena.cores().filter(|_| ground.rules.mode == Mode::Ctc) else { return };
    for (core, stand) in Team::SIDES.into_iter().zip(stands) {
        match state(world, core) {
            CoreState::Home => try_take(world, (core, stand), ground.rules, events),
            CoreState::Dropped { place, ticks_left } => {
                lie(world, core, (place, ticks_left, stand), (ground.rules, events));
            }
            CoreState::Carried(by) => carry(world, (core, by), (stands, ground.rules), events),
        }
    }
}

/// Where the core of `team` is.
pub fn state(world: &World, team: Team) -> CoreState {
    team.side().and_then(|side| world.cores.get(side)).copied().unwrap_or_default()
}

fn set(world: &mut World, team: Team, state: CoreState) {
    if let Some(core) = team.side().and_then(|side| world.cores.get_mut(side)) {
        *core = state;
    }
}

/// The first ship of `team` that touches `place` and can act.
fn toucher(world: &World, team: Team, place: Vec2, rules: &Rules) -> Option<PlayerId> {
    let reach = rules.book.cores.reach;
    let touches = |ship: &Ship| ship.alive() && ship.motion.position.distance(place) <= reach;
    let pairs = world.ships.iter().zip(&world.pilots);
    pairs.into_iter().find(|(s, p)| p.team == team && !p.limbo && touches(s)).map(|(ship, _)| ship.id)
}

fn try_take(world: &mut World, (core, place): (Team, Vec2), rules: &Rules, events: &mut Vec<Event>) {
    // Nobody wins a round that is not on.
    if world.round.phase != Phase::Playing {
        return;
    }
    if let Some(by) = toucher(world, core.other(), place, rules) {
        set(world, core, CoreState::Carried(by));
        if let Some(ship) = world.find(by).ok().and_then(|i| world.ships.get_mut(i)) {
            ship.guard_ticks = 0;
        }
        events.push(Event::Core { core, deed: CoreDeed::Taken, by: Some(by), place });
    }
}

/// A core that lies in the field.
fn lie(
    world: &mut World,
    core: Team,
    (place, ticks_left, stand): (Vec2, u32, Vec2),
    (rules, events): (&Rules, &mut Vec<Event>),
) {
    let mate = toucher(world, core, place, rules);
    if mate.is_some() || ticks_left <= 1 {
        set(world, core, CoreState::Home);
        events.push(Event::Core { core, deed: CoreDeed::Returned, by: mate, place: stand });
        return;
    }
    set(world, core, CoreState::Dropped { place, ticks_left: ticks_left - 1 });
    try_take(world, (core, place), rules, events);
}

/// A core with a ship: lost with it, or brought home.
fn carry(
    world: &mut World,
    (core, by): (Team, PlayerId),
    (stands, rules): ([Vec2; 2], &Rules),
    events: &mut Vec<Event>,
) {
    let Ok(index) = world.find(by) else {
        return lose(world, core, None, (rules, events));
    };
    let (Some(ship), Some(pilot)) = (world.ships.get(index), world.pilots.get(index)) else { return };
    let place = ship.motion.position;
    if !ship.alive() || pilot.limbo || pilot.team != core.other() {
        return lose(world, core, Some((by, place)), (rules, events));
    }
    let Some(goal) = pilot.team.side().and_then(|side| stands.get(side)).copied() else { return };
    let own_at_home = state(world, core.other()) == CoreState::Home || rules.book.cores.needs_home == 0.0;
    if !own_at_home || place.distance(goal) > rules.book.cores.reach || world.round.phase != Phase::Playing {
        return;
    }
    set(world, core, CoreState::Home);
    if let Some(pilot) = world.pilots.get_mut(index) {
        pilot.score = pilot.score.saturating_add(rules.book.cores.capture_score as u16);
    }
    if let Some(score) = core.other().side().and_then(|side| world.team_scores.get_mut(side)) {
        *score = score.saturating_add(1);
    }
    events.push(Event::Core { core, deed: CoreDeed::Captured, by: Some(by), place: goal });
    events.push(Event::TeamScores(world.team_scores));
}

/// A core is lost where its carrier was; where that is unknown it is home at once.
fn lose(
    world: &mut World,
    core: Team,
    carrier: Option<(PlayerId, Vec2)>,
    (rules, events): (&Rules, &mut Vec<Event>),
) {
    let Some((by, place)) = carrier else { return set(world, core, CoreState::Home) };
    // Whole units, as everybody is told.
    let place = Vec2::new(libm::roundf(place.x), libm::roundf(place.y));
    set(world, core, CoreState::Dropped { place, ticks_left: rules.core_return_ticks });
    events.push(Event::Core { core, deed: CoreDeed::Dropped, by: Some(by), place });
}

/// `player` is about to leave: what is carried stays behind.
pub fn drop_of(world: &mut World, player: PlayerId, rules: &Rules, events: &mut Vec<Event>) {
    let place = world.ship(player).map(|ship| ship.motion.position);
    for core in Team::SIDES {
        if state(world, core) == CoreState::Carried(player) {
            lose(world, core, place.map(|place| (player, place)), (rules, events));
        }
    }
}
