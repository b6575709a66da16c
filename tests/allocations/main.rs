//! What a tick takes from the heap once a match is warm: nothing for each player. The match and its clients are the real
//! ones; only the match's own tick is counted, on its own thread.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use allocation_counter::{AllocationInfo, measure};
use tests::exchange::{Exchange, Setup};
use tests::lane::Delay;
use tests::steering::wander;

/// Time until every buffer has grown as far as it will.
const WARM_S: f64 = 40.0;
const COUNTED_TICKS: u64 = 600;

/// What the ticks of a match with so many players took together.
fn counted(players: u32) -> AllocationInfo {
    let mut setup = Setup::on("open");
    setup.settings.max_players = Some(players);
    setup.settings.duration_s = Some(3600);
    let mut exchange = Exchange::new(setup).unwrap();
    for seed in 0..players {
        exchange.player(&format!("P{seed}"), Delay::default(), wander(seed.into())).unwrap();
    }
    exchange.seconds(WARM_S);
    let mut total = AllocationInfo::default();
    for _ in 0..COUNTED_TICKS {
        total += measure(|| exchange.tick_match());
        exchange.live();
    }
    total
}

#[test]
fn a_warm_tick_takes_nothing_from_the_heap_for_a_player() {
    let (few, many) = (counted(8), counted(40));
    let each_tick = |info: AllocationInfo| info.count_total as f64 / COUNTED_TICKS as f64;
    let more = (each_tick(many) - each_tick(few)) / 32.0;
    assert!(more < 0.05, "{more:.3} for each player and tick: {} and {}", each_tick(few), each_tick(many));
}
