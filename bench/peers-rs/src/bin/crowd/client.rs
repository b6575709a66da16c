//! One player of the crowd: a socket, the reading state of its messages, and hands.
//! It counts every byte that passes, framing included.

use std::io::{self, ErrorKind, Read as _, Write as _};
use std::time::Instant;

use mio::net::TcpStream;

use crate::door::Opened;
use crate::frames::{FrameReader, put_masked};
use crate::protocol::Protocol;
use crate::report::Counts;
use crate::steering::Steering;

const BINARY: u8 = 2;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;

/// Bytes of a message that tell its kind; a ping's content is at most this long, too.
const KIND_BYTES: usize = 125;

/// A player.
pub(crate) struct Client {
    socket: TcpStream,
    protocol: Protocol,
    reader: FrameReader,
    whole: bool,
    steering: Steering,
    key: [u8; 4],
    snapshot_at: Option<Instant>,
    out: Vec<u8>,
}

impl Client {
    /// Player number `index` behind the handshake. If `whole`, it reads its snapshots; else it counts them.
    pub(crate) fn new(opened: Opened, protocol: Protocol, index: usize, whole: bool) -> Client {
        let keep = if whole { usize::MAX } else { KIND_BYTES };
        let mut client = Client {
            socket: TcpStream::from_std(opened.socket),
            protocol,
            reader: FrameReader::new(keep),
            whole,
            steering: Steering::new(index, Instant::now()),
            key: (index as u32).wrapping_mul(0x9e37_79b9).to_le_bytes(),
            snapshot_at: None,
            out: Vec::new(),
        };
        // Nothing is measured yet, so what is counted here counts nowhere; a broken socket shows at the next read.
        let _ = client.take(&opened.early, Instant::now(), &mut Counts::default());
        client
    }

    /// The socket, to be registered.
    pub(crate) fn socket(&mut self) -> &mut TcpStream {
        &mut self.socket
    }

    /// Whether it has a snapshot.
    pub(crate) fn fed(&self) -> bool {
        self.snapshot_at.is_some()
    }

    /// Reads everything that is there. An error is the end of the connection.
    pub(crate) fn receive(&mut self, buffer: &mut [u8], counts: &mut Counts) -> io::Result<()> {
        let now = Instant::now();
        let mut full = true;
        // A read that did not fill the buffer has emptied the socket; asking again would cost a call.
        while full {
            let count = match self.socket.read(buffer) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(count) => count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            };
            counts.bytes_down += count as u64;
            self.take(buffer.get(..count).unwrap_or_default(), now, counts)?;
            full = count == buffer.len();
        }
        Ok(())
    }

    fn take(&mut self, bytes: &[u8], now: Instant, counts: &mut Counts) -> io::Result<()> {
        let Client { reader, protocol, snapshot_at, whole, key, out, .. } = self;
        let mut closed = false;
        out.clear();
        reader.take(bytes, |opcode, head| match opcode {
            CLOSE => closed = true,
            PING => put_masked(PONG, head, *key, out),
            BINARY if protocol.is_snapshot(head) => {
                let gap = snapshot_at.replace(now).map(|before| now - before);
                counts.note_snapshot(gap);
                if *whole && let Some(seen) = protocol.in_view(head) {
                    counts.note_view(seen);
                }
            }
            _ => {
                if let Some(answer) = protocol.answer(head) {
                    put_masked(BINARY, answer, *key, out);
                }
            }
        });
        if closed { Err(ErrorKind::ConnectionAborted.into()) } else { self.flush(counts) }
    }

    /// Sends the input that is due, if one is. Nobody steers before the first picture.
    pub(crate) fn steer(&mut self, now: Instant, counts: &mut Counts) -> io::Result<()> {
        if !self.fed() {
            return Ok(());
        }
        let Some(input) = self.steering.input(now) else { return Ok(()) };
        let mut message = Vec::with_capacity(48);
        self.protocol.put_input(&input, &mut message);
        self.out.clear();
        put_masked(BINARY, &message, self.key, &mut self.out);
        self.flush(counts)
    }

    /// Writes what waits. What does not fit is left out as a whole; a frame cut short is the end.
    fn flush(&mut self, counts: &mut Counts) -> io::Result<()> {
        if self.out.is_empty() {
            return Ok(());
        }
        match self.socket.write(&self.out) {
            Ok(count) if count == self.out.len() => {
                counts.bytes_up += count as u64;
                Ok(())
            }
            Ok(_) => Err(ErrorKind::WriteZero.into()),
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(()),
            Err(error) => Err(error),
        }
    }
}
