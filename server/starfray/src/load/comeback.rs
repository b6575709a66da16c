//! When a client tries again after its link ended, as the page does: after a pause drawn by chance, and not before the
//! time that the server named. It knows times only; a player and a spectator have one each, and the crowd asks it.

use client_web::session::Backoff;
use thiserror::Error;

/// Longest wait for a try to bring something.
const TRY_MS: f64 = 5_000.0;

/// The server answered, and not with a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the link was answered {0}")]
pub(crate) struct Refused(pub(crate) u16);

impl Refused {
    /// Whether it will answer so for ever: the seat or the match is gone.
    fn is_final(self) -> bool {
        (400..500).contains(&self.0) && !matches!(self.0, 408 | 429)
    }
}

/// Whether after this error no try is worth making.
pub(crate) fn is_final(error: &anyhow::Error) -> bool {
    error.downcast_ref::<Refused>().is_some_and(|refused| refused.is_final())
}

/// A client's way back.
#[derive(Clone, Debug)]
pub(crate) struct Comeback {
    backoff: Backoff,
    away: Option<Away>,
}

#[derive(Clone, Copy, Debug)]
struct Away {
    since_ms: f64,
    /// When the next try begins, or when the one under way counts as failed.
    until_ms: f64,
    tries: bool,
}

impl Comeback {
    /// For client number `index`, which is there. Clients of several processes wait different times.
    pub(crate) fn new(index: usize) -> Comeback {
        let seed = u64::from(std::process::id()) << 32 | index as u64;
        Comeback { backoff: Backoff::new(seed), away: None }
    }

    /// The link ended, or a try failed, at `now_ms`; the server asked for a pause of at least `told_ms`.
    pub(crate) fn lost(&mut self, now_ms: f64, told_ms: u32) {
        let until_ms = now_ms + f64::from(self.backoff.next_delay_ms().max(told_ms));
        let since_ms = self.away.map_or(now_ms, |away| away.since_ms);
        self.away = Some(Away { since_ms, until_ms, tries: false });
    }

    /// Whether it is without a link that has brought something.
    pub(crate) fn is_away(&self) -> bool {
        self.away.is_some()
    }

    /// Whether a try is to begin now. True once for each.
    pub(crate) fn is_due(&mut self, now_ms: f64) -> bool {
        match &mut self.away {
            Some(away) if !away.tries && now_ms >= away.until_ms => {
                (away.tries, away.until_ms) = (true, now_ms + TRY_MS);
                true
            }
            _ => false,
        }
    }

    /// Whether a try has brought nothing for too long.
    pub(crate) fn is_late(&self, now_ms: f64) -> bool {
        self.away.is_some_and(|away| away.tries && now_ms >= away.until_ms)
    }

    /// Something came. Returns how long it was away, in milliseconds, if it was.
    pub(crate) fn back(&mut self, now_ms: f64) -> Option<f64> {
        let away = self.away.take()?;
        self.backoff.succeeded();
        Some(now_ms - away.since_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_waits_tries_and_counts_from_the_loss() {
        let mut comeback = Comeback::new(3);
        assert!(!comeback.is_away() && !comeback.is_due(1e9) && comeback.back(0.0).is_none());
        comeback.lost(1000.0, 400);
        assert!(comeback.is_away() && !comeback.is_due(1399.0) && comeback.is_due(1400.0));
        assert!(!comeback.is_due(1401.0), "one try at a time");
        assert!(!comeback.is_late(6000.0) && comeback.is_late(6400.0));
        comeback.lost(6400.0, 0);
        assert!(comeback.is_due(6400.0 + 500.0), "the second pause is at most 500 ms");
        assert_eq!(comeback.back(7000.0), Some(6000.0));
        assert!(!comeback.is_away());
    }

    #[test]
    fn only_some_refusals_are_for_ever() {
        let last = |status: u16| is_final(&Refused(status).into());
        assert!(last(404) && last(401) && last(410));
        assert!(!last(503) && !last(429) && !is_final(&anyhow::anyhow!("the feed ended")));
    }
}
