//! What a tick takes from the heap once a match is warm: nothing for each player. The match and its clients are the real
//! ones; only the match's own tick is counted, on its own thread. And what an event takes on its way to spectators: its
//! bytes in each form that is asked for, once, however many read them.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use allocation_counter::{AllocationInfo, measure};
use bytes::Bytes;
use server::feed::form::Form;
use server::feed::log::FeedLog;
use server::link::memory::{MemoryLink, pair};
use server::link::{Arrival, Link};
use server::spectators::peer::Room;
use server::spectators::watcher::{Newcomer, Stay, Turn, Watcher};
use server::telemetry::start_metrics;
use server::timing::Timing;
use shared::random::Random;
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

/// Spectators of one feed, and the other ends of their links.
struct Audience {
    log: Arc<FeedLog>,
    watchers: Vec<(Watcher, MemoryLink)>,
}

impl Audience {
    fn new(count: usize) -> Audience {
        start_metrics().unwrap();
        let log = Arc::new(FeedLog::new(7, "{}", Vec::new()));
        log.publish("keyframe", "{}");
        let mut audience = Audience { log, watchers: Vec::new() };
        for form in Form::ALL.into_iter().cycle().take(count) {
            let (ours, theirs) = pair(65_536);
            let arrival = Arrival { link: Link::Memory(ours), early: Bytes::new(), permit: Box::new(()) };
            let (log, watching) = (Arc::clone(&audience.log), audience.log.watch());
            let newcomer = Newcomer { arrival, log, watching, resume: None, form, chunked: true };
            let watcher = in_turn(|turn| Watcher::new(newcomer, turn));
            audience.watchers.push((watcher, theirs));
        }
        audience
    }

    /// An event of a kibibyte, and everybody's turn; what that took from the heap, and the bytes that everybody got.
    fn tell(&mut self) -> (AllocationInfo, usize) {
        let json = format!("\"{}\"", "x".repeat(1024));
        let mut heard = 0;
        let info = in_turn(|turn| {
            measure(|| {
                self.log.publish("delta", &json);
                assert!(self.watchers.iter_mut().all(|(watcher, _)| watcher.serve(turn) == Stay::Yes));
            })
        });
        let mut room = vec![0; 65_536];
        for (_, theirs) in &mut self.watchers {
            heard += theirs.read(&mut room).unwrap();
        }
        (info, heard)
    }
}

fn in_turn<T>(act: impl FnOnce(&mut Turn<'_>) -> T) -> T {
    let (timing, mut random) = (Timing::default(), Random::new(1));
    let (mut entries, mut room) = (Vec::with_capacity(64), Room::default());
    let (entries, room) = (&mut entries, &mut room);
    act(&mut Turn { timing: &timing, now: Duration::ZERO, random: &mut random, entries, room })
}

/// What an event takes once the links' own buffers, which only tests have, are as long as they will be.
fn told(spectators: usize) -> (AllocationInfo, usize) {
    let mut audience = Audience::new(spectators);
    for _ in 0..20 {
        audience.tell();
    }
    audience.tell()
}

#[test]
fn one_spectator_more_costs_no_encoding() {
    let ((few, few_heard), (many, many_heard)) = (told(3), told(300));
    assert_eq!(many_heard, 100 * few_heard, "everybody gets every byte");
    assert_eq!((many.count_total, many.bytes_total), (few.count_total, few.bytes_total));
    assert!(few.bytes_total < 24 * 1024, "three forms, each made once: {few:?}");
}
