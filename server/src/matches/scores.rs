//! What players were told of the scores, and what of them is news. Where few play everybody is told every kill, and the
//! scores follow from that; in a crowd each is told only the kills that concern them, so that scores need telling too.
//!
//! All clients count as holding the same rows, because everybody is told the same ones in the same order. It knows no
//! seat and no link; the match asks it twice a second.

use std::cmp::Reverse;

use shared::event::Event;
use shared::id::PlayerId;
use shared::protocol::Standing;
use shared::world::World;

/// Most pilots of a match in which everybody is told every kill.
pub const ALL_KILLS_MAX: usize = 64;
/// Rows at the top of the score board that are told before others: as many as a page shows, and two more.
const TOP_ROWS: usize = 16;
/// Rows that are told at once, as far as the top leaves room.
const ROWS_AT_ONCE: usize = 8;

/// Where a pilot stands: better ones are less. The last part is the place in the world.
type Rank = (Reverse<u16>, u16, usize);

/// The scores as everybody was told them.
#[derive(Debug, Default)]
pub struct Scores {
    /// One row for each pilot of the world, in the same order.
    told: Vec<Standing>,
    ranks: Vec<Rank>,
    /// For each pilot the place on the board, 1 for the best; empty while everybody is told all scores.
    places: Vec<u16>,
    /// Whose turn it is to be told next, of those below the top.
    turn: usize,
    news: Vec<Standing>,
}

impl Scores {
    /// What those know who meet everybody of `world` now.
    pub fn of(world: &World) -> Scores {
        Scores { told: world.pilots.iter().map(standing).collect(), ..Scores::default() }
    }

    /// Takes in what happened in the world's last step, and what everybody is told of it: all but kills in a crowd.
    pub fn note(&mut self, events: &[Event], all_kills: bool) {
        for event in events {
            match event {
                Event::Joined(pilot) => {
                    if let Err(place) = self.find(pilot.id) {
                        self.told.insert(place, Standing { player: pilot.id, score: 0, deaths: 0 });
                    }
                }
                Event::Left(id) => {
                    if let Ok(place) = self.find(*id) {
                        self.told.remove(place);
                    }
                }
                Event::RoundStarted { .. } => {
                    self.told.iter_mut().for_each(|row| (row.score, row.deaths) = (0, 0));
                }
                Event::Killed { victim, by, .. } if all_kills => self.count(*victim, *by),
                _ => {}
            }
        }
    }

    fn find(&self, id: PlayerId) -> Result<usize, usize> {
        self.told.binary_search_by_key(&id, |row| row.player)
    }

    fn count(&mut self, victim: PlayerId, by: PlayerId) {
        if let Some(row) = self.find(victim).ok().and_then(|place| self.told.get_mut(place)) {
            row.deaths = row.deaths.saturating_add(1);
        }
        if by == victim {
            return;
        }
        if let Some(row) = self.find(by).ok().and_then(|place| self.told.get_mut(place)) {
            row.score = row.score.saturating_add(1);
        }
    }

    /// Works out the board anew, and the rows that everybody is to be told now: they count as told.
    pub fn announce(&mut self, world: &World) -> &[Standing] {
        self.news.clear();
        let differs = |(row, pilot): (&Standing, &_)| *row != standing(pilot);
        if !self.told.iter().zip(&world.pilots).any(differs) {
            if world.pilots.len() <= ALL_KILLS_MAX {
                self.places.clear();
            } else {
                self.rank(world);
            }
            return &self.news;
        }
        self.rank(world);
        self.tell_top(world);
        self.tell_in_turn(world);
        &self.news
    }

    /// The place on the board of the pilot at `index` of the world, 1 for the best, as of the last announcement;
    /// 0 while the scores that everybody was told say it.
    pub fn place(&self, index: usize) -> u16 {
        self.places.get(index).copied().unwrap_or(0)
    }

    fn rank(&mut self, world: &World) {
        self.ranks.clear();
        let rank = |(i, pilot): (usize, &_)| rank_of(standing(pilot), i);
        self.ranks.extend(world.pilots.iter().enumerate().map(rank));
        self.ranks.sort_unstable();
        self.places.clear();
        self.places.resize(self.ranks.len(), 0);
        for (place, (_, _, index)) in (1..).zip(&self.ranks) {
            if let Some(slot) = self.places.get_mut(*index) {
                *slot = place;
            }
        }
    }

    /// Tells rows that belong into the top, or that clients believe to belong there.
    fn tell_top(&mut self, world: &World) {
        let bar = self.ranks.get(TOP_ROWS - 1).or(self.ranks.last()).copied();
        for (index, (row, pilot)) in self.told.iter_mut().zip(&world.pilots).enumerate() {
            let now = standing(pilot);
            let best = rank_of(now, index).min(rank_of(*row, index));
            if *row != now && bar.is_some_and(|bar| best <= bar) {
                *row = now;
                self.news.push(now);
            }
        }
    }

    /// Tells some of the others, so that all have their turn.
    fn tell_in_turn(&mut self, world: &World) {
        for _ in 0..self.told.len() {
            if self.news.len() >= ROWS_AT_ONCE {
                return;
            }
            let index = self.turn % self.told.len().max(1);
            self.turn = index + 1;
            if let (Some(row), Some(pilot)) = (self.told.get_mut(index), world.pilots.get(index))
                && *row != standing(pilot)
            {
                *row = standing(pilot);
                self.news.push(*row);
            }
        }
    }
}

fn standing(pilot: &shared::world::Pilot) -> Standing {
    Standing { player: pilot.id, score: pilot.score, deaths: pilot.deaths }
}

fn rank_of(row: Standing, index: usize) -> Rank {
    (Reverse(row.score), row.deaths, index)
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::name::PlayerName;
    use shared::random::Random;
    use shared::world::{Hull, Pilot};

    fn pilot(id: u16) -> Pilot {
        let name = PlayerName::sanitise("Wren");
        let (hull, team) = (Hull::Wedge, shared::mode::Team::None);
        Pilot { id: PlayerId(id), name, hull, bot: false, limbo: false, score: 0, deaths: 0, team }
    }

    fn crowd(pilots: u16) -> (World, Scores) {
        let mut world = World::new(1);
        world.pilots = (1..=pilots).map(pilot).collect();
        let mut scores = Scores::default();
        let events: Vec<Event> = world.pilots.iter().cloned().map(Event::Joined).collect();
        scores.note(&events, false);
        (world, scores)
    }

    fn kill(world: &mut World, victim: usize, by: usize) {
        world.pilots[victim].deaths += 1;
        world.pilots[by].score += 1;
    }

    #[test]
    fn where_all_kills_are_told_nothing_is_left_to_tell() {
        let (mut world, mut scores) = crowd(5);
        kill(&mut world, 1, 3);
        let killed = Event::Killed { victim: PlayerId(2), by: PlayerId(4), position: glam::Vec2::ZERO };
        scores.note(&[killed], true);
        assert!(scores.announce(&world).is_empty());
        assert_eq!(scores.place(3), 0);
    }

    #[test]
    fn the_top_is_told_at_once_and_the_rest_in_turn() {
        let (mut world, mut scores) = crowd(500);
        let mut random = Random::new(4);
        let mut told: Vec<(u16, u16)> = vec![(0, 0); 500];
        for _ in 0..200 {
            for _ in 0..25 {
                let (victim, by) =
                    (random.below(500) as usize, random.below(500).min(random.below(500)) as usize);
                kill(&mut world, victim, by);
            }
            let news = scores.announce(&world);
            assert!(news.len() <= 2 * TOP_ROWS, "{}", news.len());
            for row in news {
                told[usize::from(row.player.0) - 1] = (row.score, row.deaths);
            }
            let board = |row: &dyn Fn(usize) -> (u16, u16)| {
                let mut all: Vec<Rank> = (0..500).map(|i| (Reverse(row(i).0), row(i).1, i)).collect();
                all.sort_unstable();
                all.truncate(TOP_ROWS);
                all
            };
            let truth = board(&|i| (world.pilots[i].score, world.pilots[i].deaths));
            assert_eq!(board(&|i| told[i]), truth, "what clients take for the top is the top");
            assert_eq!(scores.place(truth[4].2), 5);
        }
        let rounds = (1..1000).find(|_| scores.announce(&world).is_empty()).unwrap();
        assert!(rounds <= 500 / ROWS_AT_ONCE + 2, "{rounds}");
        assert_eq!(scores.place(usize::from(u16::MAX)), 0);
    }
}
