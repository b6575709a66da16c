//! All feeds that the bridge follows: new ones come in from the lobby, ended ones are let go when they were told.
//! It decides what goes into the next batch, in turns, so that no match starves another. No broker is known here.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;

use crate::cluster::batch::{Batch, Room, Taken};
use crate::cluster::followed::Followed;

/// For how long the end of a match waits for a broker that is away.
const ENDED_KEPT: Duration = Duration::from_secs(30);
/// Ended matches that wait for a broker at most; beyond that the oldest are let go.
const ENDED_MAX: usize = 64;

/// Where the lobby leaves new matches: as many as are hosted between two looks, so no more than a server takes.
pub type Newcomers = Arc<Mutex<Vec<Followed>>>;

/// The feeds that are followed.
#[derive(Debug, Default)]
pub struct Board {
    newcomers: Newcomers,
    feeds: Vec<Followed>,
    /// Whose turn it is to be first in a batch.
    turn: usize,
}

impl Board {
    /// A board that takes in what is left at `newcomers`.
    pub fn new(newcomers: Newcomers) -> Board {
        Board { newcomers, ..Board::default() }
    }

    /// Takes in new matches and lets go of those that have ended; returns how many events were never published.
    pub fn tidy(&mut self, now: Duration) -> u64 {
        self.feeds.append(&mut self.newcomers.lock().unwrap_or_else(PoisonError::into_inner));
        for feed in &mut self.feeds {
            if feed.ended_at.is_none() && feed.log().ended() {
                feed.ended_at = Some(now);
            }
        }
        let mut too_many =
            self.feeds.iter().filter(|f| f.ended_at.is_some()).count().saturating_sub(ENDED_MAX);
        let mut lost = 0;
        self.feeds.retain(|feed| {
            let Some(ended_at) = feed.ended_at else { return true };
            let late = now.saturating_sub(ended_at) >= ENDED_KEPT;
            let goes = feed.is_done() || late || too_many > 0;
            if goes {
                too_many = too_many.saturating_sub(1);
                lost += feed.behind();
            }
            !goes
        });
        lost
    }

    /// After a break: every feed goes on with its newest keyframe. Returns how many events are passed over.
    pub fn begin_again(&mut self) -> u64 {
        self.feeds.iter_mut().map(Followed::begin_again).sum()
    }

    /// The next messages and their subject; `None` if nothing is new or the batch is full. Adds up in `lost` what had
    /// to be left out.
    pub fn next(
        &mut self,
        batch: &mut Batch,
        payload_bytes: usize,
        lost: &mut u64,
    ) -> Option<(String, Taken)> {
        while batch.is_open() {
            let count = self.feeds.len().max(1);
            let ready = (0..count).map(|i| (self.turn + i) % count);
            let ready = ready.into_iter().find(|&i| self.feeds.get(i).is_some_and(Followed::has_news))?;
            let feed = self.feeds.get_mut(ready)?;
            self.turn = ready + 1;
            let mut taken = Taken::default();
            let before = feed.behind();
            *lost += feed.take(Room { bytes: batch.room_bytes(), payload_bytes }, &mut taken);
            let bytes = taken.payloads.iter().map(Bytes::len).sum();
            batch.add(taken.payloads.len(), bytes, taken.events);
            if !taken.payloads.is_empty() {
                return Some((feed.subject.clone(), taken));
            }
            if feed.behind() == before {
                return None;
            }
        }
        None
    }

    /// The feed of the match `id`.
    pub fn find(&self, id: &str) -> Option<&Followed> {
        self.feeds.iter().find(|feed| feed.id == id)
    }

    /// Whether every feed has ended and was told to its end.
    pub fn is_done(&self) -> bool {
        self.feeds.iter().all(Followed::is_done)
    }
}

#[cfg(test)]
mod tests {
    use shared::protocol::CloseReason;

    use super::*;
    use crate::feed::log::FeedLog;

    fn board(feeds: usize) -> (Board, Vec<Arc<FeedLog>>) {
        let logs: Vec<_> = (0..feeds).map(|_| Arc::new(FeedLog::new(7, "{}", Vec::new()))).collect();
        let follow =
            |(i, log): (usize, &Arc<FeedLog>)| Followed::new(i.to_string(), i.to_string(), Arc::clone(log));
        let newcomers = Newcomers::default();
        newcomers.lock().unwrap().extend(logs.iter().enumerate().map(follow));
        (Board::new(newcomers), logs)
    }

    #[test]
    fn feeds_take_turns_when_a_batch_is_full() {
        let (mut board, logs) = board(3);
        board.tidy(Duration::ZERO);
        let big = format!("\"{}\"", "x".repeat(300_000));
        for log in &logs {
            ["keyframe", "delta", "delta"].iter().for_each(|name| log.publish(name, &big));
        }
        let mut order = Vec::new();
        for _ in 0..20 {
            let (mut batch, mut lost) = (Batch::default(), 0);
            while let Some((subject, taken)) = board.next(&mut batch, 1 << 20, &mut lost) {
                order.push((subject, taken.events));
            }
            assert_eq!(lost, 0);
        }
        assert_eq!(order.iter().map(|(_, events)| events).sum::<u64>(), 9);
        assert_eq!(
            order[..3].iter().map(|(subject, _)| subject.as_str()).collect::<Vec<_>>(),
            ["0", "1", "2"]
        );
        assert!(board.find("1").is_some() && board.find("9").is_none());
    }

    #[test]
    fn an_ended_match_is_let_go_when_it_was_told_or_the_broker_was_away_too_long() {
        let (mut board, logs) = board(2);
        board.tidy(Duration::ZERO);
        for log in &logs {
            log.publish("keyframe", "{}");
            log.publish("bye", "{}");
            log.end(CloseReason::MatchEnded);
        }
        assert_eq!(board.tidy(Duration::from_secs(1)), 0);
        let (mut batch, mut lost) = (Batch::default(), 0);
        let (subject, taken) = board.next(&mut batch, 1 << 20, &mut lost).unwrap();
        assert_eq!((subject.as_str(), taken.events, board.is_done()), ("0", 2, false));
        assert_eq!(board.tidy(Duration::from_secs(2)), 0);
        assert!(board.find("0").is_none() && board.find("1").is_some());
        assert_eq!(board.tidy(Duration::from_secs(31)), 2);
        assert!(board.find("1").is_none() && board.is_done());
    }

    #[test]
    fn only_so_many_ended_matches_are_kept() {
        let (mut board, logs) = board(ENDED_MAX + 5);
        for log in &logs {
            log.publish("bye", "{}");
            log.end(CloseReason::MatchEnded);
        }
        assert_eq!(board.tidy(Duration::ZERO), 5);
        assert_eq!(board.feeds.len(), ENDED_MAX);
    }
}
