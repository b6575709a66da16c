//! A match is its commands: who applies them to a fresh world gets the same match, tick by tick.

use shared::checksum::of_world;
use shared::simulation::step;
use tests::exchange::{Exchange, Setup};
use tests::lane::Delay;
use tests::steering::{hunt, wander};

#[test]
fn two_minutes_of_people_and_bots_replay_to_the_same_checksums() {
    let mut setup = Setup::on("lattice");
    setup.settings.bots = Some(6);
    setup.settings.duration_s = Some(45);
    let mut exchange = Exchange::new(setup).unwrap();
    let (mut world, mut stage) = exchange.beginning();
    let mut events = Vec::new();
    let (mut kills, mut rounds) = (0, 0);
    let delay = Delay { fixed_ms: 40.0, jitter_ms: 20.0 };
    let mut follow = |exchange: &Exchange| {
        events.clear();
        step(&mut world, &mut stage, exchange.game.applied(), &mut events);
        assert_eq!(of_world(&world), of_world(exchange.game.world()), "at tick {}", world.tick.0);
        kills += events.iter().filter(|e| matches!(e, shared::event::Event::Killed { .. })).count();
        rounds += events.iter().filter(|e| matches!(e, shared::event::Event::RoundStarted { .. })).count();
    };
    for second in 0..120_u64 {
        // Asking for a seat ticks once by itself.
        let arrives = match second {
            3 => Some(("Ann", wander(1))),
            10 => Some(("Ben", hunt())),
            _ => None,
        };
        if let Some((name, steering)) = arrives {
            exchange.player(name, delay, steering).unwrap();
            follow(&exchange);
        }
        let now_ms = exchange.now_ms();
        match second {
            60 => exchange.players[0].drop_link(now_ms),
            70 => exchange.reconnect(0).unwrap(),
            80 => exchange.players[1].drop_link(now_ms),
            _ => {}
        }
        for _ in 0..30 {
            exchange.tick();
            follow(&exchange);
        }
    }
    assert!(kills > 10 && rounds >= 2, "{kills} kills, {rounds} rounds: too little happened to say anything");
}
