//! The real client behind every kind of network: it plays on, its news is as fresh as the network allows, and after a
//! pause it goes on with the newest.

use shared::link_profile::{BAD_WIFI, LINK_PROFILES, LinkProfile, MOBILE, THROTTLED_16KBIT, WIFI};
use tests::exchange::{Exchange, Setup};
use tests::road::{Blind, Traveller};
use tests::steering::wander;

fn match_with_bots(bots: u32) -> Exchange {
    let mut setup = Setup::on("lattice");
    setup.settings.bots = Some(bots);
    Exchange::new(setup).unwrap()
}

/// One tick of the match, and what travellers do until the next one.
fn tick(exchange: &mut Exchange, live: impl FnOnce(f64, f64)) {
    exchange.tick();
    let (now_ms, period_ms) = (exchange.now_ms(), 1000.0 / f64::from(exchange.game.rate_hz()));
    live(now_ms, now_ms + period_ms);
}

#[test]
fn a_client_plays_behind_every_kind_of_network() {
    for profile in &LINK_PROFILES {
        let mut exchange = match_with_bots(6);
        let mut traveller = Traveller::join(&mut exchange, profile, 5, wander(5)).unwrap();
        for _ in 0..900 {
            tick(&mut exchange, |from, until| traveller.live(from, until));
        }
        let figures = traveller.player.client.instruments();
        assert_eq!(traveller.player.complaint, None, "{}", profile.name);
        assert!(traveller.player.peer.is_some(), "{} was closed", profile.name);
        let share = if profile.losses.is_some_and(|l| l.good_ms < 10_000.0) { 600 } else { 840 };
        assert!(figures.snapshots > share, "{}: {} snapshots of 900", profile.name, figures.snapshots);
    }
}

#[test]
fn the_same_seed_gives_the_same_match_behind_the_same_network() {
    let run = |seed| {
        let mut exchange = match_with_bots(3);
        let mut blind = Blind::join(&mut exchange, &BAD_WIFI, seed).unwrap();
        for _ in 0..600 {
            tick(&mut exchange, |from, until| blind.live(from, until).unwrap());
        }
        blind.news
    };
    assert_eq!(run(3), run(3));
    assert_ne!(run(3), run(4));
}

/// Milliseconds by which the newest snapshot is old whenever there is a newer one, in order of size: a minute behind
/// `profile`, without the first `settling` ticks.
fn ages(mut exchange: Exchange, profile: &LinkProfile, settling: usize) -> Vec<f64> {
    let mut blind = Blind::join(&mut exchange, profile, 9).unwrap();
    let mut made_ms = Vec::new();
    for _ in 0..1800 {
        tick(&mut exchange, |from, until| {
            made_ms.push(from);
            blind.live(from, until).unwrap();
        });
    }
    let last = exchange.game.world().tick.0 as usize;
    let made = |tick: u32| made_ms[made_ms.len() - 1 - (last - tick as usize)];
    let settled = blind.news.iter().filter(|(at_ms, _)| *at_ms > made_ms[settling]);
    let mut ages: Vec<f64> = settled.map(|(at_ms, tick)| at_ms - made(*tick)).collect();
    ages.sort_by(f64::total_cmp);
    ages
}

#[test]
fn news_is_as_fresh_as_the_network_allows() {
    for profile in [WIFI, THROTTLED_16KBIT] {
        let ages = ages(match_with_bots(12), &profile, 150);
        assert!(ages.len() > 600, "{}: {} of 1,650 ticks brought news", profile.name, ages.len());
        let (p50, p99) = (ages[ages.len() / 2], ages[ages.len() * 99 / 100]);
        assert!(p99 <= profile.round_trip_ms() + 500.0, "{}: p50 {p50} ms, p99 {p99} ms", profile.name);
    }
}

#[test]
fn after_a_pause_the_first_new_snapshot_is_fresh() {
    let profile = LinkProfile { losses: None, ..MOBILE };
    let mut exchange = match_with_bots(6);
    let mut blind = Blind::join(&mut exchange, &profile, 2).unwrap();
    let mut resumed = (0, 0.0);
    for i in 0..500 {
        // Ten seconds: long enough to be stalled, too short to be closed.
        blind.stopped = (100..400).contains(&i);
        tick(&mut exchange, |from, until| blind.live(from, until).unwrap());
        if i == 400 {
            resumed = (exchange.game.world().tick.0, exchange.now_ms());
        }
    }
    assert_eq!(blind.peer.close_code(), None);
    let (tick, at_ms) = resumed;
    let (fresh_ms, first) = *blind.news.iter().find(|(_, news)| *news >= tick).expect("news after the pause");
    let age_ms = fresh_ms - at_ms - f64::from(first - tick) * 1000.0 / 30.0;
    assert!(age_ms <= profile.round_trip_ms() + 100.0, "{age_ms} ms old");
    assert!(fresh_ms - at_ms <= profile.round_trip_ms() + 200.0, "it took {} ms", fresh_ms - at_ms);
}

#[test]
fn a_narrow_line_into_a_crowd_is_at_most_half_a_second_behind() {
    let mut setup = Setup::on("open");
    setup.settings.max_players = Some(150);
    setup.settings.bots = Some(140);
    let ages = ages(Exchange::new(setup).unwrap(), &THROTTLED_16KBIT, 300);
    let p99 = ages[ages.len() * 99 / 100];
    let limit = THROTTLED_16KBIT.round_trip_ms() + 500.0;
    assert!(p99 <= limit, "p99 {p99:.0} ms of {} snapshots, more than {limit:.0}", ages.len());
    assert!(ages.len() > 400, "only {} snapshots in 50 s", ages.len());
}
