//! Who does not read is not waited for: ticks are skipped for that link alone, nothing is torn, and the first fresh
//! snapshot afterwards is the newest.

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
    exchange.seconds(10.0);
    witness.hear();
    let told = witness.take_snapshots();
    assert_eq!(told.len(), 300, "the other gets every tick");
    assert!(are_gapless(&told));
    slow.hear();
    let last_stale = slow.take_snapshots().last().map_or(stalled_at, |s| s.tick);
    assert!(last_stale.since(stalled_at) < 120, "the link held only so much");
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
    let joined = |e: &&shared::protocol::PlayerEvent| {
        matches!(e, shared::protocol::PlayerEvent::Joined(id, ..) if *id == newcomer)
    };
    assert_eq!(told.iter().filter(joined).count(), 1, "{told:?}");
}

#[test]
fn a_reader_of_a_few_bytes_at_a_time_gets_whole_frames() {
    let mut exchange = Exchange::new(Setup::on("lattice")).unwrap();
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
