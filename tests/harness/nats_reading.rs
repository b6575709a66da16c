//! All feeds on a broker as a careful consumer reads them: it complains about every gap that no keyframe mends.
//! It judges each event by itself; what the events amount to is the tests' business.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::feed::FeedReader;
use crate::http::metric;
use crate::nats::{Consumer, Delivery};
use crate::patience::wait_for;
use crate::sse::SseEvent;

/// The subject of all feeds.
pub const EVERY_FEED: &str = "starfray.feed.*";
/// Longest time for what is to come.
const SOON: Duration = Duration::from_secs(15);

/// What was read of each feed.
#[derive(Debug, Default)]
pub struct Reading {
    /// By subject.
    pub feeds: BTreeMap<String, FeedReader>,
}

impl Reading {
    /// Takes in a message.
    ///
    /// # Errors
    /// When it is not one that may come here.
    pub fn take(&mut self, delivery: &Delivery) -> Result<SseEvent> {
        let event = delivery.event()?;
        let reader = self.feeds.entry(delivery.subject.clone()).or_default();
        // A hello comes before each keyframe, and is always the same.
        let before = if event.name == "hello" { reader.hello.take() } else { None };
        reader.take(&event).with_context(|| delivery.subject.clone())?;
        ensure!(before.is_none() || before == reader.hello, "another hello on {}", delivery.subject);
        Ok(event)
    }

    /// Reads until it is enough; returns what came, with its subject.
    ///
    /// # Errors
    /// When something may not come here, or it is not enough after a while.
    pub fn read(
        &mut self,
        from: &mut Consumer,
        enough: impl Fn(&Reading) -> bool,
    ) -> Result<Vec<(String, SseEvent)>> {
        let (mut events, end) = (Vec::new(), Instant::now() + SOON);
        while !enough(self) {
            ensure!(Instant::now() < end, "not enough of {:?}", self.feeds.keys());
            if let Some(delivery) = from.next(Duration::from_millis(200))? {
                events.push((delivery.subject.clone(), self.take(&delivery)?));
            }
        }
        Ok(events)
    }

    /// What was read of a match.
    pub fn of(&self, id: &str) -> Option<&FeedReader> {
        self.feeds.get(&subject(id))
    }

    /// The number of the last event of a match; 0 before the first.
    pub fn seq(&self, id: &str) -> u64 {
        self.of(id).and_then(|feed| feed.cursor).map_or(0, |cursor| cursor.seq)
    }
}

/// Where the events of a match go.
pub fn subject(id: &str) -> String {
    format!("starfray.feed.{id}")
}

/// Waits until the bridge of the server at `base` is connected, or is not.
pub fn wait_for_bridge(base: &str, connected: bool) -> Result<()> {
    let wanted = Some(f64::from(u8::from(connected)));
    wait_for("the bridge", SOON, || Ok((metric(base, "starfray_nats_connected")? == wanted).then_some(())))
}
