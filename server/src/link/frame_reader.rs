//! WebSocket frames from clients (RFC 6455, section 5), read where they lie: what a socket gave in one go is unmasked
//! in place and handed on as slices, so that a message costs no copy and no allocation. Only what is not whole yet is
//! kept. It knows no socket and no clock; `websocket` feeds it.

use shared::protocol::{CLIENT_MESSAGE_BYTES_MAX, CloseReason};

use crate::link::frame::{Opcode, write_frame};

/// A client's frame has at most this much before its payload: two bytes, a length of two, a mask of four.
const HEAD_BYTES_MAX: usize = 8;
/// Most bytes that are kept of a frame whose end has not come.
pub const PARTIAL_BYTES_MAX: usize = HEAD_BYTES_MAX + CLIENT_MESSAGE_BYTES_MAX;
/// Bytes of answers that wait for the socket; pings beyond that get none.
const REPLIES_BYTES_MAX: usize = 4096;

const CONTINUATION: u8 = 0;
const TEXT: u8 = 1;
const BINARY: u8 = 2;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;

/// What came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Incoming<'a> {
    /// A binary message.
    Message(&'a [u8]),
    /// The answer to a ping.
    Pong,
    /// A ping; its answer is among the replies.
    Ping,
}

/// One client's frames as they come in.
#[derive(Debug, Default)]
pub struct FrameReader {
    /// The beginning of a frame whose end has not come.
    partial: Vec<u8>,
    /// The fragments so far of a message whose last one has not come.
    fragments: Option<Vec<u8>>,
}

/// What stands before a frame's payload.
#[derive(Clone, Copy, Debug)]
struct Head {
    last: bool,
    opcode: u8,
    mask: [u8; 4],
    /// Where the payload begins and ends.
    start: usize,
    end: usize,
}

impl FrameReader {
    /// The beginning of a frame whose end has not come; new bytes belong behind it.
    pub fn partial(&self) -> &[u8] {
        &self.partial
    }

    /// Reads all frames in `bytes`, which begin with [`FrameReader::partial`], hands them to `take`, and keeps the
    /// beginning of one that is not whole. Answers to pings are appended to `replies`. `Err` is the end of the link:
    /// bytes that are no frame, a message that is too long or no binary one, a closing frame, or what `take` says.
    pub fn read(
        &mut self,
        bytes: &mut [u8],
        replies: &mut Vec<u8>,
        mut take: impl FnMut(Incoming<'_>) -> Result<(), CloseReason>,
    ) -> Result<(), CloseReason> {
        let mut at = 0;
        while let Some(head) = read_head(bytes.get(at..).unwrap_or_default())? {
            let Some(payload) = bytes.get_mut(at + head.start..at + head.end) else { break };
            unmask(payload, head.mask);
            self.take_frame(head, payload, replies, &mut take)?;
            at += head.end;
        }
        self.partial.clear();
        self.partial.extend_from_slice(bytes.get(at..).unwrap_or_default());
        Ok(())
    }

    fn take_frame(
        &mut self,
        head: Head,
        payload: &[u8],
        replies: &mut Vec<u8>,
        take: &mut impl FnMut(Incoming<'_>) -> Result<(), CloseReason>,
    ) -> Result<(), CloseReason> {
        match (head.opcode, self.fragments.is_some()) {
            (BINARY, false) if head.last => take(Incoming::Message(payload)),
            (BINARY, false) => {
                self.fragments = Some(payload.to_vec());
                Ok(())
            }
            (CONTINUATION, true) => self.take_fragment(head.last, payload, take),
            (PING, _) => {
                if replies.len() < REPLIES_BYTES_MAX {
                    write_frame(replies, Opcode::Pong, payload);
                }
                take(Incoming::Ping)
            }
            (PONG, _) => take(Incoming::Pong),
            // A code needs two bytes; none is a close without a code.
            (CLOSE, _) if payload.len() != 1 => Err(CloseReason::ConnectionLost),
            (TEXT, false) => Err(CloseReason::BadMessage),
            _ => Err(CloseReason::BadFrame),
        }
    }

    fn take_fragment(
        &mut self,
        last: bool,
        payload: &[u8],
        take: &mut impl FnMut(Incoming<'_>) -> Result<(), CloseReason>,
    ) -> Result<(), CloseReason> {
        let mut message = self.fragments.take().unwrap_or_default();
        if message.len() + payload.len() > CLIENT_MESSAGE_BYTES_MAX {
            return Err(CloseReason::TooLarge);
        }
        message.extend_from_slice(payload);
        if last {
            return take(Incoming::Message(&message));
        }
        self.fragments = Some(message);
        Ok(())
    }
}

/// The head at the beginning of `bytes`; `None` if it is not whole yet.
fn read_head(bytes: &[u8]) -> Result<Option<Head>, CloseReason> {
    const LAST: u8 = 0x80;
    const RESERVED: u8 = 0x70;
    const MASKED: u8 = 0x80;
    const SHORT: u8 = 126;
    let &[first, second, ref rest @ ..] = bytes else { return Ok(None) };
    let (opcode, last, length) = (first & 0x0f, first & LAST != 0, second & !MASKED);
    let control = opcode >= CLOSE;
    if first & RESERVED != 0 || second & MASKED == 0 || control && (!last || length >= SHORT) {
        return Err(CloseReason::BadFrame);
    }
    let (length, start) = match (length, rest) {
        (0..SHORT, _) => (usize::from(length), 2),
        (SHORT, &[high, low, ..]) => (usize::from(u16::from_be_bytes([high, low])), 4),
        (SHORT, _) => return Ok(None),
        _ => return Err(CloseReason::TooLarge),
    };
    if length > CLIENT_MESSAGE_BYTES_MAX {
        return Err(CloseReason::TooLarge);
    }
    if start == 4 && length < usize::from(SHORT) {
        return Err(CloseReason::BadFrame);
    }
    let Some(&mask) = bytes.get(start..).and_then(<[u8]>::first_chunk) else { return Ok(None) };
    let start = start + mask.len();
    Ok(Some(Head { last, opcode, mask, start, end: start + length }))
}

fn unmask(payload: &mut [u8], mask: [u8; 4]) {
    let (words, rest) = payload.as_chunks_mut::<4>();
    for word in words {
        *word = (u32::from_ne_bytes(*word) ^ u32::from_ne_bytes(mask)).to_ne_bytes();
    }
    rest.iter_mut().zip(mask).for_each(|(byte, mask)| *byte ^= mask);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use tungstenite::protocol::frame::FrameHeader;
    use tungstenite::protocol::frame::coding::{Control, Data, OpCode};
    use tungstenite::protocol::{Role, WebSocket, WebSocketConfig};
    use tungstenite::{Error, Message};

    /// A client's frame as the established implementation writes it.
    fn frame(opcode: OpCode, last: bool, payload: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let header =
            FrameHeader { is_final: last, opcode, mask: Some([7, 200, 31, 4]), ..FrameHeader::default() };
        let mut masked = payload.to_vec();
        unmask(&mut masked, [7, 200, 31, 4]);
        header.format(payload.len() as u64, &mut bytes).unwrap();
        bytes.extend(masked);
        bytes
    }

    type Heard = (Vec<Vec<u8>>, Result<(), CloseReason>);

    /// What comes out when `bytes` arrive in pieces of `sizes`, over and over.
    fn hear(bytes: &[u8], sizes: &[usize]) -> Heard {
        let (mut reader, mut replies, mut heard) = (FrameReader::default(), Vec::new(), Vec::new());
        let mut sizes = sizes.iter().cycle();
        let mut rest = bytes;
        while !rest.is_empty() {
            let (piece, behind) = rest.split_at((*sizes.next().unwrap()).clamp(1, rest.len()));
            let mut room = [reader.partial(), piece].concat();
            let end = reader.read(&mut room, &mut replies, |incoming| {
                heard.push(match incoming {
                    Incoming::Message(bytes) => [b"m", bytes].concat(),
                    Incoming::Ping => b"ping".to_vec(),
                    Incoming::Pong => b"pong".to_vec(),
                });
                Ok(())
            });
            if end.is_err() {
                return (heard, end);
            }
            assert!(reader.partial().len() < PARTIAL_BYTES_MAX);
            rest = behind;
        }
        (heard, Ok(()))
    }

    /// The same by the established implementation.
    fn oracle(bytes: &[u8]) -> (Vec<Vec<u8>>, bool) {
        let limit = Some(CLIENT_MESSAGE_BYTES_MAX);
        let config = WebSocketConfig::default().max_message_size(limit).max_frame_size(limit);
        let pipe = std::io::Cursor::new(Vec::new());
        let mut socket = WebSocket::from_partially_read(pipe, bytes.to_vec(), Role::Server, Some(config));
        let mut heard = Vec::new();
        loop {
            match socket.read() {
                Ok(Message::Binary(bytes)) => heard.push([b"m", &bytes[..]].concat()),
                Ok(Message::Ping(_)) => heard.push(b"ping".to_vec()),
                Ok(Message::Pong(_)) => heard.push(b"pong".to_vec()),
                Err(Error::Protocol(tungstenite::error::ProtocolError::ResetWithoutClosingHandshake)) => {
                    return (heard, true);
                }
                _ => return (heard, false),
            }
        }
    }

    fn any_frame() -> impl Strategy<Value = Vec<u8>> {
        let payload = |n| proptest::collection::vec(any::<u8>(), 0..n);
        prop_oneof![
            8 => payload(300).prop_map(|p| frame(OpCode::Data(Data::Binary), true, &p)),
            2 => payload(90).prop_map(|p| frame(OpCode::Data(Data::Binary), false, &p)),
            3 => (payload(90), any::<bool>()).prop_map(|(p, l)| frame(OpCode::Data(Data::Continue), l, &p)),
            2 => payload(125).prop_map(|p| frame(OpCode::Control(Control::Ping), true, &p)),
            1 => payload(125).prop_map(|p| frame(OpCode::Control(Control::Pong), true, &p)),
            1 => payload(5000).prop_map(|p| frame(OpCode::Data(Data::Binary), true, &p)),
        ]
    }

    proptest! {
        #[test]
        fn it_reads_what_the_established_parser_reads(
            frames in proptest::collection::vec(any_frame(), 1..12),
            sizes in proptest::collection::vec(1_usize..700, 1..5),
        ) {
            let bytes = frames.concat();
            let (heard, end) = hear(&bytes, &sizes);
            let (wanted, whole) = oracle(&bytes);
            prop_assert_eq!(heard, wanted);
            prop_assert_eq!(end.is_ok(), whole, "{:?}", end);
        }

        #[test]
        fn any_bytes_are_the_same_in_any_pieces(
            bytes in proptest::collection::vec(any::<u8>(), 0..2000),
            sizes in proptest::collection::vec(1_usize..50, 1..5),
        ) {
            prop_assert_eq!(hear(&bytes, &sizes), hear(&bytes, &[bytes.len()]));
        }
    }

    #[test]
    fn ends_are_told_apart() {
        let end = |bytes: &[u8]| hear(bytes, &[3]).1;
        assert_eq!(
            end(&frame(OpCode::Control(Control::Close), true, &[3, 232])),
            Err(CloseReason::ConnectionLost)
        );
        assert_eq!(end(&frame(OpCode::Control(Control::Close), true, &[3])), Err(CloseReason::BadFrame));
        assert_eq!(end(&frame(OpCode::Data(Data::Text), true, b"hi")), Err(CloseReason::BadMessage));
        assert_eq!(end(&[0x82, 3, 1, 2, 3]), Err(CloseReason::BadFrame), "not masked");
        assert_eq!(end(&[0xc2, 0x80, 0, 0, 0, 0]), Err(CloseReason::BadFrame), "a reserved bit");
        assert_eq!(
            end(&[0x82, 0xfe, 0, 5, 0, 0, 0, 0]),
            Err(CloseReason::BadFrame),
            "a longer length than needed"
        );
        assert_eq!(end(&[0x82, 0xff]), Err(CloseReason::TooLarge));
        assert_eq!(end(&[0x89, 0xfe]), Err(CloseReason::BadFrame), "a long ping");
    }

    #[test]
    fn a_ping_is_answered_with_its_content() {
        let (mut reader, mut replies) = (FrameReader::default(), Vec::new());
        let mut bytes = frame(OpCode::Control(Control::Ping), true, b"echo");
        reader.read(&mut bytes, &mut replies, |_| Ok(())).unwrap();
        assert_eq!(replies, [&[0x8a, 4][..], b"echo"].concat());
    }
}
