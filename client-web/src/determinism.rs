//! A fixed match that any machine can play from a seed, boiled down to one number: whether the browser and the server
//! simulate the same. Nothing in here is part of a real match; tests call it natively and through the page.

use shared::arena::{Arena, ArenaFile, PickupKind, PickupPlace};
use shared::checksum::of_world;
use shared::command::Command;
use shared::id::PlayerId;
use shared::input::ShipInput;
use shared::mode::Mode;
use shared::name::PlayerName;
use shared::random::Random;
use shared::rules::Rules;
use shared::simulation::{Stage, step};
use shared::tick::{Rewind, TickRate};
use shared::world::{Hull, World};

/// Ships in the match.
const SHIPS: u16 = 8;
/// Length of a round: short, so that a run sees results and new rounds too.
const ROUND_MS: u32 = 20_000;
/// Score at which a round ends: now and then one does.
const GOAL: u16 = 9;
/// Ticks for which a command holds.
const HOLD_TICKS: u32 = 9;

/// The checksum of the world after `ticks` of a match whose chances and commands all come from `seed`.
pub fn checksum_of_run(seed: u64, ticks: u32) -> u64 {
    // One of the modes for each seed.
    let mode = match seed % 3 {
        0 => Mode::Ffa,
        1 => Mode::Tdm,
        _ => Mode::Ctc,
    };
    let rules = Rules::new(TickRate::DEFAULT, ROUND_MS).with_mode(mode, Some(GOAL));
    let mut stage = Stage::new(arena(), rules);
    let mut world = World::new(seed);
    let mut random = Random::new(!seed);
    let (mut commands, mut events) = (opening(), Vec::new());
    for tick in 0..ticks {
        for player in (0..SHIPS).filter(|&p| (tick + u32::from(p)).is_multiple_of(HOLD_TICKS)) {
            let [a, b, ..] = random.next_u32().to_le_bytes();
            let [c, d, e, f] = random.next_u32().to_le_bytes();
            // Fire is held more often than not, so that ships are hit, die and come back.
            let input = ShipInput::from_bytes([a, b, c, d, e | u8::from(e < 170)]);
            commands.push(Command::Input { player: PlayerId(player), input, rewind: Rewind(f) });
        }
        if tick % 1024 == 1023 {
            commands.push(Command::StartRound);
        }
        step(&mut world, &mut stage, &commands, &mut events);
        commands.clear();
        events.clear();
    }
    of_world(&world)
}

fn opening() -> Vec<Command> {
    let name = PlayerName::sanitise("Pilot");
    let join =
        |p| Command::Join { player: PlayerId(p), name: name.clone(), hull: Hull::default(), bot: true };
    (0..SHIPS).map(join).chain([Command::StartRound]).collect()
}

/// Slanted walls close together, so that ships bounce all the time.
fn arena() -> Arena {
    let block =
        |x: f32, y: f32| vec![[x, y], [x + 130.0, y + 20.0], [x + 110.0, y + 90.0], [x + 10.0, y + 70.0]];
    let places = [-380.0_f32, -60.0, 260.0].into_iter().flat_map(|x| [-240.0_f32, 170.0].map(|y| (x, y)));
    let walls = places.map(|(x, y)| block(x, y)).collect();
    let pickup = |(x, kind): (f32, PickupKind)| PickupPlace { at: [x, 0.0], kind };
    let file = ArenaFile {
        name: "Proof".to_owned(),
        width: 1000.0,
        height: 700.0,
        walls,
        cores: vec![[-450.0, 0.0], [450.0, 0.0]],
        pickups: [-240.0, -120.0, 0.0, 120.0, 240.0].into_iter().zip(PickupKind::ALL).map(pickup).collect(),
        ..ArenaFile::default()
    };
    // The test below shows that the walls are right.
    Arena::try_from(file).unwrap_or_else(|_| Arena::open(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_match_has_its_walls() {
        assert_eq!(arena().walls().len(), 6);
    }

    #[test]
    fn seed_and_length_decide_the_number() {
        let number = checksum_of_run(3, 600);
        assert_eq!(number, checksum_of_run(3, 600));
        assert_ne!(number, checksum_of_run(4, 600));
        assert_ne!(number, checksum_of_run(3, 601));
    }
}
