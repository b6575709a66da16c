//! A match is its commands: who applies them to a fresh world gets the same match, tick by tick. And a match is its
//! journal: wherever its process ends, who reads what was written has the match as it was.

use std::time::Duration;

use proptest::prelude::*;
use server::journal::header::{Header, Origin};
use server::journal::port::{Desk, Entry, Message, queue};
use server::journal::record::{Ending, Kind, MAGIC, append};
use server::journal::recorder::Recorder;
use server::journal::recovery::{Recovered, recover};
use shared::checksum::of_world;
use shared::id::PlayerId;
use shared::protocol::{ClientMessage, Nothing};
use shared::rule_book::Arms;
use shared::simulation::{SIMULATION_VERSION, step};
use shared::world::World;
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

/// A match with bots and people that writes itself down, and the file as a disk would have it.
struct Written {
    exchange: Exchange,
    desk: Desk,
    file: Vec<u8>,
    /// The world's checksum at each tick, from 1.
    sums: Vec<u64>,
}

fn setup() -> Setup {
    let mut setup = Setup::on("lattice");
    setup.settings.bots = Some(5);
    setup.settings.duration_s = Some(20);
    setup
}

impl Written {
    fn new() -> Written {
        let settings = setup().settings.check().unwrap();
        let origin = Origin {
            match_id: "2345678923".to_owned(),
            seed: setup().seed,
            standing: false,
            hosted_at_ms: 0,
            feed_key: None,
        };
        let (port, desk) = queue();
        let recorder = Recorder::new(Header::new(origin, &settings), port, Duration::from_secs(2));
        let exchange = Exchange::with_journal(setup(), Some(recorder), None).unwrap();
        Written { exchange, desk, file: Vec::new(), sums: Vec::new() }
    }

    fn note(&mut self) {
        self.sums.push(of_world(self.exchange.game.world()));
        for message in self.desk.queue.try_iter() {
            match message {
                Message::Entry(_, Entry::Open(header, checkpoint)) => {
                    self.file = MAGIC.to_vec();
                    append(Kind::Header, &header.to_bytes(), &mut self.file);
                    append(Kind::Checkpoint, &checkpoint.to_bytes(), &mut self.file);
                }
                Message::Entry(_, Entry::Checkpoint(checkpoint) | Entry::Seam(checkpoint)) => {
                    append(Kind::Checkpoint, &checkpoint.to_bytes(), &mut self.file);
                }
                Message::Entry(_, Entry::Run(body)) => append(Kind::Run, &body, &mut self.file),
                // Of the round's history; the journal has nothing of it.
                Message::Entry(_, Entry::RoundBegan(_) | Entry::RoundOver(_)) => {}
                other => {
                    assert!(matches!(other, Message::Flush(_)), "the match does not end here: {other:?}");
                }
            }
        }
    }

    fn play(&mut self, ticks: u32) {
        for _ in 0..ticks {
            self.exchange.tick();
            self.note();
        }
    }

    fn join(&mut self, name: &str, seed: u64) {
        // Asking for a seat ticks once by itself.
        self.exchange.player(name, Delay { fixed_ms: 20.0, jitter_ms: 5.0 }, wander(seed)).unwrap();
        self.note();
    }

    /// Half a minute in which people come, go and are lost, and a round ends.
    fn half_a_minute() -> Written {
        let mut written = Written::new();
        written.play(40);
        written.join("Ann", 1);
        written.play(100);
        written.join("Ben", 2);
        written.play(200);
        let now_ms = written.exchange.now_ms();
        written.exchange.players[0].drop_link(now_ms);
        written.play(90);
        written.exchange.reconnect(0).unwrap();
        written.exchange.host(server::matches::inbox::HostAct::AddBot(None)).unwrap();
        written.play(470);
        written
    }
}

fn goes_on(recovered: &Recovered) -> Exchange {
    Exchange::with_journal(setup(), None, Some(recovered.checkpoint.clone())).unwrap()
}

#[test]
fn a_match_comes_back_from_every_place_where_its_file_can_be_torn() {
    let written = Written::half_a_minute();
    let whole = recover(&written.file).unwrap();
    let last = whole.checkpoint.world.tick.0;
    assert!(written.sums.len() as u32 - last <= 8, "no more than a quarter of a second is missing");
    assert_eq!(whole.report.ending, Ending::Whole);
    let mut newest = 0;
    for length in (0..=written.file.len()).step_by(97) {
        let Ok(recovered) = recover(&written.file[..length]) else {
            assert!(length < 6000, "nothing to read in {length} bytes");
            continue;
        };
        let tick = recovered.checkpoint.world.tick.0;
        assert!(tick >= newest, "more bytes, older match");
        newest = tick;
        if tick > 0 {
            let sum = written.sums[tick as usize - 1];
            assert_eq!(of_world(&recovered.checkpoint.world), sum, "tick {tick} is as it was");
        }
    }
    assert!(last - newest <= 8);
}

#[test]
fn a_flipped_byte_costs_what_stands_behind_it_and_nothing_else() {
    let written = Written::half_a_minute();
    for place in (8..written.file.len()).step_by(211) {
        let mut file = written.file.clone();
        file[place] ^= 0x10;
        let Ok(recovered) = recover(&file) else { continue };
        assert_ne!(recovered.report.ending, Ending::Whole);
        let tick = recovered.checkpoint.world.tick.0;
        assert!(tick == 0 || of_world(&recovered.checkpoint.world) == written.sums[tick as usize - 1]);
    }
}

#[test]
fn everybody_is_back_with_seat_and_score_and_bots_go_on() {
    let written = Written::half_a_minute();
    let recovered = recover(&written.file).unwrap();
    let before = recovered.checkpoint.world.clone();
    let mut exchange = goes_on(&recovered);
    exchange.tick();
    for pilot in &before.pilots {
        let now = exchange.game.world().pilot(pilot.id).unwrap();
        assert_eq!((&now.name, now.score, now.deaths), (&pilot.name, pilot.score, pilot.deaths));
        assert_eq!(now.limbo, !pilot.bot, "people are awaited");
    }
    assert_eq!(before.pilots.iter().filter(|p| p.bot).count(), 4, "six are wanted, two people are there");
    let people: Vec<PlayerId> = before.pilots.iter().filter(|p| !p.bot).map(|p| p.id).collect();
    let _link = exchange.attach(people[0], tests::exchange::LINK_BYTES).unwrap();
    exchange.ticks(2);
    assert!(!exchange.game.world().pilot(people[0]).unwrap().limbo);
    let newcomer = exchange.join("Cid").unwrap().unwrap();
    assert!(before.pilots.iter().all(|p| p.id < newcomer), "no number is given twice");
    exchange.seconds(40.0);
    assert!(exchange.game.world().pilot(people[1]).is_none(), "who does not come back loses the seat");
}

#[test]
fn after_a_crash_a_match_knows_who_came_late_and_who_left() {
    let mut written = Written::new();
    written.play(60);
    let (_, mut leaver) = written.exchange.peer("Ann").unwrap();
    written.join("Ben", 1);
    written.play(60);
    leaver.say(&ClientMessage::Leave(Nothing()));
    written.play(90);
    let recovered = recover(&written.file).unwrap();
    let attendance = &recovered.checkpoint.attendance;
    assert_eq!(attendance, &written.exchange.game.checkpoint().attendance);
    let [gone] = attendance.left() else { panic!("one left: {attendance:?}") };
    assert_eq!(gone.pilot.name.as_str(), "Ann");
    assert!((55..70).contains(&gone.present_ticks), "{}", gone.present_ticks);
    let World { pilots, tick, .. } = &recovered.checkpoint.world;
    let ben = pilots.iter().find(|pilot| pilot.name.as_str() == "Ben").unwrap();
    let present = attendance.present_ticks(ben.id, *tick, tick.0);
    assert!((140..160).contains(&present), "he came after two seconds: {present} of {tick:?}");
}

#[test]
fn commands_of_other_rules_are_left_alone() {
    let written = Written::half_a_minute();
    let recovered = recover(&written.file).unwrap();
    let header = Header { simulation: recovered.header.simulation + 1, ..recovered.header };
    let mut file = MAGIC.to_vec();
    append(Kind::Header, &header.to_bytes(), &mut file);
    let records = server::journal::record::Records::of(&written.file).unwrap().skip(1);
    records.for_each(|(kind, body)| append(kind, body, &mut file));
    let newer = recover(&file).unwrap();
    assert!(newer.report.left_out && newer.report.ticks == 0);
    let lost = recovered.checkpoint.world.tick.since(newer.checkpoint.world.tick);
    assert!(lost <= 60, "{lost} ticks between two checkpoints");
}

#[test]
fn ships_of_an_older_simulation_have_the_first_weapon() {
    let written = Written::half_a_minute();
    let recovered = recover(&written.file).unwrap();
    let mut checkpoint = recovered.checkpoint;
    checkpoint.world.ships.iter_mut().for_each(|ship| ship.arms = Arms::default());
    let ships_of = |simulation: u32| {
        let header = Header { simulation, ..recovered.header.clone() };
        let mut file = MAGIC.to_vec();
        append(Kind::Header, &header.to_bytes(), &mut file);
        append(Kind::Checkpoint, &checkpoint.to_bytes(), &mut file);
        recover(&file).unwrap().checkpoint.world.ships
    };
    let first = recovered.settings.rules().first_arms();
    assert!(!checkpoint.world.ships.is_empty() && first != Arms::default());
    assert!(ships_of(1).iter().all(|ship| ship.arms == first));
    assert!(ships_of(SIMULATION_VERSION).iter().all(|ship| ship.arms == Arms::default()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn a_match_that_goes_on_elsewhere_is_the_same_match(ticks in 1..900_u32, further in 1..200_u32) {
        let mut here = Exchange::new(setup()).unwrap();
        here.ticks(ticks);
        let checkpoint = here.game.checkpoint();
        let bytes = checkpoint.to_bytes();
        let read = server::journal::checkpoint::Checkpoint::read(&bytes).unwrap();
        prop_assert_eq!(&read, &checkpoint);
        let mut there = Exchange::with_journal(setup(), None, Some(read)).unwrap();
        for _ in 0..further {
            here.tick();
            there.tick();
            prop_assert_eq!(of_world(here.game.world()), of_world(there.game.world()));
        }
    }
}
