//! Bots fill seats that nobody wants, give way to people, and come back when people leave.

use server::matches::inbox::HostAct;
use shared::protocol::{ClientMessage, Nothing};
use tests::exchange::{Exchange, Setup};

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
    exchange.host(HostAct::AddBot).unwrap();
    exchange.host(HostAct::AddBot).unwrap();
    exchange.ticks(2);
    assert_eq!(counts(&exchange), (2, 0));
    for _ in 0..3 {
        exchange.host(HostAct::RemoveBot).unwrap();
    }
    exchange.ticks(2);
    assert_eq!(counts(&exchange), (0, 0));
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
