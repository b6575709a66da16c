//! Draws lines over numbers of players as SVG, both axes logarithmic: costs and crowds grow by factors, not by steps.
//! The drawing has no background of its own and reads on white and on black. Called by the benchmarks.

use std::fmt::Write as _;

use crate::bench::figures::Spread;

const WIDTH: f64 = 880.0;
const HEIGHT: f64 = 500.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 210.0;
const TOP: f64 = 56.0;
const BOTTOM: f64 = 56.0;
/// Least distance between two names at the right edge.
const NAME_HEIGHT: f64 = 18.0;
/// Middle tones, so that each can be told from white and from black.
const COLOURS: [&str; 6] = ["#e5484d", "#8b8d98", "#5b87c7", "#c4841d", "#3f9c6b", "#9b66c9"];

const STYLE: &str = "text{font:13px system-ui,sans-serif;fill:#444}.title{font-size:16px;font-weight:600}\
    .grid{stroke:#8886;stroke-width:1}\
    @media(prefers-color-scheme:dark){text{fill:#ccc}}";

/// A drawing.
#[derive(Debug)]
pub(super) struct Plot {
    /// What it shows.
    pub(super) title: String,
    /// What is along the bottom.
    pub(super) across: String,
    /// What is up the side, with its unit.
    pub(super) up: String,
    /// The lines; the first is drawn boldest.
    pub(super) lines: Vec<Line>,
}

/// One line.
#[derive(Debug)]
pub(super) struct Line {
    /// Its name.
    pub(super) name: String,
    /// Its points, from left to right; both parts above 0.
    pub(super) points: Vec<(u32, Spread)>,
}

/// A logarithmic axis: from the values `low` to `high`, to the places `from` to `to`.
#[derive(Debug, Clone, Copy)]
struct Axis {
    low: f64,
    high: f64,
    from: f64,
    to: f64,
}

impl Axis {
    /// An axis that holds all `values`, with a little room at both ends.
    fn round(values: impl Iterator<Item = f64> + Clone, (from, to): (f64, f64)) -> Self {
        let low = values.clone().fold(f64::INFINITY, f64::min) / 1.15;
        let high = values.fold(f64::NEG_INFINITY, f64::max) * 1.15;
        Self { low, high, from, to }
    }

    fn place(self, value: f64) -> f64 {
        let share = (value / self.low).ln() / (self.high / self.low).ln();
        self.from + share * (self.to - self.from)
    }

    /// Round numbers on the axis: 1, 2 and 5 times powers of ten.
    fn marks(self) -> Vec<f64> {
        let powers = (-6..=9).map(|power| 10_f64.powi(power));
        let all = powers.flat_map(|power| [1.0, 2.0, 5.0].map(|times| times * power));
        all.filter(|mark| (self.low..=self.high).contains(mark)).collect()
    }
}

impl Plot {
    /// The drawing as text; empty when there is nothing to draw.
    pub(super) fn svg(&self) -> String {
        let points = || self.lines.iter().flat_map(|line| &line.points);
        if points().next().is_none() {
            return String::new();
        }
        let x = Axis::round(points().map(|(players, _)| f64::from(*players)), (LEFT, WIDTH - RIGHT));
        let ends = points().flat_map(|(_, spread)| [spread.least, spread.most]);
        let y = Axis::round(ends, (HEIGHT - BOTTOM, TOP));
        let mut players: Vec<u32> = points().map(|(players, _)| *players).collect();
        players.sort_unstable();
        players.dedup();
        let parts = [
            format!(
                "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\">"
            ),
            format!("<title>{}</title>", escaped(&self.title)),
            format!("<style>{STYLE}</style>"),
            self.axes(x, y, &players),
            self.drawn_lines(x, y),
            self.names(y),
            "</svg>\n".to_owned(),
        ];
        parts.join("\n")
    }

    fn axes(&self, x: Axis, y: Axis, players: &[u32]) -> String {
        let mut svg = text((LEFT, 24.0), "title", &self.title);
        svg += &text((LEFT - 50.0, 44.0), "", &self.up);
        svg += &text((WIDTH - RIGHT - 60.0, HEIGHT - 12.0), "", &self.across);
        let (right, bottom) = (WIDTH - RIGHT, HEIGHT - BOTTOM);
        for mark in y.marks() {
            let place = y.place(mark);
            let _ = write!(svg, "<path class=\"grid\" d=\"M{LEFT} {place:.1}H{right}\"/>");
            svg += &text((LEFT - 44.0, place + 4.0), "", &mark.to_string());
        }
        for count in players {
            let place = x.place(f64::from(*count));
            let _ = write!(svg, "<path class=\"grid\" d=\"M{place:.1} {TOP}V{bottom}\"/>");
            svg += &text((place - 12.0, bottom + 20.0), "", &count.to_string());
        }
        svg
    }

    /// A line through the medians, and at each a bar from the least to the most.
    fn drawn_lines(&self, x: Axis, y: Axis) -> String {
        let mut svg = String::new();
        for (index, (line, colour)) in self.lines.iter().zip(COLOURS.iter().cycle()).enumerate() {
            let width = if index == 0 { 3.5 } else { 2.0 };
            let mut way = String::new();
            for (step, (players, spread)) in line.points.iter().enumerate() {
                let (across, up) = (x.place(f64::from(*players)), y.place(spread.median));
                let _ = write!(way, "{}{across:.1} {up:.1}", if step == 0 { "M" } else { "L" });
                let (low, high) = (y.place(spread.least), y.place(spread.most));
                let _ = write!(svg, "<path d=\"M{across:.1} {low:.1}V{high:.1}\" stroke=\"{colour}\"/>");
                let _ = write!(
                    svg,
                    "<circle cx=\"{across:.1}\" cy=\"{up:.1}\" r=\"{width}\" fill=\"{colour}\"/>"
                );
            }
            let _ =
                write!(svg, "<path d=\"{way}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"{width}\"/>");
        }
        svg
    }

    /// The lines' names at the right edge, each at the height of its line's end, or below the one before.
    fn names(&self, y: Axis) -> String {
        let coloured = self.lines.iter().zip(COLOURS.iter().cycle());
        let mut ends: Vec<(f64, &str, &str)> = coloured
            .filter_map(|(line, colour)| {
                Some((y.place(line.points.last()?.1.median), line.name.as_str(), *colour))
            })
            .collect();
        ends.sort_by(|one, two| one.0.total_cmp(&two.0));
        let (mut svg, mut free) = (String::new(), TOP - NAME_HEIGHT);
        for (place, name, colour) in ends {
            free = place.max(free + NAME_HEIGHT);
            let left = WIDTH - RIGHT + 16.0;
            let _ = write!(svg, "<path d=\"M{left} {free:.1}h14\" stroke=\"{colour}\" stroke-width=\"4\"/>");
            svg += &text((left + 22.0, free + 4.0), "", name);
        }
        svg
    }
}

fn text((x, y): (f64, f64), class: &str, content: &str) -> String {
    let class = if class.is_empty() { String::new() } else { format!(" class=\"{class}\"") };
    format!("<text x=\"{x:.1}\" y=\"{y:.1}\"{class}>{}</text>", escaped(content))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plot(points: Vec<(u32, Spread)>) -> Plot {
        let lines = vec![Line { name: "a & b".to_owned(), points }];
        Plot { title: "t".to_owned(), across: "players".to_owned(), up: "µs".to_owned(), lines }
    }

    #[test]
    fn an_axis_is_logarithmic_and_has_round_marks() {
        let axis = Axis { low: 1.0, high: 100.0, from: 0.0, to: 200.0 };
        assert!((axis.place(10.0) - 100.0).abs() < 1e-9);
        assert_eq!(axis.marks(), [1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0]);
    }

    #[test]
    fn a_drawing_holds_its_lines_and_escapes_names() {
        let spread = |median: f64| Spread { median, least: median * 0.9, most: median * 1.1 };
        let svg = plot(vec![(50, spread(10.0)), (1000, spread(20.0))]).svg();
        assert!(svg.starts_with("<svg") && svg.contains("a &amp; b") && !svg.contains("NaN"), "{svg}");
        assert_eq!(svg.matches("<circle").count(), 2);
    }

    #[test]
    fn nothing_is_drawn_of_nothing() {
        assert_eq!(plot(Vec::new()).svg(), "");
    }
}
