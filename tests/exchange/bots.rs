//! Bots fill seats that nobody wants, give way to people, and come back when people leave. They know what their view shows,
//! and go on in another process as if nothing had happened.

use glam::Vec2;
use server::bots::skill::Skill;
use server::matches::inbox::HostAct;
use shared::command::Command;
use shared::id::PlayerId;
use shared::mode::Mode;
use shared::protocol::{ClientMessage, Nothing};
use shared::rules::VIEW_HALF;
use shared::world::Motion;
use tests::exchange::{Exchange, Setup};
use tests::skirmish::Skirmish;

fn counts(exchange: &Exchange) -> (usize, usize) {
    let pilots = &exchange.game.world().pilots;
    let bots = pilots.iter().filter(|p| p.bot).count();
    (bots, pilots.len() - bots)
}

#[test]
fn bots_give_way_to_people_and_come_back() {
    let mut setup = Setup::on("lattice");
    setup.settings.bots = Some(3);
    setup.settings.max_players = Some(8);
    let mut exchange = Exchange::new(setup).unwrap();
    exchange.ticks(2);
    assert_eq!(counts(&exchange), (3, 0));
    let mut people: Vec<_> = (0..5).map(|i| exchange.peer(&format!("Person {i}")).unwrap()).collect();
    exchange.ticks(3);
    assert_eq!(counts(&exchange), (0, 5), "five people want more than three seats");
    for (_, peer) in &mut people {
        peer.say(&ClientMessage::Leave(Nothing()));
    }
    exchange.ticks(3);
    assert_eq!(counts(&exchange), (3, 0));
}

#[test]
fn bots_never_keep_anybody_out() {
    let mut setup = Setup::on("lattice");
    setup.settings.bots = Some(20);
    setup.settings.max_players = Some(4);
    let mut exchange = Exchange::new(setup).unwrap();
    exchange.ticks(2);
    for i in 0..4 {
        assert!(exchange.join(&format!("Person {i}")).unwrap().is_ok());
    }
    assert!(exchange.join("One too many").unwrap().is_err());
}

#[test]
fn the_host_adds_and_removes_bots() {
    let mut exchange = Exchange::new(Setup::on("lattice")).unwrap();
    let _people: Vec<_> = (0..2).map(|i| exchange.peer(&format!("Person {i}")).unwrap()).collect();
    exchange.host(HostAct::AddBot(None)).unwrap();
    exchange.host(HostAct::AddBot(None)).unwrap();
    exchange.ticks(2);
    assert_eq!(counts(&exchange), (2, 2), "people take none of them away");
    for _ in 0..3 {
        exchange.host(HostAct::RemoveBot).unwrap();
    }
    exchange.ticks(2);
    assert_eq!(counts(&exchange), (0, 2));
    exchange.host(HostAct::AddBot(None)).unwrap();
    exchange.ticks(2);
    assert_eq!(counts(&exchange), (1, 2), "nothing was taken from what was not there");
}

#[test]
fn bots_fight_a_person() {
    let mut setup = Setup::on("lattice");
    setup.settings.bots = Some(7);
    let mut exchange = Exchange::new(setup).unwrap();
    let (id, mut peer) = exchange.peer("Prey").unwrap();
    let hurt = exchange.until(60.0, |e| {
        peer.hear();
        e.game.world().ship(id).is_some_and(|s| s.hull_points < 100)
    });
    assert!(hurt, "nobody fired at a resting ship for a minute");
}

#[test]
fn what_is_out_of_view_changes_no_decision() {
    let mut game = Skirmish::new("open", Mode::Ffa, &[Skill::Ace; 2], 3).unwrap();
    (0..60).for_each(|_| game.tick());
    // What the first bot does in a second if the other one rests at `place`.
    let with_foe_at = |place: Vec2| {
        let (mut world, mut stage, mut bots) = (game.world.clone(), game.stage.clone(), game.bots.clone());
        world.shots.clear();
        for (ship, place) in world.ships.iter_mut().zip([Vec2::ZERO, place]) {
            ship.motion = Motion { position: place, ..Motion::default() };
            (ship.respawn_ticks, ship.guard_ticks) = (0, 0);
        }
        stage.look_at(&world);
        let mut wishes = Vec::new();
        for _ in 0..30 {
            let mut commands = Vec::new();
            bots.decide(&world, &stage, &mut commands);
            commands.retain(|command| matches!(command, Command::Input { player: PlayerId(0), .. }));
            wishes.append(&mut commands);
            world.tick += 1;
        }
        wishes
    };
    let (right, up) = (VIEW_HALF.0 + 5.0, VIEW_HALF.1 + 5.0);
    let alone = with_foe_at(Vec2::new(right, 0.0));
    assert_eq!(with_foe_at(Vec2::new(right, 40.0)), alone);
    assert_ne!(with_foe_at(Vec2::new(right - 10.0, 0.0)), alone);
    assert_ne!(with_foe_at(Vec2::new(0.0, 10.0 - up)), alone);
}

#[test]
fn bots_go_on_from_what_was_written_down() {
    let mut game = Skirmish::new("foundry", Mode::Ctc, &[Skill::Regular; 6], 4).unwrap();
    game.play(10);
    let written = serde_json::to_string(&game.bots).unwrap();
    let mut other = game.clone();
    other.bots = serde_json::from_str(&written).unwrap();
    for _ in 0..90 {
        game.tick();
        other.tick();
        assert_eq!(game.world, other.world);
    }
}
