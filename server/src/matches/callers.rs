//! Where the people of a match call from, for operators alone: the address of the last request, and the account if
//! there is one. In memory as long as the match; never written down. The routes note it, the match does not know it.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Mutex, PoisonError};

use shared::id::PlayerId;

/// Most people who are remembered; more than have seats, since who left is forgotten only when there are as many.
const CALLERS_MAX: usize = 4096;

/// Bans of one match at most; the oldest goes when there are more.
const BANS_MAX: usize = 256;

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
pub struct Callers {
    known: Mutex<BTreeMap<PlayerId, Known>>,
    banned: Mutex<Vec<Caller>>,
}

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

    /// Everybody whom `older` knew is known here, and who was banned there is banned here.
    pub fn take_over(&self, older: &Callers) {
        let taken =
            |list: &Mutex<_>| std::mem::take(&mut *list.lock().unwrap_or_else(PoisonError::into_inner));
        self.known.lock().unwrap_or_else(PoisonError::into_inner).extend(taken(&older.known));
        let banned = std::mem::take(&mut *older.banned.lock().unwrap_or_else(PoisonError::into_inner));
        self.banned.lock().unwrap_or_else(PoisonError::into_inner).extend(banned);
    }

    fn change(&self, player: PlayerId, change: impl FnOnce(&mut Option<Known>)) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
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
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(&player).map(|one| one.caller.clone())
    }

    /// Keeps `player` out of this match from now on: by the account if there is one, and by the address, unless others who
    /// are `seated` call from it too. False if nothing tells the player from others.
    pub fn ban(&self, player: PlayerId, seated: impl Fn(PlayerId) -> bool) -> bool {
        let Some(caller) = self.find(player) else { return false };
        let shared_address = caller.address.is_loopback()
            || self
                .which(|other| other.address == caller.address)
                .into_iter()
                .any(|other| other != player && seated(other));
        if shared_address && caller.account.is_none() {
            return false;
        }
        // Nobody calls from there.
        let nowhere = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
        let address = if shared_address { nowhere } else { caller.address };
        let mut banned = self.banned.lock().unwrap_or_else(PoisonError::into_inner);
        if banned.len() >= BANS_MAX {
            banned.remove(0);
        }
        banned.push(Caller { address, ..caller });
        true
    }

    /// Whether `caller` was banned from this match.
    pub fn is_banned(&self, caller: &Caller) -> bool {
        let banned = self.banned.lock().unwrap_or_else(PoisonError::into_inner);
        let same_account = |b: &Caller| b.account.is_some() && b.account == caller.account;
        banned.iter().any(|b| b.address == caller.address || same_account(b))
    }

    /// Whether `player` took the seat in this process. Of others the address is known at most; whether they have an account
    /// only the store knows.
    pub fn joined_here(&self, player: PlayerId) -> bool {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(&player).is_some_and(|one| one.joined_here)
    }

    /// Everybody for whom `meant` holds.
    pub fn which(&self, meant: impl Fn(&Caller) -> bool) -> Vec<PlayerId> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
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

    #[test]
    fn a_ban_meets_the_account_and_an_address_that_is_nobody_elses() {
        let callers = Callers::default();
        let from = |last, account: Option<&str>| Caller {
            address: [10, 0, 0, last].into(),
            account: account.map(str::to_owned),
        };
        callers.note(PlayerId(1), from(1, Some("ann")));
        callers.note(PlayerId(2), from(2, Some("bob")));
        callers.note(PlayerId(3), from(2, None));
        let ban = |player| callers.ban(PlayerId(player), |other| other.0 < 4);
        assert!(ban(1) && ban(2));
        assert!(!ban(3) && !ban(9), "nothing tells them from others");
        assert!(callers.is_banned(&from(1, None)) && callers.is_banned(&from(7, Some("ann"))));
        assert!(!callers.is_banned(&from(2, None)) && callers.is_banned(&from(2, Some("bob"))));
        callers.note(PlayerId(4), from(5, None));
        callers.note(PlayerId(5), from(5, None));
        assert!(callers.ban(PlayerId(5), |other| other.0 == 5), "the seat before was the same guest's");
        assert!(callers.is_banned(&from(5, None)));
    }
}
