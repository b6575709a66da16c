//! The mailboxes of a match's seats, so that a client's requests find theirs: the newest for each player. Routes come
//! here; the match knows only its own ends. What has ended is forgotten when many have.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use shared::id::PlayerId;

use crate::link::mailbox::{self, Delivery, Mailbox, MailboxLink};

/// Mailboxes from which on those that have ended are looked for.
const LOOK_AT: usize = 64;

/// The newest mailbox of each player that had one.
#[derive(Debug, Default)]
pub struct Mailboxes(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    of: BTreeMap<PlayerId, Arc<Mailbox>>,
    opened: u64,
    /// How many there may be before the next look after those that have ended.
    look_at: usize,
}

impl Mailboxes {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A new mailbox for `player`; an older one is found by nobody any more.
    pub fn open(&self, player: PlayerId, delivery: Delivery) -> (Arc<Mailbox>, MailboxLink) {
        let mut kept = self.kept();
        kept.opened += 1;
        let (ours, theirs) = mailbox::open(delivery, kept.opened);
        kept.of.insert(player, Arc::clone(&ours));
        if kept.of.len() > kept.look_at.max(LOOK_AT) {
            kept.of.retain(|_, mailbox| !mailbox.is_closed());
            kept.look_at = kept.of.len() * 2;
        }
        (ours, theirs)
    }

    /// The newest mailbox of `player`, also if it has ended.
    pub fn find(&self, player: PlayerId) -> Option<Arc<Mailbox>> {
        self.kept().of.get(&player).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_is_found_and_those_that_ended_are_forgotten() {
        let mailboxes = Mailboxes::default();
        let (first, _link) = mailboxes.open(PlayerId(1), Delivery::Poll);
        let (second, _newer) = mailboxes.open(PlayerId(1), Delivery::Stream);
        assert!(second.number > first.number);
        assert_eq!(mailboxes.find(PlayerId(1)).map(|m| m.number), Some(second.number));
        for player in 2..1000 {
            drop(mailboxes.open(PlayerId(player), Delivery::Stream));
        }
        assert!(mailboxes.kept().of.len() <= LOOK_AT + 2);
        assert!(mailboxes.find(PlayerId(1)).is_some() && mailboxes.find(PlayerId(2)).is_none());
    }
}
