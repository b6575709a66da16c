//! The last message on a player's link: why it ends and when to come back.
//! Pauses differ between players, so that a crowd does not return in one instant; when all of them are sent away, the
//! larger the crowd the longer it takes to come back.

use shared::codec::encode;
use shared::id::PlayerId;
use shared::protocol::{Bye, CloseReason, ServerMessage};

use crate::link::frame::{Opcode, write_frame};

/// Shortest and longest pause before coming back, in milliseconds.
const RETRY_MS: (u32, u32) = (250, 2000);

/// Shortest pause when the server goes away: a next process takes its matches up within that.
const AWAY_MS: u32 = 200;
/// How much longer the last of a crowd waits then: a millisecond for each, within these bounds.
const AWAY_SPREAD_MS: (u32, u32) = (300, 5000);

/// The pause that `player` is told: spread evenly over the range by the player's number. `seats` says how many are told
/// at the same time if the server goes away.
pub fn retry_ms(player: PlayerId, reason: CloseReason, seats: usize) -> u32 {
    if !reason.come_back() {
        return 0;
    }
    let (low, high) = if reason == CloseReason::GoingAway {
        (AWAY_MS, AWAY_MS + (seats as u32).clamp(AWAY_SPREAD_MS.0, AWAY_SPREAD_MS.1))
    } else {
        RETRY_MS
    };
    // Fibonacci hashing (Knuth, volume 3, 6.4): neighbours land far apart.
    let spread = u32::from(player.0).wrapping_mul(2_654_435_769) >> 16;
    low + spread * (high - low) / 65_536
}

/// The frame that tells `player` why the link ends, with `words` of whoever ended it if there are any.
pub fn frame(player: PlayerId, reason: CloseReason, seats: usize, words: String) -> Vec<u8> {
    let retry_ms = retry_ms(player, reason, seats);
    let bye = Bye { code: reason.code(), reason: reason.word().to_owned(), retry_ms, words };
    let mut frame = Vec::new();
    if let Ok(message) = encode(&ServerMessage::Bye(bye)) {
        write_frame(&mut frame, Opcode::Binary, &message);
    }
    frame
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crowd_comes_back_spread_out() {
        let pauses: Vec<u32> = (0..1000).map(|i| retry_ms(PlayerId(i), CloseReason::Slow, 1)).collect();
        for slot in 0..7 {
            let (low, high) = (250 + slot * 250, 500 + slot * 250);
            let inside = pauses.iter().filter(|p| (low..high).contains(*p)).count();
            assert!((100..190).contains(&inside), "{low} ms: {inside}");
        }
        assert_eq!(retry_ms(PlayerId(1), CloseReason::MatchEnded, 1), 0);
        for (seats, last) in [(1, 500), (25, 500), (2000, 2200), (65_000, 5200)] {
            let away = |i| retry_ms(PlayerId(i), CloseReason::GoingAway, seats);
            let slowest = (0..2000).map(away).max().unwrap();
            assert!((last - 5..last).contains(&slowest), "{seats}: {slowest}");
        }
    }
}
