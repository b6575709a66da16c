//! Who does not read is not waited for: ticks are skipped for that link alone, nothing is torn, and the first fresh
//! snapshot afterwards is the newest.

use std::time::Duration;

use shared::protocol::{ClientMessage, InputMessage, Nothing};
use shared::tick::Tick;
use tests::exchange::{Exchange, Setup};
use tests::peer::{Peer, are_gapless, events};

/// As little as a socket with a small buffer holds: some sixty snapshots.
const SMALL_LINK_BYTES: usize = 4096;

#[test]
fn a_stalled_reader_gets_whole_frames_and_then_the_newest() {
    let mut setup = Setup::on("lattice");
    setup.settings.bots = Some(6);
    let mut exchange = Exchange::new(setup).unwrap();
    let id = exchange.join("Slow").unwrap().unwrap();
    let mut slow = Peer::over(exchange.attach(id, SMALL_LINK_BYTES).unwrap());
    let (_, mut witness) = exchange.peer("Witness").unwrap();
    exchange.ticks(3);
    slow.hear();
    witness.hear();
    witness.take_snapshots();
    let stalled_at = exchange.game.world().tick;
    // Shorter than the silence that counts as death.
    for _ in 0..300 {
        exchange.tick();
        witness.hear();
    }
    let told = witness.take_snapshots();
    assert_eq!(told.len(), 300, "the other gets every tick");
    assert!(are_gapless(&told));
    slow.hear();
    let last_stale = slow.take_snapshots().last().map_or(stalled_at, |s| s.tick);
    assert!(last_stale.since(stalled_at) < 12, "the link held only so much");
    for _ in 0..5 {
        exchange.tick();
        slow.hear();
    }
    assert_eq!((&slow.broken, &slow.closed), (&None, &None), "all frames are whole");
    let ticks: Vec<_> = slow.take_snapshots().iter().map(|s| s.tick).collect();
    let now = exchange.game.world().tick;
    let first_fresh = ticks.iter().find(|t| t.since(last_stale) > 1).copied().expect("fresh snapshots");
    assert!(now.since(first_fresh) <= 4, "the first fresh one is the newest: {ticks:?} at {now:?}");
    assert_eq!(ticks.last(), Some(&now));
}

#[test]
fn events_wait_for_a_stalled_reader() {
    let mut exchange = Exchange::new(Setup::on("lattice")).unwrap();
    let id = exchange.join("Slow").unwrap().unwrap();
    let mut slow = Peer::over(exchange.attach(id, SMALL_LINK_BYTES).unwrap());
    exchange.ticks(3);
    slow.hear();
    exchange.seconds(5.0);
    let newcomer = exchange.join("Newcomer").unwrap().unwrap();
    exchange.seconds(2.0);
    let mut told = events(&slow.hear());
    for _ in 0..5 {
        exchange.tick();
        told.extend(events(&slow.hear()));
    }
    let joined = |e: &&shared::protocol::PlayerEvent| matches!(e, shared::protocol::PlayerEvent::Joined(id, ..) if *id == newcomer);
    assert_eq!(told.iter().filter(joined).count(), 1, "{told:?}");
}

#[test]
fn a_reader_of_a_few_bytes_at_a_time_gets_whole_frames() {
    let mut setup = Setup::on("lattice");
    // It never steers.
    setup.timing.inactive = Duration::ZERO;
    let mut exchange = Exchange::new(setup).unwrap();
    let id = exchange.join("Narrow").unwrap().unwrap();
    // Less than one snapshot: every frame is cut short and paid off later.
    let mut narrow = Peer::over(exchange.attach(id, 33).unwrap());
    for _ in 0..3000 {
        exchange.tick();
        narrow.hear();
    }
    assert_eq!((&narrow.broken, &narrow.closed), (&None, &None));
    let told = narrow.take_snapshots();
    assert!(told.len() > 100, "{}", told.len());
    assert!(told.is_sorted_by(|a, b| a.tick < b.tick));
}

#[test]
fn who_never_acks_gets_a_keyframe_a_second_and_stays() {
    let mut exchange = Exchange::new(Setup::on("lattice")).unwrap();
    let (_, mut deaf) = exchange.peer("Deaf").unwrap();
    exchange.seconds(3.0);
    deaf.overhear();
    deaf.take_snapshots();
    for _ in 0..20 {
        exchange.seconds(1.0);
        // It speaks, so it is not silent; it only never says what it has.
        deaf.say(&ClientMessage::Ping(1));
        deaf.overhear();
        let told = deaf.take_snapshots();
        assert!((1..=2).contains(&told.len()), "{}", told.len());
    }
    assert_eq!((&deaf.broken, &deaf.closed), (&None, &None));
}

#[test]
fn who_stops_acking_is_let_go_as_slow_and_comes_back() {
    let mut exchange = Exchange::new(Setup::on("lattice")).unwrap();
    let (id, mut slow) = exchange.peer("Slow").unwrap();
    for _ in 0..60 {
        exchange.tick();
        slow.hear();
    }
    slow.take_snapshots();
    let mut ticks = 0;
    while slow.closed.is_none() && ticks < 30 * 20 {
        exchange.tick();
        slow.say(&ClientMessage::Ping(ticks));
        slow.overhear();
        ticks += 1;
    }
    assert_eq!(slow.closed, Some((4008, "slow".to_owned())));
    assert!((445..=460).contains(&ticks), "after {ticks} ticks");
    exchange.tick();
    assert!(slow.take_snapshots().len() < 12, "hardly anything went to a client that says nothing");
    assert!(exchange.game.world().pilot(id).unwrap().limbo, "the seat is kept");
    let mut again = Peer::over(exchange.attach(id, SMALL_LINK_BYTES).unwrap());
    exchange.ticks(2);
    again.hear();
    assert!(!again.take_snapshots().is_empty());
}

#[test]
fn who_cannot_follow_gets_a_keyframe_a_second_however_much_is_under_way() {
    let mut exchange = Exchange::new(Setup::on("lattice")).unwrap();
    let (_, mut lost) = exchange.peer("Lost").unwrap();
    for _ in 0..60 {
        exchange.tick();
        lost.hear();
    }
    // Nothing is acknowledged from here on: the credit is used up at once.
    exchange.seconds(1.0);
    lost.overhear();
    lost.take_snapshots();
    for _ in 0..20 {
        lost.say(&ClientMessage::Keyframe(Nothing()));
        exchange.seconds(1.0);
        lost.overhear();
        let told = lost.take_snapshots().len();
        assert!((1..=12).contains(&told), "{told} snapshots in a second");
    }
    assert_eq!((&lost.broken, &lost.closed), (&None, &None));
}

#[test]
fn lies_about_acks_gain_nothing() {
    let mut exchange = Exchange::new(Setup::on("lattice")).unwrap();
    let (_, mut liar) = exchange.peer("Liar").unwrap();
    let (_, mut witness) = exchange.peer("Witness").unwrap();
    let (mut bytes, mut honest) = (0, 0);
    for i in 0..300_u32 {
        exchange.tick();
        // The future, the past, and nonsense, in turn.
        let claim = [u32::MAX, 0, i.wrapping_mul(2_654_435_761)][i as usize % 3];
        liar.say(&ClientMessage::Input(InputMessage::acknowledge(Tick(claim))));
        bytes += liar.overhear().len();
        honest += witness.hear().len();
    }
    assert_eq!((&liar.broken, &liar.closed), (&None, &None));
    assert!(bytes <= honest + 5, "the liar got {bytes} messages, the other {honest}");
    assert!(are_gapless(&witness.take_snapshots()));
}
