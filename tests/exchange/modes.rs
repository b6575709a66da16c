//! Modes, weapons and pickups, step by step: who is on which side, what counts, what a core does, what a mine spares.
//! No sockets and no bots: worlds are set up by hand and stepped.

use glam::Vec2;
use shared::angle::Angle;
use shared::arena::{Arena, ArenaFile, PickupKind, PickupPlace};
use shared::checksum::of_world;
use shared::command::Command;
use shared::event::{CoreDeed, Event};
use shared::id::PlayerId;
use shared::input::{Buttons, ShipInput, Thrust};
use shared::mode::{Mode, Team};
use shared::name::PlayerName;
use shared::rule_book::{Arms, RuleBook, Weapon};
use shared::rules::Rules;
use shared::simulation::{Stage, step};
use shared::tick::{Rewind, TickRate};
use shared::world::{CoreState, Hull, Phase, Ship, World};

/// A match that is stepped by hand.
struct Field {
    world: World,
    stage: Stage,
}

fn arena(pickups: &[(f32, PickupKind)]) -> Arena {
    let pickups = pickups.iter().map(|(x, kind)| PickupPlace { at: [*x, 0.0], kind: *kind }).collect();
    Arena::try_from(ArenaFile {
        name: "Test".to_owned(),
        width: 2000.0,
        height: 1000.0,
        walls: vec![],
        spawns: vec![[0.0, 400.0]],
        team_spawns: vec![vec![[-900.0, 300.0]], vec![[900.0, 300.0]]],
        cores: vec![[-800.0, 0.0], [800.0, 0.0]],
        pickups,
    })
    .unwrap()
}

fn join(id: u16, bot: bool) -> Command {
    Command::Join { player: PlayerId(id), name: PlayerName::sanitise("Wren"), hull: Hull::Wedge, bot }
}

impl Field {
    fn new(mode: Mode, goal: u16, pilots: u16, pickups: &[(f32, PickupKind)]) -> Field {
        let rules = Rules::new(TickRate::DEFAULT, 600_000).with_mode(mode, Some(goal));
        let mut field = Field { world: World::new(5), stage: Stage::new(arena(pickups), rules) };
        let joins: Vec<Command> =
            (1..=pilots).map(|id| join(id, false)).chain([Command::StartRound]).collect();
        field.step(&joins);
        field.step(&[]);
        for ship in &mut field.world.ships {
            ship.guard_ticks = 0;
        }
        field
    }

    fn step(&mut self, commands: &[Command]) -> Vec<Event> {
        let mut events = Vec::new();
        step(&mut self.world, &mut self.stage, commands, &mut events);
        events
    }

    fn pass(&mut self, ticks: u32) -> Vec<Event> {
        (0..ticks).flat_map(|_| self.step(&[])).collect()
    }

    fn ship(&mut self, id: u16) -> &mut Ship {
        let index = self.world.find(PlayerId(id)).unwrap();
        &mut self.world.ships[index]
    }

    /// Puts a ship somewhere, at rest.
    fn put(&mut self, id: u16, x: f32, y: f32) {
        let ship = self.ship(id);
        ship.motion.position = Vec2::new(x, y);
        ship.motion.velocity = Vec2::ZERO;
        ship.trail.clear();
    }

    fn hold(&mut self, id: u16, buttons: Buttons, aim: u16) -> Vec<Event> {
        let input = ShipInput { thrust: Thrust::default(), aim: Angle(aim), buttons };
        self.step(&[Command::Input { player: PlayerId(id), input, rewind: Rewind(0) }])
    }

    fn teams(&self) -> Vec<Team> {
        self.world.pilots.iter().map(|p| p.team).collect()
    }
}

fn deeds(events: &[Event]) -> Vec<(Team, CoreDeed, Option<u16>)> {
    let deed = |event: &Event| match event {
        Event::Core { core, deed, by, .. } => Some((*core, *deed, by.map(|id| id.0))),
        _ => None,
    };
    events.iter().filter_map(deed).collect()
}

#[test]
fn sides_are_even_and_bots_make_way() {
    let mut field = Field::new(Mode::Tdm, 0, 3, &[]);
    assert_eq!(field.teams(), [Team::Azure, Team::Amber, Team::Azure]);
    field.step(&[join(10, true), join(11, true), join(12, true)]);
    assert_eq!(field.teams()[3..], [Team::Amber, Team::Azure, Team::Amber]);
    field.step(&[Command::Leave { player: PlayerId(2) }]);
    let azure = field.teams().iter().filter(|t| **t == Team::Azure).count();
    assert!((2..=3).contains(&azure), "{:?}", field.teams());
    field.step(&[join(4, false)]);
    assert_eq!(field.world.team_of(PlayerId(4)), Team::Amber, "where people are missing");
    field.step(&[Command::Limbo { player: PlayerId(3) }]);
    field.step(&[Command::Return { player: PlayerId(3) }]);
    assert_eq!(field.world.team_of(PlayerId(3)), Team::Azure, "kept over a lost connection");
    field.step(&[Command::Team { player: PlayerId(3), team: Team::Amber }]);
    assert_eq!(field.world.team_of(PlayerId(3)), Team::Amber);
    field.step(&[Command::Team { player: PlayerId(3), team: Team::None }]);
    assert_eq!(field.world.team_of(PlayerId(3)), Team::Amber, "nobody leaves all sides");
    let mut alone = Field::new(Mode::Ffa, 0, 3, &[]);
    alone.step(&[Command::Team { player: PlayerId(3), team: Team::Amber }]);
    assert_eq!(alone.teams(), [Team::None; 3]);
}

#[test]
fn each_side_appears_at_its_own_places() {
    let field = Field::new(Mode::Ctc, 0, 6, &[]);
    for (ship, pilot) in field.world.ships.iter().zip(&field.world.pilots) {
        assert_eq!(ship.motion.position.x < 0.0, pilot.team == Team::Azure, "{pilot:?}");
    }
}

#[test]
fn kills_count_for_the_side_and_end_the_round_and_mates_are_spared() {
    let mut field = Field::new(Mode::Tdm, 2, 3, &[]);
    field.put(1, 0.0, 0.0);
    field.put(3, 60.0, 0.0);
    field.put(2, 200.0, 0.0);
    for (id, points) in [(3, 100), (2, 10)] {
        field.ship(id).hull_points = points;
    }
    let events = field.hold(1, Buttons::RAIL, 0);
    assert!(events.contains(&Event::Killed {
        victim: PlayerId(2),
        by: PlayerId(1),
        position: Vec2::new(200.0, 0.0)
    }));
    assert_eq!((field.ship(3).hull_points, field.world.team_scores), (100, [1, 0]));
    assert_eq!(field.world.round.phase, Phase::Playing);
    field.ship(2).respawn_ticks = 0;
    field.ship(2).hull_points = 10;
    field.put(2, 200.0, 0.0);
    field.pass(60);
    assert_eq!((field.world.team_scores, field.world.round.phase), ([2, 0], Phase::Results));
    field.step(&[Command::StartRound]);
    assert_eq!((field.world.team_scores, field.world.pilots[0].score), ([0, 0], 0));
}

#[test]
fn with_friendly_fire_mates_are_hurt_and_nobody_gains() {
    let mut field = Field::new(Mode::Tdm, 0, 3, &[]);
    let mut book = RuleBook::STANDARD;
    book.teams.friendly_fire = 1.0;
    field.stage.rules.book = book;
    field.put(1, 0.0, 0.0);
    field.put(3, 60.0, 0.0);
    field.ship(3).hull_points = 10;
    field.hold(1, Buttons::RAIL, 0);
    let rows: Vec<_> = field.world.pilots.iter().map(|p| (p.score, p.deaths)).collect();
    assert_eq!((rows, field.world.team_scores), (vec![(0, 0), (0, 0), (0, 1)], [0, 0]));
}

#[test]
fn a_core_is_taken_lost_returned_and_captured() {
    let mut field = Field::new(Mode::Ctc, 1, 2, &[]);
    field.put(1, 790.0, 10.0);
    let events = field.pass(1);
    assert_eq!(deeds(&events), [(Team::Amber, CoreDeed::Taken, Some(1))]);
    assert!(field.world.carries(PlayerId(1)));
    // Who carries it can't dash.
    assert!(!field.hold(1, Buttons::DASH, 0).contains(&Event::Dashed(PlayerId(1))));
    field.put(1, 300.0, 0.0);
    field.ship(1).respawn_ticks = 50;
    let events = field.pass(1);
    assert_eq!(deeds(&events), [(Team::Amber, CoreDeed::Dropped, Some(1))]);
    field.put(2, 310.0, 0.0);
    let events = field.pass(1);
    assert_eq!(deeds(&events), [(Team::Amber, CoreDeed::Returned, Some(2))]);
    // Taken again, and lost with the connection: after a while it is home by itself.
    field.put(2, 0.0, 450.0);
    field.ship(1).respawn_ticks = 0;
    field.put(1, 790.0, 0.0);
    field.pass(1);
    let events = field.step(&[Command::Limbo { player: PlayerId(1) }]);
    assert_eq!(deeds(&events), [(Team::Amber, CoreDeed::Dropped, Some(1))]);
    let ticks = field.stage.rules.core_return_ticks;
    assert_eq!(deeds(&field.pass(ticks)), [(Team::Amber, CoreDeed::Returned, None)]);
    field.step(&[Command::Return { player: PlayerId(1) }]);
    // Brought home: a point, and the round is won.
    field.put(1, 790.0, 0.0);
    field.pass(1);
    field.put(1, -790.0, 0.0);
    let events = field.pass(1);
    assert_eq!(deeds(&events), [(Team::Amber, CoreDeed::Captured, Some(1))]);
    assert_eq!((field.world.team_scores, field.world.pilots[0].score), ([1, 0], 5));
    assert_eq!(field.world.round.phase, Phase::Results);
}

#[test]
fn no_capture_while_the_own_core_is_away_and_leaving_drops_it() {
    let mut field = Field::new(Mode::Ctc, 3, 2, &[]);
    field.put(1, 790.0, 0.0);
    field.put(2, -790.0, 0.0);
    field.pass(1);
    assert!(field.world.carries(PlayerId(1)) && field.world.carries(PlayerId(2)));
    field.put(1, -790.0, 30.0);
    field.put(2, 500.0, 0.0);
    assert!(deeds(&field.pass(3)).is_empty() && field.world.team_scores == [0, 0]);
    let events = field.step(&[Command::Leave { player: PlayerId(2) }]);
    assert_eq!(deeds(&events), [(Team::Azure, CoreDeed::Dropped, Some(2))]);
    assert!(matches!(field.world.cores[0], CoreState::Dropped { .. }));
}

#[test]
fn pickups_help_once_and_come_back() {
    use PickupKind::{Repair, Scatter, Shield};
    let mut field = Field::new(Mode::Ffa, 0, 2, &[(-100.0, Repair), (0.0, Shield), (100.0, Scatter)]);
    field.put(1, -100.0, 0.0);
    field.pass(3);
    assert_eq!(field.world.pickups, [0, 0, 0], "a whole ship needs no repair");
    field.ship(1).hull_points = 30;
    field.pass(1);
    assert_eq!(
        (field.ship(1).hull_points, field.world.pickups[0]),
        (80, field.stage.rules.pickup_return_ticks)
    );
    field.put(1, 0.0, 0.0);
    field.pass(1);
    assert_eq!(field.ship(1).shield_points, 50);
    field.put(1, 100.0, 0.0);
    field.pass(1);
    assert_eq!((field.ship(1).arms.weapon, field.ship(1).arms.charges), (Weapon::Scatter, 10));
    // A volley; when the charges are used up the first weapon is back.
    let events = field.hold(1, Buttons::RAIL, 0);
    assert_eq!(events.iter().filter(|e| matches!(e, Event::Fired(_))).count(), 7);
    field.pass(24 * 9 + 2);
    assert_eq!((field.ship(1).arms.weapon, field.ship(1).arms.charges), (Weapon::Rail, 0));
    field.put(1, 0.0, -400.0);
    let ticks = field.stage.rules.pickup_return_ticks;
    field.pass(ticks);
    assert_eq!(field.world.pickups, [0, 0, 0]);
    // The shield takes a hit in the hull's stead.
    field.put(1, 0.0, -400.0);
    field.put(2, -60.0, -400.0);
    field.ship(1).shield_points = 30;
    field.ship(1).hull_points = 100;
    field.hold(1, Buttons::default(), 0);
    field.hold(2, Buttons::RAIL, 0);
    assert_eq!((field.ship(1).shield_points, field.ship(1).hull_points), (0, 80));
}

#[test]
fn mines_wait_until_armed_and_spare_their_owner() {
    let mut field = Field::new(Mode::Ffa, 0, 2, &[(0.0, PickupKind::Mines)]);
    field.put(1, 0.0, 0.0);
    field.pass(1);
    assert_eq!(field.ship(1).arms.weapon, Weapon::Mines);
    field.hold(1, Buttons::RAIL, 0);
    field.hold(1, Buttons::default(), 0);
    assert_eq!(field.world.mines.len(), 1);
    field.put(2, 30.0, 0.0);
    let arm = field.stage.rules.mine_arm_ticks;
    assert!(!field.pass(arm - 3).iter().any(|e| matches!(e, Event::Blast { .. })));
    assert_eq!(field.ship(2).hull_points, 100);
    let events = field.pass(4);
    assert!(events.iter().any(|e| matches!(e, Event::Blast { by: PlayerId(1), .. })), "{events:?}");
    assert_eq!((field.ship(2).hull_points, field.ship(1).hull_points), (40, 100));
    assert!(field.world.mines.is_empty());
    // One pilot's mines are few, and go with the pilot.
    field.put(2, 900.0, 0.0);
    field.ship(1).arms.charges = 9;
    field.ship(1).arms.weapon = Weapon::Mines;
    field.hold(1, Buttons::RAIL, 0);
    field.pass(200);
    assert_eq!(field.world.mines.len(), 3);
    field.step(&[Command::Leave { player: PlayerId(1) }]);
    assert!(field.world.mines.is_empty());
}

#[test]
fn mines_go_with_the_side_and_grow_no_older_in_a_pause() {
    let mut field = Field::new(Mode::Tdm, 0, 2, &[]);
    field.ship(1).arms = Arms { weapon: Weapon::Mines, charges: 2 };
    field.put(1, 0.0, 0.0);
    field.hold(1, Buttons::RAIL, 0);
    field.hold(1, Buttons::default(), 0);
    let age = |field: &Field| field.world.tick.since(field.world.mines[0].born);
    let before = age(&field);
    field.step(&[Command::Pause]);
    field.pass(field.stage.rules.mine_life_ticks);
    assert_eq!(age(&field), before);
    field.step(&[Command::Resume]);
    assert_eq!(age(&field), before + 1);
    field.step(&[Command::Team { player: PlayerId(1), team: Team::Amber }]);
    assert_eq!(field.world.team_of(PlayerId(1)), Team::Amber);
    assert!(field.world.mines.is_empty(), "they would spare the new enemies");
}

#[test]
fn every_mode_gives_the_same_world_again() {
    use PickupKind::{Mines, Rail, Repair, Scatter, Shield};
    let pickups = [(-200.0, Scatter), (-100.0, Mines), (0.0, Rail), (100.0, Shield), (200.0, Repair)];
    for mode in [Mode::Ffa, Mode::Tdm, Mode::Ctc] {
        let run = |seed: u64| {
            let mut field = Field::new(mode, 5, 8, &pickups);
            let mut random = shared::random::Random::new(seed);
            for tick in 0..1500u32 {
                let inputs = (1..=8).filter(|id| (tick + id).is_multiple_of(7)).map(|id| {
                    let [a, b, c, d] = random.next_u32().to_le_bytes();
                    let input = ShipInput::from_bytes([a, b, c, d, random.next_u32() as u8]);
                    Command::Input { player: PlayerId(id as u16), input, rewind: Rewind(a) }
                });
                let commands: Vec<Command> = inputs.collect();
                field.step(&commands);
            }
            of_world(&field.world)
        };
        assert_eq!(run(3), run(3));
        assert_ne!(run(3), run(4));
    }
}
