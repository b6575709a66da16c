//! A match of four hundred: what everybody has to know of it comes in pieces that a narrow line carries beside fresh
//! snapshots, and in the end every client has the whole roster and the right score board.

use std::cmp::Reverse;
use std::collections::VecDeque;
use std::time::Duration;

use client_web::client::Controls;
use client_web::light::LightClient;
use client_web::view::Score;
use proptest::prelude::*;
use server::matches::inbox::HostAct;
use server::matches::scores::ALL_KILLS_MAX;
use shared::angle::Angle;
use shared::codec::encode;
use shared::id::PlayerId;
use shared::link_profile::{CLEAN, DSL, MOBILE, THROTTLED_16KBIT};
use shared::protocol::{ClientMessage, Nothing, PlayerEvent, ServerMessage};
use shared::random::Random;
use shared::world::{Phase, Pilot, World};
use tests::exchange::{Exchange, LINK_BYTES, Setup};
use tests::peer::{Peer, events};
use tests::road::{Blind, Traveller};
use tests::steering::wander;

/// Rows at the top of the score board that a page shows.
const ROWS_SHOWN: usize = 14;

/// A match on the open map, full of clients that fly and fire at random. One of them is read in full by the test.
struct Crowd {
    exchange: Exchange,
    others: Vec<(LightClient, Peer)>,
    witness: (PlayerId, Peer),
    random: Random,
}

impl Crowd {
    fn new(players: u32) -> Crowd {
        let mut setup = Setup::on("open");
        setup.settings.max_players = Some(players);
        let mut exchange = Exchange::new(setup).unwrap();
        let witness = exchange.peer("Witness").unwrap();
        let mut crowd = Crowd { exchange, others: Vec::new(), witness, random: Random::new(3) };
        // Three places are left for those whom a test looks at.
        for i in 4..players {
            let id = crowd.exchange.join(&format!("Pilot {i}")).unwrap().unwrap();
            let peer = Peer::over(crowd.exchange.attach(id, LINK_BYTES).unwrap());
            let mut client = LightClient::new();
            client.link_opened(crowd.exchange.now_ms());
            crowd.others.push((client, peer));
            crowd.live(crowd.exchange.now_ms());
        }
        crowd
    }

    /// What everybody does in a tick.
    fn live(&mut self, now_ms: f64) {
        for (client, peer) in &mut self.others {
            for message in peer.receive() {
                client.receive(&message, now_ms).unwrap();
            }
            if self.random.below(10) == 0 {
                let aim = Angle(self.random.below(1 << 16) as u16);
                client.control(Controls {
                    thrust: aim.direction(),
                    aim,
                    fire: true,
                    dash: false,
                    rail: false,
                });
            }
            client.advance(now_ms);
            while let Some(message) = client.poll_send() {
                peer.send(message);
            }
        }
    }

    /// One tick, and what everybody does until the next; returns from when to when that is.
    fn tick(&mut self) -> (f64, f64) {
        self.exchange.tick();
        let (from, period_ms) = (self.exchange.now_ms(), 1000.0 / f64::from(self.exchange.game.rate_hz()));
        self.live(from);
        (from, from + period_ms)
    }

    fn world(&self) -> &World {
        self.exchange.game.world()
    }
}

/// How many kills there are among messages.
fn kills(heard: &[ServerMessage]) -> usize {
    events(heard).iter().filter(|event| matches!(event, PlayerEvent::Killed(..))).count()
}

/// Id, score, deaths.
type Row = (PlayerId, u16, u16);

/// The score board as the world has it.
fn board(world: &World) -> Vec<Row> {
    let mut pilots: Vec<&Pilot> = world.pilots.iter().collect();
    pilots.sort_by_key(|p| (Reverse(p.score), p.deaths, p.id));
    pilots.iter().map(|p| (p.id, p.score, p.deaths)).collect()
}

#[test]
fn a_narrow_line_into_a_match_of_four_hundred_is_fresh_from_the_first_snapshot_on() {
    let mut crowd = Crowd::new(400);
    let mut reader = Traveller::join(&mut crowd.exchange, &THROTTLED_16KBIT, 5, wander(5)).unwrap();
    let mut blind = Blind::join(&mut crowd.exchange, &THROTTLED_16KBIT, 9).unwrap();
    let mut whole_after = None;
    for tick in 0..900 {
        let (from, until) = crowd.tick();
        reader.live(from, until);
        blind.live(from, until).unwrap();
        let rows = reader.player.client.scores().len();
        whole_after = whole_after.or((rows == crowd.world().pilots.len()).then_some(tick));
    }
    let (now_ms, now) = (crowd.exchange.now_ms(), crowd.world().tick.0);
    let age = |(at_ms, tick): &(f64, u32)| at_ms - now_ms + f64::from(now - tick) * 1000.0 / 30.0;
    let mut ages: Vec<f64> = blind.news.iter().map(age).collect();
    ages.sort_by(f64::total_cmp);
    let p99 = ages[ages.len() * 99 / 100];
    let limit = THROTTLED_16KBIT.round_trip_ms() + 500.0;
    assert!(p99 <= limit, "p99 {p99:.0} ms of {} snapshots, more than {limit:.0}", ages.len());
    assert!(ages.len() > 150, "only {} snapshots in half a minute", ages.len());
    assert!(whole_after.is_some_and(|ticks| ticks < 660), "the whole roster after {whole_after:?} ticks");
    assert_eq!(reader.player.complaint, None);
}

#[test]
fn a_score_board_in_a_crowd_is_right_within_two_seconds() {
    const SECONDS_TICKS: usize = 60;
    let mut crowd = Crowd::new(400);
    let mut reader = Traveller::join(&mut crowd.exchange, &DSL, 6, wander(6)).unwrap();
    let own = reader.player.id;
    let (mut past, mut lines, mut checked) = (VecDeque::new(), 0, 0);
    for tick in 0..600 {
        let (from, until) = crowd.tick();
        reader.live(from, until);
        lines += kills(&crowd.witness.1.hear());
        past.push_back(board(crowd.world()));
        past.drain(..past.len().saturating_sub(SECONDS_TICKS));
        if tick < 90 + SECONDS_TICKS {
            continue;
        }
        let shown: Vec<Row> =
            reader.player.client.scores().iter().map(|s| (s.id, s.score, s.deaths)).collect();
        assert_eq!(shown.len(), crowd.world().pilots.len(), "everybody is listed");
        // A row that stood at the top all the time, as it is now, is shown there.
        for row in &past[0][..ROWS_SHOWN] {
            if past.iter().all(|board| board[..ROWS_SHOWN].contains(row)) {
                assert!(
                    shown[..ROWS_SHOWN].contains(row),
                    "{row:?} at tick {tick}: {:?}",
                    &shown[..ROWS_SHOWN]
                );
                checked += 1;
            }
        }
        let place = |board: &Vec<Row>| board.iter().position(|row| row.0 == own);
        assert!(past.iter().any(|board| place(board) == place(&shown)), "the own place at tick {tick}");
    }
    assert!(checked > 50, "{checked} rows");
    let deaths: usize = crowd.world().pilots.iter().map(|p| usize::from(p.deaths)).sum();
    assert!(deaths > 500 && lines * 5 < deaths, "told {lines} of {deaths} kills");
}

/// For how long people and bots come and go.
const STIRRING_TICKS: u32 = 500;

/// A match whose players and bots come and go round the number from which on kills are not told to everybody.
struct Traffic {
    exchange: Exchange,
    random: Random,
    guests: Vec<(PlayerId, Option<Peer>)>,
}

impl Traffic {
    fn new(seed: u64) -> Traffic {
        let mut setup = Setup::on("open");
        setup.seed = seed;
        setup.settings.max_players = Some(100);
        setup.settings.bots = Some(70);
        setup.settings.duration_s = Some(25);
        setup.timing.limbo = Duration::from_secs(4);
        Traffic { exchange: Exchange::new(setup).unwrap(), random: Random::new(seed), guests: Vec::new() }
    }

    /// Somebody comes, goes, is lost or returns.
    fn stir(&mut self) {
        let wish = self.random.below(8);
        let guest = self.random.below(self.guests.len().max(1) as u32) as usize;
        match wish {
            0 => {
                let burst = self.random.below(12);
                (0..burst).for_each(|_| self.exchange.host(HostAct::AddBot(None)).unwrap());
            }
            1 => {
                let burst = self.random.below(12);
                (0..burst).for_each(|_| self.exchange.host(HostAct::RemoveBot).unwrap());
            }
            2 if self.guests.len() < 30 => {
                if let Ok((id, peer)) = self.exchange.peer("Guest") {
                    self.guests.push((id, Some(peer)));
                }
            }
            3 | 4 => {
                if let Some((_, peer)) = self.guests.get_mut(guest) {
                    *peer = None;
                }
            }
            5 => {
                if let Some((id, peer)) = self.guests.get_mut(guest) {
                    *peer = Some(Peer::over(self.exchange.attach(*id, LINK_BYTES).unwrap()));
                }
            }
            6 if guest < self.guests.len() => {
                if let (_, Some(mut peer)) = self.guests.remove(guest) {
                    peer.say(&ClientMessage::Leave(Nothing()));
                }
            }
            _ => {}
        }
        self.guests.retain(|(id, _)| self.exchange.game.world().pilot(*id).is_some() || wish == 2);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4, max_shrink_iters: 0, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_roster_is_exact_after_any_coming_and_going(seed in any::<u32>()) {
        let mut traffic = Traffic::new(u64::from(seed));
        let profiles = [CLEAN, MOBILE, THROTTLED_16KBIT, THROTTLED_16KBIT];
        let mut readers = profiles.map(|p| Traveller::join(&mut traffic.exchange, &p, u64::from(seed % 100), wander(5)).unwrap());
        let mut most = 0;
        let results = |e: &Exchange| e.game.world().round.phase == Phase::Results;
        for tick in 0..1100 {
            if tick < STIRRING_TICKS && traffic.random.below(6) == 0 {
                traffic.stir();
            }
            traffic.exchange.tick();
            most = most.max(traffic.exchange.game.world().pilots.len());
            traffic.guests.iter_mut().filter_map(|(_, peer)| peer.as_mut()).for_each(|peer| drop(peer.hear()));
            let from = traffic.exchange.now_ms();
            for (i, reader) in readers.iter_mut().enumerate() {
                // One stands still now and then, shorter than what closes a link.
                reader.stopped = i == 3 && tick < STIRRING_TICKS && tick % 200 < 90;
                reader.live(from, from + 1000.0 / 30.0);
            }
            let round = traffic.exchange.game.world().round;
            // Then the countdown to the next round begins.
            if round.phase == Phase::Results && round.ticks_left <= 91 {
                break;
            }
        }
        prop_assert!(results(&traffic.exchange) && most > ALL_KILLS_MAX, "{most} pilots");
        let mut truth: Vec<_> = traffic.exchange.game.world().pilots.iter().map(score).collect();
        truth.sort_by_key(|s| (Reverse(s.score), s.deaths, s.id));
        for (i, reader) in readers.iter().enumerate() {
            prop_assert_eq!(&reader.player.complaint, &None);
            prop_assert!(reader.player.peer.is_some(), "client {}: {:?}", i, reader.player.client.bye());
            let shown = reader.player.client.scores();
            let wrong = shown.iter().zip(&truth).find(|(shown, true_row)| shown != true_row);
            prop_assert!(shown.len() == truth.len(), "client {}: {} of {}", i, shown.len(), truth.len());
            prop_assert!(wrong.is_none(), "client {}: {:?}", i, wrong);
        }
    }
}

/// A pilot as a score board shows it.
fn score(pilot: &Pilot) -> Score {
    let Pilot { id, name, hull, bot, limbo, score, deaths, team } = pilot.clone();
    Score { id, name: name.as_str().to_owned(), hull, bot, limbo, score, deaths, team }
}

#[test]
fn a_welcome_is_small_however_many_play() {
    let mut crowd = Crowd::new(150);
    let (_, mut late) = crowd.exchange.peer("Late").unwrap();
    let mut welcomes = Vec::new();
    let mut pages = Vec::new();
    for _ in 0..60 {
        crowd.tick();
        for message in late.hear() {
            let bytes = encode(&message).unwrap().len();
            match message {
                ServerMessage::Welcome(_) => welcomes.push(bytes),
                ServerMessage::Roster(page) => pages.push((bytes, page.pilots.len())),
                _ => {}
            }
        }
    }
    assert!(welcomes.len() == 1 && welcomes[0] <= 165, "{welcomes:?}");
    assert_eq!(pages.iter().map(|(_, pilots)| pilots).sum::<usize>(), crowd.world().pilots.len());
    assert!(pages.iter().all(|(bytes, _)| *bytes <= 160), "{pages:?}");
}
