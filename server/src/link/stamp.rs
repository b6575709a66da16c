//! Reads from a socket together with the time at which the kernel got the bytes. Only `tcp` calls it.
//! It knows no messages; a system that does not tell gives no times, and whoever asks goes by whole ticks.
//!
//! A link is read once a tick, so the read alone says nothing finer than a tick about when an input came. Linux keeps
//! the time of arrival (`SO_TIMESTAMPNS`). Measured on loopback with a hundred sockets, such a read takes 1.0 µs
//! instead of 0.9 µs, beside some 9 µs that a player's tick takes in all, so every read asks for it. A second pass of
//! reads would cost a whole read more and tell half a tick at best; a client's own stamp would have to be believed.

#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub use elsewhere::{ask, read};
#[cfg(any(target_os = "linux", target_os = "android"))]
pub use linux::{ask, read};

#[cfg(any(target_os = "linux", target_os = "android"))]
mod linux {
    use std::io::{self, IoSliceMut};
    use std::net::TcpStream;
    use std::os::fd::AsRawFd;
    use std::time::{Duration, SystemTime, UNIX_EPOCH};

    use nix::sys::socket::{ControlMessageOwned, MsgFlags, recvmsg, setsockopt, sockopt};

    /// Room for one time and its head, aligned as the kernel wants it.
    #[repr(align(16))]
    struct Control([u8; 64]);

    /// From now on the kernel is to keep the times of `socket`.
    pub fn ask(socket: &TcpStream) {
        // One that refuses, as some sandboxes do, tells no times.
        let _ = setsockopt(socket, sockopt::ReceiveTimestampns, &true);
    }

    /// Reads, and says how long the last of the bytes had been here.
    pub fn read(socket: &TcpStream, into: &mut [u8]) -> io::Result<(usize, Option<Duration>)> {
        let mut control = Control([0; 64]);
        let mut parts = [IoSliceMut::new(into)];
        let message = recvmsg::<()>(socket.as_raw_fd(), &mut parts, Some(&mut control.0), MsgFlags::empty())?;
        let stamp = message.cmsgs()?.find_map(|part| match part {
            ControlMessageOwned::ScmTimestampns(at) => Some(Duration::from(at)),
            _ => None,
        });
        // The wall clock may have been set in between; an age that makes no sense is none.
        let now = SystemTime::now().duration_since(UNIX_EPOCH).ok();
        Ok((message.bytes, now.zip(stamp).and_then(|(now, at)| now.checked_sub(at))))
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
mod elsewhere {
    use std::io::{self, Read};
    use std::net::TcpStream;
    use std::time::Duration;

    /// Nothing can be asked for here.
    pub fn ask(_socket: &TcpStream) {}

    /// Reads; nothing is known about the time.
    pub fn read(mut socket: &TcpStream, into: &mut [u8]) -> io::Result<(usize, Option<Duration>)> {
        Ok((socket.read(into)?, None))
    }
}

#[cfg(all(test, any(target_os = "linux", target_os = "android")))]
mod tests {
    use std::io::Write;
    use std::net::{TcpListener, TcpStream};
    use std::thread::sleep;
    use std::time::Duration;

    #[test]
    fn the_kernel_tells_when_the_last_bytes_came() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut peer = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        peer.set_nodelay(true).unwrap();
        let (socket, _) = listener.accept().unwrap();
        super::ask(&socket);
        for pause_ms in [40, 20] {
            peer.write_all(b"input").unwrap();
            sleep(Duration::from_millis(pause_ms));
        }
        let mut bytes = [0; 64];
        let (count, age) = super::read(&socket, &mut bytes).unwrap();
        // A busy machine may sleep longer, never shorter.
        assert!(count == 10 && age.is_some_and(|age| age >= Duration::from_millis(19)), "{count} {age:?}");
        socket.set_nonblocking(true).unwrap();
        assert_eq!(super::read(&socket, &mut bytes).unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
        drop(peer);
        sleep(Duration::from_millis(20));
        assert_eq!(super::read(&socket, &mut bytes).unwrap().0, 0);
    }
}
