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
pub mod mailbox;
pub mod mailboxes;
pub mod memory;
pub mod replies;
pub mod stamp;
pub mod streamed;
pub mod tcp;
pub mod tls;
pub mod weather;
pub mod websocket;

use mailbox::{Delivery, MailboxLink};
use memory::MemoryLink;
use rustls::ServerConnection;
use streamed::StreamedLink;
use tcp::TcpLink;
use tls::TlsLink;
use weather::Weather;

use crate::telemetry::Transport;

/// A place among the allowed connections; dropping it frees the place.
pub type Permit = Box<dyn Any + Send>;

/// A non-blocking stream of bytes in both directions.
#[derive(Debug)]
pub enum Link {
    /// A TCP socket.
    Tcp(TcpLink),
    /// A TCP socket with TLS over it.
    Tls(TlsLink),
    /// One end of a pair in memory, for tests.
    Memory(MemoryLink),
    /// Another link behind a made-up network, for playgrounds.
    Weathered(Box<(Link, Weather)>),
    /// The match's end of a mailbox that requests empty and fill.
    Mailbox(MailboxLink),
    /// The body of a response.
    Streamed(StreamedLink),
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

    /// A link over `socket` whose handshake of TLS is done, made non-blocking and quick.
    pub fn tls(socket: TcpStream, session: ServerConnection) -> io::Result<Link> {
        Ok(Link::Tls(TlsLink::new(TcpLink::new(socket)?, session)))
    }

    /// Whether bytes that it took have not left yet: [`Write::flush`] is to be called until they have.
    pub fn owes(&self) -> bool {
        matches!(self, Link::Tls(socket) if socket.owes())
    }

    /// How long the bytes that were read last had been here, if that is known. `now` is the time of that read, which
    /// only links without a clock of their own go by.
    pub fn age(&self, now: Duration) -> Option<Duration> {
        match self {
            Link::Tcp(socket) => socket.age(),
            Link::Memory(end) => end.age(now),
            Link::Mailbox(end) => end.age(),
            Link::Tls(socket) => socket.age(),
            Link::Weathered(_) | Link::Streamed(_) => None,
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
            // What is left goes with the next turn, and a link that is gone shows when it is read.
            drop(link.flush());
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
            Link::Tls(socket) => socket.give_up_after(time),
            Link::Weathered(both) => both.0.give_up_after(time),
            Link::Memory(_) | Link::Mailbox(_) | Link::Streamed(_) => Ok(()),
        }
    }

    /// What carries a player's bytes.
    pub fn transport(&self) -> Transport {
        match self {
            Link::Tcp(_) | Link::Tls(_) | Link::Memory(_) => Transport::WebSocket,
            Link::Weathered(both) => both.0.transport(),
            Link::Streamed(_) => Transport::Stream,
            Link::Mailbox(end) => match end.delivery() {
                Delivery::Stream => Transport::Stream,
                Delivery::Poll => Transport::Poll,
            },
        }
    }

    /// Writes the last bytes, as far as there is room, and says that nothing more will be written.
    pub fn close(&mut self, last: &[u8]) {
        if let Link::Mailbox(end) = self {
            return end.close(last);
        }
        // A peer that is gone or full does not read them; the link ends all the same.
        drop(self.write(last));
        self.finish();
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
            Link::Mailbox(end) => end.finish(),
            Link::Tls(socket) => socket.finish(),
            Link::Streamed(end) => end.finish(),
        }
    }
}

impl Read for Link {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Link::Tcp(socket) => socket.read(into),
            Link::Memory(end) => end.read(into),
            Link::Weathered(both) => both.1.read(into),
            Link::Mailbox(end) => end.read(into),
            Link::Tls(socket) => socket.read(into),
            Link::Streamed(end) => end.read(into),
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
            Link::Mailbox(end) => end.write(bytes),
            Link::Tls(socket) => socket.write(bytes),
            Link::Streamed(end) => end.write(bytes),
        }
    }

    /// Writes what a link took and could not pass on at once. Would block as long as some of it is left.
    fn flush(&mut self) -> io::Result<()> {
        if let Link::Tls(socket) = self { socket.flush() } else { Ok(()) }
    }
}
