//! A match of four hundred: what everybody has to know of it comes in pieces that a narrow line carries beside fresh
//! snapshots, and in the end every client has the whole roster and the right score board.

use client_web::client::Controls;
use shared::angle::Angle;
use shared::link_profile::{CLEAN, LinkProfile, THROTTLED_16KBIT};
use shared::protocol::ServerMessage;
use shared::random::Random;
use shared::world::Pilot;
use tests::exchange::{Exchange, LINK_BYTES, Setup};
use tests::peer::Peer;
use tests::road::{Blind, Traveller};
use tests::steering::wander;

/// A match of `players` on the open map, half of them bots, and the others' clients.
struct Crowd {
    exchange: Exchange,
    others: Vec<Blind>,
    random: Random,
}

impl Crowd {
    fn new(players: u32) -> Crowd {
        let mut setup = Setup::on("open");
        setup.settings.max_players = Some(players);
        setup.settings.bots = Some(players / 2);
        let mut crowd =
            Crowd { exchange: Exchange::new(setup).unwrap(), others: Vec::new(), random: Random::new(3) };
        for seed in 0..players / 2 {
            let blind = Blind::join(&mut crowd.exchange, &CLEAN, u64::from(seed)).unwrap();
            crowd.others.push(blind);
        }
        crowd.exchange.host(server::matches::inbox::HostAct::AddBot).unwrap();
        crowd
    }

    /// One tick, and what everybody does until the next; returns from when to when that is.
    fn tick(&mut self) -> (f64, f64) {
        self.exchange.tick();
        let (from, period_ms) = (self.exchange.now_ms(), 1000.0 / f64::from(self.exchange.game.rate_hz()));
        for blind in &mut self.others {
            if self.random.below(10) == 0 {
                let aim = Angle(self.random.below(1 << 16) as u16);
                blind.client.control(Controls { thrust: aim.direction(), aim, fire: true, dash: false });
            }
            blind.live(from, from + period_ms).unwrap();
        }
        (from, from + period_ms)
    }
}

#[test]
fn probe() {
    for players in [200, 400] {
        let mut crowd = Crowd::new(players);
        (0..150).for_each(|_| drop(crowd.tick()));
        let mut narrow = Blind::join(&mut crowd.exchange, &THROTTLED_16KBIT, 9).unwrap();
        let mut traveller = Traveller::join(&mut crowd.exchange, &THROTTLED_16KBIT, 5, wander(5)).unwrap();
        let mut full = None;
        for i in 0..900 {
            let (from, until) = crowd.tick();
            narrow.live(from, until).unwrap();
            traveller.live(from, until);
            let n = traveller.player.client.scores().len();
            if full.is_none() && n >= crowd.exchange.game.world().pilots.len() {
                full = Some(i);
            }
        }
        let (now, last) = (crowd.exchange.now_ms(), crowd.exchange.game.world().tick.0);
        let age = |(at, tick): &(f64, u32)| (at - now + f64::from(last - tick) * 1000.0 / 30.0).round();
        let mut ages: Vec<f64> = narrow.news.iter().map(age).collect();
        eprintln!("{players}: first {:?}", &ages[..20]);
        ages.sort_by(f64::total_cmp);
        let p = |q: usize| ages[(ages.len() * q / 100).min(ages.len() - 1)];
        eprintln!("{players}: n {} p50 {} p90 {} p99 {} max {} full {full:?}", ages.len(), p(50), p(90), p(99), p(100));
        eprintln!("{:?}", crowd.exchange.game.world().pilots.iter().map(|p| u32::from(p.deaths)).sum::<u32>());
    }
}
