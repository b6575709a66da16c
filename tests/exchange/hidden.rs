//! A page that nobody looks at: it gets nothing, owes nothing and keeps its seat; once seen again it plays at once.

use client_web::client::Controls;
use client_web::view::Freshness;
use glam::Vec2;
use shared::link_profile::{CLEAN, LinkProfile, MOBILE, WIFI};
use tests::exchange::{Exchange, Setup};
use tests::road::Traveller;
use tests::steering::{hold, idle};

/// One tick of the match, and what the traveller does until the next one.
fn tick(exchange: &mut Exchange, traveller: &mut Traveller) {
    exchange.tick();
    let now_ms = exchange.now_ms();
    traveller.live(now_ms, now_ms + 1000.0 / f64::from(exchange.game.rate_hz()));
}

fn playing(profile: &LinkProfile) -> (Exchange, Traveller) {
    let mut setup = Setup::on("open");
    setup.settings.bots = Some(6);
    let mut exchange = Exchange::new(setup).unwrap();
    // Losses come by chance and would hide what is to be seen here.
    let profile = LinkProfile { losses: None, ..*profile };
    let mut traveller = Traveller::join(&mut exchange, &profile, 3, idle()).unwrap();
    (0..90).for_each(|_| tick(&mut exchange, &mut traveller));
    (exchange, traveller)
}

/// Hides the page for so many ticks, shows it, and returns after how many milliseconds a picture shows the own ship obey.
fn hide_and_show(exchange: &mut Exchange, traveller: &mut Traveller, ticks: u32) -> f64 {
    let now_ms = exchange.now_ms();
    traveller.player.set_hidden(true, now_ms);
    (0..ticks).for_each(|_| tick(exchange, traveller));
    let shown_ms = exchange.now_ms();
    traveller.player.set_hidden(false, shown_ms);
    traveller.player.steering = hold(Controls { thrust: Vec2::X, ..Controls::default() });
    for _ in 0..60 {
        tick(exchange, traveller);
        let view = &traveller.player.view;
        let obeys = view.own.is_some_and(|own| own.velocity.x > 5.0);
        if obeys && view.freshness == Freshness::Live {
            break;
        }
    }
    exchange.now_ms() - shown_ms
}

#[test]
fn after_a_minute_one_keyframe_brings_it_back_at_once() {
    for profile in [CLEAN, WIFI, MOBILE] {
        let (mut exchange, mut traveller) = playing(&profile);
        let before = traveller.player.client.instruments();
        let keyframes = traveller.player.keyframes;
        let took_ms = hide_and_show(&mut exchange, &mut traveller, 1800);
        assert!(took_ms <= 200.0, "{}: it took {took_ms} ms", profile.name);
        assert_eq!(traveller.player.keyframes - keyframes, 1, "{}", profile.name);
        let after = traveller.player.client.instruments();
        assert!(after.snapshots - before.snapshots < 15, "{}: a hidden page gets nothing", profile.name);
        let seat = traveller.player.id;
        let mut fastest = 0.0_f32;
        for _ in 0..60 {
            tick(&mut exchange, &mut traveller);
            // Bots may shoot it down meanwhile.
            fastest = fastest.max(exchange.game.world().ship(seat).unwrap().motion.velocity.x);
        }
        assert!(!exchange.game.world().pilot(seat).unwrap().limbo && traveller.player.peer.is_some());
        assert!(fastest > 150.0, "{}: {fastest}", profile.name);
        let settled = traveller.player.client.instruments().corrections;
        (0..90).for_each(|_| tick(&mut exchange, &mut traveller));
        assert!(traveller.player.client.instruments().corrections - settled <= 1, "{}", profile.name);
    }
}

#[test]
fn a_glance_elsewhere_needs_no_keyframe() {
    let (mut exchange, mut traveller) = playing(&WIFI);
    let keyframes = traveller.player.keyframes;
    for ticks in [1, 3, 20, 29] {
        let took_ms = hide_and_show(&mut exchange, &mut traveller, ticks);
        assert!(took_ms <= 200.0, "{ticks} ticks: it took {took_ms} ms");
    }
    let figures = traveller.player.client.instruments();
    assert_eq!((traveller.player.keyframes - keyframes, figures.mismatches), (0, 0));
}

#[test]
fn a_link_that_comes_back_while_nobody_looks_stays_quiet() {
    let (mut exchange, mut traveller) = playing(&CLEAN);
    traveller.player.set_hidden(true, exchange.now_ms());
    tick(&mut exchange, &mut traveller);
    let (seat, now_ms) = (traveller.player.id, exchange.now_ms());
    let peer = tests::peer::Peer::over(exchange.attach(seat, tests::exchange::LINK_BYTES).unwrap());
    traveller.player.connect(peer, now_ms);
    (0..30).for_each(|_| tick(&mut exchange, &mut traveller));
    let before = traveller.player.client.instruments().snapshots;
    (0..900).for_each(|_| tick(&mut exchange, &mut traveller));
    assert_eq!(traveller.player.client.instruments().snapshots, before);
    assert!(traveller.player.peer.is_some());
    traveller.player.set_hidden(false, exchange.now_ms());
    (0..6).for_each(|_| tick(&mut exchange, &mut traveller));
    assert!(traveller.player.client.instruments().snapshots > before);
}
