//! A match in which nobody plays and which nobody watches costs nothing; it wakes when somebody comes, and one that
//! nobody comes back to ends.

use std::sync::Arc;

use tests::exchange::{Exchange, Setup};

#[test]
fn an_empty_match_sleeps_and_wakes() {
    let mut exchange = Exchange::new(Setup::on("lattice")).unwrap();
    assert!(!exchange.game.may_sleep(), "its round has not begun");
    exchange.ticks(2);
    assert!(exchange.game.may_sleep());
    exchange.doze(60);
    assert!(!exchange.game.is_over());
    let (_, peer) = exchange.peer("Ann").unwrap();
    assert!(!exchange.game.may_sleep());
    drop(peer);
    exchange.seconds(29.0);
    assert!(!exchange.game.may_sleep(), "a lost player may come back");
    exchange.seconds(2.0);
    assert!(exchange.game.may_sleep());
}

#[test]
fn a_standing_match_with_bots_sleeps_until_somebody_watches() {
    let mut setup = Setup::on("lattice");
    setup.settings.bots = Some(7);
    setup.standing = true;
    let mut exchange = Exchange::new(setup).unwrap();
    exchange.ticks(2);
    assert!(exchange.game.may_sleep(), "its bots play for nobody");
    let watching = exchange.log.watch();
    assert!(!exchange.game.may_sleep());
    drop(watching);
    assert!(exchange.game.may_sleep());
    exchange.doze(3600);
    assert!(!exchange.game.is_over(), "the server keeps it");
}

#[test]
fn a_match_that_nobody_comes_back_to_ends() {
    let mut exchange = Exchange::new(Setup::on("lattice")).unwrap();
    exchange.ticks(2);
    exchange.doze(1);
    exchange.doze(299);
    assert!(!exchange.game.is_over());
    exchange.doze(2);
    assert!(exchange.game.is_over());
    assert!(exchange.log.ended());
}

#[test]
fn who_watches_is_counted_in_the_picture() {
    let mut exchange = Exchange::new(Setup::on("lattice")).unwrap();
    let watching = (exchange.log.watch(), exchange.log.watch());
    exchange.ticks(10);
    assert_eq!(exchange.status.load().watching, 2);
    drop(watching);
    exchange.ticks(10);
    assert_eq!(exchange.status.load().watching, 0);
    assert!(Arc::strong_count(&exchange.log) >= 2);
}

#[test]
fn a_match_falls_asleep_with_its_last_commands_applied() {
    let mut exchange = Exchange::new(Setup::on("lattice")).unwrap();
    let id = exchange.join("Nobody").unwrap().unwrap();
    let asleep = exchange.until(40.0, |e| e.game.may_sleep());
    assert!(asleep, "a seat without a link is given back");
    assert!(exchange.game.world().pilot(id).is_none(), "and its ship is gone");
    assert!(exchange.status.load().players.is_empty(), "and the picture says so");
}
