//! When a match ends, and for whom: when nobody plays on after the results, when its host ends it, when the server stops.
//! A part of `tick`. Everybody is told on every way; the journal goes, or is left for the next process.

use std::time::Duration;

use shared::command::Command;
use shared::id::PlayerId;
use shared::protocol::CloseReason;
use shared::world::Phase;

use super::Match;

impl Match {
    /// Removes a player for `reason`; false if they have no seat.
    pub(super) fn remove(&mut self, player: PlayerId, reason: CloseReason, now: Duration) -> bool {
        let sits = self.roster.has(player);
        if sits {
            self.end_link(player, reason, now);
        }
        sits
    }

    /// What follows when results were shown, when the match is over, and when the server stops.
    pub(super) fn move_on(&mut self, now: Duration) {
        let round = self.world.round;
        if round.phase == Phase::Results && round.ticks_left == 0 {
            let again = self.standing || !self.roster.is_empty();
            self.commands.push(if again { Command::StartRound } else { Command::EndMatch });
        }
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
