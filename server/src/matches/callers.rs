//! Where the people of a match call from, for operators alone: the address of the last request, and the account if
//! there is one. In memory as long as the match; never written down. The routes note it, the match does not know it.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use shared::id::PlayerId;

/// Most people who are remembered; more than have seats, since who left is forgotten only when there are as many.
const CALLERS_MAX: usize = 4096;

/// Where somebody calls from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The address that limits count for.
    pub address: IpAddr,
    /// The public id of the account.
    pub account: Option<String>,
}

/// Somebody who was noted.
#[derive(Debug)]
struct Known {
    caller: Caller,
    /// Whether they took the seat in this process, so that it is certain whether there is an account.
    joined_here: bool,
}

/// Everybody of a match who was noted.
#[derive(Debug, Default)]
pub struct Callers(Mutex<BTreeMap<PlayerId, Known>>);

impl Callers {
    /// `player` took a seat.
    pub fn note(&self, player: PlayerId, caller: Caller) {
        self.change(player, |known| *known = Some(Known { caller, joined_here: true }));
    }

    /// `player` calls from `address` now; the account stays.
    pub fn note_address(&self, player: PlayerId, address: IpAddr) {
        self.change(player, |known| {
            let (account, joined_here) =
                known.take().map_or((None, false), |known| (known.caller.account, known.joined_here));
            *known = Some(Known { caller: Caller { address, account }, joined_here });
        });
    }

    fn change(&self, player: PlayerId, change: impl FnOnce(&mut Option<Known>)) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut one = known.remove(&player);
        change(&mut one);
        // Numbers only grow, so the lowest has probably gone.
        if known.len() >= CALLERS_MAX {
            known.pop_first();
        }
        known.extend(one.map(|one| (player, one)));
    }

    /// Where `player` calls from.
    pub fn find(&self, player: PlayerId) -> Option<Caller> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&player).map(|one| one.caller.clone())
    }

    /// Whether `player` took the seat in this process. Of others the address is known at most; whether they have an account
    /// only the store knows.
    pub fn joined_here(&self, player: PlayerId) -> bool {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(&player).is_some_and(|one| one.joined_here)
    }

    /// Everybody for whom `meant` holds.
    pub fn which(&self, meant: impl Fn(&Caller) -> bool) -> Vec<PlayerId> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.iter().filter(|(_, one)| meant(&one.caller)).map(|(player, _)| *player).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_address_counts_and_the_account_stays() {
        let (callers, home, away) = (Callers::default(), [10, 0, 0, 1].into(), [10, 0, 0, 2].into());
        callers.note(PlayerId(3), Caller { address: home, account: Some("ann".into()) });
        callers.note_address(PlayerId(3), away);
        callers.note_address(PlayerId(4), home);
        let ann = Caller { address: away, account: Some("ann".into()) };
        assert_eq!(callers.find(PlayerId(3)), Some(ann));
        assert_eq!(callers.which(|caller| caller.address == home), [PlayerId(4)]);
        assert!(callers.joined_here(PlayerId(3)) && !callers.joined_here(PlayerId(4)));
        (5..=u16::MAX).for_each(|id| callers.note_address(PlayerId(id), home));
        assert_eq!(callers.find(PlayerId(4)), None);
        assert!(callers.find(PlayerId(u16::MAX)).is_some());
        assert_eq!(callers.which(|_| true).len(), CALLERS_MAX);
    }
}
