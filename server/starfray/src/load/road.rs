//! The socket of a headless player, perhaps with a made-up network in front of it. It counts every byte that passes.
//! It knows bytes and not messages; `player` puts a WebSocket over it.
//!
//! Without a network it is the bare socket. With one, what the socket has goes into a lane, and what has arrived at
//! its end is read. When the lane is full the socket is left alone, so that TCP itself holds the server back.

use std::io::{self, ErrorKind, Read, Write};

use shared::link_lane::{Direction, Lane};
use shared::link_profile::LinkProfile;

use crate::load::wire::Wire;

/// Bytes asked of the socket in one go.
const READ_BYTES: usize = 4096;

/// A made-up network, and what is known of the socket behind it.
#[derive(Debug)]
struct Road {
    down: Lane,
    up: Lane,
    /// Whether the socket may have something: it says so once, not as long as it is true.
    readable: bool,
    ended: bool,
    now_ms: f64,
}

/// A socket that counts.
#[derive(Debug)]
pub(crate) struct Socket<S = Wire> {
    stream: S,
    road: Option<Box<Road>>,
    /// Bytes read from the socket.
    pub(crate) down: u64,
    /// Bytes written to the socket.
    pub(crate) up: u64,
}

impl<S> Socket<S> {
    /// A bare socket.
    pub(crate) fn new(stream: S) -> Socket<S> {
        Socket { stream, road: None, down: 0, up: 0 }
    }

    /// From now on a network of this kind lies in front of it, and the count begins. A clean one is none.
    pub(crate) fn begin(&mut self, profile: &LinkProfile, seed: u64) {
        (self.down, self.up) = (0, 0);
        if !profile.is_clean() {
            let (down, up) =
                (Lane::new(profile, Direction::Down, seed), Lane::new(profile, Direction::Up, seed));
            self.road = Some(Box::new(Road { down, up, readable: true, ended: false, now_ms: 0.0 }));
        }
    }

    /// The socket itself, to be registered.
    pub(crate) fn stream(&mut self) -> &mut S {
        &mut self.stream
    }

    /// The socket has something, or has ended.
    pub(crate) fn woken(&mut self) {
        if let Some(road) = &mut self.road {
            road.readable = true;
        }
    }

    /// Tells the time to the network, if there is one; before any reading and writing.
    pub(crate) fn set_now(&mut self, now_ms: f64) {
        if let Some(road) = &mut self.road {
            road.now_ms = now_ms;
        }
    }
}

impl<S: Read + Write> Socket<S> {
    /// Moves bytes along the network, as far as they get by `now_ms`. True if there is something to read at its end.
    pub(crate) fn carry(&mut self, now_ms: f64) -> io::Result<bool> {
        self.set_now(now_ms);
        self.fetch()?;
        self.deliver()?;
        let arrived =
            |road: &Road| !road.down.arrived(now_ms).is_empty() || (road.ended && road.down.is_empty());
        Ok(self.road.as_deref().is_some_and(arrived))
    }

    /// From the socket into the lane, while there is something and there is room.
    fn fetch(&mut self) -> io::Result<()> {
        let Some(road) = self.road.as_deref_mut() else { return Ok(()) };
        let mut bytes = [0; READ_BYTES];
        while road.readable && !road.ended {
            let room = road.down.room().min(READ_BYTES);
            let Some(into) = bytes.get_mut(..room).filter(|into| !into.is_empty()) else { break };
            match self.stream.read(into) {
                Ok(0) => road.ended = true,
                Ok(count) => {
                    road.down.push(bytes.get(..count).unwrap_or_default(), road.now_ms);
                    self.down += count as u64;
                }
                Err(e) if is_pause(&e) => road.readable = e.kind() == ErrorKind::Interrupted,
                Err(e) => return Err(e),
            }
        }
        Ok(())
    }

    /// From the end of the lane into the socket, as much as it takes.
    fn deliver(&mut self) -> io::Result<()> {
        let Some(road) = self.road.as_deref_mut() else { return Ok(()) };
        loop {
            let arrived = road.up.arrived(road.now_ms);
            if arrived.is_empty() {
                return Ok(());
            }
            match self.stream.write(arrived) {
                Ok(count) => {
                    road.up.consume(count);
                    self.up += count as u64;
                }
                Err(e) if is_pause(&e) => return Ok(()),
                Err(e) => return Err(e),
            }
        }
    }
}

impl<S: Read + Write> Read for Socket<S> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.road.is_none() {
            let count = self.stream.read(into)?;
            self.down += count as u64;
            return Ok(count);
        }
        self.fetch()?;
        let Some(road) = self.road.as_deref_mut() else { return Ok(0) };
        let arrived = road.down.arrived(road.now_ms);
        let count = arrived.len().min(into.len());
        if count == 0 {
            return if road.ended && road.down.is_empty() {
                Ok(0)
            } else {
                Err(ErrorKind::WouldBlock.into())
            };
        }
        for (place, byte) in into.iter_mut().zip(arrived) {
            *place = *byte;
        }
        road.down.consume(count);
        Ok(count)
    }
}

impl<S: Read + Write> Write for Socket<S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let Some(road) = self.road.as_deref_mut() else {
            let count = self.stream.write(bytes)?;
            self.up += count as u64;
            return Ok(count);
        };
        let count = road.up.push(bytes, road.now_ms);
        if count == 0 && !bytes.is_empty() { Err(ErrorKind::WouldBlock.into()) } else { Ok(count) }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn is_pause(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}

#[cfg(test)]
mod tests {
    use shared::link_profile::{CLEAN, DSL, THROTTLED_16KBIT};

    use super::*;

    /// A stream that has `incoming`, counts how often it is asked, and takes everything.
    #[derive(Debug, Default)]
    struct Fake {
        incoming: Vec<u8>,
        closed: bool,
        reads: usize,
        outgoing: Vec<u8>,
    }

    impl Read for Fake {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            self.reads += 1;
            let count = self.incoming.len().min(into.len());
            if count == 0 && !self.closed {
                return Err(ErrorKind::WouldBlock.into());
            }
            into[..count].copy_from_slice(&self.incoming[..count]);
            self.incoming.drain(..count);
            Ok(count)
        }
    }

    impl Write for Fake {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.outgoing.extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn socket(profile: &LinkProfile, incoming: Vec<u8>) -> Socket<Fake> {
        let mut socket = Socket::new(Fake { incoming, ..Fake::default() });
        socket.begin(profile, 1);
        socket
    }

    #[test]
    fn clean_is_the_bare_socket() {
        let mut socket = socket(&CLEAN, vec![1; 10]);
        assert!(!socket.carry(0.0).unwrap());
        let mut into = [0; 64];
        assert_eq!(socket.read(&mut into).unwrap(), 10);
        assert_eq!(socket.read(&mut into).unwrap_err().kind(), ErrorKind::WouldBlock);
        socket.write_all(&[2; 5]).unwrap();
        assert_eq!((socket.stream.outgoing.len(), socket.down, socket.up), (5, 10, 5));
    }

    #[test]
    fn bytes_take_their_time_in_both_directions_and_the_end_comes_last() {
        let mut socket = socket(&DSL, b"hello".to_vec());
        socket.stream.closed = true;
        assert!(!socket.carry(100.0).unwrap());
        socket.write_all(b"there").unwrap();
        let mut into = [0; 64];
        assert_eq!(socket.read(&mut into).unwrap_err().kind(), ErrorKind::WouldBlock);
        assert!(!socket.carry(100.0 + DSL.down.delay_ms - 0.1).unwrap());
        assert!(socket.stream.outgoing.is_empty());
        assert!(socket.carry(140.0).unwrap());
        assert_eq!(socket.stream.outgoing, b"there");
        assert_eq!((socket.read(&mut into).unwrap(), &into[..5]), (5, &b"hello"[..]));
        assert_eq!(socket.read(&mut into).unwrap(), 0);
        assert_eq!((socket.down, socket.up), (5, 5));
    }

    #[test]
    fn a_full_lane_leaves_the_socket_alone() {
        let most = THROTTLED_16KBIT.down.buffer_bytes;
        let mut socket = socket(&THROTTLED_16KBIT, vec![3; most + 3000]);
        socket.carry(0.0).unwrap();
        assert_eq!(socket.stream.incoming.len(), 3000);
        let reads = socket.stream.reads;
        socket.carry(1.0).unwrap();
        assert_eq!(socket.stream.reads, reads, "nobody asks while there is no room");
        let (mut into, mut got, mut ms) = ([0; 4096], 0, 0.0);
        while got < most + 3000 {
            ms += 100.0;
            if socket.carry(ms).unwrap() {
                got += socket.read(&mut into).unwrap();
            }
        }
        assert!((8_500.0..10_500.0).contains(&ms), "{ms} ms at 2,000 bytes a second");
    }

    #[test]
    fn a_socket_without_news_is_not_asked_again() {
        let mut socket = socket(&DSL, Vec::new());
        assert!((0..10).all(|ms| !socket.carry(f64::from(ms)).unwrap()));
        assert_eq!(socket.stream.reads, 1);
        socket.woken();
        socket.carry(10.0).unwrap();
        assert_eq!(socket.stream.reads, 2);
    }
}
