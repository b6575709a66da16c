//! The last message on a player's link: why it ends and when to come back.
//! Pauses differ between players, so that a crowd does not return in one instant.

use shared::codec::encode;
use shared::id::PlayerId;
use shared::protocol::{Bye, CloseReason, ServerMessage};

use crate::link::frame::{Opcode, write_frame};

/// Shortest and longest pause before coming back, in milliseconds.
const RETRY_MS: (u32, u32) = (250, 2000);

/// The pause that `player` is told: spread evenly over the range by the player's number.
pub fn retry_ms(player: PlayerId, reason: CloseReason) -> u32 {
    if !reason.come_back() {
        return 0;
    }
    // Fibonacci hashing (Knuth, volume 3, 6.4): neighbours land far apart.
    let spread = u32::from(player.0).wrapping_mul(2_654_435_769) >> 16;
    RETRY_MS.0 + spread * (RETRY_MS.1 - RETRY_MS.0) / 65_536
}

/// The frame that tells `player` why the link ends.
pub fn frame(player: PlayerId, reason: CloseReason) -> Vec<u8> {
    let bye =
        Bye { code: reason.code(), reason: reason.word().to_owned(), retry_ms: retry_ms(player, reason) };
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
        let pauses: Vec<u32> = (0..1000).map(|i| retry_ms(PlayerId(i), CloseReason::GoingAway)).collect();
        for slot in 0..7 {
            let (low, high) = (250 + slot * 250, 500 + slot * 250);
            let inside = pauses.iter().filter(|p| (low..high).contains(*p)).count();
            assert!((100..190).contains(&inside), "{low} ms: {inside}");
        }
        assert_eq!(retry_ms(PlayerId(1), CloseReason::MatchEnded), 0);
    }
}
