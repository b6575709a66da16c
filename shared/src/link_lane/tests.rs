//! What a lane promises, for every kind of network: all bytes, in order, in time, within its rate and its buffer.
//! Most tests send what the game sends: something small thirty times a second.

use proptest::prelude::*;

use super::*;
use crate::link_profile::{BAD_WIFI, CLEAN, LINK_PROFILES, Losses, MOBILE, THROTTLED_16KBIT};

const TICK_MS: f64 = 100.0 / 3.0;

/// Sends `bytes` every tick and takes out what has arrived every millisecond: the send and arrival time of each message.
fn run(profile: &LinkProfile, seed: u64, ticks: u32, bytes: usize) -> Vec<(f64, f64)> {
    let mut lane = Lane::new(profile, Direction::Down, seed);
    let (mut sent, mut arrivals, mut got) = (Vec::new(), Vec::new(), Vec::new());
    let mut ms = 0.0;
    while arrivals.len() < ticks as usize {
        if sent.len() < ticks as usize && ms >= sent.len() as f64 * TICK_MS {
            assert_eq!(lane.push(&vec![sent.len() as u8; bytes], ms), bytes);
            sent.push(ms);
        }
        lane.pop(ms, &mut got);
        while got.len() >= (arrivals.len() + 1) * bytes {
            assert!(got[arrivals.len() * bytes..][..bytes].iter().all(|b| *b == arrivals.len() as u8));
            arrivals.push(ms);
        }
        ms += 1.0;
    }
    sent.into_iter().zip(arrivals).collect()
}

fn delays(trace: &[(f64, f64)]) -> Vec<f64> {
    trace.iter().map(|(sent, arrived)| arrived - sent).collect()
}

#[test]
fn clean_adds_nothing() {
    let mut lane = Lane::new(&CLEAN, Direction::Up, 1);
    for ms in 0..100 {
        let mut out = Vec::new();
        assert_eq!(lane.push(&[7; 5000], f64::from(ms)), 5000);
        assert_eq!(lane.next_ms(), Some(f64::from(ms)));
        assert_eq!((lane.pop(f64::from(ms), &mut out), out.len(), lane.is_empty()), (5000, 5000, true));
    }
    assert_eq!(lane.next_ms(), None);
}

#[test]
fn a_change_of_kind_loses_nothing_and_lets_nothing_overtake() {
    let mut lane = Lane::new(&MOBILE, Direction::Down, 3);
    lane.push(b"slow", 0.0);
    let slow_ms = lane.next_ms().unwrap();
    lane.change(&CLEAN, Direction::Down, 3);
    lane.push(b"fast", 1.0);
    let mut out = Vec::new();
    assert_eq!(lane.pop(slow_ms - 0.1, &mut out), 0);
    assert_eq!(lane.pop(slow_ms, &mut out), 8);
    assert_eq!(out, b"slowfast");
    lane.push(b"x", 500.0);
    assert_eq!(lane.next_ms(), Some(500.0));
}

#[test]
fn the_same_seed_gives_the_same_trace() {
    for profile in &LINK_PROFILES[1..] {
        assert_eq!(run(profile, 4, 900, 60), run(profile, 4, 900, 60));
        assert_ne!(run(profile, 4, 900, 60), run(profile, 5, 900, 60), "{}", profile.name);
    }
}

#[test]
fn delays_stay_in_their_bounds_without_losses() {
    for profile in LINK_PROFILES.map(|p| LinkProfile { losses: None, ..p }) {
        let way = profile.down;
        let delays = delays(&run(&profile, 2, 900, 40));
        let line_ms = way.bits_per_s.map_or(0.0, |bits| 40.0 * 8000.0 / f64::from(bits));
        // A slow line holds some of what jitter pushed together, and the look is a millisecond apart.
        let most = way.delay_ms + way.jitter_ms + line_ms * 2.0 + 1.0;
        assert!(delays.iter().all(|ms| (way.delay_ms..=most).contains(ms)), "{}: {delays:?}", profile.name);
        let mean = delays.iter().sum::<f64>() / delays.len() as f64;
        assert!(mean < way.delay_ms + way.jitter_ms / 2.0 + line_ms * 1.5 + 1.0, "{}: {mean}", profile.name);
    }
}

#[test]
fn a_loss_stalls_a_thin_stream_for_the_timer_and_a_dense_one_for_a_round_trip() {
    let always = Losses { good_ms: 1e12, bad_ms: 1.0, good_loss: 0.02, bad_loss: 0.02 };
    let profile = LinkProfile { losses: Some(always), ..MOBILE };
    let rtt = profile.round_trip_ms();
    let shortest_stall = |every_ms: f64| {
        let mut lane = Lane::new(&profile, Direction::Down, 8);
        let stalls = (0..2000).map(|i| lane.stall_ms(0, f64::from(i) * every_ms));
        let lost: Vec<f64> = stalls.filter(|ms| *ms > 0.0).collect();
        assert!((20..70).contains(&lost.len()), "{} of 2,000", lost.len());
        lost.into_iter().fold(f64::MAX, f64::min)
    };
    let stalls = (shortest_stall(TICK_MS * 2.0), shortest_stall(10.0));
    assert_eq!(stalls, (rtt + TIMER_MS, rtt + 30.0));
}

#[test]
fn losses_come_in_bursts_and_hold_up_what_is_behind() {
    for profile in [BAD_WIFI, MOBILE] {
        let trace = run(&profile, 11, 9000, 120);
        let late = delays(&trace).iter().filter(|ms| **ms > 250.0).count();
        assert!((20..1500).contains(&late), "{}: {late} of 9,000 are late", profile.name);
        // Those behind a lost one arrive with it: many share their moment of arrival.
        let together = trace.windows(4).filter(|w| w[3].1 - w[0].1 < 2.0).count();
        assert!(together > 20, "{}: {together}", profile.name);
        assert!(delays(&trace).iter().all(|ms| *ms < 6000.0));
    }
}

#[test]
fn a_full_lane_takes_no_more_and_goes_on_when_there_is_room() {
    let mut lane = Lane::new(&THROTTLED_16KBIT, Direction::Down, 1);
    let most = THROTTLED_16KBIT.down.buffer_bytes;
    assert_eq!(lane.push(&vec![1; most + 900], 0.0), most);
    assert_eq!((lane.room(), lane.push(&[2; 9], 1.0)), (0, 0));
    let mut out = Vec::new();
    let arrived = lane.pop(1000.0, &mut out);
    assert!((1448..=2000).contains(&arrived), "{arrived}");
    assert_eq!((lane.room(), lane.push(&vec![2; most], 1000.0)), (arrived, arrived));
    lane.pop(60_000.0, &mut out);
    assert_eq!(out.len(), most + arrived);
    assert!(out.is_sorted() && lane.is_empty());
}

#[test]
fn bytes_can_be_looked_at_and_taken_in_parts() {
    let mut lane = Lane::new(&CLEAN, Direction::Up, 1);
    lane.push(b"abc", 1.0);
    lane.push(b"def", 2.0);
    assert_eq!(lane.arrived(0.5), b"");
    assert_eq!(lane.arrived(1.0), b"abc");
    lane.consume(2);
    assert_eq!(lane.arrived(1.5), b"c");
    assert_eq!((lane.next_ms(), lane.arrived(2.0)), (Some(1.0), &b"cdef"[..]));
    lane.consume(1);
    assert_eq!((lane.next_ms(), lane.arrived(1.5)), (Some(2.0), &b""[..]));
}

proptest! {
    /// Whatever is sent, however it is taken, under any kind of network.
    #[test]
    fn bytes_come_out_whole_and_in_order(
        kind in 0..LINK_PROFILES.len(),
        seed in any::<u64>(),
        pushes in prop::collection::vec((0..6000_usize, 0.0..90.0_f64, any::<bool>()), 1..60),
    ) {
        let mut lane = Lane::new(&LINK_PROFILES[kind], Direction::Down, seed);
        let (mut now_ms, mut next, mut out) = (0.0, 0_usize, Vec::new());
        for (bytes, pause_ms, partly) in pushes {
            now_ms += pause_ms;
            let message: Vec<u8> = (next..next + bytes).map(|i| (i % 251) as u8).collect();
            let room = lane.room();
            let taken = lane.push(&message, now_ms);
            prop_assert_eq!(taken, bytes.min(room));
            next += taken;
            if partly {
                let some = lane.arrived(now_ms).len() / 2;
                out.extend_from_slice(&lane.arrived(now_ms)[..some]);
                lane.consume(some);
            } else {
                lane.pop(now_ms, &mut out);
                prop_assert!(lane.next_ms().is_none_or(|due| due > now_ms));
            }
        }
        lane.pop(now_ms + 100_000.0, &mut out);
        prop_assert_eq!(out.len(), next);
        prop_assert!(out.iter().enumerate().all(|(i, byte)| *byte == (i % 251) as u8));
        prop_assert!(lane.is_empty() && lane.next_ms().is_none());
    }

    /// No second brings more than the cap and the segment that it ends.
    #[test]
    fn the_cap_holds_over_any_second(
        seed in any::<u64>(),
        bits_per_s in 8_000..400_000_u32,
        pushes in prop::collection::vec((0..3000_usize, 0.0..60.0_f64), 100..300),
    ) {
        let mut profile = BAD_WIFI;
        profile.down.bits_per_s = Some(bits_per_s);
        let mut lane = Lane::new(&profile, Direction::Down, seed);
        let (mut ms, mut send_ms, mut arrivals) = (0.0, 0.0, Vec::new());
        let mut pushes = pushes.into_iter();
        let mut out = Vec::new();
        while ms < 8000.0 {
            while send_ms <= ms && let Some((bytes, pause_ms)) = pushes.next() {
                lane.push(&vec![0; bytes], ms);
                send_ms += pause_ms;
            }
            arrivals.push(lane.pop(ms, &mut out));
            ms += 10.0;
        }
        let most = bits_per_s as usize / 8 + SEGMENT_BYTES;
        for second in arrivals.windows(100) {
            prop_assert!(second.iter().sum::<usize>() <= most);
        }
    }
}
