//! The round's clock: who may play when, and what a change of phase does to ships and scores.
//! When results have been shown the match waits for a command: start again, or end.

use glam::Vec2;

use crate::event::Event;
use crate::input::ShipInput;
use crate::mode::Mode;
use crate::rules::Rules;
use crate::world::{CoreState, Motion, Phase, Round, Ship, World};

/// A round begins after `ticks`, unless one is on.
pub fn count_down(world: &mut World, ticks: u32, events: &mut Vec<Event>) {
    if matches!(world.round.phase, Phase::Lobby | Phase::Results) {
        world.round = Round { phase: Phase::Countdown, ticks_left: ticks.max(1), ..world.round };
        world.shots.clear();
        events.push(Event::ClockSet);
    }
}

/// Stops the round that is on: ships lose their speed and stay where they are, shots are gone.
pub fn pause(world: &mut World, events: &mut Vec<Event>) {
    if world.round.phase != Phase::Playing {
        return;
    }
    world.round.phase = Phase::Paused;
    world.shots.clear();
    for ship in &mut world.ships {
        ship.input = ShipInput { aim: ship.input.aim, ..ShipInput::default() };
        ship.motion = Motion { velocity: Vec2::ZERO, dash_ticks: 0, ..ship.motion };
    }
    events.push(Event::ClockSet);
}

/// Lets a round go on that was stopped.
pub fn resume(world: &mut World, events: &mut Vec<Event>) {
    if world.round.phase == Phase::Paused {
        world.round.phase = Phase::Playing;
        events.push(Event::ClockSet);
    }
}

/// Begins a round: scores to zero, everybody to a new place, no shots.
pub fn start(world: &mut World, rules: &Rules, events: &mut Vec<Event>) {
    if world.round.phase == Phase::Ended {
        return;
    }
    let number = world.round.number.saturating_add(1);
    world.round = Round { number, phase: Phase::Playing, ticks_left: rules.round_ticks };
    world.team_scores = [0, 0];
    for pilot in &mut world.pilots {
        pilot.score = 0;
        pilot.deaths = 0;
    }
    clear(world, rules);
    events.push(Event::RoundStarted { number });
}

/// Takes everything off the arena; ships wait for their next life. So a round begins, and so a match goes on on another map.
pub fn clear(world: &mut World, rules: &Rules) {
    world.shots.clear();
    world.mines.clear();
    world.pickups.clear();
    world.cores = [CoreState::Home; 2];
    for ship in &mut world.ships {
        *ship = Ship { input: ship.input, ..Ship::waiting(ship.id, rules) };
    }
}

/// Ends the round that is on and shows results.
pub fn end(world: &mut World, rules: &Rules, events: &mut Vec<Event>) {
    if !world.round.phase.is_round() {
        return;
    }
    let number = world.round.number;
    world.round = Round { number, phase: Phase::Results, ticks_left: rules.results_ticks };
    world.shots.clear();
    events.push(Event::RoundEnded { number });
}

/// Ends the match for good.
pub fn end_match(world: &mut World, events: &mut Vec<Event>) {
    if world.round.phase != Phase::Ended {
        world.round = Round { phase: Phase::Ended, ticks_left: 0, ..world.round };
        world.shots.clear();
        events.push(Event::MatchEnded);
    }
}

/// Ends the round if somebody has reached its goal.
pub fn judge(world: &mut World, rules: &Rules, events: &mut Vec<Event>) {
    if reached(world, rules) {
        end(world, rules, events);
    }
}

/// Whether the round's goal is reached.
pub fn reached(world: &World, rules: &Rules) -> bool {
    let best = match rules.mode {
        _ if rules.goal == 0 => return false,
        Mode::Ffa => world.pilots.iter().map(|pilot| pilot.score).max(),
        Mode::Tdm | Mode::Ctc => world.team_scores.iter().copied().max(),
    };
    best.is_some_and(|best| best >= rules.goal)
}

/// Lets a tick of the phase pass.
pub fn pass(world: &mut World, rules: &Rules, events: &mut Vec<Event>) {
    if world.round.ticks_left == 0 || world.round.phase == Phase::Paused {
        return;
    }
    world.round.ticks_left -= 1;
    if world.round.ticks_left == 0 {
        match world.round.phase {
            Phase::Playing => end(world, rules, events),
            Phase::Countdown => start(world, rules, events),
            _ => {}
        }
    }
}
