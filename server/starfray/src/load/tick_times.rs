//! When a tick was made, judged by the quickest arrival that anybody saw, and where a snapshot says which tick it shows.
//! Load uses it to say how old news is; it knows no sockets.

/// What is known about the times of ticks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TickTimes {
    tick_ms: f64,
    /// The time of tick 0, if the quickest arrival so far took no time.
    zero_ms: Option<f64>,
}

impl TickTimes {
    /// Nothing known, for a match whose tick lasts `tick_ms`.
    pub(crate) fn new(tick_ms: f64) -> TickTimes {
        TickTimes { tick_ms, zero_ms: None }
    }

    /// Something of `tick` arrived at `now_ms` over a way that takes at least `way_ms`. Returns when that tick was made.
    pub(crate) fn note(&mut self, tick: u32, now_ms: f64, way_ms: f64) -> f64 {
        let since_zero = f64::from(tick) * self.tick_ms;
        let zero = now_ms - way_ms - since_zero;
        let zero = self.zero_ms.map_or(zero, |known| known.min(zero));
        self.zero_ms = Some(zero);
        zero + since_zero
    }
}

/// The tick that a snapshot shows, if `message` is one: the first number behind the envelope of MessagePack.
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
        assert_eq!(times.note(10, 1000.0, 0.0), 1000.0);
        assert_eq!(times.note(11, 1060.0, 0.0), 1050.0);
        assert_eq!(times.note(12, 1095.0, 0.0), 1095.0, "that was quicker");
        assert_eq!(times.note(10, 2000.0, 0.0), 995.0);
        assert_eq!(times.note(13, 1160.0, 30.0), 1130.0, "and that, but for its way");
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
