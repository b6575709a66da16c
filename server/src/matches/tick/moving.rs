//! How a player's link changes without a gap: the newer one is tried out beside the older. A part of `tick`; the roster
//! holds the links, and the world only hears of a player who was in limbo and is back.

use std::time::Duration;

use shared::command::Command;
use shared::id::PlayerId;

use super::Match;
use crate::link::Arrival;

impl Match {
    /// The link as it comes to this match: behind the network of a playground.
    pub(super) fn take_in(&self, player: PlayerId, arrival: Arrival, now: Duration) -> Arrival {
        match &self.playground {
            Some(playground) => playground.take_in(arrival, self.seed ^ u64::from(player.0), now),
            None => arrival,
        }
    }

    /// A link for a seat.
    pub(super) fn attach(&mut self, player: PlayerId, arrival: Arrival, now: Duration) {
        let arrival = self.take_in(player, arrival, now);
        if self.roster.attach(player, arrival, (self.settings.tick_hz, &self.timing), now) {
            self.commands.push(Command::Return { player });
        }
        self.tell_heir(player);
    }

    /// A spare link for a seat.
    pub(super) fn try_out(&mut self, player: PlayerId, arrival: Arrival, now: Duration) {
        let arrival = self.take_in(player, arrival, now);
        if self.roster.try_out(player, arrival, (self.settings.tick_hz, &self.timing), now) {
            self.commands.push(Command::Return { player });
        }
    }

    /// Spares that have answered become their seats' links.
    pub(super) fn settle_spares(&mut self, now: Duration) {
        let back = self.roster.settle_spares((self.settings.tick_hz, &self.timing), now);
        self.commands.extend(back.into_iter().map(|player| Command::Return { player }));
    }
}
