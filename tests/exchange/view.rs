//! Nobody is sent more than 1,200 by 800 units round their own ship, whatever happens; and all that lies within.

use proptest::prelude::*;
use shared::id::PlayerId;
use shared::rules::VIEW_HALF;
use shared::snapshot::Snapshot;
use shared::world::World;
use tests::exchange::{Exchange, Setup};

/// A link about which nothing is known takes a crowd in over its first few snapshots.
const SETTLED_TICKS: u32 = 10;

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, max_shrink_iters: 0, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nobody_is_sent_more_than_the_view(seed in any::<u64>(), map in prop::sample::select(vec!["open", "lattice", "quarry"])) {
        let mut setup = Setup::on(map);
        setup.seed = seed;
        setup.settings.max_players = Some(60);
        setup.settings.bots = Some(50);
        let mut exchange = Exchange::new(setup).unwrap();
        let mut peers: Vec<_> = (0..4).map(|i| exchange.peer(&format!("Peer {i}")).unwrap()).collect();
        let (mut checked, mut seen) = (0, 0);
        for i in 0..300 {
            exchange.tick();
            for (id, peer) in &mut peers {
                peer.hear();
                prop_assert_eq!(&peer.broken, &None);
                // Snapshots of the ticks in which the others joined have no world to compare with any more.
                for snapshot in peer.take_snapshots().into_iter().filter(|s| s.tick == exchange.game.world().tick) {
                    check(&snapshot, *id, exchange.game.world(), i >= SETTLED_TICKS);
                    checked += 1;
                    seen += snapshot.ships.len() + snapshot.shots.len();
                }
            }
        }
        prop_assert!(checked >= 1190, "{checked}");
        prop_assert!(seen > checked, "{seen} things in {checked} snapshots");
    }
}

/// Holds a snapshot against the world of its tick. What is there is true; all is there once the link has `settled`.
fn check(snapshot: &Snapshot, id: PlayerId, world: &World, settled: bool) {
    /// How deep inside the view a ship has to be before it must be there, in units.
    const DEPTH: f32 = 12.0;
    let own = world.ship(id).unwrap();
    assert_eq!(snapshot.own.motion, own.motion, "the own ship is exact");
    let middle = own.motion.position;
    let within = |depth: f32| {
        move |p: glam::Vec2| {
            let away = (p - middle).abs();
            away.x <= VIEW_HALF.0 - depth && away.y <= VIEW_HALF.1 - depth
        }
    };
    for ship in &snapshot.ships {
        assert!(ship.id != id && within(0.0)(ship.position), "{:?} seen from {middle}", ship.position);
        let real = world.ship(ship.id).unwrap();
        assert!(real.alive() && real.motion.position == ship.position, "others are exact too");
    }
    for shot in &snapshot.shots {
        assert!(within(0.0)(shot.position), "{:?} seen from {middle}", shot.position);
    }
    if !settled {
        return;
    }
    let seen = |id: PlayerId| snapshot.ships.iter().any(|s| s.id == id);
    let mut near = world.ships.iter().filter(|s| s.id != id && s.alive() && within(DEPTH)(s.motion.position));
    assert!(near.all(|s| seen(s.id)), "all ships well in view");
    let near = world.shots.iter().filter(|s| within(0.0)(s.position));
    assert_eq!(snapshot.shots.len(), near.count().min(255), "all shots in view");
}
