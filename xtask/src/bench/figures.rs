//! Figures of runs by name, and how they spread over repetitions: median, least, most.
//! It knows no figure's meaning. The benchmarks fill it, `report` and `plot` read it.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

/// The figures of one run, by name.
pub(super) type Figures = BTreeMap<&'static str, f64>;

/// One run of one contender.
#[derive(Debug, Clone)]
pub(super) struct Run {
    /// Who.
    pub(super) contender: &'static str,
    /// With how many players.
    pub(super) players: u32,
    /// In which repetition, from 0. Runs of one repetition stood side by side and may be compared.
    pub(super) repetition: u32,
    /// What came out.
    pub(super) figures: Figures,
}

/// How a figure spreads over repetitions.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Spread {
    /// The middle one, or the mean of the two in the middle.
    pub(super) median: f64,
    /// The least.
    pub(super) least: f64,
    /// The most.
    pub(super) most: f64,
}

impl Spread {
    /// The spread of `values`; `None` of nothing.
    pub(super) fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        let (least, most) = (*values.first()?, *values.last()?);
        let upper = *values.get(values.len() / 2)?;
        let lower = *values.get((values.len() - 1) / 2)?;
        Some(Self { median: f64::midpoint(lower, upper), least, most })
    }

    /// As text: `9.1 [8.8-9.6]`, or the median alone when there was one run only.
    pub(super) fn text(&self, digits: usize) -> String {
        let Self { median, least, most } = self;
        if least.total_cmp(most).is_eq() {
            return format!("{median:.digits$}");
        }
        format!("{median:.digits$} [{least:.digits$}-{most:.digits$}]")
    }
}

/// All runs of a benchmark.
#[derive(Debug, Default)]
pub(super) struct Runs(Vec<Run>);

impl Runs {
    /// Adds a run.
    pub(super) fn push(&mut self, run: Run) {
        self.0.push(run);
    }

    /// The numbers of players, each once, ascending.
    pub(super) fn players(&self) -> Vec<u32> {
        let mut players: Vec<u32> = self.0.iter().map(|run| run.players).collect();
        players.sort_unstable();
        players.dedup();
        players
    }

    /// How a figure of `contender` spreads with `players`.
    pub(super) fn spread(&self, contender: &str, players: u32, figure: &str) -> Option<Spread> {
        let of_both = |run: &&Run| run.contender == contender && run.players == players;
        Spread::of(self.0.iter().filter(of_both).filter_map(|run| run.figures.get(figure).copied()))
    }

    /// How a figure of `contender`, divided by that of `other` in the same repetition, spreads.
    pub(super) fn ratio(
        &self,
        contender: &str,
        other: &str,
        (players, figure): (u32, &str),
    ) -> Option<Spread> {
        Spread::of(self.pairs(contender, other, (players, figure)).map(|(one, two)| one / two))
    }

    /// How far a figure of `contender` lies above that of `other` in the same repetition.
    pub(super) fn excess(
        &self,
        contender: &str,
        other: &str,
        (players, figure): (u32, &str),
    ) -> Option<Spread> {
        Spread::of(self.pairs(contender, other, (players, figure)).map(|(one, two)| one - two))
    }

    fn pairs<'a>(
        &'a self,
        contender: &'a str,
        other: &'a str,
        (players, figure): (u32, &'a str),
    ) -> impl Iterator<Item = (f64, f64)> + 'a {
        let of = move |who: &str, run: &Run| run.contender == who && run.players == players;
        self.0.iter().filter(move |run| of(contender, run)).filter_map(move |run| {
            let beside = |two: &&Run| of(other, two) && two.repetition == run.repetition;
            let two = self.0.iter().find(beside)?;
            Some((*run.figures.get(figure)?, *two.figures.get(figure)?))
        })
    }

    /// Every run as JSON, figures rounded to what they are good for.
    pub(super) fn to_json(&self) -> Value {
        let one = |run: &Run| {
            let figures: Map<String, Value> = run
                .figures
                .iter()
                .map(|(name, value)| ((*name).to_owned(), json!(rounded(*value))))
                .collect();
            json!({
                "contender": run.contender,
                "players": run.players,
                "repetition": run.repetition,
                "figures": figures,
            })
        };
        self.0.iter().map(one).collect()
    }
}

fn rounded(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs() -> Runs {
        let mut runs = Runs::default();
        for (contender, repetition, cost) in [("a", 0, 10.0), ("b", 0, 20.0), ("a", 1, 12.0), ("b", 1, 18.0)]
        {
            let figures = Figures::from([("cost", cost)]);
            runs.push(Run { contender, players: 50, repetition, figures });
        }
        runs
    }

    #[test]
    fn the_median_lies_between() {
        assert_eq!(Spread::of([3.0, 1.0, 2.0]), Some(Spread { median: 2.0, least: 1.0, most: 3.0 }));
        assert_eq!(Spread::of([4.0, 1.0]).map(|spread| spread.median), Some(2.5));
        assert_eq!(Spread::of([]), None);
        assert_eq!(Spread::of([9.0]).map(|spread| spread.text(1)), Some("9.0".to_owned()));
    }

    #[test]
    fn ratios_pair_runs_of_one_repetition() {
        let ratio = runs().ratio("b", "a", (50, "cost")).expect("two pairs");
        assert_eq!((ratio.least, ratio.most), (1.5, 2.0));
        let excess = runs().excess("b", "a", (50, "cost")).expect("two pairs");
        assert_eq!((excess.least, excess.most), (6.0, 10.0));
        assert!(runs().ratio("b", "c", (50, "cost")).is_none());
        assert_eq!(runs().players(), [50]);
    }
}
