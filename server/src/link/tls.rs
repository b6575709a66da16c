//! A TCP socket with TLS over it, for an owner that never waits. It takes the session over from the HTTP handshake, with
//! everything that was read and not looked at. What it encrypted and the socket did not take goes out before anything
//! else, and is never more than one record: until it is gone nothing new is taken.

use std::io::{self, ErrorKind, Read, Write};
use std::time::Duration;

use rustls::ServerConnection;

use crate::link::tcp::TcpLink;

/// Most bytes that are encrypted in one go, as many as a record holds.
const RECORD_BYTES_MAX: usize = 16 * 1024;
/// Reads from the socket in one go at most, when what comes is no data: somebody plays with the session.
const EMPTY_READS_MAX: usize = 4;

/// A socket that never waits, and its session.
#[derive(Debug)]
pub struct TlsLink {
    socket: TcpLink,
    session: Box<ServerConnection>,
}

impl TlsLink {
    /// The link of a socket whose handshake is done.
    pub fn new(socket: TcpLink, session: ServerConnection) -> TlsLink {
        TlsLink { socket, session: Box::new(session) }
    }

    /// How long the newest bytes that the socket gave had been here, if the system tells.
    pub fn age(&self) -> Option<Duration> {
        self.socket.age()
    }

    /// Whether encrypted bytes wait for the socket.
    pub fn owes(&self) -> bool {
        self.session.wants_write()
    }

    /// Ends the connection when written bytes are not acknowledged for `time`.
    pub fn give_up_after(&self, time: Duration) -> io::Result<()> {
        self.socket.give_up_after(time)
    }

    /// Says that nothing more will be written, in TLS and in TCP.
    pub fn finish(&mut self) {
        self.session.send_close_notify();
        // A socket that is full or gone hears no goodbye; it ends all the same.
        drop(self.flush());
        self.socket.finish();
    }

    /// Takes in one read of the socket.
    fn fetch(&mut self) -> io::Result<()> {
        self.session.read_tls(&mut self.socket)?;
        if let Err(error) = self.session.process_new_packets() {
            // The session has an alert to send that says what was wrong.
            drop(self.flush());
            return Err(io::Error::new(ErrorKind::InvalidData, error));
        }
        Ok(())
    }
}

impl Read for TlsLink {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        for _ in 0..EMPTY_READS_MAX {
            match self.session.reader().read(into) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.fetch()?,
                // An end without a goodbye, as of somebody who vanished, is an end too.
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(0),
                read => return read,
            }
        }
        self.session.reader().read(into)
    }
}

impl Write for TlsLink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.flush()?;
        let mut taken = 0;
        while let (false, Some(rest)) = (self.owes(), bytes.get(taken..).filter(|rest| !rest.is_empty())) {
            let record = rest.get(..RECORD_BYTES_MAX).unwrap_or(rest);
            taken += self.session.writer().write(record)?;
            match self.flush() {
                Err(error) if !is_pause(&error) => return Err(error),
                _ => {}
            }
        }
        Ok(taken)
    }

    /// Writes what is encrypted. Would block as long as the socket does not take all of it.
    fn flush(&mut self) -> io::Result<()> {
        while self.session.wants_write() {
            self.session.write_tls(&mut self.socket)?;
        }
        Ok(())
    }
}

fn is_pause(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}
