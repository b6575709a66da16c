//! When a match sleeps, the picture of itself that it shows, and the results that it leaves behind.
//! A part of `tick`; its thread asks whether it may sleep, everybody else looks at the picture.

use std::sync::Arc;
use std::time::Duration;

use shared::protocol::CloseReason;
use shared::world::Phase;

use super::Match;
use crate::matches::status::MatchStatus;
use crate::settings::Start;
use crate::store::desk::ResultDesk;

/// Pictures of the match in a second for those who do not play.
const STATUS_HZ: u32 = 4;

impl Match {
    /// The same match, whose finished rounds go to `desk`; otherwise nobody keeps them.
    #[must_use]
    pub fn with_desk(self, desk: ResultDesk) -> Match {
        Match { rounds: self.rounds.with_desk(desk), ..self }
    }

    /// A round may have ended with the step. What happens on a playground is nobody's result.
    pub(super) fn note_round(&mut self) {
        let record = self.playground.is_none();
        self.rounds.after_step(&self.world, &self.events, (&self.id, &self.settings), record);
    }

    /// Whether nobody needs a tick: no people, no spectators, and no bots that were hosted to play.
    pub fn may_sleep(&self) -> bool {
        let watched = self.publisher.is_watched(self.world.tick);
        let resting = matches!(self.world.round.phase, Phase::Lobby | Phase::Paused);
        let on_its_own = self.settings.bots > 0 && !self.standing && !resting;
        let begun = self.world.round.number > 0 || self.settings.start == Start::Host;
        let idle = begun && self.commands.is_empty() && self.roster.is_empty() && !self.roster.has_leaving();
        idle && !watched && !on_its_own && !self.going_away
    }

    /// Looks after a sleeping match: whether it is to wake, and whether it was empty for too long.
    pub fn doze(&mut self, now: Duration) {
        self.drain_inbox(now);
        let since = *self.empty_since.get_or_insert(now);
        if !self.standing && now.saturating_sub(since) >= self.timing.empty_match {
            self.end(CloseReason::MatchEnded, now);
        }
    }

    pub(super) fn show_status(&mut self, now: Duration) {
        let every = (self.rate_hz() / STATUS_HZ).max(1);
        // A match that falls asleep leaves its last picture behind.
        if self.world.tick.0.is_multiple_of(every) || self.world.tick.0 == 1 || self.may_sleep() {
            self.show_status_now(now);
        }
    }

    pub(super) fn show_status_now(&mut self, now: Duration) {
        let watching = self.publisher.log().watching();
        // The epoch tells apart what a match was before and after a restart.
        let epoch = u64::from(self.publisher.log().epoch());
        let revision = epoch << 48 | u64::from(self.world.tick.0) << 16 | u64::from(self.next_player);
        let status = MatchStatus::new(self.id.as_str(), &self.settings, &self.world, watching, revision);
        let net = self.roster.measure(&self.player_figures, now);
        self.status.store(Arc::new(status.with_net(net).with_lock(self.hosting.locked)));
    }
}
