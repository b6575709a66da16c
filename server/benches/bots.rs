//! What a hundred bots of the highest skill cost: the time of their decisions for one tick, on maps with walls and without.
//! `cargo xtask bench bots` runs it and shows the figures; the rules and everything else of a tick are not timed.

use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion};
use server::bots::Bots;
use server::bots::skill::Skill;
use server::maps;
use shared::command::Command;
use shared::id::PlayerId;
use shared::mode::Mode;
use shared::rules::Rules;
use shared::simulation::{Stage, step};
use shared::tick::TickRate;
use shared::world::World;

const BOTS: u16 = 100;
/// Ticks before anything is timed: everybody has met somebody.
const WARM_TICKS: u32 = 150;

/// A match of bots alone, in a round that does not end.
struct Melee {
    world: World,
    stage: Stage,
    bots: Bots,
    commands: Vec<Command>,
}

impl Melee {
    /// The melee of the map called `name`, if there is such a map: for cores, where it has some.
    fn new(name: &str) -> Option<Melee> {
        let arena = maps::find(name)?.arena(BOTS.into());
        let mode = if arena.cores().is_some() { Mode::Ctc } else { Mode::Ffa };
        let rules = Rules::new(TickRate::DEFAULT, u32::MAX).with_mode(mode, Some(0));
        let mut bots = Bots::new(1, Skill::Ace);
        let joins = (0..BOTS).map(|number| bots.add(PlayerId(number)));
        let commands = joins.chain([Command::StartRound]).collect();
        let mut melee = Melee { world: World::new(1), stage: Stage::new(arena, rules), bots, commands };
        for _ in 0..WARM_TICKS {
            melee.tick();
        }
        Some(melee)
    }

    /// One tick; the time in which the bots decided.
    fn tick(&mut self) -> Duration {
        let start = Instant::now();
        self.bots.decide(&self.world, &self.stage, &mut self.commands);
        let took = start.elapsed();
        step(&mut self.world, &mut self.stage, &self.commands, &mut Vec::new());
        self.commands.clear();
        took
    }
}

fn main() {
    let mut criterion = Criterion::default().sample_size(20).configure_from_args();
    let mut group = criterion.benchmark_group("bots");
    for name in maps::names() {
        let Some(mut melee) = Melee::new(name) else { continue };
        group.bench_function(BenchmarkId::from_parameter(name), |bencher| {
            bencher.iter_custom(|ticks| (0..ticks).map(|_| melee.tick()).sum());
        });
    }
    group.finish();
    criterion.final_summary();
}
