//! A made-up network before a link, for playgrounds: bytes come later, at a rate, and with the stalls of losses.
//! It knows neither messages nor links nor a clock; its owner brings the stream and says what time it is.

use std::io::{self, ErrorKind, Read, Write};
use std::time::Duration;

use shared::link_lane::{Direction, Lane};
use shared::link_profile::LinkProfile;

/// Bytes that are moved in one go.
const PIECE_BYTES: usize = 4096;

/// The two lanes before a stream.
#[derive(Debug)]
pub struct Weather {
    down: Lane,
    up: Lane,
    seed: u64,
    now_ms: f64,
    /// Whether nothing more comes from the peer.
    ended: bool,
    /// Whether the peer takes nothing more.
    broken: bool,
}

impl Weather {
    /// An empty network. `seed` decides its chances.
    pub fn new(profile: &LinkProfile, seed: u64, now: Duration) -> Weather {
        Weather {
            down: Lane::new(profile, Direction::Down, seed),
            up: Lane::new(profile, Direction::Up, seed),
            seed,
            now_ms: ms(now),
            ended: false,
            broken: false,
        }
    }

    /// From now on the network is of another kind.
    pub fn change(&mut self, profile: &LinkProfile) {
        self.down.change(profile, Direction::Down, self.seed);
        self.up.change(profile, Direction::Up, self.seed);
    }

    /// Moves everything between the lanes and `stream` as far as it gets by `now`, which must not go back.
    pub fn carry(&mut self, stream: &mut (impl Read + Write), now: Duration) {
        self.now_ms = self.now_ms.max(ms(now));
        self.carry_up(stream);
        self.carry_down(stream);
    }

    fn carry_up(&mut self, stream: &mut impl Read) {
        let mut piece = [0; PIECE_BYTES];
        while !self.ended {
            let room = piece.get_mut(..self.up.room().min(PIECE_BYTES)).unwrap_or_default();
            if room.is_empty() {
                return;
            }
            match stream.read(room) {
                Ok(0) => self.ended = true,
                Ok(count) => {
                    self.up.push(room.get(..count).unwrap_or_default(), self.now_ms);
                }
                Err(error) if is_full(&error) => return,
                Err(_) => self.ended = true,
            }
        }
    }

    fn carry_down(&mut self, stream: &mut impl Write) {
        while !self.broken && !self.down.arrived(self.now_ms).is_empty() {
            match stream.write(self.down.arrived(self.now_ms)) {
                Ok(count) => self.down.consume(count),
                Err(error) if is_full(&error) => return,
                Err(_) => self.broken = true,
            }
        }
    }

    /// Nobody carries any more: what is under way goes out at once.
    pub fn finish(&mut self, stream: &mut impl Write) {
        self.now_ms = f64::INFINITY;
        self.carry_down(stream);
    }

    /// Reads what has come through the network.
    pub fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let arrived = self.up.arrived(self.now_ms);
        let count = arrived.len().min(into.len());
        if count == 0 {
            let over = self.ended && self.up.is_empty();
            return if over { Ok(0) } else { Err(ErrorKind::WouldBlock.into()) };
        }
        for (place, byte) in into.iter_mut().zip(arrived) {
            *place = *byte;
        }
        self.up.consume(count);
        Ok(count)
    }

    /// Sends as many of `bytes` through the network to `stream` as it has room for.
    pub fn write(&mut self, stream: &mut impl Write, bytes: &[u8]) -> io::Result<usize> {
        if self.broken {
            return Err(ErrorKind::BrokenPipe.into());
        }
        let taken = self.down.push(bytes, self.now_ms);
        self.carry_down(stream);
        if taken == 0 && !bytes.is_empty() { Err(ErrorKind::WouldBlock.into()) } else { Ok(taken) }
    }
}

fn ms(now: Duration) -> f64 {
    now.as_secs_f64() * 1000.0
}

fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}

#[cfg(test)]
mod tests {
    use shared::link_profile::{CLEAN, MOBILE};

    use super::*;
    use crate::link::memory::{MemoryLink, pair};

    fn before(profile: &LinkProfile) -> (Weather, MemoryLink, MemoryLink) {
        let (ours, theirs) = pair(1 << 16);
        (Weather::new(profile, 1, Duration::ZERO), ours, theirs)
    }

    fn got(mut read: impl FnMut(&mut [u8]) -> io::Result<usize>) -> Option<Vec<u8>> {
        let mut bytes = [0; 64];
        read(&mut bytes).ok().map(|count| bytes[..count].to_vec())
    }

    #[test]
    fn bytes_take_their_time_both_ways() {
        let (mut weather, mut ours, mut peer) = before(&LinkProfile { losses: None, ..MOBILE });
        assert_eq!(weather.write(&mut ours, b"down").unwrap(), 4);
        peer.write_all(b"up").unwrap();
        for ms in [1, 37] {
            weather.carry(&mut ours, Duration::from_millis(ms));
            assert_eq!((got(|b| peer.read(b)), got(|b| weather.read(b))), (None, None));
        }
        weather.carry(&mut ours, Duration::from_millis(90));
        assert_eq!(got(|b| peer.read(b)), Some(b"down".to_vec()));
        assert_eq!(got(|b| weather.read(b)), Some(b"up".to_vec()));
        weather.change(&CLEAN);
        weather.write(&mut ours, b"now").unwrap();
        assert_eq!(got(|b| peer.read(b)), Some(b"now".to_vec()));
    }

    #[test]
    fn an_end_comes_after_the_last_byte_and_nothing_under_way_is_lost() {
        let (mut weather, mut ours, mut peer) = before(&MOBILE);
        peer.write_all(b"last").unwrap();
        peer.finish();
        weather.carry(&mut ours, Duration::from_millis(1));
        assert_eq!(got(|b| weather.read(b)), None);
        weather.carry(&mut ours, Duration::from_secs(9));
        assert_eq!(got(|b| weather.read(b)), Some(b"last".to_vec()));
        assert_eq!(got(|b| weather.read(b)), Some(Vec::new()));
        weather.write(&mut ours, b"bye").unwrap();
        weather.finish(&mut ours);
        assert_eq!(got(|b| peer.read(b)), Some(b"bye".to_vec()));
    }
}
