//! How good the connection is: three bars and milliseconds, plain words and amber when something is wrong, red when it is
//! gone.
//! The page's body gets a class with it, so that the arena loses its colour.

use web_sys::HtmlElement;

use crate::ladder::Transport;
use crate::trouble::Trouble;
use crate::view::{Freshness, View};
use crate::web::dom::{Changed, Fault, Text, by_id, document, toggle};

const FAIR_MS: u16 = 120;

/// The plate at the top right.
#[derive(Debug)]
pub struct Net {
    plate: HtmlElement,
    body: HtmlElement,
    text: Text,
    state: Changed<(Freshness, bool, Option<Trouble>)>,
    text_ms: f64,
}

impl Net {
    /// Finds its elements.
    pub fn new() -> Result<Net, Fault> {
        let body = document()?.body().ok_or_else(|| Fault("The page has no body.".to_owned()))?;
        let text = Text::by_id("net-text")?;
        Ok(Net { plate: by_id("net")?, body, text, state: Changed::default(), text_ms: f64::NEG_INFINITY })
    }

    /// Shows how fresh the view is, what the player should know, and what carries it.
    pub fn show(&mut self, view: &View, trouble: Option<Trouble>, transport: Transport, now_ms: f64) {
        let fair = trouble.is_some() || view.rtt_ms.is_some_and(|rtt| rtt > FAIR_MS);
        let changed = self.state.is_new((view.freshness, fair, trouble));
        if changed {
            let late = view.freshness == Freshness::CatchingUp;
            let gone = view.freshness == Freshness::Lost;
            toggle(&self.plate, "late", late);
            toggle(&self.plate, "gone", gone);
            toggle(&self.plate, "fair", fair && !late && !gone);
            toggle(&self.body, "late", late);
            toggle(&self.body, "joining", view.freshness == Freshness::Waiting);
        }
        if changed || now_ms - self.text_ms > 500.0 {
            self.text_ms = now_ms;
            let way = if transport == Transport::WebSocket { "ws" } else { transport.word() };
            let rtt = view.rtt_ms.map_or_else(|| format!("Live {way}"), |rtt| format!("{rtt} ms {way}"));
            self.text.set(match view.freshness {
                Freshness::Waiting => "Joining",
                Freshness::Live => match trouble {
                    Some(trouble) => trouble.words(),
                    None => &rtt,
                },
                Freshness::CatchingUp => "Catching up",
                Freshness::Lost => "Offline",
            });
        }
    }
}
