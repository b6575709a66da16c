//! One connection's bytes, whatever carries them: read and written without waiting, owned by a match or by a
//! spectators' thread. Above this nobody knows sockets; below it nobody knows messages.

use std::any::Any;
use std::fmt;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use bytes::Bytes;
use shared::link_profile::LinkProfile;

pub mod farewell;
pub mod frame;
pub mod frame_reader;
pub mod memory;
pub mod stamp;
pub mod tcp;
pub mod weather;
pub mod websocket;

use memory::MemoryLink;
use tcp::TcpLink;
use weather::Weather;

/// A place among the allowed connections; dropping it frees the place.
pub type Permit = Box<dyn Any + Send>;

/// A non-blocking stream of bytes in both directions.
#[derive(Debug)]
pub enum Link {
    /// A TCP socket.
    Tcp(TcpLink),
    /// One end of a pair in memory, for tests.
    Memory(MemoryLink),
    /// Another link behind a made-up network, for playgrounds.
    Weathered(Box<(Link, Weather)>),
}

/// A link that has just come from its HTTP handshake.
pub struct Arrival {
    /// The link; the response's head is already written.
    pub link: Link,
    /// Bytes that the peer sent behind its request.
    pub early: Bytes,
    /// Its place among the allowed connections.
    pub permit: Permit,
}

impl fmt::Debug for Arrival {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Arrival")
            .field("link", &self.link)
            .field("early", &self.early.len())
            .finish_non_exhaustive()
    }
}

impl Link {
    /// A link over `socket`, made non-blocking and quick.
    pub fn tcp(socket: TcpStream) -> io::Result<Link> {
        TcpLink::new(socket).map(Link::Tcp)
    }

    /// How long the bytes that were read last had been here, if that is known. `now` is the time of that read, which
    /// only links without a clock of their own go by.
    pub fn age(&self, now: Duration) -> Option<Duration> {
        match self {
            Link::Tcp(socket) => socket.age(),
            Link::Memory(end) => end.age(now),
            Link::Weathered(_) => None,
        }
    }

    /// The link behind a made-up network, whose chances `seed` decides.
    #[must_use]
    pub fn weathered(self, profile: &LinkProfile, seed: u64, now: Duration) -> Link {
        Link::Weathered(Box::new((self, Weather::new(profile, seed, now))))
    }

    /// Lets the time of a made-up network before the link run to `now`.
    pub fn carry(&mut self, now: Duration) {
        if let Link::Weathered(both) = self {
            let (link, weather) = &mut **both;
            weather.carry(link, now);
        }
    }

    /// A made-up network before the link is of another kind from now on.
    pub fn change_weather(&mut self, profile: &LinkProfile) {
        if let Link::Weathered(both) = self {
            both.1.change(profile);
        }
    }

    /// Lets the system end the connection when something written is not acknowledged for so long: a peer that
    /// vanished without a word is found by the next heartbeat.
    pub fn give_up_after(&self, time: Duration) -> io::Result<()> {
        match self {
            Link::Tcp(socket) => socket.give_up_after(time),
            Link::Memory(_) => Ok(()),
            Link::Weathered(both) => both.0.give_up_after(time),
        }
    }

    /// Says that nothing more will be written.
    pub fn finish(&mut self) {
        match self {
            Link::Weathered(both) => {
                let (link, weather) = &mut **both;
                weather.finish(link);
                link.finish();
            }
            Link::Tcp(socket) => socket.finish(),
            Link::Memory(end) => end.finish(),
        }
    }
}

impl Read for Link {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Link::Tcp(socket) => socket.read(into),
            Link::Memory(end) => end.read(into),
            Link::Weathered(both) => both.1.read(into),
        }
    }
}

impl Write for Link {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Link::Tcp(socket) => socket.write(bytes),
            Link::Memory(end) => end.write(bytes),
            Link::Weathered(both) => {
                let (link, weather) = &mut **both;
                weather.write(link, bytes)
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
