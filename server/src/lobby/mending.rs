//! How matches come back from their journals: after another process, after a panic, and on another map.
//! A part of the lobby, which says when; journals and the pool do the work.

use std::sync::PoisonError;
use std::time::Instant;

use shared::round;
use shared::simulation::Stage;

use super::{Lobby, MENDED_FOR, Place};
use crate::journal::recovery::Recovered;
use crate::matches::handle::MatchHandle;
use crate::matches::id::MatchId;
use crate::matches::pool::Order;
use crate::settings::MatchSettings;
use crate::telemetry::journal_figures;

impl Lobby {
    /// Waits until a match has panicked, or goes on on another map.
    pub async fn broken(&self) {
        self.broken.news.notified().await;
    }

    /// Takes up matches that panicked, and those that go on on another map. One of the former that does so again soon is put aside. Blocks.
    pub fn mend(&self) {
        let broken = std::mem::take(&mut *self.broken.ids.lock().unwrap_or_else(PoisonError::into_inner));
        let Some(journals) = &self.journals else { return };
        for id in broken {
            let Some((older, mended_at)) =
                self.registry.get(id.as_str()).map(|hosted| (hosted.handle.clone(), hosted.mended_at))
            else {
                continue;
            };
            let next = older.take_next();
            let again = next.is_none() && mended_at.is_some_and(|at| at.elapsed() < MENDED_FOR);
            if again {
                journals.put_aside(id.as_str());
            }
            let recovered = (!again).then(|| journals.recover_again(id.as_str())).flatten();
            let mended_at = if next.is_some() { mended_at } else { Some(Instant::now()) };
            match recovered.and_then(|recovered| self.take_up(moved(recovered, next), mended_at)) {
                Some(newer) => newer.follow(&older),
                None => drop(self.registry.remove(id.as_str())),
            }
        }
    }

    /// Hosts a match where it was; `None` if that can't be. Its journal stays, for the next process.
    pub(super) fn take_up(&self, recovered: Recovered, mended_at: Option<Instant>) -> Option<MatchHandle> {
        let Recovered { header, settings, checkpoint, .. } = recovered;
        let id = MatchId::parse(&header.match_id)?;
        let place = Place {
            // Without its place among the standing ones it ends when nobody plays.
            standing: header.standing && (mended_at.is_some() || self.standing() < self.standing.matches),
            hosted_at_ms: header.hosted_at_ms,
            mended_at,
            playground: None,
        };
        let order = Order {
            id,
            settings,
            standing: place.standing,
            seed: header.seed,
            feed_key: header.feed_key,
            journal: None,
            resume: Some(checkpoint),
        };
        if let Some(journals) = &self.journals {
            journals.count(&header.match_id);
        }
        match self.place(order, place) {
            Ok(handle) => {
                journal_figures::recovered();
                Some(handle)
            }
            Err(error) => {
                tracing::error!(%error, "a recovered match can't be hosted");
                if let Some(journals) = &self.journals {
                    journals.uncount(&header.match_id);
                }
                None
            }
        }
    }
}

/// The match as it goes on with its `next` settings, if there are any: everybody waits for a place on the new map.
fn moved(mut recovered: Recovered, next: Option<MatchSettings>) -> Recovered {
    if let Some(next) = next {
        let rules = Stage::new(next.arena(), next.rules()).rules;
        round::clear(&mut recovered.checkpoint.world, &rules);
        recovered.settings = next;
    }
    recovered
}
