//! Draws ranges as bars on one logarithmic axis, a row for each thing compared, as SVG: how long, from the median to the
//! worst that matters. It reads on white and on black, as `plot` does, and knows no figure's meaning.

use std::fmt::Write as _;

const WIDTH: f64 = 880.0;
const LEFT: f64 = 150.0;
const RIGHT: f64 = 30.0;
const TOP: f64 = 76.0;
const BOTTOM: f64 = 48.0;
const BAR: f64 = 13.0;
const GAP: f64 = 18.0;
/// Middle tones, so that each can be told from white and from black.
const COLOURS: [&str; 4] = ["#8b8d98", "#e5484d", "#5b87c7", "#3f9c6b"];

const STYLE: &str = "text{font:13px system-ui,sans-serif;fill:#444}.title{font-size:16px;font-weight:600}\
    .grid{stroke:#8886;stroke-width:1}\
    @media(prefers-color-scheme:dark){text{fill:#ccc}}";

/// A drawing.
#[derive(Debug)]
pub(super) struct Ranges {
    /// What it shows.
    pub(super) title: String,
    /// What is along the bottom, with its unit.
    pub(super) across: String,
    /// What the bars of a row are, from top to bottom.
    pub(super) kinds: Vec<String>,
    /// The rows.
    pub(super) rows: Vec<Range>,
}

/// One row.
#[derive(Debug)]
pub(super) struct Range {
    /// What it is about.
    pub(super) name: String,
    /// For each kind where its bar begins and ends; values below 1 are drawn at 1.
    pub(super) ranges: Vec<(f64, f64)>,
}

impl Ranges {
    /// The drawing as text; empty when there is nothing to draw.
    pub(super) fn svg(&self) -> String {
        if self.rows.is_empty() {
            return String::new();
        }
        let ends = self.rows.iter().flat_map(|row| &row.ranges).map(|(_, end)| *end);
        let most = ends.fold(10.0, f64::max) * 1.2;
        let place = |value: f64| LEFT + value.max(1.0).ln() / most.ln() * (WIDTH - RIGHT - LEFT);
        let row_height = BAR * self.kinds.len() as f64 + GAP;
        let bottom = TOP + row_height * self.rows.len() as f64;
        let height = bottom + BOTTOM;
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\">\n<title>{}</title>\n\
             <style>{STYLE}</style>\n",
            self.title
        );
        svg += &text((LEFT, 24.0), "title", &self.title);
        svg += &text((LEFT, height - 10.0), "", &self.across);
        let powers = (0..=9).map(|power| 10_f64.powi(power));
        let marks = powers.flat_map(|power| [1.0, 2.0, 5.0].map(|times| times * power));
        for mark in marks.filter(|mark| *mark < most) {
            let _ =
                write!(svg, "<path class=\"grid\" d=\"M{:.1} {}V{bottom}\"/>", place(mark), TOP - GAP / 2.0);
            svg += &text((place(mark) - 8.0, bottom + 16.0), "", &mark.to_string());
        }
        self.legend(&mut svg);
        for (row, top) in self.rows.iter().zip((0_u32..).map(|row| TOP + row_height * f64::from(row))) {
            svg += &text((14.0, top + row_height / 2.0 - GAP / 4.0), "", &row.name);
            for (index, ((from, to), colour)) in row.ranges.iter().zip(COLOURS.iter().cycle()).enumerate() {
                let (left, up) = (place(*from) - 1.5, top + BAR * index as f64);
                let wide = place(*to) - left + 1.5;
                let _ = write!(
                    svg,
                    "<rect x=\"{left:.1}\" y=\"{up:.1}\" width=\"{wide:.1}\" height=\"{}\" rx=\"2\" fill=\"{colour}\"/>",
                    BAR - 3.0
                );
            }
        }
        svg + "\n</svg>\n"
    }

    fn legend(&self, svg: &mut String) {
        let mut left = LEFT;
        for (kind, colour) in self.kinds.iter().zip(COLOURS.iter().cycle()) {
            let _ = write!(
                svg,
                "<rect x=\"{left:.1}\" y=\"38\" width=\"14\" height=\"10\" rx=\"2\" fill=\"{colour}\"/>"
            );
            *svg += &text((left + 20.0, 48.0), "", kind);
            left += 50.0 + 7.5 * kind.chars().count() as f64;
        }
    }
}

fn text((x, y): (f64, f64), class: &str, content: &str) -> String {
    let class = if class.is_empty() { String::new() } else { format!(" class=\"{class}\"") };
    format!("<text x=\"{x:.1}\" y=\"{y:.1}\"{class}>{content}</text>")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_range_is_a_bar_inside_the_drawing() {
        let row = |name: &str| Range { name: name.to_owned(), ranges: vec![(0.0, 3.0), (40.0, 1200.0)] };
        let kinds = vec!["near".to_owned(), "far".to_owned()];
        let rows = vec![row("one"), row("two")];
        let svg = Ranges { title: "t".to_owned(), across: "ms".to_owned(), kinds, rows }.svg();
        assert!(svg.starts_with("<svg") && !svg.contains("NaN") && !svg.contains("inf"), "{svg}");
        assert_eq!(svg.matches("<rect").count(), 2 + 4);
        assert!(!svg.contains("width=\"-"), "{svg}");
    }

    #[test]
    fn nothing_is_drawn_of_nothing() {
        let none =
            Ranges { title: String::new(), across: String::new(), kinds: Vec::new(), rows: Vec::new() };
        assert_eq!(none.svg(), "");
    }
}
