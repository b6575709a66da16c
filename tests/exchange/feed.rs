//! The feed of a real match: what spectators hold is the match, whoever comes back misses nothing, a delay lets
//! nothing through, and sixty ships fit the line.

use client_web::spectator::{Follow, Spectator};
use server::feed::cursor::Cursor;
use server::feed::form::Form;
use shared::feed_encoder::state_of;
use shared::feed_state::FeedState;
use tests::exchange::{Exchange, Setup};
use tests::feed::FeedReader;
use tests::lane::Delay;
use tests::sse::{SseEvent, SseReader};
use tests::steering::{hunt, wander};

/// Everybody who reads a match's log, as the spectators' threads do it.
struct Tail {
    next: u64,
    sse: SseReader,
}

impl Tail {
    fn new(exchange: &Exchange, cursor: Option<Cursor>) -> Tail {
        Tail { next: exchange.log.resume(cursor), sse: SseReader::default() }
    }

    /// The events that are new, with the bytes that they have on the wire.
    fn read(&mut self, exchange: &Exchange) -> (Vec<SseEvent>, usize) {
        let (mut entries, mut events, mut bytes) = (Vec::new(), Vec::new(), 0);
        exchange.log.read(self.next, &mut entries);
        for entry in entries {
            self.next = entry.seq + 1;
            let frame = entry.frame(Form::Sse);
            bytes += frame.len();
            events.extend(self.sse.push(&Form::Sse.unchunked(&frame)));
        }
        assert_eq!(self.sse.unknown, None);
        (events, bytes)
    }
}

fn lively(bots: u32) -> Setup {
    let mut setup = Setup::on("lattice");
    setup.settings.bots = Some(bots);
    setup
}

#[test]
fn spectators_hold_what_the_match_is() {
    let mut exchange = Exchange::new(lively(6)).unwrap();
    let _watching = exchange.log.watch();
    exchange.player("Ann", Delay::default(), hunt()).unwrap();
    exchange.player("Ben", Delay::default(), wander(4)).unwrap();
    let (mut tail, mut reader) = (Tail::new(&exchange, None), FeedReader::default());
    let mut compared = 0;
    for tick in 0..3600 {
        exchange.tick();
        if tick == 900 {
            let now_ms = exchange.now_ms();
            exchange.players[0].drop_link(now_ms);
        }
        let before = reader.deltas;
        for event in tail.read(&exchange).0 {
            reader.take(&event).unwrap();
        }
        if reader.deltas > before {
            compared += 1;
            assert_eq!(reader.state, state_of(exchange.game.world()), "tick {tick}");
        }
    }
    assert!((1190..=1201).contains(&compared), "{compared} deltas in 120 seconds");
    assert!((29..=31).contains(&reader.keyframes), "{}", reader.keyframes);
    assert!(reader.kills.len() > 5, "{}", reader.kills.len());
    assert!(reader.beams.len() > 20, "{} beams of bots that fight for two minutes", reader.beams.len());
}

#[test]
fn the_page_shows_ships_on_their_tracks() {
    let mut exchange = Exchange::new(lively(4)).unwrap();
    let _watching = exchange.log.watch();
    exchange.ticks(5);
    let id = exchange.game.world().pilots[0].id;
    let mut tail = Tail::new(&exchange, None);
    let mut page = Spectator::new();
    page.opened(exchange.now_ms());
    page.receive("hello", "", &hello(&exchange), exchange.now_ms()).unwrap();
    page.follow(Follow::Player(id));
    let (mut track, mut shown) = (Vec::new(), 0);
    for tick in 0..1800 {
        exchange.tick();
        let ship = exchange.game.world().ship(id).unwrap();
        track.push(ship.alive().then_some(ship.motion.position));
        for event in tail.read(&exchange).0 {
            page.receive(&event.name, &event.id, &event.data, exchange.now_ms()).unwrap();
        }
        let view = page.view(exchange.now_ms() + 10.0);
        // Only where it lived all the while: births and deaths jump.
        let recent: Option<Vec<_>> = track[track.len().saturating_sub(20)..].iter().copied().collect();
        let (Some(own), Some(recent), true) = (view.own, recent, tick > 60) else { continue };
        shown += 1;
        let nearest = recent.iter().map(|p| p.distance(own.position)).fold(f32::INFINITY, f32::min);
        assert!(nearest < 12.0, "tick {tick}: {nearest} units from where the ship ever was");
    }
    assert!(shown > 400, "{shown}");
    assert_eq!(page.last_cursor().and_then(Cursor::parse).map(|c| c.seq), Some(exchange.log.head()));
    assert!(page.arena().is_some() && !page.scores().is_empty());
}

fn hello(exchange: &Exchange) -> String {
    let hello = Form::Sse.unchunked(&exchange.log.hello().frame(Form::Sse));
    SseReader::default().push(&hello).remove(0).data
}

#[test]
fn who_comes_back_gets_exactly_what_follows() {
    let mut exchange = Exchange::new(lively(6)).unwrap();
    let _watching = exchange.log.watch();
    let (mut tail, mut reader) = (Tail::new(&exchange, None), FeedReader::default());
    let mut held: Vec<(Cursor, FeedState)> = Vec::new();
    for _ in 0..600 {
        exchange.tick();
        for event in tail.read(&exchange).0 {
            reader.take(&event).unwrap();
            held.extend(reader.cursor.map(|c| (c, reader.state.clone())));
        }
    }
    let head = reader.cursor.unwrap();
    assert!(held.len() > 200);
    for (cursor, state) in held {
        let mut again = FeedReader::resumed(cursor, state);
        let events = Tail::new(&exchange, Some(cursor)).read(&exchange).0;
        let first = events.first().map(|e| Cursor::parse(&e.id).unwrap().seq);
        assert_eq!(first, (cursor != head).then_some(cursor.seq + 1), "after {cursor}");
        for event in events {
            again.take(&event).unwrap();
        }
        assert_eq!((again.cursor, &again.state), (Some(head), &reader.state), "from {cursor}");
    }
}

#[test]
fn who_asks_for_what_is_not_there_gets_a_keyframe() {
    let mut exchange = Exchange::new(lively(6)).unwrap();
    let _watching = exchange.log.watch();
    // Long enough that the first events are gone.
    exchange.seconds(120.0);
    let head = exchange.log.head();
    let strange = [(3, 1), (3, 0), (3, head + 1), (3, u64::MAX), (2, head), (4, head), (0, 0)];
    for (epoch, seq) in strange {
        let events = Tail::new(&exchange, Some(Cursor { epoch, seq })).read(&exchange).0;
        assert_eq!(events.first().map(|e| e.name.as_str()), Some("keyframe"), "after {epoch}.{seq}");
        let mut reader = FeedReader::default();
        for event in &events {
            reader.take(event).unwrap();
        }
        assert_eq!(reader.cursor.map(|c| c.seq), Some(head));
    }
}

#[test]
fn a_delayed_feed_shows_nothing_newer() {
    let mut setup = lively(6);
    setup.settings.spectator_delay_ms = Some(4000);
    let mut exchange = Exchange::new(setup).unwrap();
    let watching = exchange.log.watch();
    let (mut tail, mut reader) = (Tail::new(&exchange, None), FeedReader::default());
    let mut newest_age = u32::MAX;
    for _ in 0..900 {
        exchange.tick();
        for event in tail.read(&exchange).0 {
            reader.take(&event).unwrap();
            let told: serde_json::Value = serde_json::from_str(&event.data).unwrap();
            let at = told["tick"].as_u64().expect("every event has a tick") as u32;
            newest_age = newest_age.min(exchange.game.world().tick.0 - at);
        }
    }
    assert_eq!(newest_age, 120, "four seconds of thirty ticks, not one less");
    assert!(reader.deltas > 200);
    // Who comes new or comes back gets nothing newer either.
    for cursor in [None, reader.cursor, Some(Cursor { epoch: 3, seq: 1 })] {
        exchange.tick();
        for event in Tail::new(&exchange, cursor).read(&exchange).0 {
            let told: serde_json::Value = serde_json::from_str(&event.data).unwrap();
            assert!(exchange.game.world().tick.0 - told["tick"].as_u64().unwrap() as u32 >= 120);
        }
    }
    drop(watching);
}

#[test]
fn sixty_ships_fit_the_line() {
    let mut setup = Setup::on("open");
    setup.settings.max_players = Some(60);
    setup.settings.bots = Some(60);
    let mut exchange = Exchange::new(setup).unwrap();
    let _watching = exchange.log.watch();
    exchange.seconds(5.0);
    let mut tail = Tail::new(&exchange, None);
    tail.read(&exchange);
    let mut bytes = 0;
    for _ in 0..30 * 60 {
        exchange.tick();
        bytes += tail.read(&exchange).1;
    }
    let kbit_s = bytes as f64 * 8.0 / 60.0 / 1000.0;
    assert!(kbit_s <= 120.0, "{kbit_s:.1} kbit/s");
    assert!(kbit_s > 20.0, "{kbit_s:.1} kbit/s: too little happened to say anything");
}

/// Real seats and bots on a map for as many: what the feed takes over SSE, and what its reader holds.
fn crowd_kbit_s(bots: u32, seconds: u32) -> f64 {
    let mut setup = Setup::on("open");
    (setup.settings.max_players, setup.settings.bots) = (Some(bots), Some(bots));
    let mut exchange = Exchange::new(setup).unwrap();
    let _watching = exchange.log.watch();
    exchange.seconds(5.0);
    let (mut tail, mut reader) = (Tail::new(&exchange, None), FeedReader::default());
    for event in tail.read(&exchange).0 {
        reader.take(&event).unwrap();
    }
    let mut bytes = 0;
    for _ in 0..30 * seconds {
        exchange.tick();
        let (events, count) = tail.read(&exchange);
        bytes += count;
        events.iter().for_each(|event| reader.take(event).unwrap());
    }
    bytes as f64 * 8.0 / f64::from(seconds) / 1000.0
}

#[test]
fn two_hundred_bots_fit_the_line() {
    let kbit_s = crowd_kbit_s(200, 24);
    assert!(kbit_s <= 250.0, "{kbit_s:.1} kbit/s");
}

#[test]
fn the_feed_says_goodbye_when_the_match_ends() {
    let mut exchange = Exchange::new(lively(2)).unwrap();
    let _watching = exchange.log.watch();
    let (mut tail, mut reader) = (Tail::new(&exchange, None), FeedReader::default());
    exchange.seconds(3.0);
    exchange.host(server::matches::inbox::HostAct::End).unwrap();
    exchange.ticks(5);
    for event in tail.read(&exchange).0 {
        reader.take(&event).unwrap();
    }
    assert_eq!(reader.bye.map(|b| (b.reason, b.retry_ms)), Some(("match_ended".to_owned(), 0)));
    assert!(exchange.log.ended());
}
