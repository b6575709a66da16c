//! Nobody is sent more than 1,200 by 800 units round their own ship, whatever happens; and all that lies within.

use proptest::prelude::*;
use shared::id::PlayerId;
use shared::quantise::PositionGrid;
use shared::rules::VIEW_HALF;
use shared::snapshot::Snapshot;
use shared::world::World;
use tests::exchange::{Exchange, Setup};

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, max_shrink_iters: 0, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nobody_is_sent_more_than_the_view(seed in any::<u64>(), map in prop::sample::select(vec!["open", "lattice", "quarry"])) {
        let mut setup = Setup::on(map);
        setup.seed = seed;
        setup.settings.max_players = Some(60);
        setup.settings.bots = Some(50);
        let mut exchange = Exchange::new(setup).unwrap();
        let grid = PositionGrid::new(&exchange.beginning().1.arena);
        let mut peers: Vec<_> = (0..4).map(|i| exchange.peer(&format!("Peer {i}")).unwrap()).collect();
        let (mut checked, mut seen) = (0, 0);
        for _ in 0..300 {
            exchange.tick();
            for (id, peer) in &mut peers {
                peer.hear();
                prop_assert_eq!(&peer.broken, &None);
                // Snapshots of the ticks in which the others joined have no world to compare with any more.
                for snapshot in peer.take_snapshots().into_iter().filter(|s| s.tick == exchange.game.world().tick) {
                    check(&snapshot, *id, exchange.game.world(), &grid);
                    checked += 1;
                    seen += snapshot.ships.len() + snapshot.shots.len();
                }
            }
        }
        prop_assert!(checked >= 1190, "{checked}");
        prop_assert!(seen > checked, "{seen} things in {checked} snapshots");
    }
}

/// Holds a snapshot against the world of its tick.
fn check(snapshot: &Snapshot, id: PlayerId, world: &World, grid: &PositionGrid) {
    let own = world.ship(id).unwrap();
    assert_eq!(snapshot.own.motion, own.motion, "the own ship is exact");
    let middle = own.motion.position;
    let reach = |slack: f32| {
        move |p: glam::Vec2| {
            let away = (p - middle).abs();
            away.x <= VIEW_HALF.0 + slack && away.y <= VIEW_HALF.1 + slack
        }
    };
    let (within, strictly) = (reach(grid.step()), reach(0.0));
    for ship in &snapshot.ships {
        assert!(ship.id != id && within(ship.position), "{:?} seen from {middle}", ship.position);
        let real = world.ship(ship.id).unwrap();
        assert!(real.alive() && real.motion.position.distance(ship.position) <= grid.step());
    }
    for shot in &snapshot.shots {
        assert!(within(shot.position), "{:?} seen from {middle}", shot.position);
    }
    let near = world.ships.iter().filter(|s| s.id != id && s.alive() && strictly(s.motion.position));
    assert_eq!(snapshot.ships.len(), near.count().min(255), "all ships in view");
    let near = world.shots.iter().filter(|s| strictly(s.position));
    assert_eq!(snapshot.shots.len(), near.count().min(255), "all shots in view");
}
