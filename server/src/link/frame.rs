//! WebSocket frames from the server (RFC 6455, section 5.2): never masked, never fragmented, so a frame is the
//! same for every receiver and can be made once.

/// A frame's head takes at most this much before the payload.
pub const HEAD_BYTES_MAX: usize = 10;

/// Marks the last fragment; ours are always the only one.
const FINAL: u8 = 0x80;

/// What a frame carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opcode {
    /// UTF-8.
    Text = 1,
    /// Bytes.
    Binary = 2,
    /// The end, with a code.
    Close = 8,
    /// Are you there?
    Ping = 9,
    /// The answer to a ping, with its content.
    Pong = 10,
}

/// Appends the head of a frame with `payload_bytes` to come.
pub fn write_head(out: &mut Vec<u8>, opcode: Opcode, payload_bytes: usize) {
    out.push(FINAL | opcode as u8);
    if payload_bytes < 126 {
        out.push(payload_bytes as u8);
    } else if let Ok(short) = u16::try_from(payload_bytes) {
        out.push(126);
        out.extend(short.to_be_bytes());
    } else {
        out.push(127);
        out.extend((payload_bytes as u64).to_be_bytes());
    }
}

/// Appends a whole frame.
pub fn write_frame(out: &mut Vec<u8>, opcode: Opcode, payload: &[u8]) {
    write_head(out, opcode, payload.len());
    out.extend_from_slice(payload);
}

/// Appends a close frame.
pub fn write_close(out: &mut Vec<u8>, code: u16, reason: &str) {
    write_head(out, Opcode::Close, 2 + reason.len());
    out.extend(code.to_be_bytes());
    out.extend_from_slice(reason.as_bytes());
}

/// The first frame in `bytes` that a server wrote: what it carries, its payload, and what is behind it. `None` if it is
/// not whole yet, or no frame of ours.
pub fn read_server_frame(bytes: &[u8]) -> Option<(Opcode, &[u8], &[u8])> {
    let (&[first, second], rest) = bytes.split_first_chunk()?;
    let opcode = match first & !FINAL {
        2 => Opcode::Binary,
        8 => Opcode::Close,
        9 => Opcode::Ping,
        10 => Opcode::Pong,
        _ => return None,
    };
    let (length, rest) = match second {
        126 => rest.split_first_chunk().map(|(n, rest)| (usize::from(u16::from_be_bytes(*n)), rest))?,
        127 => {
            let (length, rest) = rest.split_first_chunk()?;
            (usize::try_from(u64::from_be_bytes(*length)).ok()?, rest)
        }
        short => (usize::from(short), rest),
    };
    let (payload, behind) = rest.split_at_checked(length)?;
    Some((opcode, payload, behind))
}

/// Appends a whole frame as a client writes it, with a mask that changes nothing: it never leaves this process.
pub fn write_client_frame(out: &mut Vec<u8>, opcode: Opcode, payload: &[u8]) {
    const MASKED: u8 = 0x80;
    let start = out.len();
    write_head(out, opcode, payload.len());
    if let Some(length) = out.get_mut(start + 1) {
        *length |= MASKED;
    }
    out.extend([0; 4]);
    out.extend_from_slice(payload);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_read_as_they_were_written() {
        for length in [0, 1, 125, 126, 65_535, 65_536] {
            let (payload, mut out) = (vec![7; length], Vec::new());
            write_frame(&mut out, Opcode::Ping, &payload);
            for cut in [0, 1, (out.len() - 1).min(3), out.len() - 1] {
                assert_eq!(read_server_frame(&out[..cut]), None);
            }
            out.push(9);
            assert_eq!(read_server_frame(&out), Some((Opcode::Ping, &payload[..], &[9][..])));
        }
    }

    #[test]
    fn heads_have_the_three_lengths() {
        let head = |n| {
            let mut out = Vec::new();
            write_head(&mut out, Opcode::Binary, n);
            out
        };
        assert_eq!(head(125), [0x82, 125]);
        assert_eq!(head(126), [0x82, 126, 0, 126]);
        assert_eq!(head(65_536), [0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0]);
    }

    #[test]
    fn a_close_has_its_code_first() {
        let mut out = Vec::new();
        write_close(&mut out, 4007, "silent");
        assert_eq!(out, [0x88, 8, 0x0f, 0xa7, b's', b'i', b'l', b'e', b'n', b't']);
    }
}
