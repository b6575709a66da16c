//! Who is in the match, what to call them, and how they stand: the welcome's list kept true by events.
//! Spectators fill the same list from the feed. It knows names and numbers, no ships.

use std::collections::BTreeMap;

use shared::id::PlayerId;
use shared::protocol::PlayerEvent;
use shared::world::{Hull, Phase, Pilot};

use crate::view::Score;

/// Everybody in the match.
#[derive(Clone, Debug, Default)]
pub struct Roster {
    seats: BTreeMap<PlayerId, Score>,
}

impl Roster {
    /// The roster that a welcome lists.
    pub fn of_pilots(pilots: &[Pilot]) -> Roster {
        let score = |p: &Pilot| Score {
            id: p.id,
            name: p.name.as_str().to_owned(),
            hull: p.hull,
            bot: p.bot,
            limbo: p.limbo,
            score: p.score,
            deaths: p.deaths,
        };
        Roster::of_scores(pilots.iter().map(score))
    }

    /// The roster of these rows.
    pub fn of_scores(scores: impl Iterator<Item = Score>) -> Roster {
        Roster { seats: scores.map(|s| (s.id, s)).collect() }
    }

    /// Takes in what happened.
    pub fn apply(&mut self, event: &PlayerEvent) {
        match event {
            PlayerEvent::Joined(id, name, hull, bot) => {
                let name = name.as_str().to_owned();
                let seat = Score { id: *id, name, hull: *hull, bot: *bot, limbo: false, score: 0, deaths: 0 };
                self.seats.insert(*id, seat);
            }
            PlayerEvent::Left(id) => {
                self.seats.remove(id);
            }
            PlayerEvent::Limbo(id, limbo) => {
                if let Some(seat) = self.seats.get_mut(id) {
                    seat.limbo = *limbo;
                }
            }
            PlayerEvent::Killed(victim, by) => {
                if let Some(seat) = self.seats.get_mut(victim) {
                    seat.deaths = seat.deaths.saturating_add(1);
                }
                if let Some(seat) = self.seats.get_mut(by) {
                    seat.score = seat.score.saturating_add(1);
                }
            }
            PlayerEvent::Round(round) if round.phase == Phase::Playing => {
                self.seats.values_mut().for_each(|seat| (seat.score, seat.deaths) = (0, 0));
            }
            PlayerEvent::Round(_) | PlayerEvent::Hit(..) | PlayerEvent::Beam(..) => {}
        }
    }

    /// The score board: most kills first, then fewest deaths, then the older seat.
    pub fn scores(&self) -> Vec<Score> {
        let mut scores: Vec<Score> = self.seats.values().cloned().collect();
        scores.sort_by_key(|s| (std::cmp::Reverse(s.score), s.deaths, s.id));
        scores
    }

    /// Who leads, by the order of the score board.
    pub fn leader(&self) -> Option<PlayerId> {
        self.seats.values().min_by_key(|s| (std::cmp::Reverse(s.score), s.deaths, s.id)).map(|s| s.id)
    }

    /// A player's kills in this round.
    pub fn score_of(&self, id: PlayerId) -> Option<u16> {
        self.seats.get(&id).map(|s| s.score)
    }

    /// What to call a player.
    pub fn name_of(&self, id: PlayerId) -> Option<&str> {
        self.seats.get(&id).map(|s| s.name.as_str())
    }

    /// The shape of a player's ship; the plain one for strangers.
    pub fn hull_of(&self, id: PlayerId) -> Hull {
        self.seats.get(&id).map(|s| s.hull).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use shared::name::PlayerName;
    use shared::world::Round;

    use super::*;

    #[test]
    fn events_keep_the_board_true() {
        let mut roster = Roster::default();
        for (id, name) in [(1, "Wren"), (2, "Ann")] {
            let name = PlayerName::sanitise(name);
            roster.apply(&PlayerEvent::Joined(PlayerId(id), name, Hull::Fork, false));
        }
        roster.apply(&PlayerEvent::Killed(PlayerId(1), PlayerId(2)));
        roster.apply(&PlayerEvent::Killed(PlayerId(9), PlayerId(8)));
        roster.apply(&PlayerEvent::Limbo(PlayerId(1), true));
        let scores = roster.scores();
        assert_eq!((scores[0].name.as_str(), scores[0].score, scores[1].deaths), ("Ann", 1, 1));
        assert!(scores[1].limbo && roster.leader() == Some(PlayerId(2)));
        let round = Round { number: 2, phase: Phase::Playing, ticks_left: 9 };
        roster.apply(&PlayerEvent::Round(round));
        assert!(roster.scores().iter().all(|s| s.score == 0 && s.deaths == 0));
        roster.apply(&PlayerEvent::Left(PlayerId(2)));
        assert_eq!((roster.name_of(PlayerId(2)), roster.hull_of(PlayerId(1))), (None, Hull::Fork));
    }
}
