//! The mailboxes of a match's seats, so that a client's requests find theirs: the newest for each player. Routes come
//! here; the match knows only its own ends. What has ended is forgotten when many have.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use shared::id::PlayerId;

use crate::link::mailbox::{self, Delivery, Mailbox, MailboxLink};

/// Mailboxes from which on those that have ended are looked for.
const LOOK_AT: usize = 64;

/// The newest mailbox of each player that had one, and a spare beside it.
#[derive(Debug, Default)]
pub struct Mailboxes(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    of: BTreeMap<PlayerId, Arc<Mailbox>>,
    spare: BTreeMap<PlayerId, Arc<Mailbox>>,
    opened: u64,
    /// How many there may be before the next look after those that have ended.
    look_at: usize,
}

impl Mailboxes {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A new mailbox for `player`; an older one is found by nobody any more, unless the new one is a `spare`.
    pub fn open(&self, player: PlayerId, delivery: Delivery, spare: bool) -> (Arc<Mailbox>, MailboxLink) {
        let mut kept = self.kept();
        kept.opened += 1;
        let (ours, theirs) = mailbox::open(delivery, kept.opened);
        let older = kept.find(player).is_some_and(|older| !older.is_closed());
        let shelf = if spare && older { &mut kept.spare } else { &mut kept.of };
        shelf.insert(player, Arc::clone(&ours));
        if kept.of.len() > kept.look_at.max(LOOK_AT) {
            kept.of.retain(|_, mailbox| !mailbox.is_closed());
            kept.spare.retain(|_, mailbox| !mailbox.is_closed());
            kept.look_at = kept.of.len() * 2;
        }
        (ours, theirs)
    }

    /// The mailbox of `player` with this number; without one the newest, also if it has ended.
    pub fn find(&self, player: PlayerId, number: Option<u64>) -> Option<Arc<Mailbox>> {
        let mut kept = self.kept();
        match number {
            None => kept.find(player).cloned(),
            Some(number) => {
                let both = [kept.of.get(&player), kept.spare.get(&player)];
                both.into_iter().flatten().find(|mailbox| mailbox.number == number).cloned()
            }
        }
    }
}

impl Kept {
    /// The newest that is no spare any more: a spare takes over when the one before it ends.
    fn find(&mut self, player: PlayerId) -> Option<&Arc<Mailbox>> {
        if self.of.get(&player).is_none_or(|mailbox| mailbox.is_closed())
            && let Some(spare) = self.spare.remove(&player)
        {
            self.of.insert(player, spare);
        }
        self.of.get(&player)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_is_found_and_those_that_ended_are_forgotten() {
        let mailboxes = Mailboxes::default();
        let (first, _link) = mailboxes.open(PlayerId(1), Delivery::Poll, false);
        let (second, _newer) = mailboxes.open(PlayerId(1), Delivery::Stream, false);
        assert!(second.number > first.number);
        assert_eq!(mailboxes.find(PlayerId(1), None).map(|m| m.number), Some(second.number));
        for player in 2..1000 {
            drop(mailboxes.open(PlayerId(player), Delivery::Stream, false));
        }
        assert!(mailboxes.kept().of.len() <= LOOK_AT + 2);
        assert!(mailboxes.find(PlayerId(1), None).is_some() && mailboxes.find(PlayerId(2), None).is_none());
    }

    #[test]
    fn a_spare_is_found_by_its_number_until_the_older_one_ends() {
        let mailboxes = Mailboxes::default();
        let (older, link) = mailboxes.open(PlayerId(1), Delivery::Stream, true);
        let (spare, _newer) = mailboxes.open(PlayerId(1), Delivery::Stream, true);
        let number = |named| mailboxes.find(PlayerId(1), named).map(|m| m.number);
        assert_eq!((number(None), number(Some(spare.number))), (Some(older.number), Some(spare.number)));
        drop(link);
        assert_eq!((number(None), number(Some(older.number))), (Some(spare.number), None));
        assert_eq!(number(Some(99)), None);
    }
}
