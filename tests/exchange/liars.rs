//! Clients that lie about their inputs: held back, sent too early, too often or twice, with false claims about what was
//! seen. Each lie is told in one match and left out in its twin; both must come out the same, for liar and witness.

use glam::Vec2;
use shared::angle::Angle;
use shared::input::{Buttons, ShipInput, Thrust};
use shared::protocol::{ClientMessage, InputMessage};
use shared::tick::Tick;
use tests::exchange::{Exchange, Setup};
use tests::peer::{Peer, are_gapless};

/// Where the liar and the witness are, tick by tick.
type Ways = Vec<[Vec2; 2]>;

fn held(seed: u32, buttons: Buttons) -> ShipInput {
    let thrust = Thrust::from_vector(Angle((seed / 20 * 9973) as u16).direction());
    ShipInput { thrust, aim: Angle(0), buttons }
}

fn say(peer: &mut Peer, ack: Tick, view_lag: u16, first: Tick, inputs: &[ShipInput]) {
    peer.say(&ClientMessage::Input(InputMessage::new(ack, view_lag, first, inputs)));
}

/// A match of 150 ticks in which `lie` is called after each of them with the tick just made.
fn ways(mut lie: impl FnMut(&mut Peer, Tick)) -> Ways {
    let mut setup = Setup::on("open");
    setup.settings.max_players = Some(400);
    let mut exchange = Exchange::new(setup).unwrap();
    let (liar_id, mut liar) = exchange.peer("Liar").unwrap();
    let (witness_id, mut witness) = exchange.peer("Witness").unwrap();
    exchange.ticks(3);
    liar.overhear();
    witness.hear();
    witness.take_snapshots();
    let mut ways = Vec::new();
    for _ in 0..150 {
        exchange.tick();
        liar.overhear();
        witness.hear();
        let now = exchange.game.world().tick;
        say(&mut witness, now, 0, now + 1, &[held(now.0 + 77, Buttons::default())]);
        lie(&mut liar, now);
        let place = |id| exchange.game.world().ship(id).unwrap().motion.position;
        ways.push([place(liar_id), place(witness_id)]);
    }
    assert_eq!((&liar.closed, &witness.closed), (&None, &None));
    let told = witness.take_snapshots();
    assert!(told.len() == 150 && are_gapless(&told), "the witness misses nothing");
    ways
}

/// Whoever says what is to be done in the next tick, and nothing else.
fn honest(peer: &mut Peer, now: Tick) {
    say(peer, now, 8, now + 1, &[held(now.0, Buttons::default())]);
}

fn longest_step(ways: &Ways) -> f32 {
    ways.windows(2).map(|pair| pair[0][0].distance(pair[1][0])).fold(0.0, f32::max)
}

#[test]
fn what_is_held_back_and_comes_late_counts_as_never_sent() {
    let run = |tells: bool| {
        let mut kept = Vec::new();
        ways(|peer, now| {
            if now.0 % 50 < 30 {
                honest(peer, now);
                return;
            }
            kept.push((now, held(now.0 + 9, Buttons::DASH)));
            if now.0 % 50 == 49 {
                for (now, input) in kept.drain(..).filter(|_| tells) {
                    say(peer, now, 8, now, &[input]);
                }
            }
        })
    };
    let (liar, silent) = (run(true), run(false));
    assert_eq!(liar, silent);
    assert!(longest_step(&liar) <= 220.0 / 30.0 + 0.01, "nobody jumps: {}", longest_step(&liar));
}

#[test]
fn what_is_too_far_ahead_counts_as_never_sent() {
    let far = |peer: &mut Peer, now: Tick| {
        for ahead in [26, 40, 1000, 1 << 30] {
            say(peer, now, 8, now + ahead, &[held(3, Buttons::DASH)]);
        }
        honest(peer, now);
    };
    assert_eq!(ways(far), ways(honest));
}

#[test]
fn saying_it_twice_or_otherwise_changes_nothing() {
    let dash = |now: Tick| Buttons(u8::from(now.0.is_multiple_of(40)) * Buttons::DASH.0);
    let once = |peer: &mut Peer, now: Tick| say(peer, now, 8, now + 1, &[held(now.0, dash(now))]);
    let again = |peer: &mut Peer, now: Tick| {
        once(peer, now);
        once(peer, now);
        say(peer, now, 8, now - 3, &[held(now.0 + 60, Buttons::DASH); 5]);
    };
    let (honest, liar) = (ways(once), ways(again));
    assert_eq!(honest, liar);
    assert!(longest_step(&liar) <= 640.0 / 30.0 + 0.01);
}

#[test]
fn a_quick_clock_makes_no_quick_ship() {
    // Two commands for each tick that passes: soon they are too far ahead, and the rest is refused.
    let mut next = None;
    let right = ShipInput { thrust: Thrust { x: 127, y: 0 }, ..ShipInput::default() };
    let quick = ways(|peer, now| {
        let first = next.get_or_insert(now + 1);
        say(peer, now, 8, *first, &[right; 2]);
        *first += 2;
    });
    let plain = ways(|peer, now| say(peer, now, 8, now + 1, &[right]));
    let way = |ways: &Ways| ways[149][0].x - ways[0][0].x;
    assert!(way(&quick) <= way(&plain), "{} against {}", way(&quick), way(&plain));
    assert!(longest_step(&quick) <= 220.0 / 30.0 + 0.01);
}

#[test]
fn claims_about_what_was_seen_move_no_ship() {
    let claims = |peer: &mut Peer, now: Tick| {
        let noise = now.0.wrapping_mul(2_654_435_761);
        let ack = [Tick(u32::MAX), Tick(0), Tick(noise), now][now.0 as usize % 4];
        say(peer, ack, (noise >> 16) as u16, now + 1, &[held(now.0, Buttons::default())]);
    };
    assert_eq!(ways(claims), ways(honest));
}

#[test]
fn hiding_without_pause_gains_nothing() {
    let mut exchange = Exchange::new(Setup::on("lattice")).unwrap();
    let (_, mut liar) = exchange.peer("Liar").unwrap();
    let (_, mut witness) = exchange.peer("Witness").unwrap();
    let (mut told, mut honest) = (0, 0);
    for tick in 0..600_u32 {
        exchange.tick();
        told += liar.overhear().len();
        honest += witness.hear().len();
        // It never says what it has, and owes nothing by hiding again and again.
        liar.say(&ClientMessage::Hidden(tick % 2 == 0));
    }
    assert_eq!((&liar.broken, &liar.closed), (&None, &None));
    assert!(told <= honest, "the liar got {told} messages, the other {honest}");
    assert!(are_gapless(&witness.take_snapshots()));
}
