//! Options of a TCP socket that carries a game: small messages at once, and a short queue in the kernel.
//! Without the short queue a stalled reader swallows minutes of old snapshots before a write fails.

use std::io;
use std::net::TcpStream;
use std::time::Duration;

use rustix::net::{RecvFlags, SendFlags};
use socket2::SockRef;

/// Bytes that the kernel holds unsent before a write is refused: a few snapshots.
#[cfg(any(target_os = "linux", target_os = "android"))]
const UNSENT_BYTES: u32 = 4096;

/// Makes `socket` non-blocking and sets its options.
pub fn prepare(socket: &TcpStream) -> io::Result<()> {
    socket.set_nonblocking(true)?;
    socket.set_nodelay(true)?;
    #[cfg(any(target_os = "linux", target_os = "android"))]
    SockRef::from(socket).set_tcp_notsent_lowat(UNSENT_BYTES)?;
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    let _ = SockRef::from(socket);
    Ok(())
}

/// Ends the connection when written bytes are not acknowledged for `time`. Elsewhere the system's own patience counts.
pub fn give_up_after(socket: &TcpStream, time: Duration) -> io::Result<()> {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    SockRef::from(socket).set_tcp_user_timeout(Some(time))?;
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    let _ = (socket, time);
    Ok(())
}

/// Reads what is there. By the system call itself: libc's wrapper makes each a point where a thread can be cancelled,
/// which costs a twentieth of a tick with a thousand players.
pub fn read(socket: &TcpStream, into: &mut [u8]) -> io::Result<usize> {
    Ok(rustix::net::recv(socket, into, RecvFlags::empty())?.0)
}

/// Writes what there is room for, by the system call itself.
pub fn write(socket: &TcpStream, bytes: &[u8]) -> io::Result<usize> {
    Ok(rustix::net::send(socket, bytes, SendFlags::NOSIGNAL)?)
}
