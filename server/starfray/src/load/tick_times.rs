//! When a tick was made, judged by the quickest arrival that anybody saw, and where a snapshot says which tick it shows.
//! Load uses it to say how old news is; it knows no sockets.

/// What is known about the times of ticks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TickTimes {
    tick_ms: f64,
    /// An arrival counts for as long as this, up to twice as long.
    keep_ms: f64,
    begun_ms: f64,
    /// The time of tick 0 in milliseconds, if the quickest arrival since `begun_ms` took no time; and the same before.
    zeros: (f64, f64),
}

impl TickTimes {
    /// Nothing known, for a match whose tick lasts `tick_ms`. The quickest arrival counts for ever.
    pub(crate) fn new(tick_ms: f64) -> TickTimes {
        TickTimes::forgetting(tick_ms, f64::INFINITY)
    }

    /// The same, but the quickest of the last `keep_ms` counts: a server that skipped ticks, because it was late, does
    /// not make everything look old from then on. It needs somebody whose way is always quick.
    pub(crate) fn forgetting(tick_ms: f64, keep_ms: f64) -> TickTimes {
        TickTimes { tick_ms, keep_ms, begun_ms: f64::NEG_INFINITY, zeros: (f64::INFINITY, f64::INFINITY) }
    }

    /// Something of `tick` arrived at `now_ms` over a way that takes at least `way_ms`. Returns when that tick was made.
    pub(crate) fn note(&mut self, tick: u32, now_ms: f64, way_ms: f64) -> f64 {
        if now_ms - self.begun_ms >= self.keep_ms {
            self.zeros = (f64::INFINITY, self.zeros.0);
            self.begun_ms = now_ms;
        }
        let zero = now_ms - way_ms - f64::from(tick) * self.tick_ms;
        self.zeros.0 = self.zeros.0.min(zero);
        self.made_ms(tick).unwrap_or(now_ms)
    }

    /// When `tick` was made; `None` if nothing has arrived yet.
    pub(crate) fn made_ms(&self, tick: u32) -> Option<f64> {
        let zero = self.zeros.0.min(self.zeros.1);
        zero.is_finite().then(|| zero + f64::from(tick) * self.tick_ms)
    }
}

/// The tick that a snapshot shows, if `message` is one: the first number behind its envelope.
pub(crate) fn tick_of_snapshot(message: &[u8]) -> Option<u32> {
    let (&kind, rest) = message.strip_prefix(&[0x81, 0xa1, b's'])?.split_first()?;
    let length_bytes = match kind {
        0xc4 => 1,
        0xc5 => 2,
        0xc6 => 4,
        _ => return None,
    };
    rest.get(length_bytes..)?.first_chunk().map(|tick| u32::from_le_bytes(*tick))
}

#[cfg(test)]
mod tests {
    use shared::codec::{Packed, encode};
    use shared::protocol::ServerMessage;

    use super::*;

    #[test]
    fn the_quickest_decides_when_a_tick_was_made() {
        let mut times = TickTimes::new(50.0);
        let mut made = |tick, now_ms, way_ms| Some(times.note(tick, now_ms, way_ms));
        assert_eq!(made(10, 1000.0, 0.0), Some(1000.0));
        assert_eq!(made(11, 1060.0, 0.0), Some(1050.0));
        assert_eq!(made(12, 1095.0, 0.0), Some(1095.0), "that was quicker");
        assert_eq!(made(10, 2000.0, 0.0), Some(995.0));
        assert_eq!(made(13, 1160.0, 30.0), Some(1130.0), "and that, but for its way");
    }

    #[test]
    fn a_server_that_skipped_ticks_is_forgiven() {
        let (mut strict, mut mild) = (TickTimes::new(50.0), TickTimes::forgetting(50.0, 1000.0));
        assert_eq!(mild.made_ms(1), None);
        let mut ages = |tick: u32, now_ms: f64| {
            (now_ms - strict.note(tick, now_ms, 0.0), now_ms - mild.note(tick, now_ms, 0.0))
        };
        let late_ms = |tick: u32| if tick < 100 { 0.0 } else { 400.0 };
        let last = (0..200).map(|tick| ages(tick, f64::from(tick) * 50.0 + late_ms(tick))).last();
        assert_eq!(last, Some((400.0, 0.0)));
        assert_eq!(ages(200, 30_000.0), (20_000.0, 19_600.0), "a pause of all is no quick arrival");
    }

    #[test]
    fn a_snapshot_says_its_tick_whatever_its_length() {
        for bytes in [40, 400, 70_000] {
            let mut body = vec![0; bytes];
            body[..4].copy_from_slice(&77_000_u32.to_le_bytes());
            let message = encode(&ServerMessage::Snapshot(Packed(body))).unwrap();
            assert_eq!(tick_of_snapshot(&message), Some(77_000), "{bytes}");
        }
        assert_eq!(tick_of_snapshot(&encode(&ServerMessage::Pong(1)).unwrap()), None);
        assert_eq!(tick_of_snapshot(&[0x81, 0xa1, b's', 0xc4, 3, 1, 2, 3]), None);
    }
}
