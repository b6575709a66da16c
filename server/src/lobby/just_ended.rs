//! Matches that ended a moment ago. Who follows a feed by long polling is between two requests most of the time: its
//! next one still finds here what it missed, and the goodbye. It knows handles, no game; the lobby fills and asks it.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use crate::matches::handle::MatchHandle;

/// For how long the end can be read: longer than a poll is held and a reader waits after a lost connection.
const KEPT_FOR: Duration = Duration::from_secs(30);
/// Most matches that are kept; of more the oldest goes.
const KEPT_MAX: usize = 64;

/// Handles of matches that just ended, oldest first.
#[derive(Default)]
pub(super) struct JustEnded(Mutex<VecDeque<(Instant, MatchHandle)>>);

impl JustEnded {
    /// Keeps a match that ended at `now`.
    pub(super) fn keep(&self, handle: MatchHandle, now: Instant) {
        let mut kept = self.fresh(now);
        if kept.len() == KEPT_MAX {
            kept.pop_front();
        }
        kept.push_back((now, handle));
    }

    /// The match with this id, if it ended a moment before `now`.
    pub(super) fn find(&self, id: &str, now: Instant) -> Option<MatchHandle> {
        self.fresh(now)
            .iter()
            .find(|(_, handle)| handle.id().as_str() == id)
            .map(|(_, handle)| handle.clone())
    }

    /// Lets go of those whose time is over.
    pub(super) fn tidy(&self, now: Instant) {
        drop(self.fresh(now));
    }

    fn fresh(&self, now: Instant) -> MutexGuard<'_, VecDeque<(Instant, MatchHandle)>> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        while kept.front().is_some_and(|(ended, _)| now.duration_since(*ended) > KEPT_FOR) {
            kept.pop_front();
        }
        kept
    }
}
