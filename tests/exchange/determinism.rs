//! The rules under any commands at all: the same commands give the same world, nothing becomes no number, nobody
//! leaves the arena or sits in a wall, and nothing flies faster than a dash.

use client_web::determinism::checksum_of_run;
use proptest::prelude::*;
use shared::arena::Arena;
use shared::checksum::of_world;
use shared::command::Command;
use shared::id::PlayerId;
use shared::input::ShipInput;
use shared::name::PlayerName;
use shared::rules::{HULL_MAX, Rules, SHIP_RADIUS};
use shared::simulation::{Stage, step};
use shared::tick::{Rewind, TickRate};
use shared::world::{Hull, World};

const SEATS: u16 = 10;

fn command() -> impl Strategy<Value = Command> {
    let player = || (0..SEATS).prop_map(PlayerId);
    prop_oneof![
        40 => (player(), any::<[u8; 5]>(), any::<u8>()).prop_map(|(player, bytes, rewind)| Command::Input {
            player,
            input: ShipInput::from_bytes(bytes),
            rewind: Rewind(rewind),
        }),
        4 => (player(), 0..4_u8, any::<bool>()).prop_map(|(player, hull, bot)| Command::Join {
            player,
            name: PlayerName::sanitise(&format!("Pilot {}", player.0)),
            hull: Hull::from(hull),
            bot,
        }),
        1 => player().prop_map(|player| Command::Leave { player }),
        1 => player().prop_map(|player| Command::Limbo { player }),
        1 => player().prop_map(|player| Command::Return { player }),
        1 => Just(Command::StartRound),
        1 => Just(Command::EndRound),
    ]
}

fn commands() -> impl Strategy<Value = Vec<Vec<Command>>> {
    prop::collection::vec(prop::collection::vec(command(), 0..5), 300..400)
}

fn stage(map: &str, hz: u32) -> Stage {
    let arena = server::maps::find(map).unwrap().arena(16);
    Stage::new(arena, Rules::new(TickRate::new(hz).unwrap(), 60_000))
}

/// A world in which everybody is there and plays.
fn beginning(seed: u64, stage: &mut Stage) -> World {
    let mut world = World::new(seed);
    let name = PlayerName::sanitise("Pilot");
    let join = |i| Command::Join { player: PlayerId(i), name: name.clone(), hull: Hull::Wedge, bot: false };
    let mut commands: Vec<Command> = (0..SEATS).map(join).collect();
    commands.push(Command::StartRound);
    step(&mut world, stage, &commands, &mut Vec::new());
    world
}

fn check(world: &World, arena: &Arena) {
    for ship in world.ships.iter().filter(|s| s.alive()) {
        let motion = ship.motion;
        assert!(motion.position.is_finite() && motion.velocity.is_finite(), "{motion:?}");
        let room = arena.half() - SHIP_RADIUS + 0.01;
        assert!(motion.position.abs().cmple(room).all(), "outside: {motion:?}");
        assert!(motion.velocity.length() <= 640.0 * 1.001, "too fast: {motion:?}");
        assert!(!arena.walls().iter().any(|w| w.contains(motion.position)), "in a wall: {motion:?}");
        assert!(ship.hull_points > 0 && ship.hull_points <= HULL_MAX);
    }
    for shot in &world.shots {
        assert!(
            shot.position.is_finite() && shot.position.abs().cmple(arena.half() + 0.01).all(),
            "{shot:?}"
        );
    }
    assert!(world.pilots.is_sorted_by(|a, b| a.id < b.id));
    assert!(world.pilots.iter().map(|p| p.id).eq(world.ships.iter().map(|s| s.id)));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_same_commands_give_the_same_world(
        seed in any::<u64>(),
        hz in prop::sample::select(vec![10, 30, 60]),
        map in prop::sample::select(server::maps::names()),
        commands in commands(),
    ) {
        let (mut here, mut there) = (stage(map, hz), stage(map, hz));
        let (mut one, mut other) = (beginning(seed, &mut here), beginning(seed, &mut there));
        let (mut events, mut same_events) = (Vec::new(), Vec::new());
        for commands in &commands {
            step(&mut one, &mut here, commands, &mut events);
            step(&mut other, &mut there, commands, &mut same_events);
            prop_assert_eq!(of_world(&one), of_world(&other));
            check(&one, &here.arena);
        }
        prop_assert_eq!(one, other);
        prop_assert_eq!(events, same_events);
    }

    #[test]
    fn a_world_that_was_put_away_goes_on_the_same(seed in any::<u64>(), commands in commands(), at in 0..300_usize) {
        let mut here = stage("lattice", 30);
        let mut world = beginning(seed, &mut here);
        let (before, after) = commands.split_at(at);
        for commands in before {
            step(&mut world, &mut here, commands, &mut Vec::new());
        }
        let text = serde_json::to_string(&world).unwrap();
        let mut kept: World = serde_json::from_str(&text).unwrap();
        let mut there = stage("lattice", 30);
        for commands in after {
            step(&mut world, &mut here, commands, &mut Vec::new());
            step(&mut kept, &mut there, commands, &mut Vec::new());
        }
        prop_assert_eq!(of_world(&world), of_world(&kept));
    }
}

#[test]
fn a_run_has_one_checksum() {
    assert_eq!(checksum_of_run(1, 900), checksum_of_run(1, 900));
    assert_ne!(checksum_of_run(1, 900), checksum_of_run(2, 900), "another seed is another match");
    assert_ne!(checksum_of_run(1, 900), checksum_of_run(1, 901), "another tick is another world");
}
