//! All metrics at one moment, as numbers, and what follows from two such moments: rates, sums and quantiles.
//! It reads what a scrape would read, so that the operator's page and Prometheus never differ. The panel calls it.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use super::render;

/// The value of every series, by its name and labels as Prometheus writes them.
#[derive(Clone, Debug)]
pub struct Reading {
    at: Instant,
    values: BTreeMap<String, f64>,
}

impl Reading {
    /// What the metrics say at `now`.
    pub fn take(now: Instant) -> Reading {
        Reading::parse(&render(), now)
    }

    fn parse(text: &str, at: Instant) -> Reading {
        let series = |line: &str| {
            let (name, value) = line.rsplit_once(' ')?;
            Some((name.to_owned(), value.parse().ok()?))
        };
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        Reading { at, values: lines.filter_map(series).collect() }
    }

    /// The value of the series `name`, which has no labels; 0 if there is none.
    pub fn value(&self, name: &str) -> f64 {
        self.values.get(name).copied().unwrap_or_default()
    }

    /// The values of a metric with one label, by that label's value.
    pub fn by_label(&self, name: &str) -> BTreeMap<String, f64> {
        let series = self.values.range(format!("{name}{{")..);
        let own = series.map_while(|(key, value)| Some((key.strip_prefix(name)?.strip_prefix('{')?, value)));
        own.filter_map(|(label, value)| Some((label.split('"').nth(1)?.to_owned(), *value))).collect()
    }

    /// How long before this one `earlier` was.
    pub fn since(&self, earlier: &Reading) -> Duration {
        self.at.saturating_duration_since(earlier.at)
    }

    /// By how much the counter `name` has grown.
    pub fn growth(&self, earlier: &Reading, name: &str) -> f64 {
        (self.value(name) - earlier.value(name)).max(0.0)
    }

    /// By how much the counters of a metric with one label have grown, by that label's value.
    pub fn growth_by_label(&self, earlier: &Reading, name: &str) -> BTreeMap<String, f64> {
        let before = earlier.by_label(name);
        let mut now = self.by_label(name);
        for (label, value) in &mut now {
            *value = (*value - before.get(label).copied().unwrap_or_default()).max(0.0);
        }
        now
    }

    /// The value below which the share `q` (0 to 1) of a histogram's samples since `earlier` lies, as exact as its
    /// buckets are; `None` if there were no samples. What lies above the last bound counts as that bound.
    pub fn quantile(&self, earlier: &Reading, name: &str, q: f64) -> Option<f64> {
        let grown = self.growth_by_label(earlier, &format!("{name}_bucket"));
        let mut buckets: Vec<(f64, f64)> =
            grown.into_iter().filter_map(|(bound, count)| Some((bound.parse().ok()?, count))).collect();
        buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
        let wanted = buckets.last().map(|(_, all)| all * q).filter(|wanted| *wanted > 0.0)?;
        let place = buckets.partition_point(|(_, count)| *count < wanted);
        let (bound, count) = *buckets.get(place)?;
        let (low, below) =
            place.checked_sub(1).and_then(|place| buckets.get(place)).copied().unwrap_or_default();
        if bound.is_infinite() {
            return Some(low);
        }
        Some(low + (bound - low) * (wanted - below) / (count - below).max(1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# HELP t_seconds Time\n# TYPE t_seconds histogram\n\
        t_seconds_bucket{le=\"0.001\"} 50\nt_seconds_bucket{le=\"0.002\"} 99\nt_seconds_bucket{le=\"0.01\"} 99\n\
        t_seconds_bucket{le=\"+Inf\"} 100\nt_seconds_sum 0.2\nt_seconds_count 100\n\n\
        bytes_total{transport=\"sse\"} 700\nbytes_total{transport=\"http\"} 20\nbytes_totally 1\nplayers 3\n";

    #[test]
    fn text_becomes_numbers() {
        let reading = Reading::parse(TEXT, Instant::now());
        assert_eq!((reading.value("players"), reading.value("nobody")), (3.0, 0.0));
        let bytes = reading.by_label("bytes_total");
        assert_eq!(
            bytes.into_iter().collect::<Vec<_>>(),
            [("http".to_owned(), 20.0), ("sse".to_owned(), 700.0)]
        );
    }

    #[test]
    fn quantiles_are_of_what_came_between() {
        let (nothing, all) = (Reading::parse("", Instant::now()), Reading::parse(TEXT, Instant::now()));
        let quantile = |q| all.quantile(&nothing, "t_seconds", q).unwrap();
        assert!((quantile(0.5) - 0.001).abs() < 1e-9);
        assert!((quantile(0.745) - 0.0015).abs() < 1e-9);
        assert!((quantile(1.0) - 0.01).abs() < 1e-9, "above the last bound");
        assert_eq!(all.quantile(&all, "t_seconds", 0.5), None);
        assert_eq!(all.quantile(&nothing, "nothing", 0.5), None);
        assert!((all.growth(&nothing, "players") - 3.0).abs() < 1e-9);
        assert!(all.growth_by_label(&all, "bytes_total").values().all(|grown| *grown == 0.0));
    }
}
