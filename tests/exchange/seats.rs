//! A seat outlives its link: who falls silent is dropped on time, kept for a while, and comes back to the same ship.
//! A newer link of the same seat replaces the older one.

use shared::id::PlayerId;
use shared::protocol::{ClientMessage, CloseReason, Nothing, PlayerEvent, ServerMessage, Welcome};
use tests::exchange::{Exchange, LINK_BYTES, Setup};
use tests::lane::Delay;
use tests::peer::{Peer, events};
use tests::steering::{hunt, idle, wander};

fn welcome(heard: &[ServerMessage]) -> Option<&Welcome> {
    heard.iter().find_map(|m| if let ServerMessage::Welcome(w) = m { Some(&**w) } else { None })
}

fn in_limbo(exchange: &Exchange, id: PlayerId) -> bool {
    exchange.game.world().pilot(id).unwrap().limbo
}

#[test]
fn a_silent_client_is_dropped_after_fifteen_seconds_and_freed_after_thirty_more() {
    let mut exchange = Exchange::new(Setup::on("lattice")).unwrap();
    let (id, mut peer) = exchange.peer("Mute").unwrap();
    let (_, mut witness) = exchange.peer("Witness").unwrap();
    exchange.ticks(2);
    assert_eq!(welcome(&peer.hear()).map(|w| (w.player, w.generation)), Some((id, 1)));
    peer.fall_silent();
    let quiet_since = exchange.now();
    let mut told = Vec::new();
    let dropped = exchange.until(20.0, |e| {
        told.extend(events(&witness.hear()));
        drop(peer.hear());
        peer.close_code().is_some() || in_limbo(e, id)
    });
    let after_s = exchange.now().saturating_sub(quiet_since).as_secs_f64();
    assert!(dropped && (14.9..15.2).contains(&after_s), "dropped after {after_s} s");
    exchange.ticks(2);
    drop(peer.hear());
    let reason = (CloseReason::Silent.code(), CloseReason::Silent.word().to_owned());
    assert_eq!(peer.closed, Some(reason));
    assert!(in_limbo(&exchange, id));
    let limbo_since = exchange.now();
    let freed = exchange.until(40.0, |e| {
        told.extend(events(&witness.hear()));
        e.game.world().pilot(id).is_none()
    });
    let after_s = exchange.now().saturating_sub(limbo_since).as_secs_f64();
    assert!(freed && (29.8..30.2).contains(&after_s), "freed after {after_s} s");
    exchange.ticks(1);
    told.extend(events(&witness.hear()));
    assert!(
        told.contains(&PlayerEvent::Limbo(id, true)) && told.contains(&PlayerEvent::Left(id)),
        "{told:?}"
    );
}

#[test]
fn a_client_that_only_answers_pings_is_not_silent() {
    let mut exchange = Exchange::new(Setup::on("lattice")).unwrap();
    let (id, mut peer) = exchange.peer("Still").unwrap();
    for _ in 0..40 * 30 {
        exchange.tick();
        peer.hear();
    }
    assert_eq!(peer.closed, None);
    assert!(!in_limbo(&exchange, id));
}

#[test]
fn a_lost_seat_is_resumed_with_its_score() {
    let mut setup = Setup::on("open");
    setup.settings.max_players = Some(2);
    let mut exchange = Exchange::new(setup).unwrap();
    let hunter = exchange.player("Hunter", Delay::default(), hunt()).unwrap();
    let victim = exchange.player("Victim", Delay::default(), idle()).unwrap();
    let id = exchange.players[hunter].id;
    let score = |e: &Exchange| e.game.world().pilot(id).map(|p| p.score);
    assert!(exchange.until(60.0, |e| score(e) > Some(0)));
    let kept = score(&exchange);
    exchange.players[hunter].steering = idle();
    let now_ms = exchange.now_ms();
    exchange.players[hunter].drop_link(now_ms);
    exchange.ticks(3);
    assert!(in_limbo(&exchange, id), "a broken link is noticed at once");
    exchange.seconds(20.0);
    let rows = exchange.players[victim].client.scores();
    assert!(rows.iter().any(|row| row.id == id && row.limbo), "the other is told");
    exchange.reconnect(hunter).unwrap();
    exchange.seconds(1.0);
    assert!(!in_limbo(&exchange, id));
    assert_eq!(score(&exchange), kept);
    assert_eq!(exchange.players[hunter].client.player(), Some(id));
    assert!(exchange.players[hunter].view.own.is_some(), "and plays on");
    exchange.players[hunter].steering = wander(3);
    let before = exchange.players[hunter].client.instruments().corrections;
    exchange.seconds(10.0);
    assert_eq!(
        exchange.players[hunter].client.instruments().corrections,
        before,
        "and is predicted as before"
    );
}

#[test]
fn a_newer_link_replaces_the_older() {
    let mut exchange = Exchange::new(Setup::on("lattice")).unwrap();
    let (id, mut older) = exchange.peer("Ann").unwrap();
    exchange.ticks(5);
    let mut newer = Peer::over(exchange.attach(id, LINK_BYTES).unwrap());
    exchange.ticks(3);
    older.hear();
    assert_eq!(older.close_code(), Some(4502));
    let heard = newer.hear();
    assert_eq!(welcome(&heard).map(|w| (w.player, w.generation)), Some((id, 2)));
    assert!(!in_limbo(&exchange, id), "the seat was never empty");
    assert_eq!(exchange.game.world().pilots.len(), 1, "no second ship");
    assert_eq!(newer.closed, None);
}

#[test]
fn who_leaves_is_gone_at_once() {
    let mut exchange = Exchange::new(Setup::on("lattice")).unwrap();
    let (id, mut peer) = exchange.peer("Ann").unwrap();
    exchange.ticks(2);
    peer.say(&ClientMessage::Leave(Nothing()));
    exchange.ticks(3);
    peer.hear();
    assert_eq!(peer.close_code(), Some(1000));
    assert!(exchange.game.world().pilot(id).is_none());
}

#[test]
fn a_seat_that_is_gone_refuses_its_link() {
    let mut exchange = Exchange::new(Setup::on("lattice")).unwrap();
    let mut peer = Peer::over(exchange.attach(PlayerId(77), LINK_BYTES).unwrap());
    exchange.ticks(2);
    peer.hear();
    assert_eq!(peer.closed, Some((CloseReason::BadToken.code(), "bad_token".to_owned())));
}

#[test]
fn a_full_match_says_so() {
    let mut setup = Setup::on("lattice");
    setup.settings.max_players = Some(2);
    let mut exchange = Exchange::new(setup).unwrap();
    assert!(exchange.join("One").unwrap().is_ok() && exchange.join("Two").unwrap().is_ok());
    assert_eq!(exchange.join("Three").unwrap().unwrap_err().to_string(), "the match is full");
}
