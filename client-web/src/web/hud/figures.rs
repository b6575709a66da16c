//! Figures of the link and the machine, for whoever asks with F3: numbers in one column, their names stand in the page.
//! Whether it is open is remembered.

use web_sys::HtmlElement;

use crate::client::Client;
use crate::web::dom::{Fault, Text, by_id, tenths, toggle};
use crate::web::storage;

/// Time between two looks at the figures.
const EVERY_MS: f64 = 500.0;

/// The panel.
#[derive(Debug)]
pub struct Figures {
    panel: HtmlElement,
    values: Text,
    open: bool,
    shown_ms: f64,
}

impl Figures {
    /// Finds its elements; opens if it was open last time.
    pub fn new() -> Result<Figures, Fault> {
        let mut figures = Figures {
            panel: by_id("figures")?,
            values: Text::by_id("figures-values")?,
            open: false,
            shown_ms: f64::NEG_INFINITY,
        };
        figures.open(storage::figures());
        Ok(figures)
    }

    /// Opens or closes the panel for this page.
    pub fn open(&mut self, open: bool) {
        self.open = open;
        self.shown_ms = f64::NEG_INFINITY;
        toggle(&self.panel, "on", open);
    }

    /// The player asked for the other state.
    pub fn toggle(&mut self) {
        self.open(!self.open);
        storage::set_figures(self.open);
    }

    /// Shows how the client does now.
    pub fn show(&mut self, client: &Client, now_ms: f64) {
        if !self.open || now_ms - self.shown_ms < EVERY_MS {
            return;
        }
        self.shown_ms = now_ms;
        let (all, last) = (client.instruments(), client.gauge().last());
        let (down, up) = last.bytes_per_s;
        let lines = [
            format!("{} ms", all.rtt_ms),
            format!("{} ms", all.jitter_ms as u32),
            format!("{} ms", client.input_latency_ms() as u32),
            format!("{} ticks", tenths(all.slack_ticks)),
            format!("{} · {}", last.late_inputs, last.missing_inputs),
            format!("{} ms", client.interpolation_delay_ms() as u32),
            last.underruns.to_string(),
            format!("{} units", tenths(last.correction_units)),
            last.skipped_snapshots.to_string(),
            format!("{down} · {up} B/s"),
            format!("{} /s", last.pictures_per_s as u32),
        ];
        self.values.set(&lines.join("\n"));
    }
}
