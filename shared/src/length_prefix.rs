//! Messages behind each other in a stream of bytes, each with its length before it: how a seat's messages go over plain
//! HTTP, in both directions. The length comes in groups of seven bits, low ones first, as counts in snapshots do.
//! It knows no message; the server, the page, `starfray load` and the tests call it. An empty message is a heartbeat.

use thiserror::Error;

/// Most bytes of a length: enough for 268 million.
const LENGTH_BYTES_MAX: usize = 4;
const GROUP_BITS: usize = 7;
const MORE: u8 = 0x80;

/// A length that is above what the reader takes, or that does not end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a message is too long")]
pub struct TooLong;

/// A message, and the bytes behind it.
pub type Split<'a> = (&'a [u8], &'a [u8]);

/// Appends the length of a message whose bytes follow. Lengths from 268,435,456 bytes on cannot be written so.
pub fn put_length(length: usize, out: &mut Vec<u8>) {
    let mut rest = length;
    while rest >= usize::from(MORE) {
        out.push(rest as u8 | MORE);
        rest >>= GROUP_BITS;
    }
    out.push(rest as u8);
}

/// Appends a message with its length before it.
pub fn put_message(message: &[u8], out: &mut Vec<u8>) {
    put_length(message.len(), out);
    out.extend_from_slice(message);
}

/// The first message in `bytes`, and what is behind it; `None` if it is not whole yet. One of more than `longest` bytes
/// is an error as soon as its length is there.
pub fn split_first(bytes: &[u8], longest: usize) -> Result<Option<Split<'_>>, TooLong> {
    let mut length = 0;
    for (place, byte) in bytes.iter().enumerate().take(LENGTH_BYTES_MAX) {
        length |= usize::from(byte & !MORE) << (place * GROUP_BITS);
        if length > longest {
            return Err(TooLong);
        }
        if byte & MORE == 0 {
            let behind = bytes.get(place + 1..).unwrap_or_default();
            return Ok(behind.split_at_checked(length));
        }
    }
    if bytes.len() < LENGTH_BYTES_MAX { Ok(None) } else { Err(TooLong) }
}

/// Finds messages in bytes that come in pieces of any size.
#[derive(Clone, Debug, Default)]
pub struct MessageReader {
    /// The beginning of a message whose end has not come.
    partial: Vec<u8>,
}

impl MessageReader {
    /// Takes in the next bytes and hands every whole message to `take`, also empty ones. After an error nothing that
    /// follows can be read. At most `longest` bytes of a message and its length are kept.
    pub fn read(&mut self, bytes: &[u8], longest: usize, mut take: impl FnMut(&[u8])) -> Result<(), TooLong> {
        self.partial.extend_from_slice(bytes);
        let mut rest = self.partial.as_slice();
        while let Some((message, behind)) = split_first(rest, longest)? {
            take(message);
            rest = behind;
        }
        let used = self.partial.len() - rest.len();
        self.partial.drain(..used);
        Ok(())
    }

    /// Whether the last message is not whole.
    pub fn is_amid(&self) -> bool {
        !self.partial.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(messages: &[Vec<u8>]) -> Vec<u8> {
        let mut out = Vec::new();
        messages.iter().for_each(|m| put_message(m, &mut out));
        out
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_in_any_pieces(
            messages in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..400), 0..9),
            piece in 1_usize..500,
        ) {
            let (mut reader, mut heard) = (MessageReader::default(), Vec::new());
            for bytes in written(&messages).chunks(piece) {
                reader.read(bytes, 400, |m| heard.push(m.to_vec())).unwrap();
            }
            prop_assert_eq!(heard, messages);
            prop_assert!(!reader.is_amid());
        }

        #[test]
        fn garbage_never_keeps_more_than_a_message(bytes in proptest::collection::vec(any::<u8>(), 0..3000)) {
            let mut reader = MessageReader::default();
            for piece in bytes.chunks(100) {
                if reader.read(piece, 200, |m| assert!(m.len() <= 200)).is_err() {
                    break;
                }
                prop_assert!(reader.partial.len() <= 200 + LENGTH_BYTES_MAX);
            }
        }
    }

    #[test]
    fn lengths_have_one_to_four_bytes() {
        for (length, bytes) in [
            (0, &[0][..]),
            (127, &[127]),
            (128, &[0x80, 1]),
            (16_384, &[0x80, 0x80, 1]),
            (268_435_455, &[255, 255, 255, 127]),
        ] {
            let mut out = Vec::new();
            put_length(length, &mut out);
            assert_eq!(out, bytes);
            assert_eq!(split_first(bytes, length).unwrap().is_some(), length == 0, "{length}");
        }
        assert_eq!(split_first(&[0x80, 1], 127), Err(TooLong), "before its bytes have come");
        assert_eq!(split_first(&[0x80; 4], usize::MAX), Err(TooLong), "a length without an end");
        assert_eq!(split_first(&[0x80; 3], usize::MAX), Ok(None));
    }
}
