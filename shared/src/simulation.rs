//! One step of a match: the table of contents of the rules. The same world and the same commands give the same
//! next world, on every machine and in the browser.

use crate::arena::Arena;
use crate::arms;
use crate::combat;
use crate::command::Command;
use crate::cores;
use crate::event::Event;
use crate::grid::Grid;
use crate::id::PlayerId;
use crate::input::ShipInput;
use crate::mines;
use crate::mode::Team;
use crate::movement::move_ship;
use crate::phrases::PHRASES;
use crate::pickups;
use crate::round;
use crate::rules::Rules;
use crate::targets::Ground;
use crate::teams;
use crate::world::{CoreState, Phase, Pilot, Ship, World};

/// Raised with every change after which the same commands may give another world. Who finds an older number on a journal
/// must not simulate it again.
pub const SIMULATION_VERSION: u32 = 3;

/// What a step needs beside the world and never changes, and its scratch space.
#[derive(Clone, Debug)]
pub struct Stage {
    /// Where it happens.
    pub arena: Arena,
    /// By which numbers.
    pub rules: Rules,
    grid: Grid,
}

impl Stage {
    /// A stage for matches in `arena` by `rules`.
    pub fn new(arena: Arena, rules: Rules) -> Stage {
        Stage { rules: rules.in_arena(&arena), arena, grid: Grid::default() }
    }

    /// Looks at a world that was stepped elsewhere, as its last step would have left it.
    pub fn look_at(&mut self, world: &World) {
        let living = world.ships.iter().enumerate().filter(|(_, s)| s.alive());
        self.grid.rebuild(&self.arena, living.map(|(i, s)| (i, s.motion.position)));
    }

    /// Living ships after the last step's movement, by their index in the world.
    pub fn grid(&self) -> &Grid {
        &self.grid
    }
}

/// Advances `world` by one tick. `commands` are applied in their order; `events` gets what happened, in order.
pub fn step(world: &mut World, stage: &mut Stage, commands: &[Command], events: &mut Vec<Event>) {
    world.tick += 1;
    for command in commands {
        apply(world, &stage.rules, command, events);
    }
    if world.round.phase == Phase::Ended {
        return;
    }
    round::pass(world, &stage.rules, events);
    if world.round.phase == Phase::Paused {
        mines::wait(world);
        // Ships without speed and wishes stand, and recharge.
        move_ships(world, stage, events);
        stage.look_at(world);
        return;
    }
    combat::respawn(world, &stage.rules, &stage.arena, events);
    move_ships(world, stage, events);
    stage.look_at(world);
    let ground = Ground { arena: &stage.arena, rules: &stage.rules, grid: &stage.grid };
    combat::fire(world, &stage.rules, events);
    arms::fire(world, &ground, events);
    combat::fly(world, &ground, events);
    mines::pass(world, &ground, events);
    pickups::pass(world, &ground);
    cores::pass(world, &ground, events);
    round::judge(world, &stage.rules, events);
}

fn apply(world: &mut World, rules: &Rules, command: &Command, events: &mut Vec<Event>) {
    match command {
        Command::Join { player, name, hull, bot } => {
            let pilot = Pilot {
                id: *player,
                name: name.clone(),
                hull: *hull,
                bot: *bot,
                limbo: false,
                score: 0,
                deaths: 0,
                team: Team::None,
            };
            join(world, rules, pilot, events);
        }
        Command::Leave { player } => leave(world, rules, *player, events),
        Command::Limbo { player } => set_limbo(world, rules, *player, true, events),
        Command::Return { player } => set_limbo(world, rules, *player, false, events),
        Command::Input { .. } if world.round.phase == Phase::Paused => {}
        Command::Input { player, input, rewind } => {
            if let Some(ship) = world.find(*player).ok().and_then(|i| world.ships.get_mut(i)) {
                ship.input = *input;
                ship.rewind = (*rewind).min(rules.rewind_max);
            }
        }
        Command::CountDown { ticks } => round::count_down(world, *ticks, events),
        Command::Pause => round::pause(world, events),
        Command::Resume => round::resume(world, events),
        Command::Say { player, phrase } => {
            if world.pilot(*player).is_some() && *phrase < PHRASES {
                events.push(Event::Said { by: *player, phrase: *phrase });
            }
        }
        Command::Team { player, team } => {
            if rules.mode.has_teams() && *team != Team::None {
                cores::drop_of(world, *player, rules, events);
                teams::set(world, *player, *team, events);
                teams::balance(world, rules.mode, events);
            }
        }
        Command::StartRound => round::start(world, rules, events),
        Command::EndRound => round::end(world, rules, events),
        Command::EndMatch => round::end_match(world, events),
    }
}

fn join(world: &mut World, rules: &Rules, pilot: Pilot, events: &mut Vec<Event>) {
    if let Err(place) = world.find(pilot.id) {
        let pilot = Pilot { team: teams::side_for(world, rules.mode, pilot.bot), ..pilot };
        world.ships.insert(place, Ship::waiting(pilot.id, rules));
        events.push(Event::Joined(pilot.clone()));
        world.pilots.insert(place, pilot);
        teams::balance(world, rules.mode, events);
    }
}

fn leave(world: &mut World, rules: &Rules, player: PlayerId, events: &mut Vec<Event>) {
    cores::drop_of(world, player, rules, events);
    mines::clear_of(world, player);
    if let Ok(place) = world.find(player) {
        world.pilots.remove(place);
        world.ships.remove(place);
        events.push(Event::Left(player));
        teams::balance(world, rules.mode, events);
    }
}

fn set_limbo(world: &mut World, rules: &Rules, player: PlayerId, limbo: bool, events: &mut Vec<Event>) {
    let Ok(place) = world.find(player) else { return };
    let (Some(pilot), Some(ship)) = (world.pilots.get_mut(place), world.ships.get_mut(place)) else { return };
    if pilot.limbo == limbo {
        return;
    }
    pilot.limbo = limbo;
    ship.input = ship.input.neutral();
    if limbo {
        events.push(Event::Lost(player));
    } else {
        ship.guard_ticks = ship.guard_ticks.max(rules.return_guard_ticks);
        events.push(Event::Returned(player));
    }
}

fn move_ships(world: &mut World, stage: &Stage, events: &mut Vec<Event>) {
    let loads = world.cores;
    for ship in world.ships.iter_mut().filter(|s| s.alive()) {
        let carries = loads.contains(&CoreState::Carried(ship.id));
        let input = if carries { stage.rules.laden(ship.input) } else { ship.input };
        if move_ship(&mut ship.motion, input, &stage.rules, &stage.arena) {
            events.push(Event::Dashed(ship.id));
        }
        ship.trail.note(ship.motion.position, &stage.rules);
        // An edge counts once, also when no newer command replaces it.
        ship.input = ShipInput { buttons: ship.input.held().buttons, ..ship.input };
    }
}
