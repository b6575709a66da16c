//! When a match ends, and for whom: when nobody plays on after the results, when its host ends it, when the server stops.
//! A part of `tick`. Everybody is told on every way; the journal goes, or is left for the next process.

use std::time::Duration;

use shared::command::Command;
use shared::protocol::CloseReason;
use shared::world::Phase;

use super::Match;
use crate::matches::inbox::{JoinError, MatchMessage};

/// Seat numbers behind which a match begins no other round. A number is never given twice and there are 65,534, so the
/// rest is for whoever comes while the last round is played out.
const LAST_ROUND_FROM: u16 = 50_000;

/// How the match ended, kept as it was then: its world stands still, but the host and the server may still say things.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ended {
    reason: CloseReason,
    at: Duration,
    /// Whether it goes on on another map, from its journal.
    moves: bool,
}

impl Match {
    /// Whether it goes on on another map, from its journal, once it is over here.
    pub fn moves(&self) -> bool {
        self.ended.is_some_and(|ended| ended.moves)
    }

    /// Whether it is over and everybody was told.
    pub fn is_over(&self) -> bool {
        self.ended.is_some() && !self.roster.has_leaving()
    }

    /// All that a match does once it is over: its links go, and whoever comes meanwhile hears why. Those links have no
    /// longer time than the others had, so nobody can put off what comes next by coming again.
    pub(super) fn see_off(&mut self, ended: Ended, now: Duration) {
        while let Ok(message) = self.inbox.try_recv() {
            match message {
                MatchMessage::Join(_, reply) => {
                    let again = ended.reason.come_back();
                    // Whoever asked may have gone.
                    let _ = reply.send(Err(if again { JoinError::Busy } else { JoinError::Ended }));
                }
                MatchMessage::Attach(player, arrival) | MatchMessage::Spare(player, arrival) => {
                    self.roster.refuse(player, arrival, ended.reason, ended.at);
                }
                // A server that stops leaves the match to the next one.
                MatchMessage::Stop => self.ended = Some(Ended { moves: false, ..ended }),
                // Who is not answered takes the match for busy.
                _ => {}
            }
        }
        self.roster.let_go(now);
    }

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
        if self.ended.is_some() {
            return;
        }
        let moves = reason == CloseReason::GoingAway && !self.going_away;
        self.ended = Some(Ended { reason, at: now, moves });
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
