//! When a match ends, and for whom: when nobody plays on after the results, when its host ends it, when the server stops.
//! A part of `tick`. Everybody is told on every way; the journal goes, or is left for the next process.

use std::time::Duration;

use shared::command::Command;
use shared::protocol::CloseReason;
use shared::world::Phase;

use super::Match;

impl Match {
    /// What follows when results were shown, when the match is over, and when the server stops.
    pub(super) fn move_on(&mut self, now: Duration) {
        let round = self.world.round;
        let again = self.standing || !self.roster.is_empty();
        // The countdown takes the last seconds of the results, so that the pause between rounds stays what it is.
        let soon = round.phase == Phase::Results && round.ticks_left <= self.countdown_ticks();
        if soon && again && !self.commands.iter().any(|c| matches!(c, Command::CountDown { .. })) {
            self.count_down();
        } else if soon && !again && round.ticks_left == 0 {
            self.commands.push(Command::EndMatch);
        }
        self.end_long_pause(now);
        let empty = self.roster.is_empty();
        let played_out = self.playground.as_mut().is_some_and(|p| p.is_over(empty, now));
        if self.going_away {
            self.end(CloseReason::GoingAway, now);
        } else if played_out || round.phase == Phase::Ended {
            self.end(CloseReason::MatchEnded, now);
        }
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
