//! What clients say that their players saw when they acted, checked against what the server measures itself.
//!
//! A hit counts where its shooter saw the target, so a client could lie about that. It says: this picture is so much older
//! than the newest snapshot that I have. The way of that snapshot is measured by acknowledgements, and the age of the
//! picture is bounded by what an even picture needs behind such a link. What goes beyond is cut, and a claim that is far
//! beyond the measurement is replaced by it. A client can still pretend a slow line for everything it does; that only makes
//! it a player with a slow line, and the match's own cap holds for all.

use std::time::Duration;

use shared::tick::{Rewind, Tick, TickRate};

/// Ticks for which claims wait, as for commands.
const SLOTS: usize = 32;
/// How far a claim may go beyond the measurement before the measurement takes its place.
const DISAGREEMENT_MS: f32 = 200.0;
/// How much older than the newest snapshot a picture may be behind a steady line.
const STEADY_MS: f32 = 120.0;
/// The same behind any line.
const SHOWN_MS_MAX: f32 = 300.0;
/// How many times the measured unsteadiness a picture may be older.
const SPREAD_COVER: f32 = 1.5;
/// Share of a new measure in the mean.
const MEAN_SHARE: f32 = 0.125;
/// Share of the unsteadiness that is left after each measure, unless the new one is larger.
const SPREAD_KEEP: f32 = 0.995;

/// The claims of one link.
#[derive(Clone, Debug)]
pub struct ViewClaims {
    period_ms: f32,
    slots: [Option<(Tick, Rewind)>; SLOTS],
    /// The last one that was used: it holds when a command is missing.
    held: Rewind,
    newest_ack: Tick,
    round_trip_ms: Option<f32>,
    spread_ms: f32,
}

/// What one message says, within bounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Claim {
    ack: Tick,
    /// Age of the picture before the snapshot of `ack`.
    shown_ms: f32,
}

impl ViewClaims {
    /// No claims yet, in a match of `rate`.
    pub fn new(rate: TickRate) -> ViewClaims {
        ViewClaims {
            period_ms: rate.period_ms() as f32,
            slots: [None; SLOTS],
            held: Rewind(0),
            newest_ack: Tick(0),
            round_trip_ms: None,
            spread_ms: 0.0,
        }
    }

    /// A snapshot's acknowledgement came after `took`.
    pub fn measure(&mut self, took: Duration) {
        let ms = took.as_secs_f32() * 1000.0;
        let mean = self.round_trip_ms.unwrap_or(ms);
        self.spread_ms = (ms - mean).abs().max(self.spread_ms * SPREAD_KEEP);
        self.round_trip_ms = Some(mean + (ms - mean) * MEAN_SHARE);
    }

    /// What a message says: the picture is `view_lag` eighths of a tick older than the snapshot of `ack`. Messages come in
    /// order, so an older `ack` than before counts as that one.
    pub fn claim(&mut self, ack: Tick, view_lag: u16) -> Claim {
        self.newest_ack = self.newest_ack.max(ack);
        let claimed_ms = f32::from(view_lag) / f32::from(Rewind::PARTS) * self.period_ms;
        let longest_ms = (STEADY_MS + SPREAD_COVER * self.spread_ms).min(SHOWN_MS_MAX);
        Claim { ack: self.newest_ack, shown_ms: claimed_ms.min(longest_ms) }
    }

    /// The claim goes with the command for `tick`; `now` is the last tick that was stepped.
    pub fn note(&mut self, claim: Claim, tick: Tick, now: Tick) {
        let way_ms = tick.since(claim.ack) as f32 * self.period_ms;
        let waits_ms = tick.since(now) as f32 * self.period_ms;
        let measured_ms = self.round_trip_ms.unwrap_or(0.0) + waits_ms;
        // Who claims less than what was measured gains nothing.
        let lies = way_ms - measured_ms > DISAGREEMENT_MS;
        let back_ms = claim.shown_ms + if lies { measured_ms } else { way_ms };
        let parts = (back_ms / self.period_ms * f32::from(Rewind::PARTS)).round();
        if let Some(slot) = self.slots.get_mut(tick.0 as usize % SLOTS) {
            *slot = Some((tick, Rewind(parts.min(f32::from(u8::MAX)) as u8)));
        }
    }

    /// How far back the player saw others when acting for `tick`.
    pub fn take(&mut self, tick: Tick) -> Rewind {
        let slot = self.slots.get(tick.0 as usize % SLOTS).copied().flatten();
        if let Some((_, rewind)) = slot.filter(|(at, _)| *at == tick) {
            self.held = rewind;
        }
        self.held
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PERIOD_MS: f32 = 1000.0 / 30.0;

    /// A link whose round trip was always `ms`.
    fn behind(ms: u64) -> ViewClaims {
        let mut claims = ViewClaims::new(TickRate::DEFAULT);
        (0..60).for_each(|_| claims.measure(Duration::from_millis(ms)));
        claims
    }

    /// The claimed way back in milliseconds, after the checks, for a command one tick ahead of tick 1000.
    fn ms(claims: &mut ViewClaims, ack: u32, view_lag: u16) -> f32 {
        let claim = claims.claim(Tick(ack), view_lag);
        claims.note(claim, Tick(1001), Tick(1000));
        claims.take(Tick(1001)).ticks() * PERIOD_MS
    }

    #[test]
    fn honest_claims_count_as_they_are() {
        // The newest snapshot is three ticks old, the picture two ticks older, the command is for the next tick.
        assert!((ms(&mut behind(100), 997, 16) - 6.0 * PERIOD_MS).abs() < 0.1);
        assert!((ms(&mut behind(33), 1000, 0) - PERIOD_MS).abs() < 0.1);
    }

    #[test]
    fn lies_are_cut_to_what_was_measured() {
        let most = |rtt: f32| rtt + PERIOD_MS + STEADY_MS + 5.0;
        for (ack, view_lag) in [(0, 0), (997, u16::MAX), (1, u16::MAX), (980, 0), (985, 900)] {
            let back = ms(&mut behind(100), ack, view_lag);
            assert!(back <= most(100.0), "ack {ack}, lag {view_lag}: {back}");
        }
        let mut claims = behind(100);
        ms(&mut claims, 998, 16);
        assert!((ms(&mut claims, 992, 16) - 5.0 * PERIOD_MS).abs() < 0.1, "an ack never goes back");
    }

    #[test]
    fn an_unsteady_line_may_show_an_older_picture() {
        let mut claims = behind(100);
        claims.measure(Duration::from_millis(180));
        assert!(ms(&mut claims, 998, 64) > 3.0 * PERIOD_MS + STEADY_MS + 90.0);
        claims.measure(Duration::from_millis(1900));
        assert!(ms(&mut claims, 998, u16::MAX) <= 3.0 * PERIOD_MS + SHOWN_MS_MAX + 5.0);
    }

    #[test]
    fn a_missing_command_keeps_the_last_way_back() {
        let mut claims = behind(100);
        let back = ms(&mut claims, 997, 16);
        assert!((claims.take(Tick(1002)).ticks() * PERIOD_MS - back).abs() < 0.1);
        assert!((claims.take(Tick(1001 + 32)).ticks() * PERIOD_MS - back).abs() < 0.1);
    }
}
