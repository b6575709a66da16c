//! The public matches as the lobby page shows them, live: the whole list for whoever comes, then what changed, each made
//! once for all readers. A slow reader gets the whole list again. It knows no HTTP.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use serde::Serialize;
use tokio::sync::{Notify, watch};
use tokio::time::{MissedTickBehavior, interval};

use super::Lobby;
use crate::matches::status::MatchStatus;
use crate::settings::MatchSettings;

/// Time between two looks at the matches.
const EVERY: Duration = Duration::from_secs(1);
/// Most readers at a time.
const READERS_MAX: usize = 4096;

/// A match in one line.
#[derive(Serialize)]
struct Line<'a> {
    id: &'a str,
    name: &'a str,
    phase: shared::world::Phase,
    #[serde(skip_serializing_if = "Option::is_none")]
    phase_left_s: Option<u32>,
    round: u16,
    watching: u32,
    locked: bool,
    settings: &'a MatchSettings,
    people: usize,
    bots: usize,
    /// Who has the most kills, and how many.
    leader: Option<(&'a str, u16)>,
}

impl<'a> Line<'a> {
    fn of(status: &'a MatchStatus) -> Line<'a> {
        let people = status.people();
        let leader = status.players.first().filter(|first| first.score > 0);
        Line {
            id: &status.id,
            name: &status.name,
            phase: status.phase,
            phase_left_s: status.phase_left_s,
            round: status.round,
            watching: status.watching,
            locked: status.locked,
            settings: &status.settings,
            people,
            bots: status.players.len() - people,
            leader: leader.map(|first| (first.name.as_str(), first.score)),
        }
    }

    /// What tells whether there is news: all but the clock, which readers run themselves.
    fn without_clock(self) -> Line<'a> {
        Line { phase_left_s: None, ..self }
    }
}

/// The list at one moment, and how it came about from the one before, as events of a stream.
#[derive(Clone, Debug)]
pub struct Shown {
    number: u64,
    list: Bytes,
    changes: Bytes,
}

/// Where the list is shown.
#[derive(Debug)]
pub struct Front {
    newest: watch::Sender<Option<Shown>>,
    /// Somebody came to an empty front and waits.
    came: Notify,
    closed: AtomicBool,
}

/// Somebody who reads the list.
#[derive(Debug)]
pub struct FrontReader {
    newest: watch::Receiver<Option<Shown>>,
    known: Option<u64>,
}

impl Default for Front {
    fn default() -> Front {
        Front { newest: watch::Sender::new(None), came: Notify::new(), closed: AtomicBool::new(false) }
    }
}

impl Front {
    /// Reads from now on; `None` if as many read as may, or there will be no more.
    pub fn read(&self) -> Option<FrontReader> {
        let newest = self.newest.subscribe();
        if newest.borrow().is_none() {
            self.came.notify_one();
        }
        let is_open = !self.closed.load(Ordering::Acquire) && self.newest.receiver_count() <= READERS_MAX;
        is_open.then_some(FrontReader { newest, known: None })
    }

    /// There is nothing more to read.
    pub fn close(&self) {
        self.closed.store(true, Ordering::Release);
        self.newest.send_replace(None);
    }
}

impl FrontReader {
    /// What is to be sent next: the whole list, or what changed since the last answer. `None` is the end.
    pub async fn next(&mut self) -> Option<Bytes> {
        loop {
            if self.known.is_some() || self.newest.borrow().is_none() {
                self.newest.changed().await.ok()?;
            }
            let shown = self.newest.borrow_and_update().clone()?;
            let follows = self.known.is_some_and(|known| known + 1 == shown.number);
            let is_known = self.known == Some(shown.number);
            self.known = Some(shown.number);
            if !is_known {
                return Some(if follows { shown.changes } else { shown.list });
            }
        }
    }
}

/// What was shown last, to find what changed.
#[derive(Default)]
struct Before {
    number: u64,
    /// None as long as nobody has seen anything.
    lines: Option<BTreeMap<String, Vec<u8>>>,
}

impl Before {
    /// The next picture of `matches`; `None` if nothing has changed.
    fn next(&mut self, matches: &[Arc<MatchStatus>]) -> Option<Shown> {
        let mut changes = Vec::new();
        let mut lines = BTreeMap::new();
        let nothing = BTreeMap::new();
        let known = self.lines.as_ref().unwrap_or(&nothing);
        for status in matches {
            let still = serde_json::to_vec(&Line::of(status).without_clock()).unwrap_or_default();
            if known.get(&status.id) != Some(&still) {
                put(&mut changes, "match", &Line::of(status));
            }
            lines.insert(status.id.clone(), still);
        }
        for id in known.keys().filter(|id| !lines.contains_key(*id)) {
            put(&mut changes, "gone", &BTreeMap::from([("id", id)]));
        }
        if changes.is_empty() && self.lines.is_some() {
            return None;
        }
        (self.lines, self.number) = (Some(lines), self.number + 1);
        let all: Vec<Line<'_>> = matches.iter().map(|status| Line::of(status)).collect();
        let mut list = Vec::new();
        put(&mut list, "list", &BTreeMap::from([("matches", all)]));
        Some(Shown { number: self.number, list: list.into(), changes: changes.into() })
    }
}

fn put(out: &mut Vec<u8>, name: &str, data: &impl Serialize) {
    let Ok(json) = serde_json::to_vec(data) else { return };
    for part in [b"event: ", name.as_bytes(), b"\ndata: ", &json, b"\n\n"] {
        out.extend_from_slice(part);
    }
}

/// Looks at the matches once a second while somebody reads, until the front is closed.
pub async fn keep(front: &Front, lobby: &Lobby) {
    let mut turns = interval(EVERY);
    turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut closing = front.newest.subscribe();
    let mut before = Before::default();
    loop {
        tokio::select! {
            _ = turns.tick() => {}
            () = front.came.notified() => {}
            _ = closing.wait_for(|_| front.closed.load(Ordering::Acquire)) => return,
        }
        // The one that waits for the close is no reader. What was shown to others is old for the next one.
        if front.newest.receiver_count() <= 1 {
            front.newest.send_if_modified(|shown| shown.take().is_some());
            before.lines = None;
            continue;
        }
        if let Some(shown) = before.next(&lobby.public()) {
            front.newest.send_replace(Some(shown));
        }
    }
}

#[cfg(test)]
mod tests {
    use shared::world::{Phase, World};

    use super::*;
    use crate::settings::RawSettings;

    fn status(id: &str, phase: Phase, left_s: u32) -> Arc<MatchStatus> {
        let settings = RawSettings::default().check().unwrap();
        let mut world = World::new(1);
        world.round.phase = phase;
        world.round.ticks_left = left_s * 30;
        Arc::new(MatchStatus::new(id, &settings, &world, 0, 0))
    }

    fn text(bytes: &Bytes) -> String {
        String::from_utf8(bytes.to_vec()).unwrap()
    }

    #[tokio::test]
    async fn readers_get_the_list_and_then_what_changed() {
        let (front, mut before) = (Front::default(), Before::default());
        let show = |shown: Option<Shown>| front.newest.send_replace(Some(shown.unwrap()));
        let mut early = front.read().unwrap();
        show(before.next(&[status("a", Phase::Playing, 60)]));
        let list = text(&early.next().await.unwrap());
        assert!(list.starts_with("event: list\ndata: {\"matches\":[{\"id\":\"a\","), "{list}");
        assert!(before.next(&[status("a", Phase::Playing, 59)]).is_none(), "the clock is no news");
        show(before.next(&[status("a", Phase::Results, 9), status("b", Phase::Lobby, 0)]));
        let changes = text(&early.next().await.unwrap());
        assert_eq!(changes.matches("event: match\n").count(), 2, "{changes}");
        show(before.next(&[status("b", Phase::Lobby, 0)]));
        let gone = text(&early.next().await.unwrap());
        assert_eq!(gone, "event: gone\ndata: {\"id\":\"a\"}\n\n");
        let late = text(&front.read().unwrap().next().await.unwrap());
        assert!(late.starts_with("event: list") && late.contains("\"id\":\"b\""), "{late}");
        show(before.next(&[]));
        show(before.next(&[status("c", Phase::Lobby, 0)]));
        let slow = text(&early.next().await.unwrap());
        assert!(slow.starts_with("event: list"), "whoever missed a change gets all: {slow}");
        front.close();
        assert!(early.next().await.is_none() && front.read().is_none());
    }
}
