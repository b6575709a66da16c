//! The whole client against a tiny match: what a player must see on good and bad lines.
//! Each test states a promise of the netcode; the parts have tests of their own beside them.

use glam::Vec2;
use proptest::prelude::*;
use shared::angle::Angle;
use shared::arena::{Arena, ArenaFile};
use shared::event::Event;
use shared::id::PlayerId;
use shared::random::Random;

use crate::client::{Client, Controls};
use crate::exchange::{Exchange, Line};
use crate::view::{Freshness, Happening};

const CLEAN: Line = Line { up_ms: 5.0, down_ms: 5.0, jitter_ms: 0.0 };
const FAR: Line = Line { up_ms: 60.0, down_ms: 60.0, jitter_ms: 0.0 };
const ROUGH: Line = Line { up_ms: 40.0, down_ms: 40.0, jitter_ms: 60.0 };

fn walled() -> Arena {
    Arena::try_from(ArenaFile {
        name: "Walled".to_owned(),
        width: 900.0,
        height: 700.0,
        walls: vec![vec![[-60.0, -60.0], [60.0, -60.0], [60.0, 60.0], [-60.0, 60.0]]],
        spawns: vec![[-300.0, 0.0], [300.0, 0.0], [0.0, 250.0]],
        ..ArenaFile::default()
    })
    .unwrap()
}

/// Somebody who presses everything at random.
fn wild(random: &mut Random, controls: &mut Controls) {
    if random.below(12) == 0 {
        controls.thrust = Angle(random.next_u32() as u16).direction() * random.unit();
    }
    controls.aim = controls.aim.turned(random.below(3000) as i32 - 1500);
    controls.fire = random.below(8) > 3;
    controls.dash = random.below(40) == 0;
}

#[test]
fn a_clean_line_needs_no_correction() {
    for (line, hz) in [(CLEAN, 30), (FAR, 30), (CLEAN, 10), (FAR, 60)] {
        let mut exchange = Exchange::new(walled(), hz, &[line; 3]);
        let mut random = Random::new(u64::from(hz));
        // The first second learns the round trip.
        exchange.run(1_500.0, |player, _, _| wild(&mut random, &mut player.controls));
        let before: Vec<u64> = exchange.players.iter().map(|p| p.client.instruments().corrections).collect();
        exchange.run(45_000.0, |player, _, _| wild(&mut random, &mut player.controls));
        for (player, before) in exchange.players.iter().zip(before) {
            let figures = player.client.instruments();
            assert_eq!(figures.corrections, before, "{line:?} at {hz} Hz: {figures:?}");
            assert!(figures.snapshots > u64::from(hz) * 45 && figures.clock_snaps == 0);
        }
        let deaths = exchange.events.iter().filter(|(_, e)| matches!(e, Event::Killed { .. })).count();
        assert!(deaths > 0, "the test should see deaths and new lives");
    }
}

#[test]
fn the_own_ship_moves_in_the_frame_of_the_press() {
    let mut exchange = Exchange::new(Arena::open(36), 30, &[FAR]);
    exchange.run(2_003.0, |_, _, _| ());
    exchange.players[0].controls.thrust = Vec2::X;
    let mut places = Vec::new();
    exchange.run(40.0, |_, _, view| places.push(view.own.unwrap().position));
    let mut still = Exchange::new(Arena::open(36), 30, &[FAR]);
    let mut without = Vec::new();
    still.run(2_003.0, |_, _, _| ());
    still.run(40.0, |_, _, view| without.push(view.own.unwrap().position));
    assert!(places[0].x > without[0].x, "{places:?} {without:?}");
}

#[test]
fn one_press_is_one_dash() {
    for line in [CLEAN, FAR, ROUGH] {
        let mut exchange = Exchange::new(Arena::open(400), 30, &[line]);
        exchange.run(2_000.0, |_, _, _| ());
        exchange.players[0].controls.thrust = Vec2::X;
        exchange.players[0].controls.dash = true;
        let (mut told, mut fastest) = (0, 0.0f32);
        exchange.run(1_500.0, |_, _, view| {
            told += view.happenings.iter().filter(|h| matches!(h, Happening::Dashed { .. })).count();
            fastest = fastest.max(view.own.unwrap().velocity.length());
        });
        let dashes = exchange.events.iter().filter(|(_, e)| matches!(e, Event::Dashed(_))).count();
        assert_eq!((dashes, told), (1, 1), "{line:?}");
        assert!(fastest > 440.0);
    }
}

#[test]
fn a_shot_is_seen_at_the_press_and_only_once() {
    for line in [CLEAN, FAR, ROUGH] {
        let mut exchange = Exchange::new(Arena::open(400), 30, &[line]);
        exchange.place(0, -900.0, 0.0);
        exchange.run(2_000.0, |_, _, _| ());
        exchange.players[0].controls.fire = true;
        let mut first = None;
        exchange.run(17.0, |_, _, view| first = first.or(view.shots.first().copied()));
        assert!(first.is_some(), "{line:?}: no shot in the frame of the press");
        exchange.players[0].controls.fire = false;
        let (mut fired, mut most) = (1, 0);
        let mut before: Option<Vec2> = None;
        // After 1.2 s it leaves the view.
        exchange.run(1_000.0, |_, _, view| {
            fired += view.happenings.iter().filter(|h| matches!(h, Happening::Fired { .. })).count();
            most = most.max(view.shots.len());
            let place = view.shots[0].position;
            let way = before.map_or(0.0, |b| b.distance(place));
            assert!(way < 20.0, "{line:?}: the shot jumped {way} units");
            before = Some(place);
        });
        assert_eq!((fired, most), (1, 1), "{line:?}");
        assert_eq!(exchange.players[0].client.instruments().ghosts_lost, 0);
    }
}

#[test]
fn a_fight_is_told_in_full() {
    let mut exchange = Exchange::new(walled(), 30, &[FAR, CLEAN]);
    exchange.run(2_500.0, |_, _, _| ());
    exchange.place(0, -75.0, 200.0);
    exchange.place(1, 75.0, 200.0);
    // Nobody can foresee being put elsewhere: the news has to arrive before the first shot.
    exchange.run(400.0, |_, _, _| ());
    exchange.players[0].controls.fire = true;
    let mut seen = [Vec::new(), Vec::new()];
    exchange.run(7_000.0, |player, _, view| seen[usize::from(player.id.0)].extend(view.happenings));
    let count = |index: usize, what: fn(&Happening) -> bool| seen[index].iter().filter(|h| what(h)).count();
    assert_eq!(count(0, |h| matches!(h, Happening::HitOther { .. })), 5);
    assert_eq!(count(1, |h| matches!(h, Happening::Hurt { from: Some(_), .. })), 5);
    for index in [0, 1] {
        assert_eq!(count(index, |h| matches!(h, Happening::ShotEnded { on_ship: true, .. })), 5, "{index}");
        assert_eq!(count(index, |h| matches!(h, Happening::Killed { position: Some(_), .. })), 1);
        assert!(count(index, |h| matches!(h, Happening::Fired { .. })) >= 5);
        let scores = exchange.players[index].client.scores();
        assert_eq!((scores[0].id, scores[0].score, scores[1].deaths), (PlayerId(0), 1, 1));
    }
    let born = |h: &&Happening| matches!(h, Happening::Appeared { id: PlayerId(1), .. });
    assert!(seen[1].iter().filter(born).count() >= 1);
}

#[test]
fn a_rough_line_is_bounded_and_settles() {
    let mut exchange = Exchange::new(walled(), 30, &[ROUGH, CLEAN]);
    let mut random = Random::new(3);
    exchange.run(5_000.0, |player, _, _| wild(&mut random, &mut player.controls));
    let (mut jump, mut last) = (0.0f32, None::<(Vec2, f32)>);
    exchange.run(20_000.0, |player, _, view| {
        wild(&mut random, &mut player.controls);
        if player.id == PlayerId(0) {
            let own = view.own.map(|o| (o.position, o.velocity.length()));
            if let (Some((a, _)), Some((b, speed))) = (last, own) {
                jump = jump.max(a.distance(b) - speed.max(640.0) * 0.016);
            }
            last = own;
        }
    });
    let figures = exchange.players[0].client.instruments();
    assert!(figures.slack_ticks >= -1.0 && figures.clock_snaps == 0, "{figures:?}");
    assert!(figures.corrections < 60, "{figures:?}");
    // A dash pressed late in a tick begins with its share of the tick (21 units), and an error of 150 fades by 13.
    assert!(jump < 34.0, "the drawn ship jumped {jump} units");
    assert!((60.0..250.0).contains(&figures.interpolation_delay_ms), "{figures:?}");
    exchange.players[0].controls = Controls::default();
    exchange.players[1].controls = Controls::default();
    exchange.run(3_000.0, |_, _, _| ());
    let ship = exchange.ship(0).motion.position;
    let mut drawn = Vec2::ZERO;
    exchange.run(33.0, |player, _, view| {
        if player.id == PlayerId(0) {
            drawn = view.camera;
        }
    });
    assert!(drawn.distance(ship) < 0.5, "{drawn} {ship}");
}

#[test]
fn others_glide_without_jumps() {
    for line in [CLEAN, ROUGH] {
        let mut exchange = Exchange::new(Arena::open(36), 30, &[line, CLEAN]);
        exchange.run(3_000.0, |_, _, _| ());
        exchange.place(0, 0.0, 0.0);
        exchange.place(1, -200.0, 100.0);
        exchange.players[1].controls.thrust = Vec2::X;
        exchange.run(700.0, |_, _, _| ());
        let (mut worst, mut last) = (0.0f32, None::<Vec2>);
        exchange.run(900.0, |player, _, view| {
            if player.id == PlayerId(0) {
                let place = view.ships[0].position;
                let way = last.map_or(3.3, |l| l.distance(place));
                worst = worst.max((way - 3.3).abs());
                last = Some(place);
            }
        });
        assert!(worst < 1.5, "{line:?}: {worst} units off an even glide");
    }
}

#[test]
fn a_stall_is_noticed_and_overcome() {
    let mut exchange = Exchange::new(Arena::open(36), 30, &[CLEAN]);
    exchange.players[0].controls.thrust = Vec2::Y;
    exchange.run(2_000.0, |_, _, _| ());
    let mut fresh = Vec::new();
    exchange.players[0].line.down_ms = 700.0;
    exchange.run(660.0, |_, _, view| fresh.push(view.freshness));
    assert!(fresh.contains(&Freshness::Live) && fresh.last() == Some(&Freshness::CatchingUp), "{fresh:?}");
    exchange.players[0].line.down_ms = 5.0;
    let mut fresh = Vec::new();
    exchange.run(3_000.0, |_, _, view| fresh.push((view.freshness, view.own.is_some())));
    assert_eq!(fresh.last(), Some(&(Freshness::Live, true)));
    let received = &exchange.players[0].received;
    let tail = &received[received.len() - 60..];
    assert!(tail.windows(2).all(|w| w[1] == w[0].next()), "{tail:?}");
    let figures = exchange.players[0].client.instruments();
    assert!((0.0..2.0).contains(&figures.slack_ticks), "{figures:?}");
}

#[test]
fn a_hidden_page_comes_back() {
    let mut exchange = Exchange::new(Arena::open(36), 30, &[FAR]);
    exchange.run(2_000.0, |_, _, _| ());
    exchange.players[0].hidden = true;
    exchange.run(30_000.0, |_, _, _| ());
    exchange.players[0].hidden = false;
    exchange.place(0, -500.0, 0.0);
    exchange.players[0].controls.thrust = Vec2::X;
    let mut told = 0;
    exchange.run(2_000.0, |_, _, view| told = told.max(view.happenings.len()));
    let figures = exchange.players[0].client.instruments();
    assert!(figures.clock_snaps >= 1 && told < 20, "{figures:?}");
    assert!(exchange.ship(0).motion.velocity.x > 150.0);
    let before = figures.corrections;
    exchange.run(5_000.0, |_, _, _| ());
    assert_eq!(exchange.players[0].client.instruments().corrections, before);
}

#[test]
fn a_lost_link_is_resumed_where_the_ship_is() {
    let mut exchange = Exchange::new(Arena::open(36), 30, &[FAR]);
    exchange.run(2_000.0, |_, _, _| ());
    let now = exchange.now_ms;
    exchange.players[0].client.link_lost(now);
    let view = exchange.players[0].client.view(now);
    assert_eq!((view.freshness, view.own.is_some()), (Freshness::Lost, true));
    exchange.place(0, 50.0, 60.0);
    exchange.connect(0);
    let mut last = None;
    exchange.run(1_000.0, |_, _, view| last = Some(view));
    let view = last.unwrap();
    assert_eq!(view.freshness, Freshness::Live);
    assert!(view.own.unwrap().position.distance(Vec2::new(50.0, 60.0)) < 1.0);
    let rtt = view.rtt_ms.unwrap_or(0);
    assert!(rtt == 0, "this match answers no stamps, so nothing is known: {rtt}");
}

#[test]
fn nothing_happens_before_the_welcome() {
    let mut client = Client::new();
    client.control(Controls { fire: true, ..Controls::default() });
    client.advance(5.0);
    assert_eq!(client.poll_send(), None);
    let view = client.view(6.0);
    assert!(view.own.is_none() && view.freshness == Freshness::Waiting);
    assert!(client.receive(&[0x81, 0xa1, b's', 0xc4, 0x00], 7.0).is_err());
    assert!(client.scores().is_empty() && client.arena().is_none() && client.player().is_none());
}

proptest! {
    #[test]
    fn garbage_is_an_error_and_never_a_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..200),
        at in 0usize..200,
        flip: u8,
    ) {
        let mut exchange = Exchange::new(walled(), 30, &[CLEAN; 2]);
        exchange.run(200.0, |_, _, _| ());
        let now = exchange.now_ms;
        let client = &mut exchange.players[0].client;
        let _ = client.receive(&bytes, now);
        let mut wrapped = vec![0x81, 0xa1, b's', 0xc4, bytes.len() as u8];
        wrapped.extend(&bytes);
        if let Some(byte) = wrapped.get_mut(at) {
            *byte ^= flip;
        }
        let _ = client.receive(&wrapped, now);
        client.advance(now + 20.0);
        let _ = client.view(now + 20.0);
    }
}
