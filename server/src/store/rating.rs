//! How good somebody is, as far as their rounds tell: Weng-Lin ratings, a mean and how sure it is.
//! Pure arithmetic over a round's order; which rounds and which players count is for `results` to say.

use std::cmp::Ordering;

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

/// Somebody in a round: where they came, equal numbers being level, and how they were rated before.
pub type Entry = (usize, Rating);

/// The ratings after a round, in the order of `entries`, which are sorted by place.
pub fn after(entries: &[Entry]) -> Vec<Rating> {
    (0..entries.len()).map(|own| after_one(entries, own)).collect()
}

fn after_one(entries: &[Entry], own: usize) -> Rating {
    let ratings: Vec<([WengLinRating; 1], MultiTeamOutcome)> = [own]
        .into_iter()
        .chain(opponents(entries.len(), own))
        .filter_map(|index| entries.get(index))
        .map(|(place, rating)| {
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

/// With whom the one at `own` of `count` is compared: with everybody where they are few, else with some from the top to
/// the bottom.
fn opponents(count: usize, own: usize) -> Vec<usize> {
    let others = count.saturating_sub(1);
    let wanted = others.min(OPPONENTS_MAX);
    let skip_own = |index: usize| if index.cmp(&own) == Ordering::Less { index } else { index + 1 };
    let spread = |turn: usize| if wanted > 1 { turn * (others - 1) / (wanted - 1) } else { 0 };
    (0..wanted).map(|turn| skip_own(spread(turn))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opponents_are_others_from_top_to_bottom() {
        assert_eq!(opponents(1, 0), Vec::<usize>::new());
        assert_eq!(opponents(2, 0), [1]);
        assert_eq!(opponents(2, 1), [0]);
        assert_eq!(opponents(5, 2), [0, 1, 3, 4]);
        assert_eq!(opponents(100, 50), [0, 32, 66, 99]);
        for own in 0..30 {
            let chosen = opponents(30, own);
            assert!(!chosen.contains(&own) && chosen.iter().all(|i| *i < 30), "{own}: {chosen:?}");
        }
    }

    #[test]
    fn winning_raises_losing_lowers_and_level_changes_little() {
        let start = Rating::default();
        assert_eq!(start.shown(), 1000);
        let round = after(&[(1, start), (2, start), (3, start)]);
        assert!(round[0].mean > start.mean && round[2].mean < start.mean);
        assert!((round[1].mean - start.mean).abs() < 0.01);
        assert!(round.iter().all(|rating| rating.uncertainty < start.uncertainty));
        let level = after(&[(1, start), (1, start)]);
        assert!((level[0].mean - level[1].mean).abs() < 1e-9);
    }

    #[test]
    fn one_round_of_a_crowd_is_not_taken_for_a_hundred() {
        let entries: Vec<Entry> = (1..=500).map(|place| (place, Rating::default())).collect();
        let ratings = after(&entries);
        assert!(ratings[0].mean < 45.0 && ratings[0].uncertainty > 4.0, "{:?}", ratings[0]);
        assert!(ratings[499].mean > 5.0, "{:?}", ratings[499]);
        assert!(ratings[499].shown() >= 0);
    }

    #[test]
    fn whoever_always_wins_ends_on_top() {
        let mut ratings = [Rating::default(); 4];
        for _ in 0..30 {
            let entries: Vec<Entry> = (1..).zip(ratings).collect();
            ratings.copy_from_slice(&after(&entries));
        }
        assert!(ratings.windows(2).all(|pair| pair[0].shown() > pair[1].shown()), "{ratings:?}");
        assert!(ratings[0].shown() > 1400, "{ratings:?}");
    }
}
