//! What the player aims at on the screen is what the server finds hit, behind every link that lag compensation covers;
//! who lies about the screen gains nothing, and nobody is hit long after reaching cover.

use std::collections::VecDeque;

use client_web::client::Controls;
use client_web::view::View;
use glam::Vec2;
use shared::angle::Angle;
use shared::arena::Arena;
use shared::collision::{swept_circle, swept_walls};
use shared::id::PlayerId;
use shared::input::Buttons;
use shared::link_profile::{LinkProfile, WIFI, Way};
use shared::rule_book::{RuleBook, Weapon};
use shared::rules::{MUZZLE_UNITS, SHIP_RADIUS};
use shared::tick::Tick;
use shared::world::World;
use tests::exchange::player::{Forge, Player};
use tests::exchange::{Exchange, Setup};
use tests::lane::Delay;
use tests::road::Traveller;
use tests::steering::{Steering, wander};

/// A target flies fast above this speed.
const FAST: f32 = 212.0;
/// The numbers that are played by.
const BOOK: RuleBook = RuleBook::STANDARD;

const fn way(delay_ms: f64, jitter_ms: f64) -> Way {
    Way { delay_ms, jitter_ms, bits_per_s: None, buffer_bytes: 256 * 1024 }
}

const NEAR: LinkProfile = LinkProfile { name: "near", down: way(0.0, 0.0), up: way(0.0, 0.0), losses: None };
/// Round trips of 90 to 150 ms.
const RTT_120: LinkProfile =
    LinkProfile { name: "120", down: way(45.0, 30.0), up: way(45.0, 30.0), losses: None };
/// Round trips of 160 to 240 ms, and the bursts of `wifi`: segments are lost, sent again after 400 ms, and what came
/// behind them arrives all at once.
const RTT_200: LinkProfile =
    LinkProfile { name: "200", down: way(80.0, 40.0), up: way(80.0, 40.0), losses: WIFI.losses };

/// Flies from side to side, 200 units above the middle, so that it crosses the view below it at full speed.
fn shuttle() -> Steering {
    let mut to_right = true;
    Box::new(move |view, _| {
        let Some(own) = view.own else { return Controls::default() };
        to_right = if own.position.x.abs() > 700.0 { own.position.x < 0.0 } else { to_right };
        let upwards = ((-200.0 - own.position.y) * 0.02 - own.velocity.y * 0.02).clamp(-0.4, 0.4);
        let across = if to_right { 1.0 } else { -1.0 };
        Controls { thrust: Vec2::new(across, upwards), ..Controls::default() }
    })
}

/// Rests in the middle and gives each fast target that is well in view what `act` says.
fn post(mut act: impl FnMut(&View, Vec2, Vec2, f64) -> Controls + Send + 'static) -> Steering {
    Box::new(move |view, now_ms| {
        let Some(own) = view.own else { return Controls::default() };
        let goal = -own.position * 0.02 - own.velocity * 0.02;
        let ready = own.position.length() < 12.0 && own.velocity.length() < 5.0;
        let target = view.ships.iter().find(|s| {
            let inside = s.position.x.abs() < 200.0 && (s.position.y + 200.0).abs() < 12.0;
            ready && inside && !s.guarded && s.velocity.x.abs() > FAST
        });
        let controls = target.map(|s| act(view, s.position - own.position, s.velocity, now_ms));
        Controls { thrust: goal.clamp_length_max(1.0), ..controls.unwrap_or_default() }
    })
}

/// Fires the rail right at what is drawn.
fn rail_at_sight() -> Steering {
    post(|_, way, _, _| Controls { aim: Angle::of(way), rail: true, ..Controls::default() })
}

/// Fires single shots of the blaster ahead of what is drawn, just where shot and target meet if it flies on. Between two
/// shots it waits, so that none flies at a target that the one before has shot down.
fn blaster_with_lead() -> Steering {
    let mut next_ms = 0.0;
    post(move |_, way, velocity, now_ms| {
        let mut flight_s = 0.0;
        for _ in 0..12 {
            flight_s = ((way + velocity * flight_s).length() - MUZZLE_UNITS) / BOOK.blaster.speed;
        }
        let fire = now_ms >= next_ms;
        if fire {
            next_ms = now_ms + 1_500.0;
        }
        Controls { aim: Angle::of(way + velocity * flight_s), fire, ..Controls::default() }
    })
}

#[expect(clippy::print_stdout, reason = "the figures are to be read: run with --no-capture")]
fn figure(line: &str) {
    println!("{line}");
}

/// What came of the shooting.
#[derive(Debug, Default)]
struct Outcome {
    fired: u32,
    hits: u32,
    /// The longest way back that counted, in milliseconds.
    rewind_ms: f32,
}

impl Outcome {
    fn rate(&self) -> f32 {
        self.hits as f32 / self.fired.max(1) as f32
    }
}

/// Hull points that a player lost in this life; all of them while dead.
fn lost_points(world: &World, id: PlayerId) -> u32 {
    let deaths = world.pilot(id).map_or(0, |p| u32::from(p.deaths));
    let left = world.ship(id).filter(|s| s.alive()).map_or(0, |s| u32::from(s.hull_points));
    let alive = world.ship(id).is_some_and(|s| s.respawn_ticks == 0);
    deaths * 100 + if alive { 100 - left } else { 0 }
}

fn open_match(cap_ms: u32) -> Exchange {
    let mut setup = Setup::on("open");
    setup.settings.max_players = Some(64);
    setup.settings.duration_s = Some(80_000);
    setup.settings.lag_compensation_ms = Some(cap_ms);
    Exchange::new(setup).unwrap()
}

/// Lets somebody behind `profile` shoot at the shuttle for so many seconds.
fn shoot(profile: &LinkProfile, cap_ms: u32, steering: Steering, seconds: u32) -> Outcome {
    let mut exchange = open_match(cap_ms);
    let target = exchange.player("Target", Delay::default(), shuttle()).unwrap();
    let target = exchange.players[target].id;
    let mut shooter = Traveller::join(&mut exchange, profile, 11, steering).unwrap();
    watch(&mut exchange, &mut shooter, target, seconds)
}

fn watch(exchange: &mut Exchange, shooter: &mut Traveller, target: PlayerId, seconds: u32) -> Outcome {
    let mut outcome = Outcome::default();
    let id = shooter.player.id;
    let mut before = lost_points(exchange.game.world(), target);
    for tick in 0..seconds * 30 {
        exchange.tick();
        let now_ms = exchange.now_ms();
        shooter.live(now_ms, now_ms + 1000.0 / 30.0);
        let world = exchange.game.world();
        let rules = shared::rules::Rules::new(shared::tick::TickRate::DEFAULT, 1000);
        let after = lost_points(world, target);
        let ship = world.ship(id).unwrap();
        // The first seconds are for the clocks.
        if tick > 150 {
            let fired = ship.second_wait_ticks == rules.second_every(Weapon::Rail, false)
                || ship.fire_wait_ticks == rules.fire_every_ticks;
            outcome.fired += u32::from(fired);
            outcome.hits += u32::from(after > before);
            if fired {
                outcome.rewind_ms = outcome.rewind_ms.max(ship.rewind.ticks() * rules.dt * 1000.0);
            }
        }
        before = after;
    }
    assert_eq!(shooter.player.complaint, None);
    outcome
}

#[test]
fn the_rail_hits_what_is_drawn() {
    for (profile, cap_ms) in [(&NEAR, 300), (&RTT_120, 300), (&RTT_200, 450)] {
        let with = shoot(profile, cap_ms, rail_at_sight(), 1500);
        figure(&format!("rail, RTT {}, cap {cap_ms} ms: {with:?}, {:.3}", profile.name, with.rate()));
        assert!(with.fired >= 100, "{}: only {} shots", profile.name, with.fired);
        assert!(with.rate() >= 0.95, "{}: {with:?}", profile.name);
        assert!(with.rewind_ms <= cap_ms as f32 + 0.1);
    }
    for profile in [&RTT_120, &RTT_200] {
        let without = shoot(profile, 0, rail_at_sight(), 900);
        figure(&format!("rail, RTT {}, off: {without:?}, {:.3}", profile.name, without.rate()));
        assert!(without.fired >= 100 && without.rate() < 0.1, "{}: {without:?}", profile.name);
    }
}

#[test]
fn blaster_shots_with_the_right_lead_hit_as_on_the_spot() {
    let near = shoot(&NEAR, 300, blaster_with_lead(), 1500);
    figure(&format!("blaster, RTT 0: {near:?}, {:.3}", near.rate()));
    assert!(near.fired > 100 && near.rate() > 0.8, "{near:?}");
    for (profile, cap_ms) in [(&RTT_120, 300), (&RTT_200, 450)] {
        let far = shoot(profile, cap_ms, blaster_with_lead(), 1500);
        figure(&format!("blaster, RTT {}, cap {cap_ms} ms: {far:?}, {:.3}", profile.name, far.rate()));
        assert!(far.fired > 100 && (far.rate() - near.rate()).abs() <= 0.05, "{}: {far:?}", profile.name);
    }
}

/// Aims where the target was drawn `ms` ago.
fn rail_at_the_past(ms: f64) -> Steering {
    let mut seen: VecDeque<(f64, Vec2)> = VecDeque::new();
    post(move |_, way, _, now_ms| {
        seen.push_back((now_ms, way));
        while seen.len() > 1 && seen[1].0 <= now_ms - ms {
            seen.pop_front();
        }
        let old = now_ms - seen[0].0;
        Controls { aim: Angle::of(seen[0].1), rail: old >= ms && old < ms + 50.0, ..Controls::default() }
    })
}

/// As [`shoot`] with the longest cap and a client that changes its messages.
fn lie(forge: Forge, past_ms: f64) -> Outcome {
    let mut exchange = open_match(500);
    let target = exchange.player("Target", Delay::default(), shuttle()).unwrap();
    let target = exchange.players[target].id;
    let mut liar = Traveller::join(&mut exchange, &NEAR, 11, rail_at_the_past(past_ms)).unwrap();
    liar.player.forge = Some(forge);
    watch(&mut exchange, &mut liar, target, 900)
}

#[test]
fn who_lies_about_the_view_gains_nothing() {
    let honest = lie(|_| (), 0.0);
    figure(&format!("honest, RTT 0: {honest:?}, {:.3}", honest.rate()));
    assert!(honest.rate() >= 0.95, "{honest:?}");
    let lies: [(&str, Forge); 4] = [
        ("a picture of long ago", |m| m.view_lag = u16::MAX),
        ("300 ms older", |m| m.view_lag += 72),
        ("an old acknowledgement now and then", |m| {
            if m.first.0.is_multiple_of(3) {
                m.ack = Tick(m.ack.0.saturating_sub(9));
            }
        }),
        ("both", |m| {
            m.view_lag += 72;
            if m.first.0.is_multiple_of(2) {
                m.ack = Tick(1);
            }
        }),
    ];
    for (name, forge) in lies {
        let liar = lie(forge, 300.0);
        figure(&format!("{name}: {liar:?}, {:.3}", liar.rate()));
        assert!(liar.fired >= 40 && liar.rate() < 0.05, "{name}: {liar:?}");
        // An honest client on this link looks up to 165 ms back.
        assert!(liar.rewind_ms <= 300.0, "{name}: {liar:?}");
    }
    let future = lie(|m| m.ack = Tick(u32::MAX), 0.0);
    figure(&format!("news of the future: {future:?}, {:.3}", future.rate()));
    assert!(future.rate() <= honest.rate());
}

/// How a player was hit: the longest time since there was a wall between it and the shooter, and since it was where the
/// beam went, in ticks.
#[derive(Debug, Default)]
struct Fairness {
    hits: u32,
    behind_a_wall: u32,
    covered_ticks: u32,
    ago_ticks: u32,
}

struct Victim {
    id: PlayerId,
    covered_ticks: u32,
    places: VecDeque<Vec2>,
    lost: u32,
}

impl Victim {
    /// Notes the tick that has just been made; the hit of the shooter's rail, if there was one.
    fn note(&mut self, (world, arena): (&World, &Arena), shooter: PlayerId, fairness: &mut Fairness) {
        let (Some(ship), Some(from)) = (world.ship(self.id), world.ship(shooter)) else { return };
        let lost = lost_points(world, self.id);
        let rules = shared::rules::Rules::new(shared::tick::TickRate::DEFAULT, 1000);
        self.places.push_front(ship.motion.position);
        self.places.truncate(40);
        let muzzle = from.motion.position;
        let covered = swept_walls(arena, muzzle, ship.motion.position).is_some();
        self.covered_ticks = if covered { self.covered_ticks + 1 } else { 0 };
        let by_rail = lost >= self.lost + BOOK.rail.damage as u32
            && from.second_wait_ticks == rules.second_every(Weapon::Rail, false)
            && from.input.buttons.has(Buttons::RAIL);
        self.lost = lost;
        if by_rail {
            let end = muzzle + from.input.aim.direction() * BOOK.rail.range;
            let reach = SHIP_RADIUS + BOOK.rail.radius + 0.5;
            let mut way = self.places.iter().zip(self.places.iter().skip(1));
            // Between two ticks it was on the straight way.
            let met = way.position(|(a, b)| {
                (0..=8).any(|i| swept_circle(muzzle, end, a.lerp(*b, i as f32 / 8.0), reach).is_some())
            });
            fairness.hits += 1;
            fairness.behind_a_wall += u32::from(self.covered_ticks > 0);
            fairness.covered_ticks = fairness.covered_ticks.max(self.covered_ticks);
            fairness.ago_ticks = fairness.ago_ticks.max(met.map_or(u32::MAX, |ticks| ticks as u32));
        }
    }
}

/// Hunts the nearest ship and fires the rail at it whenever it is drawn without a shield.
fn railer() -> Steering {
    Box::new(move |view, _| {
        let place = view.own.map_or(view.camera, |own| own.position);
        let near = |a: &Vec2, b: &Vec2| a.length_squared().total_cmp(&b.length_squared());
        let ways = view.ships.iter().filter(|s| !s.guarded).map(|s| s.position - place);
        let Some(way) = ways.min_by(near) else { return Controls::default() };
        Controls { aim: Angle::of(way), rail: true, ..Controls::default() }
    })
}

#[test]
fn nobody_is_hit_long_after_reaching_cover() {
    for (profile, cap_ms) in [(&RTT_120, 300), (&RTT_200, 450), (&RTT_200, 500)] {
        let mut setup = Setup::on("lattice");
        setup.settings.duration_s = Some(80_000);
        setup.settings.lag_compensation_ms = Some(cap_ms);
        let mut exchange = Exchange::new(setup).unwrap();
        for i in 0..8 {
            exchange.player("Victim", Delay::default(), wander(i)).unwrap();
        }
        let mut shooter = Traveller::join(&mut exchange, profile, 5, railer()).unwrap();
        let victim = |p: &Player| Victim { id: p.id, covered_ticks: 0, places: VecDeque::new(), lost: 0 };
        let mut victims: Vec<Victim> = exchange.players.iter().map(victim).collect();
        let arena = exchange.beginning().1.arena;
        let mut fairness = Fairness::default();
        for _ in 0..600 * 30 {
            exchange.tick();
            let now_ms = exchange.now_ms();
            shooter.live(now_ms, now_ms + 1000.0 / 30.0);
            for victim in &mut victims {
                victim.note((exchange.game.world(), &arena), shooter.player.id, &mut fairness);
            }
        }
        figure(&format!("RTT {}, cap {cap_ms} ms: {fairness:?}", profile.name));
        let ticks = |ms: u32| (ms * 30).div_ceil(1000);
        assert!(fairness.hits > 30, "{fairness:?}");
        assert!(fairness.covered_ticks <= ticks(cap_ms + 100), "{fairness:?}");
        assert!(fairness.ago_ticks <= ticks(cap_ms), "{fairness:?}");
    }
}
