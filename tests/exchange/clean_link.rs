//! What a player feels on a link that loses and delays nothing: the own ship is never corrected, obeys at once, and
//! goes where it is told.

use client_web::client::Controls;
use client_web::view::Freshness;
use glam::Vec2;
use shared::angle::Angle;
use tests::exchange::{Exchange, Setup};
use tests::lane::Delay;
use tests::steering::{hold, idle, shadow, wander};

fn right() -> Controls {
    Controls { thrust: Vec2::X, ..Controls::default() }
}

#[test]
fn the_own_ship_is_never_corrected() {
    for (map, fixed_ms) in [("lattice", 0.0), ("lattice", 40.0), ("quarry", 15.0)] {
        let mut exchange = Exchange::new(Setup::on(map)).unwrap();
        let delay = Delay { fixed_ms, jitter_ms: 0.0 };
        for seed in 0..2 {
            exchange.player(&format!("Pilot {seed}"), delay, wander(seed)).unwrap();
        }
        exchange.seconds(3.0);
        let before: Vec<_> = exchange.players.iter().map(|p| p.client.instruments()).collect();
        exchange.seconds(60.0);
        for (player, before) in exchange.players.iter().zip(before) {
            let after = player.client.instruments();
            assert_eq!(player.complaint, None);
            assert!(after.snapshots - before.snapshots >= 1795, "{map}: {} snapshots", after.snapshots);
            assert_eq!(after.corrections, before.corrections, "{map} {fixed_ms} ms: {after:?}");
            assert_eq!(player.view.freshness, Freshness::Live);
        }
    }
}

#[test]
fn the_own_ship_is_never_corrected_from_its_first_second_on() {
    let mut exchange = Exchange::new(Setup::on("lattice")).unwrap();
    let place = exchange.player("Ann", Delay::default(), wander(5)).unwrap();
    exchange.seconds(10.0);
    let figures = exchange.players[place].client.instruments();
    assert!(figures.max_correction_units == 0.0, "{figures:?}");
}

#[test]
fn a_key_moves_the_own_ship_in_the_same_picture() {
    for phase in 0..8 {
        let mut exchange = Exchange::new(Setup::on("open")).unwrap();
        let place = exchange.player("Ann", Delay { fixed_ms: 30.0, jitter_ms: 0.0 }, idle()).unwrap();
        exchange.seconds(3.0);
        let at_ms = exchange.now_ms() + 34.0 + f64::from(phase) * 4.0;
        let player = &mut exchange.players[place];
        player.draw(at_ms);
        let before = player.view.own.expect("alive").position;
        player.steering = hold(right());
        player.draw(at_ms + 16.7);
        let after = player.view.own.expect("alive").position;
        assert!(after.x > before.x, "phase {phase}: {before} {after}");
        assert!((after.y - before.y).abs() < 0.001);
    }
}

#[test]
fn a_command_moves_the_right_ship_the_right_way() {
    let ways = [(Vec2::X, "right"), (Vec2::NEG_X, "left"), (Vec2::Y, "down"), (Vec2::NEG_Y, "up")];
    for (way, name) in ways {
        let mut setup = Setup::on("open");
        setup.settings.max_players = Some(400);
        let mut exchange = Exchange::new(setup).unwrap();
        let delay = Delay { fixed_ms: 20.0, jitter_ms: 0.0 };
        let mover = exchange.player("Ann", delay, idle()).unwrap();
        let other = exchange.player("Ben", delay, idle()).unwrap();
        exchange.seconds(2.0);
        let place = |e: &Exchange, i: usize| e.game.world().ship(e.players[i].id).unwrap().motion.position;
        let (from, rest) = (place(&exchange, mover), place(&exchange, other));
        exchange.players[mover].steering =
            hold(Controls { thrust: way, aim: Angle::of(way), ..Controls::default() });
        exchange.seconds(1.0);
        let moved = place(&exchange, mover) - from;
        assert!(moved.dot(way) > 50.0, "{name}: {moved}");
        assert!(moved.perp_dot(way).abs() < 0.01, "{name}: {moved}");
        assert_eq!(place(&exchange, other), rest, "{name}: the other ship stays");
        let ship = exchange.game.world().ship(exchange.players[mover].id).unwrap();
        assert_eq!(ship.input.aim, Angle::of(way));
    }
}

#[test]
fn the_other_sees_the_ship_where_it_was_a_moment_ago() {
    let mut exchange = Exchange::new(Setup::on("open")).unwrap();
    let mover = exchange.player("Ann", Delay::default(), wander(1)).unwrap();
    let watcher = exchange.player("Ben", Delay::default(), shadow()).unwrap();
    let mover_id = exchange.players[mover].id;
    let (mut track, mut seen) = (Vec::new(), 0);
    for tick in 0..900 {
        exchange.tick();
        track.extend(exchange.game.world().ship(mover_id).filter(|s| s.alive()).map(|s| s.motion.position));
        let shown = exchange.players[watcher].view.ships.iter().find(|s| s.id == mover_id);
        let Some(shown) = shown.filter(|_| tick > 60) else { continue };
        seen += 1;
        let recent = &track[track.len() - 15..];
        let off = distance_to_track(shown.position, recent);
        assert!(off < 3.0, "tick {tick}: {off} units beside its track");
    }
    assert!(seen > 200, "{seen}");
}

/// The distance in units from `place` to the nearest point of the way along `track`.
fn distance_to_track(place: Vec2, track: &[Vec2]) -> f32 {
    let pieces = track.windows(2).map(|pair| {
        let along = pair[1] - pair[0];
        let part = ((place - pair[0]).dot(along) / along.length_squared().max(1e-9)).clamp(0.0, 1.0);
        place.distance(pair[0] + along * part)
    });
    pieces.fold(f32::INFINITY, f32::min)
}
