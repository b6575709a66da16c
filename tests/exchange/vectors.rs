//! The test vectors of `docs/snapshot-vectors.json`: snapshots as hex and what a client holds after each, so that a client
//! in another language can be held against them. This test keeps the file true; `STARFRAY_WRITE_VECTORS=1` writes it.

use serde_json::{Value, json};
use server::bots::Bots;
use server::bots::skill::Skill;
use server::matches::columns::Columns;
use server::matches::known::{Known, Scene, Scratch};
use shared::arena::Arena;
use shared::command::Command;
use shared::id::PlayerId;
use shared::record::Head;
use shared::replica::Replica;
use shared::rules::Rules;
use shared::simulation::{Stage, step};
use shared::snapshot::Snapshot;
use shared::tick::TickRate;
use shared::world::World;

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/snapshot-vectors.json");
const PLAYERS: u16 = 12;
/// The ticks of which a snapshot is written; what is missing was skipped for a slow reader.
const SKIPPED: [u32; 3] = [40, 41, 55];

/// What a client holds, as the file says it.
fn held(snapshot: &Snapshot, checksum: u32) -> Value {
    let own = snapshot.own.motion;
    let ship = |s: &shared::snapshot::SeenShip| {
        json!([s.id.0, s.position.x, s.position.y, s.velocity.x, s.velocity.y, s.aim.0 >> 8, s.hull_points])
    };
    let shot =
        |s: &shared::snapshot::SeenShot| json!([s.id.0, s.owner.0, s.position.x, s.position.y, s.angle.0]);
    json!({
        "tick": snapshot.tick.0,
        "own": [own.position.x, own.position.y, own.velocity.x, own.velocity.y, own.dash_ticks, own.dash_energy],
        "ships": snapshot.ships.iter().map(ship).collect::<Vec<_>>(),
        "shots": snapshot.shots.iter().map(shot).collect::<Vec<_>>(),
        "checksum": checksum,
    })
}

/// Three seconds of a fight, seen by the first player.
fn vectors() -> Value {
    let arena = Arena::open(u32::from(PLAYERS));
    let rules = Rules::new(TickRate::DEFAULT, 600_000);
    let (mut world, mut bots, mut columns) =
        (World::new(7), Bots::new(7, Skill::Regular), Columns::default());
    let (mut known, mut scratch) = (Known::default(), Scratch::default());
    let player = PlayerId(0);
    let mut replica = Replica::new(player, arena.clone(), rules.clone());
    let mut stage = Stage::new(arena, rules);
    let mut commands: Vec<Command> = (0..PLAYERS).map(|i| bots.add(PlayerId(i))).collect();
    commands.push(Command::StartRound);
    let mut steps = Vec::new();
    for _ in 0..100 {
        bots.decide(&world, &stage, &mut commands);
        step(&mut world, &mut stage, &commands, &mut Vec::new());
        commands.clear();
        columns.pack(&world, &stage.rules, &stage.arena);
        if SKIPPED.contains(&world.tick.0) {
            continue;
        }
        let own = world.ship(player).unwrap();
        let checksum = world.tick.0.is_multiple_of(10).then_some(0);
        let respawn_ticks = own.respawn_ticks as u8;
        let head =
            Head { tick: world.tick, phase: world.round.phase, respawn_ticks, checksum, ..Head::default() };
        let scene = Scene { world: &world, columns: &columns };
        known.assemble(scene, own, head, &mut scratch);
        let hex = scratch.body().iter().map(|b| format!("{b:02x}")).collect::<Vec<_>>().concat();
        let snapshot = replica.apply(scratch.body()).unwrap();
        assert_eq!(replica.mismatches(), 0);
        known.commit(&mut scratch);
        steps.push(json!({ "snapshot": hex, "held": held(&snapshot, replica.checksum()) }));
    }
    json!({
        "about": "Snapshots as hex, in order, and what the client of player 0 holds after each. Map open, 30 Hz.",
        "player": 0, "tick_hz": 30, "arena": { "width": stage.arena.half().x * 2.0, "height": stage.arena.half().y * 2.0 },
        "steps": steps,
    })
}

#[test]
fn the_vectors_in_the_documents_are_true() {
    let fresh = vectors();
    let steps: Vec<String> = fresh["steps"].as_array().unwrap().iter().map(ToString::to_string).collect();
    // One step a line, so that a change shows where it is.
    let text =
        fresh.to_string().replace(&fresh["steps"].to_string(), &format!("[\n{}\n]", steps.join(",\n")));
    if std::env::var_os("STARFRAY_WRITE_VECTORS").is_some() {
        std::fs::write(FILE, &text).unwrap();
    }
    let written = std::fs::read_to_string(FILE).unwrap();
    assert!(
        written == text,
        "docs/snapshot-vectors.json is old; write it anew with STARFRAY_WRITE_VECTORS=1"
    );
    let read: Value = serde_json::from_str(&written).unwrap();
    assert_eq!(read["steps"].as_array().map(Vec::len), Some(100 - SKIPPED.len()));
}
