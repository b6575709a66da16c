//! Who is in the match, what to call them, and how they stand: the server's pages kept true by events.
//! Spectators fill the same list from the feed. It knows names and numbers, no ships.

use shared::by_id::ById;
use shared::id::PlayerId;
use shared::mode::Team;
use shared::protocol::{PlayerEvent, RosterPage};
use shared::world::{Hull, Pilot};

use crate::view::Score;

/// Everybody in the match.
#[derive(Clone, Debug, Default)]
pub struct Roster {
    seats: ById<PlayerId, Score>,
    /// Somebody's place as the server says it, 1 for the best, while the rows alone do not tell it.
    place: Option<(PlayerId, u16)>,
}

impl Roster {
    /// The roster of these rows.
    pub fn of_scores(scores: impl Iterator<Item = Score>) -> Roster {
        Roster { seats: scores.map(|s| (s.id, s)).collect(), place: None }
    }

    /// Takes in somebody's row.
    pub fn add(&mut self, pilot: &Pilot) {
        let score = Score {
            id: pilot.id,
            name: pilot.name.as_str().to_owned(),
            hull: pilot.hull,
            bot: pilot.bot,
            limbo: pilot.limbo,
            score: pilot.score,
            deaths: pilot.deaths,
            team: pilot.team,
        };
        self.seats.insert(pilot.id, score);
    }

    /// Takes in everybody of a range of ids; who is in it and not listed is gone.
    pub fn turn_page(&mut self, page: &RosterPage) {
        self.seats.retain(|id, _| *id < page.first || *id > page.last);
        page.pilots.iter().for_each(|pilot| self.add(pilot));
    }

    /// The server says that `id` has this place on the score board; 0 is that the rows tell it.
    pub fn set_place(&mut self, id: PlayerId, place: u16) {
        self.place = (place > 0).then_some((id, place));
    }

    /// Takes in what happened.
    pub fn apply(&mut self, event: &PlayerEvent) {
        match event {
            PlayerEvent::Joined(id, name, hull, bot, team) => {
                let seat = Score {
                    id: *id,
                    name: name.as_str().to_owned(),
                    hull: *hull,
                    bot: *bot,
                    limbo: false,
                    score: 0,
                    deaths: 0,
                    team: *team,
                };
                self.seats.insert(*id, seat);
            }
            PlayerEvent::Teamed(id, team) => {
                if let Some(seat) = self.seats.get_mut(id) {
                    seat.team = *team;
                }
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
                if let Some(seat) = self.seats.get_mut(by).filter(|_| by != victim) {
                    seat.score = seat.score.saturating_add(1);
                }
            }
            PlayerEvent::Scores(rows) => {
                for row in rows {
                    if let Some(seat) = self.seats.get_mut(&row.player) {
                        (seat.score, seat.deaths) = (row.score, row.deaths);
                    }
                }
            }
            PlayerEvent::Round(_)
            | PlayerEvent::Hit(..)
            | PlayerEvent::Beam(..)
            | PlayerEvent::Place(_)
            | PlayerEvent::TeamScores(..)
            | PlayerEvent::Core(_)
            | PlayerEvent::Blast(..)
            | PlayerEvent::Closing(_)
            | PlayerEvent::Said(..)
            | PlayerEvent::HostToken(_)
            | PlayerEvent::Notice(_) => {}
        }
    }

    /// A round begins: everybody has nothing.
    pub fn begin_round(&mut self) {
        self.seats.values_mut().for_each(|seat| (seat.score, seat.deaths) = (0, 0));
    }

    /// The score board: most kills first, then fewest deaths, then the older seat. Whose place the server says has it:
    /// others' rows may be old.
    pub fn scores(&self) -> Vec<Score> {
        let mut scores: Vec<Score> = self.seats.values().cloned().collect();
        scores.sort_by_key(|s| (std::cmp::Reverse(s.score), s.deaths, s.id));
        if let Some((id, place)) = self.place
            && let Some(found) = scores.iter().position(|s| s.id == id)
        {
            let row = scores.remove(found);
            scores.insert(usize::from(place).saturating_sub(1).min(scores.len()), row);
        }
        scores
    }

    /// Who leads, by the order of the score board.
    pub fn leader(&self) -> Option<PlayerId> {
        self.seats.values().min_by_key(|s| (std::cmp::Reverse(s.score), s.deaths, s.id)).map(|s| s.id)
    }

    /// A player has this score now.
    pub fn set_score(&mut self, id: PlayerId, score: u16) {
        if let Some(seat) = self.seats.get_mut(&id) {
            seat.score = score;
        }
    }

    /// A player's kills in this round.
    pub fn score_of(&self, id: PlayerId) -> Option<u16> {
        self.seats.get(&id).map(|s| s.score)
    }

    /// What to call a player.
    pub fn name_of(&self, id: PlayerId) -> Option<&str> {
        self.seats.get(&id).map(|s| s.name.as_str())
    }

    /// A player's side; nobody's for strangers.
    pub fn team_of(&self, id: PlayerId) -> Team {
        self.seats.get(&id).map(|s| s.team).unwrap_or_default()
    }

    /// The shape of a player's ship; the plain one for strangers.
    pub fn hull_of(&self, id: PlayerId) -> Hull {
        self.seats.get(&id).map(|s| s.hull).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use shared::name::PlayerName;
    use shared::protocol::Standing;

    use super::*;

    #[test]
    fn events_keep_the_board_true() {
        let mut roster = Roster::default();
        for (id, name) in [(1, "Wren"), (2, "Ann")] {
            let name = PlayerName::sanitise(name);
            roster.apply(&PlayerEvent::Joined(PlayerId(id), name, Hull::Fork, false, Team::None));
        }
        roster.apply(&PlayerEvent::Killed(PlayerId(1), PlayerId(2)));
        roster.apply(&PlayerEvent::Killed(PlayerId(9), PlayerId(8)));
        roster.apply(&PlayerEvent::Limbo(PlayerId(1), true));
        let scores = roster.scores();
        assert_eq!((scores[0].name.as_str(), scores[0].score, scores[1].deaths), ("Ann", 1, 1));
        assert!(scores[1].limbo && roster.leader() == Some(PlayerId(2)));
        roster.begin_round();
        assert!(roster.scores().iter().all(|s| s.score == 0 && s.deaths == 0));
        roster.apply(&PlayerEvent::Left(PlayerId(2)));
        assert_eq!((roster.name_of(PlayerId(2)), roster.hull_of(PlayerId(1))), (None, Hull::Fork));
    }
    #[test]
    fn a_page_is_the_whole_truth_about_its_range() {
        let pilot = |id, score| Pilot {
            id: PlayerId(id),
            name: PlayerName::sanitise("Wren"),
            hull: Hull::Lance,
            bot: false,
            limbo: false,
            score,
            deaths: 0,
            team: Team::None,
        };
        let ids = |roster: &Roster| roster.seats.keys().map(|id| id.0).collect::<Vec<_>>();
        let mut roster = Roster::default();
        for id in [3, 8, 9, 17] {
            roster.add(&pilot(id, id));
        }
        let pilots = vec![pilot(8, 1), pilot(12, 2)];
        roster.turn_page(&RosterPage { first: PlayerId(8), last: PlayerId(15), pilots });
        assert_eq!(ids(&roster), [3, 8, 12, 17]);
        assert_eq!(roster.score_of(PlayerId(8)), Some(1));
        let last = RosterPage { first: PlayerId(16), last: PlayerId(u16::MAX), pilots: Vec::new() };
        roster.turn_page(&last);
        assert_eq!(ids(&roster), [3, 8, 12]);
    }

    #[test]
    fn the_own_place_is_where_the_server_says() {
        let mut roster = Roster::default();
        for id in 1..=4 {
            let name = PlayerName::sanitise("Wren");
            roster.apply(&PlayerEvent::Joined(PlayerId(id), name, Hull::Fork, false, Team::None));
        }
        let rows = [(1, 9), (2, 7), (3, 4), (4, 5)];
        let standing = |(id, score)| Standing { player: PlayerId(id), score, deaths: 0 };
        roster.apply(&PlayerEvent::Scores(rows.map(standing).to_vec()));
        let order = |roster: &Roster| roster.scores().iter().map(|s| s.id.0).collect::<Vec<_>>();
        assert_eq!(order(&roster), [1, 2, 4, 3]);
        roster.set_place(PlayerId(3), 3);
        assert_eq!(order(&roster), [1, 2, 3, 4]);
        roster.set_place(PlayerId(3), 900);
        assert_eq!(order(&roster), [1, 2, 4, 3]);
        roster.set_place(PlayerId(1), 0);
        assert_eq!(order(&roster), [1, 2, 4, 3]);
    }
}
