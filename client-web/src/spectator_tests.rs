//! The whole spectator against a tiny match and its feed: what somebody who watches must see and hold.
//! The feed is made by the shared encoder; sockets and cursors of the true server have tests elsewhere.

use glam::Vec2;
use proptest::prelude::*;
use shared::angle::Angle;
use shared::arena::{Arena, ArenaFile, PickupKind, PickupPlace};
use shared::feed::{FEED_VERSION, FeedBye, FeedEvent, Hello};
use shared::feed_encoder::{FeedEncoder, state_of};
use shared::id::PlayerId;
use shared::mode::Mode;
use shared::random::Random;
use shared::rules::Rules;
use shared::tick::TickRate;

use crate::client::Controls;
use crate::exchange::{Exchange, Line};
use crate::spectator::{FeedError, Follow, Spectator};
use crate::view::{Freshness, Happening, View};

/// A match with its feed and somebody who watches.
struct Cinema {
    exchange: Exchange,
    encoder: FeedEncoder,
    spectator: Spectator,
    seq: u64,
    told: usize,
    /// Events that do not arrive while set.
    held: Option<Vec<(String, String, String)>>,
    random: Random,
}

fn steer(random: &mut Random, controls: &mut Controls) {
    controls.aim = controls.aim.turned(random.below(3000) as i32 - 1500);
    controls.fire = true;
    controls.rail = random.below(20) == 0;
    if random.below(30) == 0 {
        controls.thrust = Angle(random.next_u32() as u16).direction();
    }
}

impl Cinema {
    fn new(players: usize) -> Cinema {
        Cinema::of(Exchange::new(Arena::open(36), 30, &vec![Line::default(); players]))
    }

    fn of(exchange: Exchange) -> Cinema {
        let mut cinema = Cinema {
            exchange,
            encoder: FeedEncoder::new(),
            spectator: Spectator::new(),
            seq: 0,
            told: 0,
            held: None,
            random: Random::new(9),
        };
        cinema.spectator.opened(0.0);
        let hello = cinema.hello();
        cinema.spectator.receive("hello", "", &hello, 0.0).unwrap();
        let keyframe = FeedEvent::Keyframe(cinema.encoder.keyframe(&cinema.exchange.world, 1));
        cinema.publish(&keyframe);
        cinema
    }

    fn hello(&self) -> String {
        serde_json::to_string(&Hello {
            version: FEED_VERSION,
            match_id: "m".to_owned(),
            match_name: "Test".to_owned(),
            tick_hz: self.exchange.stage.rules.rate,
            delay_ms: 0,
            arena: self.exchange.stage.arena.clone(),
            mode: self.exchange.stage.rules.mode,
            goal: 0,
            rules: self.exchange.stage.rules.book,
        })
        .unwrap()
    }

    fn publish(&mut self, event: &FeedEvent) {
        self.seq += 1;
        let event =
            (event.name().to_owned(), format!("7.{}", self.seq), serde_json::to_string(event).unwrap());
        match &mut self.held {
            Some(held) => held.push(event),
            None => self.spectator.receive(&event.0, &event.1, &event.2, self.exchange.now_ms).unwrap(),
        }
    }

    /// Runs the match with wild players; draws every tick.
    fn run(&mut self, ticks: u32, mut seen: impl FnMut(&mut Spectator, View)) {
        let rate = self.exchange.stage.rules.rate;
        for _ in 0..ticks {
            let random = &mut self.random;
            self.exchange.run(rate.period_ms(), |player, _, _| steer(random, &mut player.controls));
            let tick = self.exchange.world.tick;
            let new = &self.exchange.events[self.told..];
            let events: Vec<_> = new.iter().map(|(_, e)| e.clone()).collect();
            self.told = self.exchange.events.len();
            let mut out = Vec::new();
            self.encoder.observe(&self.exchange.world, &events, &mut out);
            if self.encoder.delta_due(tick, rate) {
                out.push(FeedEvent::Delta(self.encoder.delta(&self.exchange.world)));
            }
            if self.encoder.keyframe_due(tick, rate) {
                out.push(FeedEvent::Keyframe(self.encoder.keyframe(&self.exchange.world, 3)));
            }
            for event in &out {
                self.publish(event);
            }
            let view = self.spectator.view(self.exchange.now_ms);
            seen(&mut self.spectator, view);
        }
    }
}

/// A place so small that cores and pickups are run into by chance.
fn closet() -> Arena {
    let kinds = [PickupKind::Mines, PickupKind::Repair, PickupKind::Shield, PickupKind::Mines];
    let lie = |(x, kind): (i8, PickupKind)| PickupPlace { at: [f32::from(x), 150.0], kind };
    Arena::try_from(ArenaFile {
        name: "Closet".to_owned(),
        width: 600.0,
        height: 400.0,
        walls: vec![],
        spawns: vec![[0.0, -150.0]],
        team_spawns: vec![vec![[-60.0, -100.0]], vec![[60.0, -100.0]]],
        cores: vec![[-140.0, 0.0], [140.0, 0.0]],
        pickups: [-120, -40, 40, 120].into_iter().zip(kinds).map(lie).collect(),
    })
    .unwrap()
}

#[test]
fn a_spectator_holds_sides_cores_mines_and_pickups() {
    let rules = Rules::new(TickRate::DEFAULT, 600_000).with_mode(Mode::Ctc, Some(0));
    let mut cinema = Cinema::of(Exchange::by(rules, closet(), &[Line::default(); 6]));
    let (mut deeds, mut mines, mut taken) = (0, 0, 0);
    cinema.run(3000, |spectator, view| {
        assert_eq!(view.freshness, Freshness::Live);
        deeds += view.happenings.iter().filter(|h| matches!(h, Happening::Core { .. })).count();
        let held = spectator.watch().and_then(|watch| watch.state()).unwrap();
        mines = mines.max(held.mines.len());
        taken = taken.max(held.taken.len());
    });
    let truth = state_of(&cinema.exchange.world);
    let held = cinema.spectator.watch().unwrap().state().unwrap();
    assert_eq!((&held.seats, held.team_scores, held.cores), (&truth.seats, truth.team_scores, truth.cores));
    assert!(deeds > 10 && mines > 0 && taken > 1, "{deeds} deeds, {mines} mines, {taken} taken");
}

#[test]
fn a_spectator_holds_the_match_and_sees_it_glide() {
    let mut cinema = Cinema::new(5);
    cinema.run(90, |_, _| ());
    let (mut worst, mut last) = (0.0f32, None::<(PlayerId, Vec2)>);
    let (mut fired, mut killed, mut ended) = (0, 0, 0);
    cinema.run(1200, |_, view| {
        assert_eq!(view.freshness, Freshness::Live);
        assert!(view.ships.len() + usize::from(view.own.is_some()) <= 5);
        for happening in &view.happenings {
            match happening {
                Happening::Fired { .. } => fired += 1,
                Happening::Killed { position: Some(_), .. } => killed += 1,
                Happening::ShotEnded { on_ship: true, .. } => ended += 1,
                _ => {}
            }
        }
        let own = view.own.map(|o| (o.id, o.position));
        if let (Some((a, from)), Some((b, to))) = (last, own)
            && a == b
            && !view
                .happenings
                .iter()
                .any(|h| matches!(h, Happening::Appeared { .. } | Happening::Killed { .. }))
        {
            worst = worst.max(from.distance(to));
        }
        last = own;
    });
    assert!(worst < 30.0, "the followed ship jumped {worst} units");
    assert!(fired > 200 && killed > 0 && ended > 0, "{fired} {killed} {ended}");
    let (world, spectator) = (&cinema.exchange.world, &cinema.spectator);
    let held = spectator.watch().unwrap().state().unwrap();
    let truth = state_of(world);
    assert_eq!((&held.seats, held.round.number), (&truth.seats, truth.round.number));
    assert_eq!(spectator.watching(), 3);
    let scores = spectator.scores();
    assert!(scores.windows(2).all(|w| w[0].score >= w[1].score) && scores.len() == 5);
    assert_eq!(spectator.name_of(PlayerId(2)), Some("Pilot 2"));
}

#[test]
fn a_late_spectator_catches_up_without_a_flash() {
    let mut cinema = Cinema::new(4);
    cinema.held = Some(Vec::new());
    cinema.run(57, |_, _| ());
    let now = cinema.exchange.now_ms;
    for (name, id, data) in cinema.held.take().unwrap() {
        cinema.spectator.receive(&name, &id, &data, now).unwrap();
    }
    let view = cinema.spectator.view(now + 1.0);
    assert!(view.happenings.len() < 20 && view.freshness == Freshness::Live, "{:?}", view.freshness);
    let mut last = None;
    cinema.run(60, |_, view| last = Some(view));
    assert_eq!(last.unwrap().freshness, Freshness::Live);
}

#[test]
fn a_lost_feed_goes_on_at_its_cursor() {
    let mut cinema = Cinema::new(3);
    cinema.run(60, |_, _| ());
    let cursor = cinema.spectator.last_cursor().unwrap().to_owned();
    assert_eq!(cursor, format!("7.{}", cinema.seq));
    cinema.spectator.lost(cinema.exchange.now_ms);
    cinema.held = Some(Vec::new());
    let mut fresh = Freshness::Live;
    cinema.run(90, |_, view| fresh = view.freshness);
    assert_eq!(fresh, Freshness::Lost);
    let (now, hello) = (cinema.exchange.now_ms, cinema.hello());
    cinema.spectator.opened(now);
    cinema.spectator.receive("hello", &cursor, &hello, now).unwrap();
    for (name, id, data) in cinema.held.take().unwrap() {
        cinema.spectator.receive(&name, &id, &data, now).unwrap();
    }
    cinema.run(30, |_, view| fresh = view.freshness);
    assert_eq!(fresh, Freshness::Live);
}

#[test]
fn gaps_and_nonsense_ask_for_a_keyframe() {
    let mut cinema = Cinema::new(2);
    cinema.run(10, |_, _| ());
    let spectator = &mut cinema.spectator;
    let join = r#"{"tick":99,"id":9,"name":"Ann","hull":1,"bot":false}"#;
    assert_eq!(spectator.receive("join", "7.9999", join, 0.0), Err(FeedError::Gap));
    assert_eq!(spectator.last_cursor(), None);
    assert_eq!(spectator.receive("join", "7.10000", join, 0.0), Err(FeedError::Gap));
    assert_eq!(spectator.receive("surprise", "7.1", "{}", 0.0), Err(FeedError::Malformed));
    assert_eq!(spectator.receive("keyframe", "7.1", "{}", 0.0), Err(FeedError::Malformed));
    let keyframe = cinema.encoder.keyframe(&cinema.exchange.world, 1);
    let data = serde_json::to_string(&keyframe).unwrap();
    let now = cinema.exchange.now_ms;
    cinema.spectator.receive("keyframe", "8.5", &data, now).unwrap();
    cinema.spectator.receive("keyframe", "8.5", "never read", now).unwrap();
    let bye = serde_json::to_string(&FeedBye { reason: "match_ended".to_owned(), retry_ms: 0 }).unwrap();
    cinema.spectator.receive("bye", "8.6", &bye, now).unwrap();
    assert!(cinema.spectator.ended());
}

#[test]
fn the_camera_follows_whom_it_should() {
    let mut cinema = Cinema::new(3);
    cinema.run(90, |_, _| ());
    cinema.spectator.follow(Follow::Player(PlayerId(2)));
    let mut view = View::default();
    cinema.run(2, |_, seen| view = seen);
    let own = view.own.unwrap();
    assert!(own.id == PlayerId(2) && view.camera == own.position);
    assert!(view.ships.iter().all(|s| s.id != PlayerId(2)));
    cinema.spectator.follow(Follow::Free(Vec2::new(7.0, 8.0)));
    cinema.run(2, |_, seen| view = seen);
    assert!(view.own.is_none() && view.camera == Vec2::new(7.0, 8.0));
    cinema.spectator.follow(Follow::Leader);
    cinema.run(2, |_, seen| view = seen);
    assert_eq!(cinema.spectator.target(), Some(cinema.spectator.scores()[0].id));
}

proptest! {
    #[test]
    fn garbage_is_an_error_and_never_a_panic(
        name in prop::sample::select(FeedEvent::NAMES.to_vec()),
        numbers in prop::collection::vec(any::<i32>(), 0..30),
        tick: u32,
        text in ".{0,60}",
    ) {
        let mut cinema = Cinema::new(2);
        let now = cinema.exchange.now_ms;
        let list = serde_json::to_string(&numbers).unwrap();
        let data = format!(
            r#"{{"tick":{tick},"moved":{list},"fired":{list},"ended":{list},"ships":{list},"shots":{list},
            "round":{{"number":1,"phase":"playing","ticks_left":{tick}}},"watching":1,"victim":1,"by":0,"x":{tick},"y":0,
            "id":1,"name":"x","hull":200,"bot":true,"lost":true,"reason":"r","retry_ms":1}}"#
        );
        let _ = cinema.spectator.receive(name, "7.2", &data, now);
        let _ = cinema.spectator.view(now + 50.0);
        let _ = cinema.spectator.receive(name, "7.3", &text, now);
        let _ = cinema.spectator.view(now + 90.0);
    }
}
