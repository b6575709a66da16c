//! WebSocket frames from the server (RFC 6455, section 5.2): never masked, never fragmented, so a frame is the
//! same for every receiver and can be made once.

/// A frame's head takes at most this much before the payload.
pub const HEAD_BYTES_MAX: usize = 10;

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
    const FINAL: u8 = 0x80;
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

#[cfg(test)]
mod tests {
    use super::*;

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
