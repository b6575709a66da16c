//! Which transport to try: the best one, and the next below it where that does not get through. What worked is used
//! again for some minutes, and then the best one gets its next chance; meanwhile a better one is tried now and then in
//! the background. It knows no browser and no clock.

use crate::climb::Climb;

/// What carries a player's messages, the best first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Transport {
    /// A WebSocket.
    #[default]
    WebSocket,
    /// One response that goes on, and a request for each batch of inputs.
    Stream,
    /// A request for everything.
    Poll,
}

/// How long a link may take to its first message before the next transport is tried, in milliseconds.
pub const FIRST_MESSAGE_MS: u32 = 2_500;
/// How long a transport below the best one is gone back to.
const REMEMBERED_S: u32 = 600;
/// Failures in a row of a transport that has worked on this page before the next one is tried: networks fail too.
const PATIENCE: u32 = 3;

impl Transport {
    /// The word for it that metrics, pages and storage use.
    pub fn word(self) -> &'static str {
        match self {
            Transport::WebSocket => "websocket",
            Transport::Stream => "stream",
            Transport::Poll => "poll",
        }
    }

    fn below(self) -> Option<Transport> {
        match self {
            Transport::WebSocket => Some(Transport::Stream),
            Transport::Stream => Some(Transport::Poll),
            Transport::Poll => None,
        }
    }
}

/// Where one stands, and since when.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ladder {
    at: Transport,
    /// When a transport below the best one first worked, in seconds of the wall clock; 0 is never.
    since_s: u32,
    /// Whether the transport has worked on this page.
    proven: bool,
    failures: u32,
    climb: Climb,
}

impl Ladder {
    /// Begins at the top, or where `memory` of an earlier page says that it worked not long ago.
    pub fn new(memory: &str, now_s: u32) -> Ladder {
        let (word, since) = memory.split_once(' ').unwrap_or_default();
        let since_s = since.parse().unwrap_or(0);
        let known = [Transport::Stream, Transport::Poll].into_iter().find(|t| t.word() == word);
        let fresh = now_s.checked_sub(since_s).is_some_and(|age_s| age_s < REMEMBERED_S);
        match known.filter(|_| fresh) {
            Some(at) => Ladder { at, since_s, ..Ladder::default() },
            None => Ladder::default(),
        }
    }

    /// The transport to use.
    pub fn at(&self) -> Transport {
        self.at
    }

    /// The first message came. Returns what later pages should know, if that is new.
    pub fn worked(&mut self, now_s: u32) -> Option<String> {
        self.failures = 0;
        if self.at != Transport::WebSocket {
            self.climb.begin(ms(now_s));
        }
        if std::mem::replace(&mut self.proven, true) {
            return None;
        }
        if self.at == Transport::WebSocket {
            return Some(String::new());
        }
        if self.since_s == 0 {
            self.since_s = now_s;
        }
        Some(format!("{} {}", self.at.word(), self.since_s))
    }

    /// No message came. `unreachable` is that the server itself did not answer. True if another transport is to be
    /// tried at once; otherwise a pause is due.
    pub fn failed(&mut self, unreachable: bool) -> bool {
        self.failures += 1;
        if unreachable || self.proven && self.failures < PATIENCE {
            // Whoever falls while nobody answers learns nothing about transports.
            if !self.proven {
                *self = Ladder::default();
            }
            return false;
        }
        let below = self.at.below();
        *self = Ladder { at: below.unwrap_or_default(), ..Ladder::default() };
        below.is_some()
    }

    /// The better transport that is to be tried now, beside the one that works: the best one, and every other time the
    /// one between. `chance`, 0 to 1, differs from page to page.
    pub fn climb(&mut self, now_s: u32, chance: f64) -> Option<Transport> {
        if !self.climb.is_due(ms(now_s), chance) {
            return None;
        }
        let between = self.at == Transport::Poll && self.climb.attempts().is_multiple_of(2);
        Some(if between { Transport::Stream } else { Transport::WebSocket })
    }

    /// The link moved to `transport`, which has brought its first message. Returns what later pages should know.
    pub fn moved(&mut self, transport: Transport, now_s: u32) -> Option<String> {
        if transport == self.at {
            return None;
        }
        *self = Ladder { at: transport, ..Ladder::default() };
        self.worked(now_s)
    }

    /// A link that worked has ended: after some minutes that is the moment for a better one.
    pub fn lost(&mut self, now_s: u32) {
        if self.at != Transport::WebSocket && now_s.saturating_sub(self.since_s) >= REMEMBERED_S {
            *self = Ladder::default();
        }
    }
}

/// Seconds of the wall clock in milliseconds.
fn ms(now_s: u32) -> f64 {
    f64::from(now_s) * 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u32 = 1_800_000_000;

    #[test]
    fn it_falls_rung_by_rung_and_then_rests() {
        let mut ladder = Ladder::new("", NOW);
        let rungs = [Transport::WebSocket, Transport::Stream, Transport::Poll, Transport::WebSocket];
        let mut at_once = Vec::new();
        for rung in rungs {
            assert_eq!(ladder.at(), rung);
            at_once.push(ladder.failed(false));
        }
        assert_eq!(at_once, [true, true, false, true]);
    }

    #[test]
    fn what_worked_is_remembered_for_some_minutes() {
        let mut ladder = Ladder::new("", NOW);
        assert!(ladder.failed(false));
        let memory = ladder.worked(NOW).unwrap();
        assert_eq!(ladder.worked(NOW + 9), None);
        assert_eq!(Ladder::new(&memory, NOW + 60).at(), Transport::Stream);
        let mut again = Ladder::new(&memory, NOW + 60);
        assert_eq!(again.worked(NOW + 60), Some(memory.clone()), "the first time counts");
        assert_eq!(Ladder::new(&memory, NOW + 700).at(), Transport::WebSocket);
        assert_eq!(Ladder::new(&memory, NOW - 5).at(), Transport::WebSocket, "a clock that was set");
        for odd in ["stream", "stream x", "carrier 12", "websocket 12"] {
            assert_eq!(Ladder::new(odd, NOW).at(), Transport::WebSocket);
        }
        ladder.lost(NOW + 60);
        assert_eq!(ladder.at(), Transport::Stream);
        ladder.lost(NOW + 700);
        assert_eq!(ladder.at(), Transport::WebSocket);
        assert_eq!(ladder.worked(NOW), Some(String::new()), "nothing is to be remembered");
    }

    #[test]
    fn it_climbs_in_the_background() {
        let mut ladder = Ladder::default();
        ladder.worked(NOW);
        assert_eq!(ladder.climb(NOW + 9_000, 0.0), None, "it stands at the top");
        let mut ladder = Ladder::new(&format!("poll {NOW}"), NOW);
        assert_eq!(ladder.climb(NOW + 60, 0.0), None, "nothing works yet");
        ladder.worked(NOW);
        let tried: Vec<_> = (0..240).filter_map(|s| Some((s, ladder.climb(NOW + s, 0.0)?))).collect();
        let best = Transport::WebSocket;
        assert_eq!(tried, [(15, best), (45, Transport::Stream), (105, best), (225, Transport::Stream)]);
        let memory = ladder.moved(Transport::Stream, NOW + 226).unwrap();
        assert_eq!(memory, format!("stream {}", NOW + 226));
        assert_eq!(ladder.moved(Transport::Stream, NOW + 230), None, "the next stream of the same kind");
        assert_eq!(ladder.climb(NOW + 241, 0.0), Some(best));
        assert_eq!(ladder.moved(best, NOW + 242), Some(String::new()));
        assert_eq!((ladder.at(), ladder.climb(NOW + 9_000, 0.0)), (best, None));
    }

    #[test]
    fn a_server_that_is_gone_says_nothing_about_transports() {
        let mut ladder = Ladder::default();
        ladder.worked(NOW);
        assert!(!ladder.failed(false) && !ladder.failed(false));
        assert_eq!(ladder.at(), Transport::WebSocket, "it has worked here");
        assert!(ladder.failed(false));
        assert_eq!(ladder.at(), Transport::Stream);
        assert!(!ladder.failed(true));
        assert_eq!(ladder.at(), Transport::WebSocket, "the stream's server does not answer either");
    }
}
