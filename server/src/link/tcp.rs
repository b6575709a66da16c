//! A TCP socket that carries a game: small messages at once, a short queue in the kernel, and when its bytes came.
//! Without the short queue a stalled reader swallows minutes of old snapshots before a write fails.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use rustix::net::SendFlags;
use socket2::SockRef;

use crate::link::stamp;

/// Bytes that the kernel holds unsent before a write is refused: a few snapshots.
#[cfg(any(target_os = "linux", target_os = "android"))]
const UNSENT_BYTES: u32 = 4096;

/// A socket that never waits.
#[derive(Debug)]
pub struct TcpLink {
    socket: TcpStream,
    age: Option<Duration>,
}

impl TcpLink {
    /// Makes `socket` non-blocking and sets its options.
    pub fn new(socket: TcpStream) -> io::Result<TcpLink> {
        socket.set_nonblocking(true)?;
        socket.set_nodelay(true)?;
        stamp::ask(&socket);
        #[cfg(any(target_os = "linux", target_os = "android"))]
        SockRef::from(&socket).set_tcp_notsent_lowat(UNSENT_BYTES)?;
        #[cfg(not(any(target_os = "linux", target_os = "android")))]
        let _ = SockRef::from(&socket);
        Ok(TcpLink { socket, age: None })
    }

    /// How long the last bytes that were read had been here, if the system tells.
    pub fn age(&self) -> Option<Duration> {
        self.age
    }

    /// Says that nothing more will be written.
    pub fn finish(&mut self) {
        // An error means that the peer is gone already, which is what was wanted.
        drop(self.socket.shutdown(Shutdown::Write));
    }

    /// Ends the connection when written bytes are not acknowledged for `time`. Elsewhere the system's own patience counts.
    pub fn give_up_after(&self, time: Duration) -> io::Result<()> {
        #[cfg(any(target_os = "linux", target_os = "android"))]
        SockRef::from(&self.socket).set_tcp_user_timeout(Some(time))?;
        #[cfg(not(any(target_os = "linux", target_os = "android")))]
        let _ = time;
        Ok(())
    }
}

impl Read for TcpLink {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let (count, age) = stamp::read(&self.socket, into)?;
        self.age = age;
        Ok(count)
    }
}

impl Write for TcpLink {
    /// By the system call itself: libc's wrapper makes it a point where a thread can be cancelled, which costs some
    /// hundredths of a tick with a thousand players.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(rustix::net::send(&self.socket, bytes, SendFlags::NOSIGNAL)?)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
