//! The floor: no game, no runtime. Once a tick it reads each socket once and writes each once, always the same bytes.
//! What a server costs beyond this is its own work. Flags: `--port P`, `--bytes N` (payload of a message).

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

use anyhow::Result;
use bench_peers::beat::Beat;
use bench_peers::flags::Flags;
use bench_peers::{frame, open_files, say_listening};

/// The key's hash is left out: the crowd does not check it, and a floor needs no hash function.
const ACCEPTED: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n\
    sec-websocket-accept: unchecked\r\n\r\n";
/// The longest request that is waited for.
const REQUEST_BYTES_MAX: usize = 4096;

struct Client {
    socket: TcpStream,
    request: Vec<u8>,
    open: bool,
}

impl Client {
    fn new(socket: TcpStream) -> std::io::Result<Client> {
        socket.set_nonblocking(true)?;
        socket.set_nodelay(true)?;
        Ok(Client { socket, request: Vec::new(), open: false })
    }

    /// Reads once; false when the client is gone. Inputs are thrown away.
    fn read(&mut self, buffer: &mut [u8]) -> bool {
        match self.socket.read(buffer) {
            Ok(0) => false,
            Ok(_) if self.open => true,
            Ok(count) => {
                self.request.extend(buffer.iter().take(count));
                if self.request.ends_with(b"\r\n\r\n") {
                    self.open = true;
                    self.request = Vec::new();
                    return matches!(self.socket.write(ACCEPTED), Ok(written) if written == ACCEPTED.len());
                }
                self.request.len() < REQUEST_BYTES_MAX
            }
            Err(error) => error.kind() == ErrorKind::WouldBlock,
        }
    }

    /// Writes once. A frame cut short cannot be mended here; such a client is far past what is measured, and goes.
    fn write(&mut self, frame: &[u8]) -> bool {
        match self.socket.write(frame) {
            Ok(count) => count == frame.len(),
            Err(error) => error.kind() == ErrorKind::WouldBlock,
        }
    }
}

fn main() -> Result<()> {
    open_files::raise_limit();
    let flags = Flags::read(&["port", "bytes"])?;
    let listener = TcpListener::bind(("127.0.0.1", flags.number("port", 0)?))?;
    listener.set_nonblocking(true)?;
    say_listening(listener.local_addr()?);
    let message = frame::binary(&vec![b'x'; flags.number("bytes", 160)?]);
    let mut clients: Vec<Client> = Vec::new();
    let mut buffer = vec![0; 16_384];
    let mut beat = Beat::new();
    loop {
        beat.wait();
        while let Ok((socket, _)) = listener.accept() {
            clients.extend(Client::new(socket));
        }
        clients.retain_mut(|client| client.read(&mut buffer));
        clients.retain_mut(|client| !client.open || client.write(&message));
    }
}
