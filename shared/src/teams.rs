//! Who is on which side: new pilots go where somebody is missing, bots make way. People change sides by command only.
//! It moves pilots and takes their mines away; what a side has reached stands in the world.

use std::cmp::Reverse;

use crate::event::Event;
use crate::id::PlayerId;
use crate::mines;
use crate::mode::{Mode, Team};
use crate::world::World;

/// The side that a new pilot joins: with fewer people, then with fewer pilots, then with the lower score.
pub fn side_for(world: &World, mode: Mode, bot: bool) -> Team {
    if !mode.has_teams() {
        return Team::None;
    }
    let wants = |team: Team| {
        let people = world.pilots.iter().filter(|p| p.team == team && !p.bot).count();
        let score = team.side().and_then(|side| world.team_scores.get(side)).copied().unwrap_or(0);
        (if bot { 0 } else { people }, size(world, team), score)
    };
    Team::SIDES.into_iter().min_by_key(|team| wants(*team)).unwrap_or_default()
}

fn size(world: &World, team: Team) -> usize {
    world.pilots.iter().filter(|p| p.team == team).count()
}

/// Moves bots, the youngest first, from a side that has two pilots more than the other.
pub fn balance(world: &mut World, mode: Mode, events: &mut Vec<Event>) {
    while mode.has_teams() {
        let Some(large) = Team::SIDES.into_iter().max_by_key(|team| (size(world, *team), Reverse(*team)))
        else {
            return;
        };
        if size(world, large) < size(world, large.other()) + 2 {
            return;
        }
        let Some(bot) = world.pilots.iter().rfind(|p| p.bot && p.team == large).map(|p| p.id) else { return };
        set(world, bot, large.other(), events);
    }
}

/// `player` is on `team` from now on, and begins a new life there. The mines go: they would spare the wrong side.
pub fn set(world: &mut World, player: PlayerId, team: Team, events: &mut Vec<Event>) {
    let Ok(index) = world.find(player) else { return };
    let Some(pilot) = world.pilots.get_mut(index).filter(|p| p.team != team) else { return };
    pilot.team = team;
    if let Some(ship) = world.ships.get_mut(index).filter(|s| s.alive()) {
        ship.respawn_ticks = 1;
    }
    mines::clear_of(world, player);
    events.push(Event::Teamed(player, team));
}
