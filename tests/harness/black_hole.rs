//! A proxy that can swallow: from then on what either side sends vanishes, or is not even read, and neither side learns
//! that the other is gone. So do networks behind which a machine has lost its power.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::Result;

/// Longest wait before looking again what is to be done.
const LOOK_EVERY: Duration = Duration::from_millis(20);

const PASS: u8 = 0;
const SWALLOW: u8 = 1;
const STAND: u8 = 2;
const STOP: u8 = 3;

/// A running proxy; its connections end when it is dropped.
#[derive(Debug)]
pub struct BlackHole {
    /// Where it listens.
    pub address: SocketAddr,
    mode: Arc<AtomicU8>,
}

impl BlackHole {
    /// A proxy that passes everything to `upstream`, for now.
    pub fn before(upstream: SocketAddr) -> Result<BlackHole> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        listener.set_nonblocking(true)?;
        let mode: Arc<AtomicU8> = Arc::default();
        let shared = Arc::clone(&mode);
        thread::spawn(move || {
            while shared.load(Ordering::Relaxed) != STOP {
                match listener.accept() {
                    Ok((client, _)) => drop(join(client, upstream, &shared)),
                    Err(_) => thread::sleep(LOOK_EVERY / 4),
                }
            }
        });
        Ok(BlackHole { address, mode })
    }

    /// From now on bytes vanish in both directions, and so do ends.
    pub fn swallow(&self) {
        self.mode.store(SWALLOW, Ordering::Relaxed);
    }

    /// From now on nothing is taken from either side, so that what is sent piles up.
    pub fn stand_still(&self) {
        self.mode.store(STAND, Ordering::Relaxed);
    }
}

impl Drop for BlackHole {
    fn drop(&mut self) {
        self.mode.store(STOP, Ordering::Relaxed);
    }
}

fn join(client: TcpStream, upstream: SocketAddr, mode: &Arc<AtomicU8>) -> Result<()> {
    let server = TcpStream::connect(upstream)?;
    client.set_nonblocking(false)?;
    for socket in [&client, &server] {
        socket.set_nodelay(true)?;
        socket.set_read_timeout(Some(LOOK_EVERY))?;
    }
    for (from, to) in [(client.try_clone()?, server.try_clone()?), (server, client)] {
        let mode = Arc::clone(mode);
        thread::spawn(move || carry(from, to, &mode));
    }
    Ok(())
}

fn carry(mut from: TcpStream, mut to: TcpStream, mode: &AtomicU8) {
    let mut bytes = [0; 16 * 1024];
    loop {
        match mode.load(Ordering::Relaxed) {
            STOP => return,
            STAND => {
                thread::sleep(LOOK_EVERY);
                continue;
            }
            _ => {}
        }
        let count = match from.read(&mut bytes) {
            Ok(count) => count,
            Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => continue,
            Err(_) => 0,
        };
        let passes = mode.load(Ordering::Relaxed) == PASS;
        if count == 0 {
            // An end is told only while anything is.
            while !passes && mode.load(Ordering::Relaxed) != STOP {
                thread::sleep(LOOK_EVERY);
            }
            let _ = to.shutdown(std::net::Shutdown::Both);
            return;
        }
        if passes && to.write_all(bytes.get(..count).unwrap_or_default()).is_err() {
            return;
        }
    }
}
