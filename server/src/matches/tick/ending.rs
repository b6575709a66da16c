//! When a match ends, and for whom: when nobody plays on after the results, when its host ends it, when the server stops.
//! A part of `tick`. Everybody is told on every way; the journal goes, or is left for the next process.

use std::time::Duration;

use shared::command::Command;
use shared::protocol::CloseReason;
use shared::world::Phase;

use super::Match;

/// Seat numbers behind which a match begins no other round. A number is never given twice and there are 65,534, so the
/// rest is for whoever comes while the last round is played out.
const LAST_ROUND_FROM: u16 = 50_000;

impl Match {
    /// What follows when results were shown, when the match is over, and when the server stops.
    pub(super) fn move_on(&mut self, now: Duration) {
        let round = self.world.round;
        let again = (self.standing || !self.roster.is_empty()) && !self.is_worn();
        // The countdown takes the last seconds of the results, so that the pause between rounds stays what it is.
        let soon = round.phase == Phase::Results && round.ticks_left <= self.countdown_ticks();
        if soon && again {
            self.count_down();
        } else if soon && round.ticks_left == 0 {
            self.commands.push(Command::EndMatch);
        } else if self.is_worn() && self.may_sleep() {
            // Asleep it would never come to the end of its round.
            self.commands.push(Command::EndMatch);
        }
        self.end_long_pause(now);
        let empty = self.roster.is_empty();
        let played_out = self.playground.as_mut().is_some_and(|p| p.is_over(empty, now));
        if self.going_away || self.leaves_map() {
            self.end(CloseReason::GoingAway, now);
        } else if played_out || round.phase == Phase::Ended {
            self.end(CloseReason::MatchEnded, now);
        }
    }

    /// Whether so many had a seat that another round might run out of numbers. The lobby hosts a standing match afresh.
    fn is_worn(&self) -> bool {
        self.next_player >= LAST_ROUND_FROM
    }

    /// Ends the match for everybody and says so on every way.
    pub(super) fn end(&mut self, reason: CloseReason, now: Duration) {
        if self.over {
            return;
        }
        self.over = true;
        self.end_journal(reason);
        for player in self.roster.players() {
            self.roster.lose(player, reason, now, now);
            self.roster.stand(player);
        }
        let retry_ms = if reason.come_back() { self.timing.sse_retry_ms } else { 0 };
        self.publisher.end(reason, retry_ms);
        self.show_status_now(now);
    }
}
