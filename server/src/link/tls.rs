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

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};
    use std::sync::Arc;
    use std::thread;

    use rustls::crypto::ring::default_provider;
    use rustls::pki_types::{PrivateKeyDer, ServerName};
    use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConfig, StreamOwned};

    use super::*;

    type Client = StreamOwned<ClientConnection, TcpStream>;

    /// A link and its client, whose handshake is done; `early` comes with the handshake's last bytes.
    fn pair(early: &'static [u8]) -> (TlsLink, Client) {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let der = made.cert.der().clone();
        let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
        let versions = || ServerConfig::builder_with_provider(Arc::new(default_provider()));
        let config = versions().with_safe_default_protocol_versions().unwrap();
        let config = config.with_no_client_auth().with_single_cert(vec![der.clone()], key).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let client = thread::spawn(move || {
            let mut roots = RootCertStore::empty();
            roots.add(der).unwrap();
            let config = ClientConfig::builder_with_provider(Arc::new(default_provider()));
            let config = config.with_safe_default_protocol_versions().unwrap();
            let config = Arc::new(config.with_root_certificates(roots).with_no_client_auth());
            let session = ClientConnection::new(config, ServerName::try_from("localhost").unwrap()).unwrap();
            let mut client = StreamOwned::new(session, TcpStream::connect(address).unwrap());
            client.write_all(early).unwrap();
            client.flush().unwrap();
            client
        });
        let (mut socket, _) = listener.accept().unwrap();
        let mut session = ServerConnection::new(Arc::new(config)).unwrap();
        while session.is_handshaking() {
            session.complete_io(&mut socket).unwrap();
        }
        let client = client.join().unwrap();
        (TlsLink::new(TcpLink::new(socket).unwrap(), session), client)
    }

    fn read_some(link: &mut TlsLink) -> Vec<u8> {
        let mut room = [0; 64];
        loop {
            match link.read(&mut room) {
                Err(error) if is_pause(&error) => thread::sleep(Duration::from_millis(1)),
                read => return room[..read.unwrap()].to_vec(),
            }
        }
    }

    #[test]
    fn what_came_with_the_handshake_is_read_first() {
        let (mut link, mut client) = pair(b"early");
        assert_eq!(read_some(&mut link), b"early");
        client.write_all(b"late").unwrap();
        assert_eq!(read_some(&mut link), b"late");
        client.conn.send_close_notify();
        client.flush().unwrap();
        assert_eq!(read_some(&mut link), b"", "a goodbye is an end");
        let (mut link, client) = pair(b"x");
        assert_eq!(read_some(&mut link), b"x");
        client.sock.shutdown(std::net::Shutdown::Write).unwrap();
        assert_eq!(read_some(&mut link), b"", "and so is an end without one");
    }

    #[test]
    fn a_client_that_does_not_read_stops_the_writer_and_then_gets_every_byte() {
        let (mut link, mut client) = pair(b"x");
        let (mut written, mut refused) = (Vec::new(), 0);
        while refused < 3 {
            let bytes: Vec<u8> = (0..5000).map(|n| (n + written.len()) as u8).collect();
            match link.write(&bytes) {
                Ok(count) => written.extend_from_slice(&bytes[..count]),
                Err(error) => {
                    assert!(is_pause(&error) && link.owes());
                    refused += 1;
                }
            }
            assert!(written.len() < 64 << 20, "it is never full");
        }
        let wanted = written.len();
        let reader = thread::spawn(move || {
            let mut heard = vec![0; wanted];
            client.read_exact(&mut heard).unwrap();
            let end = client.read(&mut [0; 8]).unwrap();
            (heard, end)
        });
        while link.flush().is_err() {
            thread::sleep(Duration::from_millis(1));
        }
        assert!(!link.owes());
        link.finish();
        assert_eq!(reader.join().unwrap(), (written, 0), "every byte, and a goodbye");
    }

    #[test]
    fn garbage_is_an_end() {
        let (mut link, mut client) = pair(b"x");
        assert_eq!(read_some(&mut link), b"x");
        client.sock.write_all(b"this is no record of TLS").unwrap();
        thread::sleep(Duration::from_millis(50));
        assert_eq!(link.read(&mut [0; 8]).unwrap_err().kind(), ErrorKind::InvalidData);
    }
}
