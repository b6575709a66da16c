//! A player's link changes in the middle of a fight: the newer one proves itself beside the older, and nothing is
//! missed on the way, neither snapshots nor commands.

use shared::protocol::CloseReason;
use tests::exchange::{Exchange, LINK_BYTES, Setup};
use tests::lane::Delay;
use tests::peer::Peer;
use tests::steering::{hunt, wander};

fn fight() -> (Exchange, usize) {
    let mut exchange = Exchange::new(Setup::on("lattice")).unwrap();
    let delay = Delay { fixed_ms: 30.0, jitter_ms: 0.0 };
    let place = exchange.player("Mover", delay, wander(3)).unwrap();
    exchange.player("Other", Delay::default(), hunt()).unwrap();
    exchange.seconds(8.0);
    (exchange, place)
}

#[test]
fn a_spare_takes_over_without_a_gap_and_without_a_correction() {
    let (mut exchange, place) = fight();
    let id = exchange.players[place].id;
    for round in 0..20 {
        let before = exchange.players[place].client.instruments();
        let generation = exchange.players[place].moves;
        let spare = Peer::over(exchange.attach_spare(id, LINK_BYTES).unwrap());
        exchange.players[place].spare = Some(spare);
        let moved = exchange.until(1.0, |e| e.players[place].moves > generation);
        assert!(moved, "round {round}");
        exchange.seconds(1.0);
        let after = exchange.players[place].client.instruments();
        let skipped = after.snapshots_skipped - before.snapshots_skipped;
        assert!(skipped <= 1, "round {round}: {skipped} ticks without a snapshot");
        assert_eq!(after.corrections, before.corrections, "round {round}");
        assert_eq!(after.inputs_missing, before.inputs_missing, "round {round}");
        assert_eq!(after.mismatches, 0);
    }
    assert_eq!(exchange.game.world().pilots.len(), 2);
    assert!(exchange.players[place].complaint.is_none());
}

#[test]
fn a_spare_that_does_not_answer_changes_nothing_and_is_let_go() {
    let (mut exchange, place) = fight();
    let id = exchange.players[place].id;
    let before = exchange.players[place].client.instruments();
    let mut dead = Peer::over(exchange.attach_spare(id, LINK_BYTES).unwrap());
    dead.fall_silent();
    let mut newer = None;
    for tick in 0..30 * 12 {
        exchange.tick();
        dead.receive();
        if tick == 60 {
            let mut second = Peer::over(exchange.attach_spare(id, LINK_BYTES).unwrap());
            second.fall_silent();
            newer = Some(second);
        }
        newer.iter_mut().for_each(|second| drop(second.receive()));
    }
    assert_eq!(dead.close_code(), Some(CloseReason::Replaced.code()), "by the next spare");
    assert_eq!(newer.unwrap().close_code(), Some(CloseReason::Silent.code()));
    let after = exchange.players[place].client.instruments();
    assert_eq!(after.snapshots_skipped, before.snapshots_skipped);
    assert_eq!(exchange.players[place].moves, 0);
}

#[test]
fn a_seat_without_a_link_takes_its_spare_at_once() {
    let (mut exchange, place) = fight();
    let (id, now_ms) = (exchange.players[place].id, exchange.now_ms());
    exchange.players[place].drop_link(now_ms);
    exchange.ticks(3);
    assert!(exchange.game.world().pilot(id).unwrap().limbo);
    let peer = Peer::over(exchange.attach_spare(id, LINK_BYTES).unwrap());
    let now_ms = exchange.now_ms();
    exchange.players[place].connect(peer, now_ms);
    exchange.seconds(1.0);
    assert!(!exchange.game.world().pilot(id).unwrap().limbo);
    assert!(exchange.players[place].view.own.is_some());
}
