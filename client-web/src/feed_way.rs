//! Which way the watch page reads the feed, and when it tries the next one: what brings no first event in time, or
//! fails before it, is left for the next, and while a lesser one works the best is tried beside it now and then. It knows
//! no browser; the page opens what this names.

use crate::climb::Climb;

/// Time in which a way has to bring its first event. A proxy that holds a stream back shows by silence alone.
const FIRST_EVENT_MS: f64 = 2_500.0;

/// A way to read the feed, best first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FeedWay {
    /// HTML5 Event Source.
    #[default]
    EventSource,
    /// Lines of JSON in a response that streams.
    Lines,
    /// Long polling: every answer is whole, so that nothing can hold it back.
    Poll,
    /// A WebSocket: for comparison, because Event Source does the same with less.
    WebSocket,
    /// A question every second, answered with what there is: for comparison.
    Pull,
}

impl FeedWay {
    /// Those that the watch page uses.
    const USED: [FeedWay; 3] = [FeedWay::EventSource, FeedWay::Lines, FeedWay::Poll];

    /// What to call it, on the page and where it is remembered.
    pub fn name(self) -> &'static str {
        match self {
            FeedWay::EventSource => "Event Source",
            FeedWay::Lines => "HTTP stream",
            FeedWay::Poll => "Long polling",
            FeedWay::WebSocket => "WebSocket",
            FeedWay::Pull => "Pull",
        }
    }

    /// The way with this name, of those that the watch page uses.
    pub fn named(name: &str) -> Option<FeedWay> {
        FeedWay::USED.into_iter().find(|way| way.name() == name)
    }

    fn next(self) -> FeedWay {
        match self {
            FeedWay::EventSource => FeedWay::Lines,
            FeedWay::Lines => FeedWay::Poll,
            FeedWay::Poll | FeedWay::WebSocket | FeedWay::Pull => FeedWay::EventSource,
        }
    }
}

/// The way in use.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FeedChoice {
    way: FeedWay,
    /// When it was opened, until its first event.
    opened_ms: Option<f64>,
    works: bool,
    climb: Climb,
}

impl FeedChoice {
    /// Begins with the way that worked before, or the best.
    pub fn new(remembered: Option<FeedWay>) -> FeedChoice {
        FeedChoice { way: remembered.unwrap_or_default(), ..FeedChoice::default() }
    }

    /// The way to open.
    pub fn way(&self) -> FeedWay {
        self.way
    }

    /// It is being opened.
    pub fn opening(&mut self, now_ms: f64) {
        self.opened_ms = Some(now_ms);
    }

    /// An event came. True if that is news: then this way is worth remembering.
    pub fn brought_event(&mut self, now_ms: f64) -> bool {
        self.opened_ms = None;
        if self.way != FeedWay::EventSource {
            self.climb.begin(now_ms);
        }
        !std::mem::replace(&mut self.works, true)
    }

    /// The better way that is to be tried now, beside the one that works. `chance`, 0 to 1, differs from page to page.
    pub fn climb(&mut self, now_ms: f64, chance: f64) -> Option<FeedWay> {
        (self.works && self.climb.is_due(now_ms, chance)).then_some(FeedWay::EventSource)
    }

    /// A better way has brought its first event and takes over.
    pub fn moved(&mut self, way: FeedWay) {
        *self = FeedChoice { way, works: true, ..FeedChoice::default() };
    }

    /// It failed. One that has brought nothing yet is left; one that worked is tried again once.
    pub fn failed(&mut self) {
        if !std::mem::take(&mut self.works) {
            self.way = self.way.next();
        }
        self.opened_ms = None;
    }

    /// Whether the next way is to be opened now, because this one brought no first event in time.
    pub fn is_late(&mut self, now_ms: f64) -> bool {
        let late = self.opened_ms.is_some_and(|at| now_ms - at > FIRST_EVENT_MS) && self.way != FeedWay::Poll;
        if late {
            self.works = false;
            self.failed();
        }
        late
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_brings_nothing_in_time_is_left() {
        let mut choice = FeedChoice::new(None);
        choice.opening(1000.0);
        assert!(!choice.is_late(3400.0));
        assert!(choice.is_late(3600.0));
        assert_eq!(choice.way(), FeedWay::Lines);
        assert!(!choice.is_late(9000.0), "not opened yet");
        choice.opening(3600.0);
        assert!(choice.is_late(6200.0));
        choice.opening(6200.0);
        assert_eq!(choice.way(), FeedWay::Poll);
        assert!(!choice.is_late(60_000.0), "a poll may be held for long");
        assert!(choice.brought_event(6300.0) && !choice.brought_event(6400.0));
        assert_eq!(choice.climb(20_000.0, 0.0), None);
        assert_eq!(choice.climb(22_000.0, 0.0), Some(FeedWay::EventSource));
        assert_eq!(choice.climb(22_100.0, 0.0), None, "one at a time");
        choice.moved(FeedWay::EventSource);
        assert_eq!((choice.way(), choice.climb(1e9, 0.0)), (FeedWay::EventSource, None));
    }

    #[test]
    fn what_worked_is_tried_again_and_then_the_next() {
        let mut choice = FeedChoice::new(FeedWay::named("HTTP stream"));
        choice.opening(0.0);
        choice.brought_event(100.0);
        assert!(!choice.is_late(10_000.0), "it works");
        choice.failed();
        assert_eq!(choice.way(), FeedWay::Lines);
        choice.failed();
        assert_eq!(choice.way(), FeedWay::Poll);
        choice.failed();
        assert_eq!(choice.way(), FeedWay::EventSource);
    }
}
