//! What a tick costs without sockets: the rules, packing what is new, a snapshot for each player.
//! The crowd on the map `open` steers like that of `starfray load`. `cargo xtask bench encode` runs it and shows the
//! figures; each stage is timed alone, in a match in which all of them go on.

use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, Throughput};
use server::matches::known::Known;
use server::matches::replication::Replication;
use shared::angle::Angle;
use shared::arena::Arena;
use shared::command::Command;
use shared::event::Event;
use shared::id::PlayerId;
use shared::input::{Buttons, ShipInput, Thrust};
use shared::name::PlayerName;
use shared::random::Random;
use shared::record::Head;
use shared::rules::Rules;
use shared::simulation::{Stage, step};
use shared::tick::TickRate;
use shared::world::{Hull, World};

/// Sizes of the crowd.
const PLAYERS: [u16; 5] = [50, 200, 500, 1000, 2000];
/// Ticks before anything is timed: shots live two seconds, so now the air is full.
const WARM_TICKS: u32 = 120;
/// Ticks between two headings.
const HEADING_TICKS: u32 = 15;
/// Largest turn of an aim in one tick, in steps of a 65,536th turn.
const DRIFT_STEPS: u32 = 1200;

/// The part of a tick that is timed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Step,
    Pack,
    Assemble,
}

/// A match without links: what each client would hold is taken to have arrived.
struct Crowd {
    world: World,
    stage: Stage,
    random: Random,
    commands: Vec<Command>,
    events: Vec<Event>,
    replication: Replication,
    clients: Vec<(PlayerId, Known)>,
    out: Vec<u8>,
}

impl Crowd {
    fn new(players: u16) -> Crowd {
        let rules = Rules::new(TickRate::DEFAULT, 3_600_000);
        let join = |player| Command::Join {
            player: PlayerId(player),
            name: PlayerName::sanitise(&format!("Load {player}")),
            hull: Hull::Wedge,
            bot: false,
        };
        let mut commands: Vec<Command> = (0..players).map(join).collect();
        commands.push(Command::StartRound);
        let mut crowd = Crowd {
            world: World::new(1),
            stage: Stage::new(Arena::open(players.into()), rules),
            random: Random::new(1),
            commands,
            events: Vec::new(),
            replication: Replication::default(),
            clients: (0..players).map(|player| (PlayerId(player), Known::default())).collect(),
            out: Vec::new(),
        };
        for _ in 0..WARM_TICKS {
            crowd.tick(Part::Step);
        }
        crowd
    }

    /// One tick; the time that `part` of it took.
    fn tick(&mut self, part: Part) -> Duration {
        let start = Instant::now();
        self.events.clear();
        step(&mut self.world, &mut self.stage, &self.commands, &mut self.events);
        let stepped = Instant::now();
        self.replication.pack(&self.world, &self.stage);
        let packed = Instant::now();
        self.assemble();
        let assembled = Instant::now();
        self.steer();
        match part {
            Part::Step => stepped - start,
            Part::Pack => packed - stepped,
            Part::Assemble => assembled - packed,
        }
    }

    fn assemble(&mut self) {
        let Crowd { world, stage, replication, clients, out, .. } = self;
        for (player, known) in clients {
            let Some(own) = world.ship(*player) else { continue };
            // Now and then a snapshot has a checksum, as in a match.
            let checked = (world.tick.0 + u32::from(player.0)).is_multiple_of(stage.rules.rate.hz());
            let head = Head { checksum: checked.then_some(0), ..Head::default() };
            out.clear();
            replication.append_snapshot(world, (known, own), head, out);
            replication.commit(known);
        }
    }

    /// What everybody wants in the next tick.
    fn steer(&mut self) {
        self.commands.clear();
        let second = self.world.tick.0 / self.stage.rules.rate.hz();
        for ship in &self.world.ships {
            let mut thrust = ship.input.thrust;
            if (self.world.tick.0 + u32::from(ship.id.0)).is_multiple_of(HEADING_TICKS) {
                thrust = Thrust::from_vector(Angle(self.random.next_u32() as u16).direction());
            }
            let drift = self.random.below(2 * DRIFT_STEPS) as i32 - DRIFT_STEPS as i32;
            let fires = (second + u32::from(ship.id.0)).is_multiple_of(2);
            let buttons = if fires { Buttons::FIRE } else { Buttons::default() };
            let input = ShipInput { thrust, aim: ship.input.aim.turned(drift), buttons };
            self.commands.push(Command::Input { player: ship.id, input, rewind: ship.rewind });
        }
    }
}

fn main() {
    let mut criterion = Criterion::default().sample_size(20).configure_from_args();
    for (name, part) in [("step", Part::Step), ("pack", Part::Pack), ("assemble", Part::Assemble)] {
        let mut group = criterion.benchmark_group(name);
        for players in PLAYERS {
            let mut crowd = Crowd::new(players);
            group.throughput(Throughput::Elements(players.into()));
            group.bench_function(BenchmarkId::from_parameter(players), |bencher| {
                bencher.iter_custom(|ticks| (0..ticks).map(|_| crowd.tick(part)).sum());
            });
        }
        group.finish();
    }
    criterion.final_summary();
}
