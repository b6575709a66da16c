//! Which life of a match gave a seat. A seat that was given just before a crash may be missing in the journal; then the
//! next comer gets its number, and only the generation tells the two tokens apart. It is part of every checkpoint; the
//! match carries it, routes compare it with tokens, and it knows neither.

use serde::{Deserialize, Serialize};
use shared::id::PlayerId;

/// Seat numbers by the life of the match that gave them: the lowest number of each and its generation, rising. Numbers
/// below the first are of versions that knew no generations, and have generation 0.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Generations(Vec<(u16, u32)>);

impl Generations {
    /// What `player`'s token must say.
    pub fn of(&self, player: PlayerId) -> u32 {
        let behind = self.0.partition_point(|(from, _)| *from <= player.0);
        behind.checked_sub(1).and_then(|place| self.0.get(place)).map_or(0, |(_, generation)| *generation)
    }

    /// The same with another life, which gives numbers from `next_player` on. Of those before it only what the people who
    /// are still `there` need is kept, so there are never more than seats.
    #[must_use]
    pub fn then(&self, next_player: u16, generation: u32, there: &[PlayerId]) -> Generations {
        let ends = self.0.iter().skip(1).map(|(from, _)| *from).chain([next_player]);
        let needed = |from: u16, end: u16| there.iter().any(|player| (from..end).contains(&player.0));
        let kept = self.0.iter().zip(ends).filter(|((from, _), end)| needed(*from, *end));
        Generations(kept.map(|(life, _)| *life).chain([(next_player, generation)]).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_is_given_twice_has_two_generations() {
        let first = Generations::default().then(1, 70, &[]);
        assert_eq!((first.of(PlayerId(1)), first.of(PlayerId(9))), (70, 70));
        let second = first.then(5, 80, &[PlayerId(2)]);
        assert_eq!([2, 4, 5, 9].map(|id| second.of(PlayerId(id))), [70, 70, 80, 80]);
        let third = second.then(5, 90, &[PlayerId(2)]);
        assert_eq!([2, 5].map(|id| third.of(PlayerId(id))), [70, 90]);
    }

    #[test]
    fn what_nobody_needs_is_forgotten_and_what_is_older_has_none() {
        let old = Generations::default().then(8, 70, &[PlayerId(3)]);
        assert_eq!((old.of(PlayerId(3)), old.of(PlayerId(8))), (0, 70));
        let many = (9..500).fold(old, |all, next| all.then(next, u32::from(next), &[PlayerId(3)]));
        assert_eq!(many.0.len(), 1);
        assert_eq!((many.of(PlayerId(3)), many.of(PlayerId(600))), (0, 499));
    }
}
