//! What made-up players hold: at random, or at whoever is near. Always the same for the same seed.
//! It sees what a player sees and nothing else.

use client_web::client::Controls;
use client_web::view::View;
use glam::Vec2;
use shared::angle::Angle;
use shared::random::Random;
use shared::rule_book::RuleBook;

/// Somebody who steers: gets the last picture and the time in milliseconds, and says what is held.
pub type Steering = Box<dyn FnMut(&View, f64) -> Controls + Send>;

/// Nothing is held.
pub fn idle() -> Steering {
    Box::new(|_, _| Controls::default())
}

/// The same is held all the time.
pub fn hold(controls: Controls) -> Steering {
    Box::new(move |_, _| controls)
}

/// As the workload `arena-30` flies: another course every half second, a wandering aim, fire every other second, and
/// a dash now and then.
pub fn wander(seed: u64) -> Steering {
    let mut random = Random::new(seed);
    let (mut thrust, mut aim, mut half, mut dash_ms) = (Vec2::ZERO, Angle(0), -1, 500.0);
    Box::new(move |_, now_ms| {
        let half_seconds = (now_ms / 500.0) as i64;
        if half_seconds != half {
            half = half_seconds;
            thrust =
                Angle(random.next_u32() as u16).direction() * if random.below(8) == 0 { 0.0 } else { 1.0 };
        }
        aim = aim.turned(random.below(2400) as i32 - 1200);
        let dash = now_ms >= dash_ms;
        if dash {
            dash_ms = now_ms + f64::from(200 + random.below(3000));
        }
        Controls { thrust, aim, fire: (now_ms / 1000.0) as i64 % 2 == 0, rail: false, dash }
    })
}

/// Flies to the nearest ship in view, aims ahead of it and fires; with nobody in view,
/// round the middle, so that it comes by every corner of a small arena.
pub fn hunt() -> Steering {
    pursue(true)
}

/// As [`hunt`], but without a shot.
pub fn shadow() -> Steering {
    pursue(false)
}

fn pursue(fire: bool) -> Steering {
    Box::new(move |view, now_ms| {
        let place = view.own.map_or(view.camera, |own| own.position);
        let near = |a: &Vec2, b: &Vec2| a.distance_squared(place).total_cmp(&b.distance_squared(place));
        let ahead =
            |way: Vec2, velocity: Vec2| way + velocity * (way.length() / RuleBook::STANDARD.blaster.speed);
        let goals = view.ships.iter().map(|s| place + ahead(s.position - place, s.velocity));
        let Some(goal) = goals.min_by(near) else {
            let post = Angle::from_radians(now_ms as f32 / 2000.0).direction() * 300.0;
            let thrust = (post - place).clamp_length_max(1.0);
            return Controls { thrust, aim: Angle::of(thrust), ..Controls::default() };
        };
        let way = goal - place;
        let thrust = if way.length() > 200.0 { way.normalize_or_zero() } else { Vec2::ZERO };
        Controls { thrust, aim: Angle::of(way), fire, rail: false, dash: false }
    })
}
