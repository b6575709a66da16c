//! The other end of a link in memory: a WebSocket as a browser speaks it, and the bare bytes below it.
//! It can fall silent without closing, which no browser would do on purpose.

use std::io::{self, Read, Write};
use std::time::Duration;

use server::link::memory::MemoryLink;
use shared::codec::{decode, encode};
use shared::protocol::{ClientMessage, InputMessage, PlayerEvent, ServerMessage, Welcome};
use shared::replica::Replica;
use shared::rules::Rules;
use shared::snapshot::{Snapshot, SnapshotError};
use tungstenite::Message;
use tungstenite::protocol::{Role, WebSocket};

/// Longest message that a server sends.
const SERVER_MESSAGE_BYTES_MAX: usize = 1 << 20;

/// A client's end of a link.
#[derive(Debug)]
pub struct Peer {
    socket: WebSocket<Pipe>,
    /// The code and the reason of the server's close frame.
    pub closed: Option<(u16, String)>,
    /// Why the stream could not be read any further, if something was wrong with it.
    pub broken: Option<String>,
    snapshots: Vec<Snapshot>,
    reader: Option<SnapshotReader>,
}

/// A link whose outgoing bytes can be lost on purpose.
#[derive(Debug)]
struct Pipe {
    link: MemoryLink,
    mute: bool,
}

impl Read for Pipe {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.link.read(into)
    }
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.mute { Ok(bytes.len()) } else { self.link.write(bytes) }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Peer {
    /// A client's end over `link`, after the handshake.
    pub fn over(link: MemoryLink) -> Peer {
        let pipe = Pipe { link, mute: false };
        Peer {
            socket: WebSocket::from_raw_socket(pipe, Role::Client, None),
            closed: None,
            broken: None,
            snapshots: Vec::new(),
            reader: None,
        }
    }

    /// From now on nothing is sent any more, not even answers to pings.
    pub fn fall_silent(&mut self) {
        self.socket.get_mut().mute = true;
    }

    /// What is sent from now on arrives at `now_ms` of the match's clock, for links whose times count.
    pub fn set_now(&mut self, now_ms: f64) {
        self.socket.get_mut().link.set_now(Duration::from_secs_f64(now_ms.max(0.0) / 1000.0));
    }

    /// Sends a binary message. What a closed link does not take is lost.
    pub fn send(&mut self, message: Vec<u8>) {
        // The reading side finds out why.
        drop(self.socket.send(Message::binary(message)));
    }

    /// Sends a message of the protocol.
    pub fn say(&mut self, message: &ClientMessage) {
        self.send(encode(message).unwrap_or_default());
    }

    /// Sends anything that a WebSocket can carry.
    pub fn send_frame(&mut self, message: Message) {
        drop(self.socket.send(message));
    }

    /// Writes bytes as they are, past the WebSocket. Returns how many the link took.
    pub fn write_raw(&mut self, bytes: &[u8]) -> usize {
        self.socket.get_mut().link.write(bytes).unwrap_or(0)
    }

    /// Reads bytes as they are, past the WebSocket: whole frames that were read so are lost to `receive`.
    pub fn read_raw(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        // An empty link ends the reading with an error, which is expected; what came so far is kept.
        drop(self.socket.get_mut().link.read_to_end(&mut bytes));
        bytes
    }

    /// All binary messages that are there. Pings are answered.
    pub fn receive(&mut self) -> Vec<Vec<u8>> {
        let mut messages = Vec::new();
        loop {
            match self.socket.read() {
                Ok(Message::Binary(bytes)) => messages.push(bytes.to_vec()),
                Ok(Message::Close(frame)) => {
                    self.closed =
                        Some(frame.map_or((1005, String::new()), |f| (f.code.into(), f.reason.to_string())));
                }
                Ok(_) => {}
                Err(tungstenite::Error::Io(e)) if e.kind() == io::ErrorKind::WouldBlock => break,
                Err(tungstenite::Error::ConnectionClosed | tungstenite::Error::AlreadyClosed) => break,
                Err(error) => {
                    self.broken.get_or_insert(error.to_string());
                    break;
                }
            }
        }
        // Pongs wait for a write; a link that is full gets them next time.
        drop(self.socket.flush());
        messages
    }

    /// All messages of the protocol that are there, acknowledged. One that cannot be read breaks the peer.
    pub fn hear(&mut self) -> Vec<ServerMessage> {
        let heard = self.overhear();
        if let Some(newest) = self.snapshots.last() {
            self.say(&ClientMessage::Input(InputMessage::acknowledge(newest.tick)));
        }
        heard
    }

    /// The same without acknowledging anything.
    pub fn overhear(&mut self) -> Vec<ServerMessage> {
        let mut heard = Vec::new();
        for bytes in self.receive() {
            match decode(&bytes, SERVER_MESSAGE_BYTES_MAX) {
                Ok(message) => {
                    if let Err(error) = self.note(&message) {
                        self.broken.get_or_insert(error);
                    }
                    heard.push(message);
                }
                Err(error) => {
                    self.broken.get_or_insert(error.to_string());
                }
            }
        }
        heard
    }

    fn note(&mut self, message: &ServerMessage) -> Result<(), String> {
        match message {
            // A welcome on a link that has one already brings new lists; what is held goes on.
            ServerMessage::Welcome(welcome) => {
                self.reader.get_or_insert_with(|| SnapshotReader::new(welcome));
            }
            ServerMessage::Snapshot(packed) => {
                let reader = self.reader.as_mut().ok_or("a snapshot before the welcome")?;
                self.snapshots.push(reader.read(&packed.0).map_err(|e| e.to_string())?);
                if reader.mismatches() > 0 {
                    return Err("the server's checksum was another".to_owned());
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// The snapshots that `hear` came by since the last call.
    pub fn take_snapshots(&mut self) -> Vec<Snapshot> {
        std::mem::take(&mut self.snapshots)
    }

    /// The close code, if the server closed.
    pub fn close_code(&self) -> Option<u16> {
        self.closed.as_ref().map(|(code, _)| *code)
    }
}

/// Reads one link's snapshots.
#[derive(Clone, Debug)]
pub struct SnapshotReader {
    replica: Replica,
}

impl SnapshotReader {
    /// A reader for a link that began with `welcome`.
    pub fn new(welcome: &Welcome) -> SnapshotReader {
        let rules = welcome.rules().unwrap_or_else(|| Rules::new(welcome.rate, 0));
        SnapshotReader { replica: Replica::new(welcome.player, welcome.arena.clone(), rules) }
    }

    /// Reads the bytes of the link's next snapshot.
    pub fn read(&mut self, bytes: &[u8]) -> Result<Snapshot, SnapshotError> {
        self.replica.apply(bytes)
    }

    /// How often the server's checksum was another.
    pub fn mismatches(&self) -> u32 {
        self.replica.mismatches()
    }
}

/// The events among `heard`.
pub fn events(heard: &[ServerMessage]) -> Vec<PlayerEvent> {
    let lists = heard.iter().filter_map(|message| match message {
        ServerMessage::Events(_, events) => Some(events.clone()),
        _ => None,
    });
    lists.flatten().collect()
}

/// Whether the ticks of `snapshots` follow each other without a gap.
pub fn are_gapless(snapshots: &[Snapshot]) -> bool {
    snapshots.is_sorted_by(|a, b| a.tick.next() == b.tick)
}
