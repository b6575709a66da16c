//! Two real clients fight until one is shot down: both hear of it, the score counts, and the dead come back.

use client_web::client::Controls;
use client_web::view::Happening;
use shared::world::Phase;
use tests::exchange::{Exchange, Setup};
use tests::lane::Delay;
use tests::steering::{Steering, hold, hunt, idle, shadow};

#[test]
fn two_clients_fight_to_a_kill() {
    let mut setup = Setup::on("open");
    setup.settings.max_players = Some(2);
    let mut exchange = Exchange::new(setup).unwrap();
    let delay = Delay { fixed_ms: 30.0, jitter_ms: 10.0 };
    let hunter = exchange.player("Hunter", delay, hunt()).unwrap();
    let victim = exchange.player("Victim", delay, idle()).unwrap();
    let (hunter_id, victim_id) = (exchange.players[hunter].id, exchange.players[victim].id);
    let killed = |h: &Happening| matches!(h, Happening::Killed { victim, by, .. } if *victim == victim_id && *by == hunter_id);
    let both_know = exchange.until(60.0, |e| e.players.iter().all(|p| p.seen.iter().any(killed)));
    assert!(both_know, "no kill in a minute");
    assert!(exchange.game.world().pilot(hunter_id).unwrap().score >= 1);
    for player in &exchange.players {
        let scores = player.client.scores();
        assert_eq!((scores[0].id, scores[0].name.as_str()), (hunter_id, "Hunter"));
        assert_eq!((scores[0].score, scores[1].deaths), (1, 1));
    }
    let hurt = |h: &Happening| matches!(h, Happening::Hurt { .. });
    let hit = |h: &Happening| matches!(h, Happening::HitOther { victim } if *victim == victim_id);
    assert!(exchange.players[victim].seen.iter().any(hurt), "the victim felt it");
    assert!(exchange.players[hunter].seen.iter().any(hit), "the hunter saw it");
    assert!(exchange.players[victim].view.own.is_none() && exchange.players[victim].view.respawn_s > 0.0);
    assert!(exchange.until(5.0, |e| e.players[victim].view.own.is_some()), "the dead come back");
}

/// Two players behind `delay`: the first came by `steering` until both were in view, and now both rest.
fn duel(delay: Delay, steering: Steering) -> (Exchange, usize, usize) {
    let mut setup = Setup::on("open");
    setup.settings.max_players = Some(2);
    let mut exchange = Exchange::new(setup).unwrap();
    let shooter = exchange.player("Ann", delay, steering).unwrap();
    let other = exchange.player("Ben", delay, idle()).unwrap();
    assert!(exchange.until(30.0, |e| !e.players[other].view.ships.is_empty()));
    exchange.players[shooter].steering = idle();
    exchange.seconds(3.0);
    exchange.players.iter_mut().for_each(|player| player.seen.clear());
    (exchange, shooter, other)
}

#[test]
fn a_shot_is_seen_at_the_press_and_by_the_other() {
    let (mut exchange, shooter, other) = duel(Delay { fixed_ms: 50.0, jitter_ms: 0.0 }, hunt());
    let shooter_id = exchange.players[shooter].id;
    exchange.players[shooter].steering = hold(Controls { fire: true, ..Controls::default() });
    exchange.ticks(2);
    let own = exchange.players[shooter].view.shots.iter().filter(|s| s.owner == shooter_id).count();
    assert!(own >= 1, "the own shot is there before any answer could be");
    let seen = exchange.until(1.0, |e| e.players[other].view.shots.iter().any(|s| s.owner == shooter_id));
    assert!(seen, "the other sees the shot");
    assert_eq!(exchange.players[shooter].view.phase, Phase::Playing);
    exchange.seconds(5.0);
    assert_eq!(exchange.players[shooter].client.instruments().ghosts_lost, 0);
}

#[test]
fn a_beam_is_seen_at_the_press_and_by_the_other_and_by_nobody_twice() {
    let (mut exchange, shooter, other) = duel(Delay { fixed_ms: 60.0, jitter_ms: 20.0 }, shadow());
    let shooter_id = exchange.players[shooter].id;
    exchange.players[shooter].steering = hold(Controls { rail: true, ..Controls::default() });
    exchange.ticks(2);
    let is_beam = |h: &&Happening| matches!(h, Happening::Beam { by, .. } if *by == shooter_id);
    let beams = |e: &Exchange, player: usize| e.players[player].seen.iter().filter(is_beam).count();
    assert_eq!(beams(&exchange, shooter), 1, "at the press, before any answer could be");
    exchange.seconds(3.9);
    assert_eq!(
        (beams(&exchange, shooter), beams(&exchange, other)),
        (3, 3),
        "one for each 1.5 s, none twice"
    );
    assert!(exchange.players[shooter].view.own.is_some_and(|own| own.second < 1.0));
}
