//! Tests of bots against each other at full speed: that they fight, find their way, know the modes, differ by skill, see no
//! more than a player, and cost little.

use std::time::Instant;

use glam::Vec2;
use shared::event::{CoreDeed, Event};
use shared::mode::Mode;
use shared::rules::{Rules, VIEW_HALF};
use shared::simulation::step;
use shared::tick::TickRate;
use shared::world::Phase;

use super::*;

/// A match of bots alone.
struct Game {
    stage: Stage,
    world: World,
    bots: Bots,
    commands: Vec<Command>,
    events: Vec<Event>,
}

impl Game {
    fn new(map: &str, mode: Mode, skills: &[Skill], seed: u64) -> Game {
        let arena = crate::maps::find(map).unwrap().arena(16);
        let rules = Rules::new(TickRate::DEFAULT, 600_000).with_mode(mode, Some(0));
        let mut bots = Bots::new(seed, Skill::default());
        let mut commands: Vec<Command> = Vec::new();
        for (number, skill) in skills.iter().enumerate() {
            bots.set_skill(*skill);
            commands.push(bots.add(PlayerId(number as u16)));
        }
        commands.push(Command::StartRound);
        Game { stage: Stage::new(arena, rules), world: World::new(seed), bots, commands, events: Vec::new() }
    }

    fn tick(&mut self) {
        self.bots.decide(&self.world, &self.stage, &mut self.commands);
        self.events.clear();
        step(&mut self.world, &mut self.stage, &self.commands, &mut self.events);
        self.commands.clear();
    }

    /// The best of the pilots, if there is one alone.
    fn winner(&self) -> Option<PlayerId> {
        let best = self.world.pilots.iter().max_by_key(|p| p.score)?;
        let alone = self.world.pilots.iter().filter(|p| p.score == best.score).count() == 1;
        alone.then_some(best.id)
    }
}

/// Since when a ship has been near one place.
#[derive(Clone, Copy, Default)]
struct Rest {
    place: Vec2,
    ticks: u32,
}

/// What happened in five minutes.
#[derive(Debug, Default)]
struct Outcome {
    kills: usize,
    captures: usize,
    longest_rest_s: u32,
}

fn play(game: &mut Game, seconds: u32) -> Outcome {
    let mut outcome = Outcome::default();
    let mut rests = vec![Rest::default(); game.world.pilots.len().max(64)];
    for _ in 0..seconds * 30 {
        game.tick();
        outcome.kills += game.events.iter().filter(|e| matches!(e, Event::Killed { .. })).count();
        let captured = |e: &&Event| matches!(e, Event::Core { deed: CoreDeed::Captured, .. });
        outcome.captures += game.events.iter().filter(captured).count();
        for (ship, rest) in game.world.ships.iter().zip(&mut rests) {
            let there = ship.alive() && ship.motion.position.distance(rest.place) < 60.0;
            *rest = if there {
                Rest { ticks: rest.ticks + 1, ..*rest }
            } else {
                Rest { place: ship.motion.position, ticks: 0 }
            };
            outcome.longest_rest_s = outcome.longest_rest_s.max(rest.ticks / 30);
        }
        if game.world.round.phase != Phase::Playing {
            game.commands.push(Command::StartRound);
        }
    }
    outcome
}

#[test]
fn every_map_is_played_in_every_mode_for_five_minutes() {
    let mut captured = 0;
    for map in crate::maps::names() {
        let has_cores = crate::maps::find(map).unwrap().arena(16).cores().is_some();
        for mode in [Mode::Ffa, Mode::Tdm, Mode::Ctc] {
            if mode == Mode::Ctc && !has_cores {
                continue;
            }
            let mut game = Game::new(map, mode, &[Skill::Regular; 8], 11);
            let outcome = play(&mut game, 300);
            assert!(outcome.kills >= 25, "{map} {mode:?}: {outcome:?}");
            assert!(outcome.longest_rest_s < 20, "{map} {mode:?}: {outcome:?}");
            assert!(mode != Mode::Ctc || outcome.captures >= 1, "{map}: {outcome:?}");
            captured += outcome.captures;
        }
    }
    assert!(captured >= 1, "no map has cores");
}

#[test]
fn an_ace_beats_a_novice() {
    let mut won = 0;
    for seed in 0..100 {
        let map = if seed % 2 == 0 { "lattice" } else { "quarry" };
        let skills = if seed % 4 < 2 { [Skill::Ace, Skill::Novice] } else { [Skill::Novice, Skill::Ace] };
        let ace = PlayerId(if seed % 4 < 2 { 0 } else { 1 });
        let mut game = Game::new(map, Mode::Ffa, &skills, seed);
        play(&mut game, 60);
        won += u32::from(game.winner() == Some(ace));
    }
    assert!(won >= 70, "{won} of 100 duels");
}

#[test]
fn what_is_out_of_view_changes_no_decision() {
    let mut game = Game::new("open", Mode::Ffa, &[Skill::Ace; 2], 3);
    (0..60).for_each(|_| game.tick());
    let place = |game: &mut Game, at: Vec2| {
        let ship = &mut game.world.ships[1];
        (ship.motion.position, ship.motion.velocity, ship.respawn_ticks, ship.guard_ticks) = (at, Vec2::ZERO, 0, 0);
        game.stage.look_at(&game.world);
    };
    game.world.ships[0].respawn_ticks = 0;
    game.world.ships[0].motion.position = Vec2::ZERO;
    game.world.shots.clear();
    let decisions = |game: &Game| {
        let mut bots = game.bots.clone();
        let mut world = game.world.clone();
        let mut inputs = Vec::new();
        for _ in 0..30 {
            let mut commands = Vec::new();
            bots.decide(&world, &game.stage, &mut commands);
            world.tick += 1;
            inputs.extend(commands.into_iter().filter(
                |c| matches!(c, Command::Input { player: PlayerId(0), .. }),
            ));
        }
        inputs
    };
    let beyond = Vec2::from(VIEW_HALF) + 5.0;
    place(&mut game, Vec2::new(beyond.x, 0.0));
    let out_of_view = decisions(&game);
    place(&mut game, Vec2::new(0.0, -beyond.y));
    assert_eq!(decisions(&game), out_of_view);
    place(&mut game, Vec2::new(300.0, 0.0));
    assert_ne!(decisions(&game), out_of_view);
}

#[test]
fn a_hundred_bots_cost_less_than_a_tenth_of_a_core() {
    let mut game = Game::new("lattice", Mode::Ffa, &[Skill::Ace; 100], 9);
    (0..60).for_each(|_| game.tick());
    // The quietest of several seconds: others may use the machine too.
    let mut least = f64::MAX;
    for _ in 0..8 {
        let mut spent = 0.0;
        for _ in 0..30 {
            let begun = Instant::now();
            game.bots.decide(&game.world, &game.stage, &mut game.commands);
            spent += begun.elapsed().as_secs_f64();
            game.events.clear();
            step(&mut game.world, &mut game.stage, &game.commands, &mut game.events);
            game.commands.clear();
        }
        least = least.min(spent);
    }
    assert!(least < 0.1, "{:.1} % of a core", least * 100.0);
}

#[test]
fn bots_go_on_from_what_was_written_down() {
    let mut game = Game::new("lattice", Mode::Ffa, &[Skill::Regular; 6], 4);
    play(&mut game, 10);
    let bytes = rmp_serde::to_vec_named(&game.bots).unwrap();
    let mut read: Bots = rmp_serde::from_slice(&bytes).unwrap();
    for _ in 0..90 {
        let (mut commands, mut again) = (Vec::new(), Vec::new());
        game.bots.decide(&game.world, &game.stage, &mut commands);
        read.decide(&game.world, &game.stage, &mut again);
        assert_eq!(commands, again);
        game.commands = commands;
        game.events.clear();
        step(&mut game.world, &mut game.stage, &game.commands, &mut game.events);
        game.commands.clear();
    }
}
