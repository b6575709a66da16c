//! A match's course: the lobby, rounds with results between them, and the end, told to everybody.

use client_web::view::Happening;
use server::matches::inbox::HostAct;
use shared::world::Phase;
use tests::exchange::{Exchange, Setup};
use tests::lane::Delay;
use tests::steering::wander;

fn phase(exchange: &Exchange) -> (Phase, u16) {
    let round = exchange.game.world().round;
    (round.phase, round.number)
}

#[test]
fn a_round_ends_with_results_and_the_next_one_begins() {
    let mut setup = Setup::on("lattice");
    setup.settings.duration_s = Some(10);
    let mut exchange = Exchange::new(setup).unwrap();
    let place = exchange.player("Ann", Delay::default(), wander(1)).unwrap();
    assert!(exchange.until(11.0, |e| phase(e) == (Phase::Results, 1)));
    assert!(exchange.until(1.0, |e| e.players[place].view.phase == Phase::Results));
    let left_s = exchange.players[place].view.phase_left_s.unwrap();
    assert!((8.0..=10.0).contains(&left_s), "{left_s}");
    assert!(exchange.until(8.0, |e| phase(e) == (Phase::Countdown, 1)));
    assert!(exchange.until(1.0, |e| e.players[place].view.phase == Phase::Countdown));
    assert!(exchange.until(3.1, |e| phase(e) == (Phase::Playing, 2)));
    assert!(exchange.until(1.0, |e| e.players[place].view.phase == Phase::Playing));
    let seen = &exchange.players[place].seen;
    assert!(seen.contains(&Happening::RoundEnded) && seen.contains(&Happening::RoundStarted), "{seen:?}");
    assert_eq!(exchange.game.world().pilots[0].score, 0);
}

#[test]
fn a_hosted_match_with_bots_runs_to_its_end() {
    let mut setup = Setup::on("lattice");
    setup.settings.duration_s = Some(10);
    setup.settings.bots = Some(4);
    let mut exchange = Exchange::new(setup).unwrap();
    exchange.seconds(15.0);
    assert!(!exchange.game.may_sleep(), "nobody is there, and yet it plays");
    assert!(exchange.until(8.0, |e| e.game.is_over()), "{:?}", phase(&exchange));
    assert_eq!(phase(&exchange), (Phase::Ended, 1));
    assert!(exchange.log.ended());
}

#[test]
fn a_match_that_waits_for_its_host_waits() {
    let mut setup = Setup::on("lattice");
    setup.settings.start = Some("host".to_owned());
    let mut exchange = Exchange::new(setup).unwrap();
    exchange.player("Ann", Delay::default(), wander(1)).unwrap();
    exchange.seconds(5.0);
    assert_eq!(phase(&exchange), (Phase::Lobby, 0));
    exchange.host(HostAct::Start).unwrap();
    exchange.ticks(2);
    assert_eq!(phase(&exchange), (Phase::Countdown, 0));
    exchange.seconds(3.0);
    assert_eq!(phase(&exchange), (Phase::Playing, 1));
}

#[test]
fn the_host_ends_the_match_for_everybody() {
    let mut exchange = Exchange::new(Setup::on("lattice")).unwrap();
    let (_, mut peer) = exchange.peer("Ann").unwrap();
    exchange.ticks(3);
    exchange.host(HostAct::End).unwrap();
    exchange.ticks(3);
    peer.hear();
    assert_eq!(peer.closed, Some((4510, "match_ended".to_owned())));
    assert!(exchange.until(2.0, |e| e.game.is_over()));
    assert!(exchange.log.ended());
}

#[test]
fn the_server_stops_and_says_so() {
    let mut exchange = Exchange::new(Setup::on("lattice")).unwrap();
    let (_, mut peer) = exchange.peer("Ann").unwrap();
    exchange.ticks(3);
    exchange.post(server::matches::inbox::MatchMessage::Stop).unwrap();
    exchange.ticks(2);
    let heard = peer.hear();
    assert_eq!(peer.closed, Some((1012, "going_away".to_owned())));
    let pause = heard.iter().find_map(|m| match m {
        shared::protocol::ServerMessage::Bye(bye) => Some(bye.retry_ms),
        _ => None,
    });
    assert!(pause.is_some_and(|ms| (250..=2000).contains(&ms)), "{pause:?}");
}

/// A standing match that goes on where another one had given so many seats.
fn after_seats(next_player: u16, people: u32) -> Exchange {
    let mut setup = Setup::on("lattice");
    setup.standing = true;
    setup.settings.duration_s = Some(10);
    let mut first = Exchange::new(setup.clone()).unwrap();
    first.ticks(2);
    let mut checkpoint = first.game.checkpoint();
    checkpoint.desk.next_player = next_player;
    let mut exchange = Exchange::with_journal(setup, None, Some(checkpoint)).unwrap();
    for place in 0..people {
        exchange.player("Ann", Delay::default(), wander(u64::from(place))).unwrap();
    }
    exchange
}

#[test]
fn a_standing_match_ends_before_it_runs_out_of_seat_numbers() {
    let mut fresh = after_seats(49_000, 1);
    assert!(fresh.until(25.0, |e| phase(e) == (Phase::Playing, 2)), "a match goes on");
    let mut worn = after_seats(50_000, 1);
    assert!(worn.until(12.0, |e| phase(e) == (Phase::Results, 1)), "its round is played out");
    assert!(worn.until(15.0, |e| e.game.is_over()), "{:?}", phase(&worn));
    assert!(worn.log.ended() && phase(&worn) == (Phase::Ended, 1));
}

#[test]
fn one_without_seat_numbers_does_not_sleep_for_ever() {
    let mut exchange = after_seats(65_535, 0);
    assert!(exchange.until(1.0, |e| e.game.is_over()), "{:?}", phase(&exchange));
}
