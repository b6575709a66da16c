//! How good somebody is, as far as their rounds tell: Weng-Lin ratings, a mean and how sure it is.
//! Pure arithmetic over a round's order; which rounds and which players count is for `results` to say.

use shared::mode::Team;
use skillratings::{
    MultiTeamOutcome,
    weng_lin::{WengLinConfig, WengLinRating, weng_lin_multi_team},
};

/// Others that somebody is compared with in one round. More would say little more: each comparison counts as one of its
/// own, and with all of a crowd one round would be taken for a hundred.
const OPPONENTS_MAX: usize = 4;
/// What is shown for somebody of whom nothing is known.
const SHOWN_START: f64 = 1000.0;
/// Shown points for one of the library's.
const SHOWN_SCALE: f64 = 20.0;
/// How many times the uncertainty is taken off: so much is certain in 99 of 100 cases.
const CAUTION: f64 = 3.0;

/// A rating.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rating {
    /// The best guess, in the library's points; 25 for a stranger.
    pub mean: f64,
    /// How sure it is: less is surer; 25/3 for a stranger.
    pub uncertainty: f64,
}

impl Default for Rating {
    fn default() -> Rating {
        let WengLinRating { rating, uncertainty } = WengLinRating::new();
        Rating { mean: rating, uncertainty }
    }
}

impl Rating {
    /// The rating as people see it, never below 0: a stranger has 1,000, and it grows with skill and certainty.
    pub fn shown(self) -> i64 {
        let certain = self.mean - CAUTION * self.uncertainty;
        (SHOWN_START + SHOWN_SCALE * certain).round().max(0.0) as i64
    }
}

/// Somebody in a round.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// Where they came; equal numbers are level.
    pub place: usize,
    /// Their side; who is on the same is no opponent.
    pub side: Team,
    /// How they were rated before.
    pub rating: Rating,
}

impl Entry {
    fn is_against(&self, other: &Entry) -> bool {
        self.side.is_nobodys() || self.side != other.side
    }
}

/// The ratings after a round, in the order of `entries`, which are sorted by place.
pub fn after(entries: &[Entry]) -> Vec<Rating> {
    (0..entries.len()).map(|own| after_one(entries, own)).collect()
}

fn after_one(entries: &[Entry], own: usize) -> Rating {
    let Some(me) = entries.get(own) else { return Rating::default() };
    let others = entries.iter().enumerate().filter(|(index, other)| *index != own && me.is_against(other));
    let others: Vec<&Entry> = others.map(|(_, other)| other).collect();
    let chosen = spread(others.len()).into_iter().filter_map(|index| others.get(index).copied());
    let ratings: Vec<([WengLinRating; 1], MultiTeamOutcome)> = [me]
        .into_iter()
        .chain(chosen)
        .map(|Entry { place, rating, .. }| {
            let known = WengLinRating { rating: rating.mean, uncertainty: rating.uncertainty };
            ([known], MultiTeamOutcome::new(*place))
        })
        .collect();
    let teams: Vec<(&[WengLinRating], MultiTeamOutcome)> =
        ratings.iter().map(|(team, outcome)| (&team[..], *outcome)).collect();
    let after = weng_lin_multi_team(&teams, &WengLinConfig::new());
    let own = after.first().and_then(|team| team.first()).copied().unwrap_or_default();
    Rating { mean: own.rating, uncertainty: own.uncertainty }
}

/// With which of so many others somebody is compared: with all where they are few, else with some from the top to the bottom.
fn spread(others: usize) -> Vec<usize> {
    let wanted = others.min(OPPONENTS_MAX);
    (0..wanted).map(|turn| if wanted > 1 { turn * (others - 1) / (wanted - 1) } else { 0 }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(place: usize, rating: Rating) -> Entry {
        Entry { place, side: Team::None, rating }
    }

    #[test]
    fn opponents_are_others_from_top_to_bottom() {
        assert_eq!(spread(0), Vec::<usize>::new());
        assert_eq!(spread(1), [0]);
        assert_eq!(spread(4), [0, 1, 2, 3]);
        assert_eq!(spread(99), [0, 32, 65, 98]);
    }

    #[test]
    fn mates_are_not_compared() {
        let start = Rating::default();
        let side = |side, rating| Entry { place: usize::from(side == Team::Amber) + 1, side, rating };
        let strong = Rating { mean: 40.0, uncertainty: 2.0 };
        let both = after(&[side(Team::Azure, strong), side(Team::Azure, start), side(Team::Amber, start)]);
        let alone = after(&[side(Team::Azure, start), side(Team::Amber, start)]);
        assert_eq!(both[1], alone[0], "a mate changes nothing");
        assert!(both[0].mean > strong.mean && both[2].mean < start.mean);
        let mates = after(&[side(Team::Azure, strong), side(Team::Azure, start)]);
        assert!((mates[0].mean - strong.mean).abs() < 1e-9 && (mates[1].mean - start.mean).abs() < 1e-9);
    }

    #[test]
    fn winning_raises_losing_lowers_and_level_changes_little() {
        let start = Rating::default();
        assert_eq!(start.shown(), 1000);
        let round = after(&[entry(1, start), entry(2, start), entry(3, start)]);
        assert!(round[0].mean > start.mean && round[2].mean < start.mean);
        assert!((round[1].mean - start.mean).abs() < 0.01);
        assert!(round.iter().all(|rating| rating.uncertainty < start.uncertainty));
        let level = after(&[entry(1, start), entry(1, start)]);
        assert!((level[0].mean - level[1].mean).abs() < 1e-9);
    }

    #[test]
    fn one_round_of_a_crowd_is_not_taken_for_a_hundred() {
        let entries: Vec<Entry> = (1..=500).map(|place| entry(place, Rating::default())).collect();
        let ratings = after(&entries);
        assert!(ratings[0].mean < 45.0 && ratings[0].uncertainty > 4.0, "{:?}", ratings[0]);
        assert!(ratings[499].mean > 5.0, "{:?}", ratings[499]);
        assert!(ratings[499].shown() >= 0);
    }

    #[test]
    fn whoever_always_wins_ends_on_top() {
        let mut ratings = [Rating::default(); 4];
        for _ in 0..30 {
            let entries: Vec<Entry> =
                (1..).zip(ratings).map(|(place, rating)| entry(place, rating)).collect();
            ratings.copy_from_slice(&after(&entries));
        }
        assert!(ratings.windows(2).all(|pair| pair[0].shown() > pair[1].shown()), "{ratings:?}");
        assert!(ratings[0].shown() > 1400, "{ratings:?}");
    }
}
