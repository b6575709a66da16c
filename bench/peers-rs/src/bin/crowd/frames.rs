//! Finds messages in the bytes of a WebSocket without keeping more of them than is asked for.
//! It trusts the servers of this bench: control frames come whole, and between messages only.

/// The longest head of a frame that a server sends.
const HEAD_BYTES_MAX: usize = 10;

/// The reading state of one socket.
#[derive(Debug)]
pub(crate) struct FrameReader {
    head: Vec<u8>,
    left: u64,
    in_payload: bool,
    ends_message: bool,
    opcode: u8,
    kept: Vec<u8>,
    keep: usize,
}

impl FrameReader {
    /// A reader that keeps the first `keep` bytes of a message.
    pub(crate) fn new(keep: usize) -> FrameReader {
        FrameReader {
            head: Vec::with_capacity(HEAD_BYTES_MAX),
            left: 0,
            in_payload: false,
            ends_message: false,
            opcode: 0,
            kept: Vec::new(),
            keep,
        }
    }

    /// Takes in bytes, and calls `on_message` with the opcode and the kept bytes of each message that ends in them.
    pub(crate) fn take(&mut self, mut bytes: &[u8], mut on_message: impl FnMut(u8, &[u8])) {
        loop {
            bytes = self.take_head(bytes);
            if !self.in_payload {
                return;
            }
            let part = usize::try_from(self.left).unwrap_or(usize::MAX).min(bytes.len());
            let (payload, rest) = bytes.split_at(part);
            let room = self.keep.saturating_sub(self.kept.len());
            self.kept.extend(payload.iter().take(room));
            self.left -= part as u64;
            bytes = rest;
            if self.left > 0 {
                return;
            }
            self.in_payload = false;
            if self.ends_message {
                on_message(self.opcode, &self.kept);
                self.kept.clear();
            }
        }
    }

    /// Takes a frame's head from the front of `bytes`, as far as it is there and due; returns the rest.
    fn take_head<'b>(&mut self, mut bytes: &'b [u8]) -> &'b [u8] {
        while !self.in_payload
            && let Some((byte, rest)) = bytes.split_first()
        {
            self.head.push(*byte);
            bytes = rest;
            if let Some(length) = payload_length(&self.head) {
                self.begin_payload(length);
            }
        }
        bytes
    }

    fn begin_payload(&mut self, length: u64) {
        let first = self.head.first().copied().unwrap_or_default();
        let opcode = first & 0x0f;
        // A continuation goes on with the message's own opcode.
        if opcode != 0 {
            self.opcode = opcode;
        }
        self.ends_message = first & 0x80 != 0;
        (self.left, self.in_payload) = (length, true);
        self.head.clear();
    }
}

/// The payload's length once `head` is whole.
fn payload_length(head: &[u8]) -> Option<u64> {
    let (_, rest) = head.split_first()?;
    let (short, long) = rest.split_first()?;
    let number = |bytes: usize| {
        let whole = long.len() == bytes;
        whole.then(|| long.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)))
    };
    match short & 0x7f {
        126 => number(2),
        127 => number(8),
        length => Some(u64::from(length)),
    }
}

/// Appends a client's frame round `payload`, masked with `key` (RFC 6455, 5.3), of at most 65,535 bytes.
pub(crate) fn put_masked(opcode: u8, payload: &[u8], key: [u8; 4], out: &mut Vec<u8>) {
    out.push(0x80 | opcode);
    if payload.len() < 126 {
        out.push(0x80 | payload.len() as u8);
    } else {
        out.push(0x80 | 126);
        out.extend((payload.len() as u16).to_be_bytes());
    }
    out.extend(key);
    out.extend(payload.iter().zip(key.iter().cycle()).map(|(byte, mask)| byte ^ mask));
}

#[cfg(test)]
mod tests {
    use super::*;
    use bench_peers::frame::binary;

    #[test]
    fn messages_are_found_in_pieces_of_any_size() {
        let lengths = [0, 5, 125, 126, 300, 70_000, 1];
        let stream: Vec<u8> = lengths.iter().flat_map(|length| binary(&vec![7; *length])).collect();
        for piece in [1, 2, 7, 4096, 100_000] {
            let (mut reader, mut kept) = (FrameReader::new(200), Vec::new());
            stream
                .chunks(piece)
                .for_each(|part| reader.take(part, |opcode, head| kept.push((opcode, head.len()))));
            let expected: Vec<(u8, usize)> = lengths.iter().map(|length| (2, *length.min(&200))).collect();
            assert_eq!(kept, expected, "pieces of {piece}");
        }
    }

    #[test]
    fn a_message_in_two_frames_is_one() {
        let (mut reader, mut seen) = (FrameReader::new(9), Vec::new());
        reader.take(&[0x02, 2, 1, 2, 0x80, 1, 3], |opcode, head| seen.push((opcode, head.to_vec())));
        assert_eq!(seen, [(2, vec![1, 2, 3])]);
    }

    #[test]
    fn a_mask_undoes_itself() {
        let mut out = Vec::new();
        put_masked(2, &[1, 2, 3, 4, 5], [9, 8, 7, 6], &mut out);
        assert_eq!(out.get(..2), Some([0x82, 0x85].as_slice()));
        let back: Vec<u8> =
            out.iter().skip(6).zip([9, 8, 7, 6].iter().cycle()).map(|(byte, mask)| byte ^ mask).collect();
        assert_eq!(back, [1, 2, 3, 4, 5]);
    }
}
